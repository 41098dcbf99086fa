"""Every scenario holds when played in memory, and the commands say what they should of good and of bad files."""

import json
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli_rules import policies, simulate
from app.config import POLICIES_DIR
from scheduling.scenario import DETAILS, ScenarioErrors, read_scenario
from scheduling.values import What

HERE = Path(__file__).parent
SCENARIOS = sorted(HERE.glob("*.toml"))
POLICIES = sorted((HERE / "policies").glob("*.toml"))

STORY = """
title = "a story"
policy = "blue-cross-nc-commercial"
[[director]]
id = "lee"
time_zone = "America/New_York"
hours = { tue = ["10:00-11:00"] }
[[denial]]
case = "A"
director = "lee"
[[event]]
at = 2026-03-02T09:00:00-05:00
do = "request"
case = "A"
information = true
"""
BOOKED = '[[expect]]\ncase = "A"\nhappens = "booked"\n'


def run(*arguments: str) -> Result:
    """Run `peerline simulate`."""
    return CliRunner().invoke(simulate, arguments)


def played(folder: Path, story: str, *options: str) -> Result:
    """Write a story to a file and play it."""
    file = folder / "story.toml"
    file.write_text(story, encoding="utf-8")
    return run(str(file), *options)


def test_there_are_the_given_scenarios_and_many_more() -> None:
    assert len(SCENARIOS) >= 8 + 25


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_every_scenario_holds(file: Path) -> None:
    result = run(str(file))
    assert result.exit_code == 0, result.output
    assert "expectations hold." in result.output


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_as_json_each_happening_is_an_object_with_the_keys_of_the_format(file: Path) -> None:
    result = run(str(file), "--json")
    assert result.exit_code == 0
    for line in result.stdout.splitlines():
        told = json.loads(line)
        assert list(told) == ["at", "case", "happens", *DETAILS[What(told["happens"])]]
        for name, value in told.items():
            if name in ("at", "start", "end", "due", "request_by", "occur_by", "sla", "target") and value is not None:
                assert datetime.fromisoformat(value).tzinfo is not None


def test_what_does_not_come_true_is_printed_with_what_happened_instead(tmp_path: Path) -> None:
    wrong = f"{STORY}{BOOKED}start = 2026-03-03T11:00:00-05:00\n"
    never = f'{STORY}[[never]]\ncase = "A"\nhappens = "booked"\ndirector = "lee"\n'
    order = f'{STORY}{BOOKED}[[expect]]\ncase = "A"\nhappens = "received"\n'
    result = played(tmp_path, wrong)
    assert result.exit_code == 1
    assert "EXPECTED: A booked  (start Tue 2026-03-03 11:00 EST); what happened instead:" in result.output
    assert "A  booked  (director lee, start Tue 2026-03-03 10:00 EST" in result.output
    assert "NEVER: A booked  (director lee); but it happened:" in played(tmp_path, never).output
    assert "EXPECTED: A received; what happened instead:" in played(tmp_path, order).output


def test_instants_compare_as_instants_in_whatever_zone(tmp_path: Path) -> None:
    assert played(tmp_path, f"{STORY}{BOOKED}start = 2026-03-03T16:00:00+01:00\n").exit_code == 0


def test_as_json_nothing_else_is_on_standard_output(tmp_path: Path) -> None:
    result = played(tmp_path, f'{STORY}[[expect]]\ncase = "A"\nhappens = "moved"\n', "--json")
    assert result.exit_code == 1
    assert all(json.loads(line) for line in result.stdout.splitlines())
    assert "EXPECTED: A moved" in result.stderr


