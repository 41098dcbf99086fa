"""CSV: the documented columns, and every way in which a file can be wrong."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.denials.spreadsheet import COLUMNS
from app.models import Denial
from tests.denials.conftest import BLUE_CROSS, MEMBER, NAME, PROMISE, SERVICE, Import, csv_of, row

Stored = Callable[[], list[Denial]]
Refused = Callable[..., str]


@pytest.mark.parametrize("arguments", [["denials", "template"], ["denials", "import", "--template"]])
def test_the_template_has_every_column(arguments: list[str]) -> None:
    """Without a database."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    assert result.output == ",".join(COLUMNS) + "\n"


def test_a_row_with_every_column_becomes_a_denial(run: Import, stored: Stored, director_npi: str) -> None:
    """Instants in UTC, days as they are."""
    cells = row(
        director_npi=director_npi,
        state="NC",
        service_type="surgery",
        place="inpatient",
        reason="medical_necessity",
        reason_text="Not\nnecessary",
        criteria="InterQual 2026",
        requester_name="Rosa Diaz, MD",
        requester_npi="1245319599",
        told_at="2026-03-02T10:00:00-05:00",
        told_how="phone",
        told_by="Casey Moore",
        appeal_deadline="2026-08-29",
        service_date="2026-03-10",
    )
    result = run(csv_of(cells))
    assert result.exit_code == 0, result.output
    assert result.output == "1 stored, 0 were stored already and are unchanged.\n"
    (denial,) = stored()
    assert (denial.plan, denial.member_name, denial.member_id, denial.service) == (BLUE_CROSS, NAME, MEMBER, SERVICE)
    assert denial.director_id is not None
    assert denial.applies_to == {"state": "NC", "service": "surgery", "place": "inpatient"}
    assert denial.dates == {
        "initial_decision": "2026-03-02T14:00:00+00:00",
        "appeal_deadline": "2026-08-29",
        "service": "2026-03-10",
    }
    assert denial.told_at == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert denial.imported_from == "denials.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_what_spreadsheets_save_is_read(run: Import, stored: Stored, encoding: str, delimiter: str) -> None:
    """With or without BOM, commas or semicolons, Windows line ends, blank lines at the end."""
    text = csv_of(row(requester_name="Zoë O'Neill; MD, PhD"), delimiter=delimiter) + "\r\n,,,\r\n".replace(
        ",", delimiter
    )
    result = run(text.encode(encoding))
    assert result.exit_code == 0, result.output
    assert [denial.requester_name for denial in stored()] == ["Zoë O'Neill; MD, PhD"]


@pytest.mark.parametrize("encoding, said", [("cp1252", "looks like Windows-1252"), ("utf-16", "is in UTF-16")])
def test_another_encoding_is_named_with_its_remedy(refused: Refused, encoding: str, said: str) -> None:
    """And the line."""
    output = refused(csv_of(row(requester_name="Zoë")).encode(encoding))
    assert said in output
    assert "CSV UTF-8" in output


WRONG = [
    ({"initial_decision": "2026-03-02T09:00"}, "initial_decision: found a time without its offset from UTC"),
    ({"initial_decision": "03/02/2026"}, "initial_decision: found '99/99/9999'; expected a date such as 2026-03-02"),
    ({"initial_decision": "2026-02-30"}, "initial_decision: found a day that no calendar has"),
    ({"initial_decision": "0026-03-02"}, "initial_decision: found a year that cannot be meant"),
    ({"initial_decision": "9999-12-31T23:59:00-12:00"}, "initial_decision: found"),
    ({"initial_decision": "0001-01-01T00:00:00+12:00"}, "initial_decision: found"),
    ({"initial_decision": "2026-03-02T25:00:00Z"}, "initial_decision: found a day or a time that does not exist"),
    ({"initial_decision": NAME}, "initial_decision: found 11 characters of another form"),
    ({"member_birth_date": "3/14/1962"}, "member_birth_date: found '9/99/9999'"),
    ({"decision": "denied"}, "decision: found another word (6 characters); expected one of deny, delay, modify"),
    ({"decision": ""}, "decision: found nothing; expected one of"),
    ({"setting": NAME}, "setting: found another word"),
    ({"urgency": "urgent"}, "urgency: found another word"),
    ({"member_name": " "}, "member_name: found nothing; it must be given"),
    ({"case_number": ""}, "case_number: found nothing; it must be given"),
    ({"case_number": "=1+1"}, "case_number: starts with a sign"),
    ({"case_number": "9" * 65}, "case_number: found 65 characters"),
    ({"case_number": "A\x00B"}, "case_number: found a control character"),
    ({"service": "\x00"}, "service: found a control character"),
    ({"member_id": "two\nlines"}, "member_id: found several lines"),
    ({"requester_npi": "1245319598"}, "requester_npi: found ten digits whose check digit is wrong"),
    ({"requester_npi": NAME}, "requester_npi: found 11 characters of another form; expected an NPI"),
    ({"director_npi": "1245319599"}, "director_npi: no director is known by this NPI"),
    ({"director_npi": NAME}, "director_npi: no director is known by this NPI"),
    ({"access_code": "short"}, "access_code: found something else"),
    ({"told_how": "phone"}, "told_at: found nothing, but told_how is given"),
    ({"told_at": "2026-03-02T10:00:00Z"}, "told_how: found nothing, but told_at is given"),
    ({"told_at": "2026-03-02T10:00:00Z", "told_how": "pigeon"}, "told_how: found another word"),
    ({"plan": NAME}, f"plan: there is no such plan; known are: {BLUE_CROSS}, {PROMISE}"),
    ({"plan": "blue-cross-nc"}, f"plan: there is no such plan (did you mean {BLUE_CROSS}?)"),
    ({"plan": "", "line_of_business": ""}, "plan: neither plan nor line of business is named; give --plan with one of"),
    ({"plan": "", "line_of_business": "x"}, "plan: no policy covers this denial"),
    ({"plan": "", "initial_decision": "1999-01-01"}, "plan: no policy covers this denial"),
]


