"""`peerline queue`: what it prints, and with which status it ends."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from app import directors
from app.cli import main
from app.clock import utcnow
from app.config import Settings
from app.consults import assignment, intake
from app.db import make_sessions, transaction
from app.models import Consult, Director
from tests.support import factories
from tests.support.environment import environment

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give the command, on the test's database."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, ["queue", *arguments], catch_exceptions=False)


@pytest.fixture
def line(engine: Engine) -> tuple[Director, Consult, Consult]:
    """Give a director with two requests: one waits for information, the other, which came later, is booked."""
    setup, now = factories.setup(), utcnow()
    with transaction(make_sessions(engine)) as session:
        who = factories.director(session)
        directors.note_change(session, who.id, by="system", now=now)
        made = []
        for minutes, statement in ((10, ""), (5, "MRI shows progression")):
            about = factories.denial(session, who, dates={"initial_decision": (now - timedelta(days=1)).isoformat()})
            new = factories.request(about, received=now - timedelta(minutes=minutes), statement=statement)
            asked = intake.request_consult(session, new, setup=setup, by="office", now=new.received)
            assert asked.consult is not None
            made.append(asked.consult)
        assignment.assign_queue(session, who.id, setup=setup, now=now)
    return who, *made


def test_a_line_is_shown_with_places_reasons_and_times(run: Run, line: tuple[Director, Consult, Consult]) -> None:
    who, waits, booked = line
    shown = run("show", who.npi)
    assert shown.exit_code == 0
    assert shown.output.startswith(f"The line of {who.name}, ")
    assert f"1.  {waits.reference}" in shown.output
    assert "waits for clinical information" in shown.output
    assert f"booked  {booked.reference}" in shown.output
    assert shown.output.endswith("1 without a time, 1 booked.\n")

    first, second = map(json.loads, run("show", str(who.id), "--json").output.splitlines())
    assert (first["place"], first["reason"], first["request"]) == (1, "awaiting_information", waits.reference)
    assert (second["place"], second["booked"]["director"]) == (None, who.npi)


def test_who_is_next_can_expect_a_time(run: Run, line: tuple[Director, Consult, Consult], engine: Engine) -> None:
    who = line[0]
    with transaction(make_sessions(engine)) as session:
        new = factories.request(factories.denial(session, session.get_one(Director, who.id)), received=utcnow())
        intake.request_consult(session, new, setup=factories.setup(), by="office", now=utcnow())

    shown = run("show", who.npi)
    assert "can expect" in shown.output
    assert json.loads(run("show", who.npi, "--json").output.splitlines()[-1])["expected"]["director"] == who.npi


def test_a_history_in_order_ends_with_0_and_tells_who_was_passed_over(
    run: Run, line: tuple[Director, Consult, Consult]
) -> None:
    who, waits, booked = line
    for arguments in ((), (who.npi,)):
        done = run("verify", *arguments)
        assert done.exit_code == 0, done.output
        assert f"{booked.reference} got " in done.output
        assert f"    {waits.reference}  not ready then" in done.output
        assert "1 booking or move; 1 time an earlier request did not get the time.\n0 exceptions.\n" in done.output
        assert ("Seal of" in done.output) is (not arguments)
    overtaking, summary = map(json.loads, run("verify", "--json").output.splitlines())
    assert (overtaking["earlier"], overtaking["reason"]) == (waits.reference, "not_ready")
    assert (summary["exceptions"], summary["overtakings"]) == (0, 1)


def test_a_span_leaves_out_what_was_decided_before_and_after(run: Run, line: tuple[Director, Consult, Consult]) -> None:
    later = run("verify", "--from", "2099-01-01", "--to", "2099-01-01")
    assert later.output.startswith("0 bookings and moves; 0 times")
    today = run("verify", "--to", (utcnow() + timedelta(days=1)).date().isoformat())
    assert today.output.count("not ready then") == 1


def test_exceptions_end_with_1_and_name_the_row_and_what_is_wrong(
    run: Run, line: tuple[Director, Consult, Consult], engine: Engine
) -> None:
    booked = line[2]
    with engine.begin() as connection:
        connection.execute(text("alter table history disable trigger user"))
        connection.execute(text("update history set actor = 'office' where what = 'booked'"))
        connection.execute(text("update consult set arrival = -1 where id = :id"), {"id": booked.id})

    for arguments in (("verify",), ("verify", "--case", booked.reference)):
        done = run(*arguments)
        assert done.exit_code == 1
        assert "(booked): this row, or the digest of one that it names, is not as it was written" in done.output
        assert f"EXCEPTION  {booked.reference}, arrival: the history says " in done.output
        assert "2 exceptions.\n" in done.output
    faults = [json.loads(row).get("fault") for row in run("verify", "--json").output.splitlines()]
    assert "altered" in faults
    assert "tables_differ" in faults


def test_the_proof_for_one_case_is_a_page(run: Run, line: tuple[Director, Consult, Consult]) -> None:
    who, waits, booked = line
    page = run("verify", "--case", waits.reference)
    assert page.exit_code == 0
    assert f"stood in  the line of {who.name}, place 1" in page.output
    assert "before it nobody without a time" in page.output
    assert "overtaken by 1 booking:" in page.output
    assert f"{booked.reference} got " in page.output
    assert "0 exceptions. Every row is as it was written, and the tables say the same." in page.output
    assert f"before it {waits.reference}" in run("verify", "--case", booked.reference).output

    proof = json.loads(run("verify", "--case", booked.reference, "--json").output)
    (request,) = proof["requests"]
    assert (request["came"]["before"], request["given"][0]["moved"]) == ([waits.reference], False)


#: what is asked for, and what is said about it
CANNOT_BE_DONE = (
    (("show", "9999999999"), "no medical director with the NPI or number '9999999999'. See: peerline directors list"),
    (("show", "blue-cross-nc-commercial"), "name the director"),
    (("verify", "nobody"), "no medical director with the NPI or number 'nobody'"),
    (("verify", "99999999999999999999"), "no medical director"),
    (("verify", "--from", "yesterday"), "--from 'yesterday' is no day. Give a day such as 2026-03-02"),
    (("verify", "--to", "2026-03-02T09:00"), "--to '2026-03-02T09:00' is no day"),
    (("verify", "--to", "9999-12-31"), "--to '9999-12-31' is no day"),
    (("verify", "--from", "2026-03-02", "--to", "2026-03-01"), "--from lies after --to"),
    (("verify", "--case", "P2P-0000-0000"), "no case with the number, and no request with the reference"),
    (("verify", "--case", "SAME-1"), "Give the reference of the request"),
    (("verify", "--case", "A", "--from", "2026-03-02"), "--case stands alone"),
    (("show",), "Missing argument 'DIRECTOR'"),
)


def test_what_cannot_be_done_ends_with_2_and_says_why(run: Run, engine: Engine) -> None:
    with transaction(make_sessions(engine)) as session:
        for plan in ("blue-cross-nc-commercial", "blue-shield-promise-medi-cal"):
            factories.denial(session, None, plan=plan, case_number="SAME-1")
    for arguments, complaint in CANNOT_BE_DONE:
        done = run(*arguments)
        assert (done.exit_code, complaint in done.output) == (2, True), done.output


def test_a_database_that_does_not_answer_ends_with_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:x@127.0.0.1:9/nothing")
    done = run("verify")
    assert done.exit_code == 2
    assert "The database does not answer" in done.output


def test_a_policy_with_one_line_for_all_can_be_shown(run: Run, engine: Engine) -> None:
    plan = next(
        id_
        for id_, rulebook in sorted(factories.setup().policies.current_by_id.items())
        if rulebook.policy.director.assignment == "any"
    )
    done = run("show", plan)
    assert done.output.startswith(f"The line of the plan {plan}, ")
    assert run("verify", plan).exit_code == 0