@pytest.mark.parametrize(
    "change, place",
    [
        (("title = ", "titel = "), "titel: is no key here"),
        (('policy = "blue-cross-nc-commercial"', ""), "policy: is missing"),
        (
            ('policy = "blue-cross-nc-commercial"', 'policy = "nobody"'),
            "policy: 'nobody' is neither the id of a policy",
        ),
        (('id = "lee"', ""), "director[0].id: is missing"),
        (('time_zone = "America/New_York"', 'time_zone = "EST"'), "director[0].time_zone: 'EST' is no time zone"),
        (("10:00-11:00", "11:00-10:00"), "director[0].hours.tue[0]: '11:00-10:00': the start must be before"),
        (
            ('case = "A"\ndirector = "lee"', 'case = "A"\ndirector = "ruiz"'),
            "denial[0].director: 'ruiz' is no director",
        ),
        (
            ('director = "lee"', 'director = "lee"\ndecision = "denied"'),
            "denial[0].decision: 'denied' is not allowed; one of",
        ),
        (('director = "lee"', 'director = "lee"\nletter = "2026"'), "denial[0].letter: '2026' is no date"),
        (('do = "request"\ncase = "A"', 'do = "request"\ncase = "Z"'), "event[0].case: 'Z' is no case here; one of A"),
        (('do = "request"', 'do = "ask"'), "event[0].do: 'ask' is not allowed; one of request, information"),
        (('do = "request"\n', ""), "event[0].do: is missing"),
        (
            ("at = 2026-03-02T09:00:00-05:00", "at = 2026-03-02T09:00:00"),
            "event[0].at: 2026-03-02T09:00:00 is no instant",
        ),
        (("at = 2026-03-02T09:00:00-05:00\n", ""), "event[0].at: is missing"),
        (("information = true", 'information = "yes"'), "event[0].information: 'yes' is neither true nor false"),
        (("information = true", 'speaker = "friend"'), "event[0].speaker: 'friend' is not allowed; one of physician"),
        (("information = true", "received = 2026-03-02T10:00:00-05:00"), "event[0].received: is after `at`"),
        (
            ("information = true", "windows = [{ from = 2026-03-02T10:00:00-05:00 }]"),
            "event[0].windows[0].to: is missing",
        ),
        (
            ("information = true", "decision = 'approve'"),
            "event[0].decision: is no key here; one of at, do, case, received",
        ),
    ],
)
def test_a_file_that_is_no_scenario_names_the_key(tmp_path: Path, change: tuple[str, str], place: str) -> None:
    assert change[0] in STORY
    result = played(tmp_path, STORY.replace(*change, 1))
    assert result.exit_code == 2
    assert place in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "event, place",
    [
        ('do = "review"\ncase = "A"', "event[0].decision: is missing; approve or not_approved"),
        (
            'do = "outcome"\ncase = "A"\ndetermination = "won"',
            "event[0].determination: 'won' is not allowed; one of upheld",
        ),
        ('do = "no_show"\ncase = "A"\nby = "nurse"', "event[0].by: 'nurse' is not allowed; one of office, director"),
        ('do = "reassign"\ncase = "A"', "event[0].director: is missing"),
        ('do = "director_off"\ndirector = "ruiz"', "event[0].director: 'ruiz' is no director here; there is none"),
        ('do = "director_off"\ndirector = "ruiz"', "event[0].from: is missing"),
        (
            'do = "date"\ncase = "A"\nname = "birthday"\nvalue = 2026-01-01',
            "event[0].name: 'birthday' is no date of a denial",
        ),
        ('do = "date"\ncase = "A"\nname = "letter"', "event[0].value: is missing"),
        ('do = "reschedule"\ncase = "A"\nwindows = 3', "event[0].windows: 3 is no list"),
    ],
)
def test_an_event_names_what_it_lacks(event: str, place: str) -> None:
    given = tomllib.loads(f'policy = "x"\n[[denial]]\ncase = "A"\n[[event]]\nat = 2026-03-02T09:00:00-05:00\n{event}')
    with pytest.raises(ScenarioErrors) as caught:
        read_scenario(given)
    assert any(fault.startswith(place) for fault in caught.value.faults), caught.value.faults