@pytest.mark.parametrize("cells, said", WRONG, ids=[said[:50] for _, said in WRONG])
def test_a_wrong_cell_is_named_and_nothing_is_stored(refused: Refused, cells: dict[str, str], said: str) -> None:
    """With line and column, what was expected, and never what stands there."""
    output = refused(csv_of({**row(told_at="", told_how="", director_npi="", requester_npi=""), **cells}))
    assert f"error: line 2: {said}" in output
    assert "1 error in " in output


def test_all_errors_are_told_at_once(refused: Refused) -> None:
    """Each with its line, which is that of the file, also after a cell with several lines."""
    rows = [
        row(service="two\nlines"),
        row(case_number="NC-2", decision="x", member_id=""),
        row(case_number="NC-3"),
        row(case_number="NC-4", plan="?"),
    ]
    output = refused(csv_of(*rows))
    for said in ("line 4: decision", "line 4: member_id", "line 6: plan", "3 errors"):
        assert said in output


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "line 1: the file is empty"),
        ("\n\n", "line 1: the file is empty"),
        ("case_numbr,decision,setting,urgency,member_name,member_id,service\n", "did you mean case_number?"),
        ("case_number,decision,setting\n", "missing: member_name, member_id, service, urgency"),
        ("case_number,case_number,decision\n", "column 2 ('case_number') stands there twice"),
        ("case_number,,decision\n", "column 2 has no name"),
        (f"NC-1,{NAME},{MEMBER}\n", "column 1 is unknown"),
        (csv_of(row()).replace("access_code\r\n", "access_code,"), "column 17 is unknown"),
        (csv_of(row()) + "a,b\n", "line 3: found 2 cells; expected 12"),
        (csv_of(row()) + '"NC-9', "line 3: a quotation mark opens here and is never closed"),
        (csv_of(row()) + 'NC-9,"a"b\n', "line 3: a quotation mark stands inside a cell"),
        (csv_of(row()) + '"' + "x" * 140_000 + '"\n', "line 3: a cell has more than 131,072 characters"),
    ],
)
def test_a_broken_table_is_named_by_its_line(refused: Refused, text: str, said: str) -> None:
    """Header, quotation marks, number of cells."""
    output = refused(text)
    assert said in output


def test_the_line_of_business_finds_the_plan(run: Import, stored: Stored) -> None:
    """Where neither the row nor the command names one."""
    rows = [row(plan=""), row(case_number="BSP-1", plan="", line_of_business="medi_cal")]
    assert run(csv_of(*rows)).exit_code == 0
    assert [denial.plan for denial in stored()] == [BLUE_CROSS, PROMISE]


def test_options_speak_where_the_file_is_silent(run: Import, stored: Stored, director_npi: str) -> None:
    """And only there."""
    cells = {name: text for name, text in row().items() if name not in ("plan", "setting", "urgency")}
    options = ["--plan", PROMISE, "--setting", "concurrent", "--urgency", "emergent", "--director", director_npi]
    result = run(csv_of(cells), *options)
    assert result.exit_code == 0, result.output
    (denial,) = stored()
    assert (denial.plan, denial.setting.value, denial.urgency.value) == (PROMISE, "concurrent", "emergent")
    assert denial.director_id is not None


@pytest.mark.parametrize(
    "options, said",
    [
        (["--plan", "blue-cross"], f"Known are: {BLUE_CROSS}, {PROMISE}"),
        (["--director", "1245319599"], "No director is known by the NPI '1245319599'"),
    ],
)
def test_an_option_that_names_nothing_is_one_error(refused: Refused, options: list[str], said: str) -> None:
    """Not one a row."""
    output = refused(csv_of(row(), row(case_number="NC-2")), *options)
    assert output.count("Error") == 1
    assert said in output


def test_a_path_that_is_no_file_is_said(refused: Refused, tmp_path: Path) -> None:
    """A folder, or nothing at all."""
    assert "is no file" in refused(tmp_path)
    assert "cannot be read: No such file or directory" in refused(tmp_path / "absent.csv")
