"""FHIR: the Da Vinci PAS response bundles, as they are and broken in every place."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.denials.fhir import read_bundle
from app.denials.records import Given, Record
from app.models import Denial
from tests.denials.conftest import FHIR, PROMISE, Import

DENIAL = FHIR / "valid_pa_response_bundle_denial.json"
#: what the bundle says of the patient; no error may repeat it
PATIENT = ("SMITH", "JOE", "12345678901", "SubscriberExample")

Stored = Callable[[], list[Denial]]
Refused = Callable[..., str]
Path = tuple[str | int, ...]


def bundle() -> Any:
    """Give the denial, to be broken."""
    return json.loads(DENIAL.read_text())


def at(value: Any, *path: str | int) -> Any:
    """Give a part of a bundle."""
    for step in path:
        value = value[step]
    return value


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Give the path of every part, the whole first."""
    yield path
    steps = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for step in steps:
        yield from paths(value[step], (*path, step))


def broken() -> Iterator[tuple[str, Any]]:
    """Give every part of the bundle taken away, made null, emptied and of each wrong type; with what was done."""
    whole = bundle()
    for path in list(paths(whole))[1:]:
        without = copy.deepcopy(whole)
        del at(without, *path[:-1])[path[-1]]
        yield f"{path} deleted", without
        for other in (None, True, 7, 1e999, "", "\x00", "\ud800", "x" * 20_000, [], [[]], {}, {"a": 1}, [None], ["y"]):
            changed = copy.deepcopy(whole)
            at(changed, *path[:-1])[path[-1]] = other
            yield f"{path} set to {str(other)[:20]!r}", changed


def read(value: object) -> Record:
    """Read a bundle as the import does."""
    return read_bundle(value, Given(plan=PROMISE))


ITEM = ("entry", 0, "resource", "item")
ACTION = (*ITEM, 0, "adjudication", 0, "extension", 0, "extension")


def with_code(code: str) -> Any:
    """Give the bundle with another review action."""
    value = bundle()
    at(value, *ACTION, 1, "valueCodeableConcept", "coding", 0)["code"] = code
    return value


def test_the_denial_becomes_a_denial(run: Import, stored: Stored, director_npi: str) -> None:
    """A3, not certified."""
    result = run(DENIAL, "--plan", PROMISE, "--director", director_npi)
    assert result.exit_code == 0, result.output
    (denial,) = stored()
    assert (denial.plan, denial.case_number, denial.decision.value) == (PROMISE, "AUTH0001", "deny")
    assert (denial.member_name, denial.member_id, denial.member_birth_date) == ("JOE SMITH", "12345678901", None)
    assert (denial.setting.value, denial.urgency.value) == ("pre_service", "elective")
    assert denial.dates == {"initial_decision": "2005-05-02", "service": "2005-05-02"}
    assert denial.service == "Consultation (3)"
    assert denial.requester_name == "DR. JOE SMITH CORPORATION"
    assert denial.director_id is not None


def test_the_approval_is_told_to_be_none(run: Import, stored: Stored) -> None:
    """A1, certified in total."""
    result = run(FHIR / "valid_pa_response_bundle.json", "--plan", PROMISE)
    assert result.exit_code == 0
    assert "is no denial: certified in total, an approval (A1); nothing is stored" in result.output
    assert stored() == []


def test_the_incomplete_one_names_everything_that_is_missing(refused: Refused) -> None:
    """All at once, each with its path."""
    output = refused(FHIR / "pa_response_bundle_missing_elements.json", "--plan", PROMISE)
    assert "error: Bundle.entry[0].resource.created: is missing" in output
    assert "error: Bundle.entry[0].resource.patient.reference: the Patient it refers to is missing" in output
    for path in ("Bundle.timestamp", "insurer.reference", "requestor.reference", "valueReference.reference"):
        assert path in output
    assert "2 errors" in output
    assert "nothing was stored" in output


@pytest.mark.parametrize("code", ["A2", "A6"])
def test_what_is_certified_in_part_is_a_modification(code: str) -> None:
    """A2, A6."""
    record = read(with_code(code))
    assert record.denial is not None
    assert record.denial.decision.value == "modify"


@pytest.mark.parametrize(
    "code, said", [("A4", "pended"), ("C", "cancelled"), ("CT", "contact the payer"), ("NA", "no action required")]
)
def test_what_decides_nothing_is_told_and_not_stored(code: str, said: str) -> None:
    """A4, C and the others."""
    record = read(with_code(code))
    assert (record.denial, record.problems) == (None, ())
    assert said in record.notes[-1].message


def test_another_code_of_the_list_is_an_error_that_names_the_codes() -> None:
    """And does not repeat it."""
    (problem, *_) = read(with_code("SMITH")).problems
    assert problem.place.endswith("extension[1].valueCodeableConcept.coding[0].code")
    assert "A1, A2, A3" in problem.message
    assert "SMITH" not in problem.message