@pytest.mark.parametrize(
    "expect, place",
    [
        ('case = "A"', "expect[0].happens: is missing; one of received"),
        ('happens = "booked"', "expect[0].case: is missing"),
        ('case = "A"\nhappens = "found"', "expect[0].happens: 'found' is not allowed"),
        (
            'case = "A"\nhappens = "booked"\nreason = "x"',
            "expect[0].reason: is no key here; one of case, happens, at, director",
        ),
        ('case = "A"\nhappens = "booked"\ndirector = "lee"', "expect[0].director: 'lee' is no director here"),
        ('case = "A"\nhappens = "booked"\nstart = 2026-03-02', "expect[0].start: 2026-03-02 is no instant"),
        ('case = "A"\nhappens = "received"\nplace = "first"', "expect[0].place: 'first' is no whole number"),
    ],
)
def test_an_expectation_names_what_it_lacks(expect: str, place: str) -> None:
    given = tomllib.loads(f'policy = "x"\n[[denial]]\ncase = "A"\n[[expect]]\n{expect}')
    with pytest.raises(ScenarioErrors) as caught:
        read_scenario(given)
    assert any(fault.startswith(place) for fault in caught.value.faults), caught.value.faults


def test_names_are_there_once() -> None:
    twice: dict[str, Any] = {
        "policy": "x",
        "director": [{"id": "lee", "time_zone": "America/New_York"}] * 2,
        "denial": [{"case": "A"}] * 2,
    }
    with pytest.raises(ScenarioErrors) as caught:
        read_scenario(twice)
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["director[1].id", "denial[1].case"]


@pytest.mark.parametrize("content", [b"", b"title = ", b"\xff\xfe", b"[[event]]\nat = 1"])
def test_anything_else_is_no_scenario_and_gives_no_traceback(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file.toml"
    file.write_bytes(content)
    for path in (file, tmp_path, tmp_path / "missing.toml"):
        result = run(str(path))
        assert result.exit_code == 2
        assert str(path) in result.stderr
        assert isinstance(result.exception, SystemExit)


def test_a_policy_with_faults_is_a_fault_of_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('id = "mine"\nname = "Mine"\nplan = { time_zone = "here" }', encoding="utf-8")
    result = played(tmp_path, STORY.replace("blue-cross-nc-commercial", "mine.toml"))
    assert result.exit_code == 2
    assert "plan.time_zone: 'here' is no time zone" in result.stderr


def test_policies_are_checked_with_their_examples() -> None:
    files = [str(path) for path in [*sorted(POLICIES_DIR.rglob("*.toml")), *POLICIES]]
    result = CliRunner().invoke(policies, ["check", *files])
    assert result.exit_code == 0, result.output
    assert result.output.count("examples hold") == len(files)


def test_a_policy_that_is_none_or_whose_example_fails_is_an_error(tmp_path: Path) -> None:
    good = POLICIES_DIR / "blue-cross-nc-commercial.toml"
    bad, fails = tmp_path / "bad.toml", tmp_path / "fails.toml"
    bad.write_text(
        'id = "bad"\nname = "Bad"\n[plan]\ntime_zone = "America/New_York"\nholidays = "XX"', encoding="utf-8"
    )
    fails.write_text(good.read_text(encoding="utf-8").replace("2026-06-17T17:00", "2026-06-18T17:00"), encoding="utf-8")
    result = CliRunner().invoke(policies, ["check", str(good), str(bad), str(fails), str(tmp_path / "none.toml")])
    assert result.exit_code == 1
    assert f"{good}: good" in result.output
    assert f"{bad}: plan.holidays: 'XX' is the code of no holiday calendar" in result.output
    assert f"{fails}: example[0]" in result.output
    assert "2026-06-18T17:00:00-04:00 is expected, 2026-06-17T17:00:00-04:00 comes out" in result.output
    assert "none.toml: cannot be read" in result.output


def test_a_policy_is_shown_in_plain_english() -> None:
    result = CliRunner().invoke(policies, ["show", "blue-shield-promise-medi-cal"])
    assert result.exit_code == 0
    assert "within one business day of the request and through the fifth calendar day" in result.output
    file = CliRunner().invoke(policies, ["show", str(POLICIES_DIR / "blue-shield-promise-medi-cal.toml")])
    assert file.output == result.output, "a file that is in no folder yet can be read before it is put there"
    unknown = CliRunner().invoke(policies, ["show", "nobody"])
    assert unknown.exit_code == 1
    assert "blue-cross-nc-commercial, blue-shield-promise-medi-cal" in unknown.output
