"""What the import stores: once, all or nothing, with the hash of a code that is given back once."""

import csv
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.config import Settings
from app.denials.access_code import code_hash, matches
from app.denials.importing import import_file
from app.denials.records import Given
from app.models import WITHDRAWN, Denial, History
from app.process import make_process
from app.queries.office import find_case
from tests.denials.conftest import BLUE_CROSS, PROMISE, Import, csv_of, row

Stored = Callable[[], list[Denial]]
Refused = Callable[..., str]
CODES = Path("access-codes-denials.csv")


def test_a_second_import_of_the_same_file_changes_nothing(run: Import, stored: Stored, engine: Engine) -> None:
    """Nor does it make codes again."""
    file = csv_of(row(), row(case_number="NC-2", access_code=""))
    assert run(file).exit_code == 0
    before = [{**vars(denial), "_sa_instance_state": None} for denial in stored()]
    codes = CODES.read_text()
    result = run(file)
    assert result.exit_code == 0
    assert result.output == "0 stored, 2 were stored already and are unchanged.\n"
    assert [{**vars(denial), "_sa_instance_state": None} for denial in stored()] == before
    assert CODES.read_text() == codes
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(History)) == 2


def test_other_content_under_a_known_number_is_an_error_that_names_the_fields(run: Import, stored: Stored) -> None:
    """Of everything that differs; nothing new of the file is stored."""
    run(csv_of(row()))
    changed = row(member_name="Somebody Else", initial_decision="2026-03-03", access_code="00000-00000")
    result = run(csv_of(changed, row(case_number="NC-2")))
    assert result.exit_code == 1
    said = "line 2: this plan and case number are stored already, with another member_name, date initial_decision"
    assert f"{said}, access_code" in result.output
    assert "Somebody" not in result.output
    assert len(stored()) == 1


def test_a_case_that_was_withdrawn_from_view_does_not_come_back_with_its_file(
    run: Import, stored: Stored, engine: Engine
) -> None:
    file = csv_of(row())
    run(file)
    with Session(engine) as session:
        session.execute(update(Denial).values(member_name=WITHDRAWN, member_id=""))
        session.commit()
    assert run(file).output == "0 stored, 1 were stored already and are unchanged.\n"
    assert stored()[0].member_name == WITHDRAWN


def test_what_people_added_to_a_case_is_no_contradiction(
    run: Import, stored: Stored, engine: Engine, director_npi: str
) -> None:
    """A director whom a coordinator named, a date that was missing, how the decision was told."""
    file = csv_of(row())
    assert "1 without a director: waiting for a coordinator to name one." in run(file).output
    with Session(engine) as session, session.begin():
        director = session.scalar(text("select id from director"))
        added = {"director_id": director, "told_at": datetime(2026, 3, 2, tzinfo=UTC), "told_how": "phone"}
        dates = {"initial_decision": "2026-03-02T14:00:00+00:00", "letter": "2026-03-04"}
        session.execute(update(Denial).values(**added, dates=dates))
    assert run(file).exit_code == 0
    (denial,) = stored()
    assert (denial.director_id, denial.dates["letter"]) == (director, "2026-03-04")


def test_a_row_that_stands_twice_counts_once(run: Import, stored: Stored) -> None:
    """And is told."""
    result = run(csv_of(row(), row()))
    assert result.exit_code == 0
    assert "line 3: says the same as line 2; it counts once" in result.output
    assert len(stored()) == 1


def test_two_rows_with_one_number_and_other_content_are_an_error(refused: Refused) -> None:
    """The number belongs to the plan: another plan's is another case."""
    output = refused(csv_of(row(), row(urgency="emergent"), row(plan=PROMISE)))
    assert "line 3: has plan and case number of line 2, but another urgency" in output
    assert "1 error in " in output


def test_skip_errors_stores_what_is_right(run: Import, stored: Stored) -> None:
    """And tells the rest."""
    result = run(csv_of(row(), row(case_number="NC-2", decision="x")), "--skip-errors")
    assert result.exit_code == 0
    assert "error: line 3: decision" in result.output
    assert "1 left out because of errors." in result.output
    assert [denial.case_number for denial in stored()] == ["NC-1001"]


def test_skip_errors_stores_nothing_of_a_file_that_breaks_off(refused: Refused) -> None:
    """Nobody knows what else it held."""
    assert "never closed" in refused(csv_of(row()) + '"NC-9', "--skip-errors")