def test_of_several_items_the_denied_ones_make_the_denial() -> None:
    """An approved item beside it is no part of it."""
    value = bundle()
    approved = copy.deepcopy(at(value, *ITEM, 0))
    at(approved, "adjudication", 0, "extension", 0, "extension", 1, "valueCodeableConcept", "coding", 0)["code"] = "A1"
    approved["extension"][4]["extension"][0]["valueCodeableConcept"]["coding"][0]["display"] = "Something else"
    at(value, *ITEM).insert(0, approved)
    denial = read(value).denial
    assert denial is not None
    assert (denial.decision.value, denial.service) == ("deny", "Consultation (3)")


def test_reason_birth_date_and_instant_are_read_where_they_are_given() -> None:
    """In UTC; the day of the decision comes from `created` where no item has an issue date."""
    value = bundle()
    del at(value, *ITEM, 0, "extension")[1]
    reason = {"coding": [{"code": "0V", "display": "Requires medical review"}]}
    at(value, *ACTION).append({"url": "reasonCode", "valueCodeableConcept": reason})
    at(value, "entry", 3, "resource")["birthDate"] = "1962-03-14"
    denial = read(value).denial
    assert denial is not None
    assert (denial.reason, denial.reason_text) == ("0V", "Requires medical review")
    assert str(denial.member_birth_date) == "1962-03-14"
    assert denial.dates["initial_decision"] == "2005-05-02T06:02:00+00:00"


def test_without_a_number_of_the_decision_the_response_has_one() -> None:
    """And it is said."""
    value = bundle()
    del at(value, *ACTION)[0]
    record = read(value)
    assert record.denial is not None
    assert record.denial.case_number == "111099"
    assert any("case number is that of identifier.value" in note.message for note in record.notes)


def test_a_bundle_broken_anywhere_is_a_denial_or_an_error_with_its_path() -> None:
    """Every path taken away, null, empty or of a wrong type: three thousand variants."""
    count = faulty = 0
    for what, value in broken():
        record = read(value)
        count += 1
        faulty += bool(record.problems)
        assert record.denial or record.problems or record.notes, what
        assert not (record.denial and record.problems), what
        for problem in (*record.problems, *record.notes):
            assert problem.place.startswith("Bundle"), what
            assert problem.message, what
            assert not any(word in str(problem) for word in PATIENT), (what, str(problem))
    assert count >= 3000
    assert faulty > 500


def test_what_is_right_of_a_file_of_broken_bundles_is_stored(run: Import, stored: Stored) -> None:
    """One bundle a line, through the command and into the database; no text of theirs breaks it."""
    lines = []
    for number, (_, value) in enumerate(broken()):
        if number % 9 == 0:
            lines.append(json.dumps(value).replace("AUTH0001", f"AUTH{number:05}").replace("Infinity", "1e999"))
    result = run("\n".join(lines), "--plan", PROMISE, "--skip-errors", name="broken.ndjson")
    assert result.exit_code == 0, result.output
    assert len(lines) > 300
    assert len(stored()) > 50
    assert "error: line " in result.output
    assert not any(word in result.output for word in PATIENT)


def test_a_file_of_broken_bundles_is_stored_as_a_whole_or_not_at_all(refused: Refused) -> None:
    """One line that is wrong is enough."""
    good = json.dumps(bundle())
    output = refused(f"{good}\n{good[:-9]}\n", "--plan", PROMISE, name="bundles.json")
    assert "line 2" in output


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "line 1: the file is empty"),
        (b"   \n", "line 1: the file is empty"),
        (b"{", "line 1, column 2: the file is not JSON"),
        (b"[]", "Bundle: found a list"),
        (b"null", "Bundle: found null"),
        (b'"x"', "Bundle: found text"),
        (b"{}", "Bundle.entry: is missing"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"entry": [], "entry": []}', "Bundle.entry: stands twice"),
        (b'{"a": "\xff"}', "not in UTF-8"),
        (b"\xff\xfe{\x00", "not in UTF-8"),
        (b'{"resourceType": "Patient"}', "Bundle.resourceType: found another resource"),
    ],
)
def test_a_file_that_is_no_bundle_is_one_clear_error(refused: Refused, content: bytes, said: str) -> None:
    """With the line or path, never a traceback."""
    output = refused(content, "--plan", PROMISE, name="bundle.json")
    assert said in output


@pytest.mark.parametrize("size", range(200, 7200, 500))
def test_a_bundle_that_breaks_off_is_no_json(refused: Refused, size: int) -> None:
    """At any byte."""
    output = refused(DENIAL.read_bytes()[:size], "--plan", PROMISE, name="bundle.json")
    assert "the file is not JSON" in output