def test_each_denial_has_one_row_of_history(run: Import, engine: Engine) -> None:
    """M5, M8: with ids and words, nothing about the patient."""
    run(csv_of(row()))
    with Session(engine) as session:
        (happened,) = session.scalars(select(History))
    assert (happened.what, happened.actor) == ("imported", "system")
    assert happened.details == {"plan": BLUE_CROSS, "director": None}


def test_a_code_of_the_file_is_kept_as_its_hmac_alone(run: Import, stored: Stored, settings: Settings) -> None:
    """With the server's key, and for this case."""
    run(csv_of(row()))
    (denial,) = stored()
    assert denial.access_code_hash == code_hash(settings.access_code_key, "NC-1001", "7f3k9q2m4x")
    assert not matches(denial.access_code_hash, "b" * 32, "NC-1001", "7F3K9-Q2M4X")
    assert not CODES.exists()


def test_a_code_that_is_made_is_given_back_and_opens_the_case(
    run: Import, stored: Stored, engine: Engine, settings: Settings
) -> None:
    """In a file that only its owner can read, never on the screen."""
    result = run(csv_of(row(access_code=""), row(case_number="NC-2", access_code="")), "--result", "codes.csv")
    assert result.exit_code == 0, result.output
    assert "2 access codes made: codes.csv has the only copy" in result.output
    assert stat.S_IMODE(Path("codes.csv").stat().st_mode) == 0o600
    with Path("codes.csv").open() as file:
        given = list(csv.DictReader(file))
    assert [(each["plan"], each["case_number"]) for each in given] == [(BLUE_CROSS, "NC-1001"), (BLUE_CROSS, "NC-2")]
    with Session(engine) as session:
        for each, denial in zip(given, stored(), strict=True):
            assert each["access_code"] not in result.output
            opened = find_case(
                session,
                case_number=each["case_number"],
                birth_date=datetime(1962, 3, 14, tzinfo=UTC).date(),
                code=each["access_code"],
                key=settings.access_code_key,
            )
            assert opened == denial.id


def test_a_result_file_is_never_overwritten(refused: Refused) -> None:
    """Nothing is stored where the codes cannot be given back."""
    CODES.write_text("the only copy")
    output = refused(csv_of(row(access_code="")))
    assert "is there already and is not overwritten" in output
    assert CODES.read_text() == "the only copy"


@pytest.mark.parametrize("place", ["absent/codes.csv", "denials.csv/codes.csv", "."])
def test_a_result_file_that_cannot_be_written_stores_nothing(refused: Refused, place: str) -> None:
    """And says so."""
    output = refused(csv_of(row(access_code="")), "--result", place)
    assert "Nothing was stored" in output


def test_the_result_file_is_there_before_the_commit_and_gone_where_that_fails(
    run: Import, stored: Stored, settings: Settings, tmp_path: Path
) -> None:
    """The codes are on the disk first: a commit without them would lose them."""
    path, result = tmp_path / "denials.csv", tmp_path / "codes.csv"
    path.write_text(csv_of(row(access_code="")))
    running = make_process(settings)
    seen = []

    @event.listens_for(running.engine, "commit")
    def fail(_: object) -> None:
        if result.exists():
            seen.append(result.read_text())
            raise OperationalError("commit", {}, Exception("refused"))

    with pytest.raises(OperationalError):
        import_file(
            running.sessions,
            path,
            policies=running.setup.policies,
            key=settings.access_code_key,
            given=Given(),
            format_=None,
            skip_errors=False,
            result=result,
            now=datetime(2026, 3, 2, tzinfo=UTC),
        )
    running.engine.dispose()
    assert "NC-1001" in seen[0]
    assert not result.exists()
    assert stored() == []


def test_two_imports_do_not_run_at_once(run: Import, stored: Stored, engine: Engine) -> None:
    """The second says so after five seconds; it does not hang."""
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(hashtextextended('denials import', 0))"))
        result = run(csv_of(row()))
    assert result.exit_code == 1
    assert "Another import is under way; nothing was stored." in result.output
    assert stored() == []


def test_a_file_name_that_is_no_text_is_no_obstacle(run: Import, stored: Stored) -> None:
    """Bytes that are not UTF-8 in a name."""
    result = run(csv_of(row(access_code="")), name="d\udcff.csv")
    assert result.exit_code == 0, result.output
    assert [denial.imported_from for denial in stored()] == ["d?.csv"]
