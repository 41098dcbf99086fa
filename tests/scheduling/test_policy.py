"""Policy files: every key and its default, every fault with its place, which file governs, what it says in words."""

import dataclasses
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from app.config import POLICIES_DIR
from app.policies import read_rulebook
from scheduling.governing import NoPolicyError, governing
from scheduling.policy import Policy
from scheduling.policy_examples import failures
from scheduling.policy_reader import PolicyErrors, policy_hash, read_policy
from scheduling.policy_text import in_plain_english
from tests.scheduling.build import rules

FILES = sorted(POLICIES_DIR.rglob("*.toml"))
LEAST = {"id": "plan", "name": "The plan", "plan": {"time_zone": "America/New_York"}}


def policy(toml: str = "") -> Policy:
    """Read a policy that says only this besides what it must."""
    return rules(toml).policy


def faults(toml: str, least: dict[str, Any] | None = None) -> list[str]:
    """Return what is wrong with a policy."""
    given = {**(LEAST if least is None else least), **tomllib.loads(toml)}
    with pytest.raises(PolicyErrors) as caught:
        read_policy(given)
    return list(caught.value.faults)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_policy_reads_and_its_examples_hold(file: Path) -> None:
    rulebook = read_rulebook(file)
    assert rulebook.policy.id == file.stem
    assert len(rulebook.policy.examples) >= 2
    assert failures(rulebook) == []


def test_only_id_name_and_zone_must_be_given_and_the_rest_has_the_defaults_of_the_format() -> None:
    said = policy()
    assert (said.source, said.effective, said.approved) == ("", None, None)
    assert said.plan.lines_of_business == ()
    assert said.plan.business_days == ("mon", "tue", "wed", "thu", "fri")
    assert (said.plan.business_hours.from_, said.plan.business_hours.to) == (time(8), time(17))
    assert said.plan.holidays == "US"
    assert said.eligibility.decisions == ("deny", "delay", "modify")
    assert said.eligibility.settings == ("pre_service", "concurrent", "retrospective")
    assert (said.eligibility.timing, said.eligibility.after_appeal, said.eligibility.per_denial) == ("both", True, 0)
    assert said.eligibility.speakers == said.eligibility.relations == ()
    assert said.eligibility.excluded_reasons == said.eligibility.only_reasons == ()
    assert (said.request.deadlines, said.request.min_windows, said.request.how, said.request.attest) == ((), 0, "", ())
    assert said.consult.occur_by == said.consult.sla == said.consult.target == ()
    consult = said.consult
    minutes = (consult.duration_minutes, consult.buffer_minutes, consult.start_every_minutes, consult.notice_minutes)
    assert minutes == (30, 0, 15, 60)
    assert (dict(consult.hours.spans), consult.effect) == ({}, "may_overturn")
    queue = said.queue
    assert (queue.place_from, queue.after_office_reschedule) == ("request_received", "keeps_place")
    assert (queue.urgent_first, queue.move_up, queue.move_up_notice_minutes) == (False, "if_agreed", 240)
    assert (said.director.assignment, said.director.fallback, said.director.specialty) == ("same", "none", "none")
    assert (said.clinical_information.rule, said.clinical_information.review) == ("optional", "none")
    assert said.reconsideration.offered is False
    assert (said.reconsideration.emergent.deadline, said.reconsideration.elective.deadline) == (None, None)
    assert said.reconsideration.emergent.consult == "meanwhile"
    assert said.reconsideration.elective.consult == "after_review"
    assert (said.contact.attempts, said.contact.minutes_between, said.contact.missed_consults) == (2, 15, 2)
    assert dataclasses.astuple(said.after) == ("",) * 6


def test_what_must_be_given_is_asked_for_by_name() -> None:
    assert faults("", {}) == [
        "id: is missing; it must be given: short and stable: the name of the file",
        "name: is missing; it must be given: as people know it",
        "plan: is missing; it must be given: whose rules these are",
        "plan.time_zone: is missing; it must be given: the zone in which the plan counts days",
    ]


def test_a_wrong_date_is_named_with_its_place_and_what_is_allowed() -> None:
    toml = 'consult = { occur_by = [{ within = 5, unit = "calendar_days", of = "dischrge" }] }'
    (fault,) = faults(toml)
    assert fault.startswith(
        "consult.occur_by[0].of: 'dischrge' is no date of a denial; one of initial_decision, letter"
    )


@pytest.mark.parametrize(
    "toml, place, words",
    [
        ("consults = {}", "consults", "is no key here; one of id, name"),
        ("queue = { urgent = true }", "queue.urgent", "one of place_from, after_office_reschedule, urgent_first"),
        ('queue = { urgent_first = "yes" }', "queue.urgent_first", "neither true nor false"),
        ("queue = []", "queue", "is no table"),
        ('queue = { move_up = "always" }', "queue.move_up", "one of if_agreed, never"),
        ("contact = { attempts = 0 }", "contact.attempts", "from 1 to"),
        ("contact = { attempts = 2.5 }", "contact.attempts", "no whole number"),
        ("contact = { attempts = true }", "contact.attempts", "true is no whole number"),
        ("consult = { duration_minutes = 0 }", "consult.duration_minutes", "from 1 to"),
        ("consult = { start_every_minutes = 25 }", "consult.start_every_minutes", "25 does not divide 60; one of 1, 2"),
        ("consult = { occur_by = {} }", "consult.occur_by", "is no list"),
        (
            "consult = { occur_by = [{}] }",
            "consult.occur_by[0]",
            "one of within (with unit and of), before, by, latest",
        ),
        ('consult = { sla = [{ within = 5, unit = "weeks", of = "letter" }] }', "consult.sla[0].unit", "is no unit"),
        ('consult = { sla = [{ within = 5, of = "letter" }] }', "consult.sla[0].unit", "is missing; one of minutes"),
        ('consult = { sla = [{ within = 5, unit = "hours" }] }', "consult.sla[0].of", "is missing"),
        ('consult = { sla = [{ within = 5, unit = "hours", of = [] }] }', "consult.sla[0].of", "is empty"),
        ('consult = { sla = [{ within = -1, unit = "hours", of = "letter" }] }', "consult.sla[0].within", "-1"),
        (
            'consult = { sla = [{ within = 9999, unit = "business_days", of = "letter" }] }',
            "consult.sla[0].within",
            "ten",
        ),
        ('consult = { sla = [{ by = "letter", before = "letter" }] }', "consult.sla[0]", "before and by exclude"),
        ('consult = { sla = [{ by = "letter", unit = "hours" }] }', "consult.sla[0].unit", "goes with within only"),
        ('consult = { sla = [{ by = "request_received" }] }', "consult.sla[0].by", "is no date of a denial"),
        ('consult = { sla = [{ latest = [{ by = "leter" }] }] }', "consult.sla[0].latest[0].by", "'leter' is no date"),
        (
            'consult = { sla = [{ latest = [{ by = "letter", binding = false }] }] }',
            "consult.sla[0].latest[0].binding",
            "say it outside",
        ),
        ('consult = { hours = { monday = ["09:00-10:00"] } }', "consult.hours.monday", "one of mon, tue"),
        ('consult = { hours = { mon = ["10:00-09:00"] } }', "consult.hours.mon[0]", "start must be before the end"),
        ('consult = { hours = { mon = ["24:00-24:00"] } }', "consult.hours.mon[0]", "start must be before the end"),
        ('consult = { hours = { mon = ["9-10"] } }', "consult.hours.mon[0]", "HH:MM"),
        ('consult = { hours = { mon = ["09:00-12:00", "11:00-13:00"] } }', "consult.hours.mon", "overlap"),
        ('consult = { hours = { mon = ["09:00-25:00"] } }', "consult.hours.mon[0]", "00:00 to 24:00"),
        ('eligibility = { speakers = ["doctor"] }', "eligibility.speakers[0]", "one of physician, nurse_practitioner"),
        ('eligibility = { relations = ["treating", "treating"] }', "eligibility.relations[1]", "there twice"),
        ("eligibility = { decisions = [] }", "eligibility.decisions", "is empty"),
        (
            'eligibility = { only_reasons = ["a"], excluded_reasons = ["a"] }',
            "eligibility.only_reasons",
            "is among excluded_reasons too",
        ),
        ('effective = "2023-08-17"', "effective", "is no date"),
        ("effective = 2023-08-17T00:00:00Z", "effective", "is no date"),
        ('approved = { by = "A. Counsel" }', "approved.on", "is missing"),
        ("name = 3", "name", "is no text"),
        ('id = "my plan"', "id", "without spaces"),
        ("example = [{ title = 'x', denial = { leter = 1 } }]", "example[0].denial.leter", "is no key here"),
        ("example = [{ title = 'x', request = {} }]", "example[0].request.received", "is missing"),
        ("example = [{ title = 'x' }]", "example[0].expect", "is missing"),
        ("example = [{ title = 'x', expect = { sla = 2026-01-01 } }]", "example[0].expect.sla", "is no instant"),
        (
            "example = [{ title = 'x', request = { received = 2026-01-01T00:00:00 } }]",
            "example[0].request.received",
            "write date, time and offset",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_what_is_allowed(toml: str, place: str, words: str) -> None:
    found = [fault for fault in faults(toml) if fault.startswith(f"{place}: ")]
    assert found, faults(toml)
    assert words in found[0]


@pytest.mark.parametrize(
    "plan, place, words",
    [
        ({"time_zone": "EST"}, "plan.time_zone", "one such as America/New_York"),
        ({"time_zone": "America/Newyork"}, "plan.time_zone", "is no time zone"),
        ({"time_zone": "../etc/passwd"}, "plan.time_zone", "is no time zone"),
        ({"time_zone": 5}, "plan.time_zone", "is no text"),
        ({"business_days": []}, "plan.business_days", "is empty; at least one of mon"),
        ({"business_days": ["mo"]}, "plan.business_days[0]", "'mo' is no day of the week"),
        ({"business_hours": {"from": "17:00", "to": "08:00"}}, "plan.business_hours", "from is not before to"),
        ({"business_hours": {"from": "8", "to": "17:00"}}, "plan.business_hours.from", "is no time of day"),
        ({"holidays": 4}, "plan.holidays", "neither the code of a holiday calendar"),
        ({"holidays": ["Christmas"]}, "plan.holidays[0]", "is no date"),
        ({"applies_to": {"state": ["TX"]}}, "plan.applies_to.state", "one of states, services, places"),
    ],
)
def test_a_fault_of_the_plan_is_named_with_its_place(plan: dict[str, object], place: str, words: str) -> None:
    """Abbreviations of zones are refused and never taken as UTC (D8)."""
    least = {**LEAST, "plan": {"time_zone": "America/New_York", **plan}}
    found = [fault for fault in faults("", least) if fault.startswith(f"{place}: ")]
    assert found, faults("", least)
    assert words in found[0]


def test_all_faults_are_told_at_once() -> None:
    toml = 'zap = 1\nqueue = { move_up = 1 }\nconsult = { sla = [{ within = 1 }], effect = "none" }'
    assert {fault.split(":")[0] for fault in faults(toml)} == {
        "zap",
        "queue.move_up",
        "consult.sla[0].unit",
        "consult.sla[0].of",
        "consult.effect",
    }


def test_the_hash_is_that_of_what_the_file_says_not_how_it_is_written() -> None:
    one = 'id = "a"\n[queue]\nurgent_first = true\nmove_up = "never"\n'
    other = '# a comment\nid="a"\nqueue = { move_up = "never", urgent_first = true }\n'
    third = one.replace("true", "false")
    assert policy_hash(tomllib.loads(one)) == policy_hash(tomllib.loads(other))
    assert policy_hash(tomllib.loads(one)) != policy_hash(tomllib.loads(third))
    assert policy().key == f"plan@{policy().hash[:12]}"


def test_an_example_that_does_not_hold_says_what_came_instead() -> None:
    toml = """
        [[consult.sla]]
        within = 1
        unit = "business_days"
        of = "request_received"
        [[example]]
        title = "a day"
        denial = {}
        request = { received = 2026-03-02T09:00:00-05:00 }
        expect = { accepted = false, reason = "window_closed", sla = 2026-03-03T16:00:00-05:00 }
    """
    assert failures(rules(toml)) == [
        "example[0] (a day): expect.accepted: false is expected, true comes out",
        "example[0] (a day): expect.reason: 'window_closed' is expected, nothing comes out",
        "example[0] (a day): expect.sla: 2026-03-03T16:00:00-05:00 is expected, 2026-03-03T17:00:00-05:00 comes out",
    ]


def test_an_example_is_about_the_first_decision_and_setting_the_policy_allows() -> None:
    toml = """
        eligibility = { decisions = ["modify"], settings = ["concurrent", "pre_service"] }
        [[example]]
        title = "left out"
        denial = {}
        request = { received = 2026-03-02T09:00:00-05:00 }
        expect = { accepted = true }
        [[example]]
        title = "named"
        denial = { decision = "deny" }
        request = { received = 2026-03-02T09:00:00-05:00 }
        expect = { accepted = false, reason = "decision_not_covered" }
    """
    assert failures(rules(toml)) == []


def named(id_: str, **plan: object) -> Policy:
    """Make a policy that covers what its plan says."""
    effective = plan.pop("effective", None)
    given = {"id": id_, "name": id_, "plan": {"time_zone": "America/New_York", **plan}}
    return read_policy(given | ({"effective": effective} if effective else {}))


TODAY = date(2026, 3, 2)


def test_of_two_files_the_more_specific_governs() -> None:
    general, texas = named("general"), named("texas", applies_to={"states": ["TX"]})
    imaging = named("imaging", applies_to={"states": ["TX"], "services": ["imaging"]})
    every = [general, texas, imaging]
    assert governing(every, decided_on=TODAY, state="TX").id == "texas"
    assert governing(every, decided_on=TODAY, state="TX", service="imaging").id == "imaging"
    assert governing(every, decided_on=TODAY, state="CA").id == "general"
    assert governing(every, decided_on=TODAY).id == "general"


def test_of_two_files_the_later_effective_one_decides_if_it_was_effective() -> None:
    old, new = named("old", effective=date(2020, 1, 1)), named("new", effective=date(2026, 3, 2))
    assert governing([old, new], decided_on=TODAY).id == "new"
    assert governing([old, new], decided_on=date(2026, 3, 1)).id == "old"
    assert governing([old, named("always")], decided_on=TODAY).id == "old"


def test_a_file_for_the_line_of_business_comes_before_one_for_all() -> None:
    medicaid, every = named("medicaid", lines_of_business=["medicaid"]), named("every")
    assert governing([every, medicaid], decided_on=TODAY, line_of_business="medicaid").id == "medicaid"
    assert governing([every, medicaid], decided_on=TODAY, line_of_business="hmo").id == "every"


def test_a_tie_and_no_policy_at_all_are_errors_that_name_the_remedy() -> None:
    with pytest.raises(NoPolicyError, match="one and two cover this denial equally"):
        governing([named("one"), named("two")], decided_on=TODAY)
    with pytest.raises(NoPolicyError, match="add one"):
        governing([named("texas", applies_to={"states": ["TX"]})], decided_on=TODAY, state="CA")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_policy_can_be_said_in_plain_english(file: Path) -> None:
    text = in_plain_english(read_rulebook(file).policy)
    assert "{" not in text
    assert "_" not in text.split("\n\n", 1)[1], "words of the format are for files"
    assert "  " not in text


def test_plain_english_says_the_two_source_policies_as_people_would() -> None:
    promise = in_plain_english(read_rulebook(POLICIES_DIR / "blue-shield-promise-medi-cal.toml").policy)
    assert "The office may ask without limit." in promise
    assert (
        "The consult takes place within one business day of the request and through the fifth calendar day after the "
        "initial decision, whichever is earlier." in promise
    )
    assert "a designated peer stands in; the office is told and may wait instead." in promise
    carolina = in_plain_english(read_rulebook(POLICIES_DIR / "blue-cross-nc-commercial.toml").policy)
    assert "it can change it only where a reconsideration was asked for." in carolina
    assert "In emergent cases the nurse decides within two calendar days of the complete request" in carolina


def test_plain_english_has_words_for_every_key() -> None:
    toml = """
        source = "Handbook, page 12"
        effective = 2024-01-15
        approved = { by = "A. Counsel", on = 2024-01-10 }
        [plan]
        applies_to = { states = ["TX"] }
        [eligibility]
        decisions = ["deny"]
        settings = ["concurrent", "retrospective"]
        timing = "pre_denial"
        speakers = ["physician", "nurse_practitioner"]
        relations = ["treating"]
        after_appeal = false
        per_denial = 1
        excluded_reasons = ["benefit_exhausted"]
        [request]
        min_windows = 2
        how = "By telephone only."
        attest = ["The physician agreed."]
        deadlines = [
            { latest = [{ by = "notice_deadline" }, { within = 22, unit = "calendar_days", of = "letter" }] },
            { before = "discharge", settings = ["concurrent"] },
        ]
        [consult]
        occur_by = [{ within = 0, unit = "calendar_days", of = ["letter", "verbal_notice"], unknown = "wait" }]
        sla = [{ within = 48, unit = "business_day_hours", of = "request_complete", urgency = ["emergent"] }]
        target = [{ within = 90, unit = "minutes", of = "request_received", binding = false }]
        buffer_minutes = 5
        hours = { mon = ["09:00-12:00", "20:00-24:00"] }
        effect = "informational"
        [queue]
        place_from = "request_complete"
        after_office_reschedule = "to_the_back"
        urgent_first = true
        move_up = "never"
        [director]
        assignment = "any"
        specialty = "preferred"
        [clinical_information]
        rule = "converts_to_appeal"
        review = "brief"
    """
    text = in_plain_english(policy(toml))
    for words in (
        "Source: Handbook, page 12.",
        "Effective 15 January 2024. Approved by A. Counsel on 10 January 2024.",
        "Only for these states: TX.",
        "a decision to deny a service, in concurrent or retrospective cases. It may be asked for before the decision",
        "Not for denials because of: benefit exhausted.",
        "a physician or nurse practitioner (treating).",
        "Once an appeal is filed a consult cannot be asked for, and an open request ends.",
        "At most one for one denial.",
        "The office may ask up to the later of these: through the last day that the notice names or through the 22nd",
        "calendar day after the letter and before discharge (concurrent cases only), whichever is earlier.",
        'It must offer two windows. By telephone only. It confirms: "The physician agreed."',
        "within 48 hours of the complete request (counted on business days only) (emergent cases only)",
        "through the day of the latest of the letter and the verbal notice",
        "(not counted until all of its dates are known)",
        "Advice, which is no limit: within 90 minutes of the request.",
        "with five minutes kept free after each.",
        "only Monday 09:00 to 12:00 and 20:00 to 24:00 (America/New York)",
        "cannot change it.",
        "in the order in which they are complete, emergent cases first.",
        "goes to the back. A booked consult is never moved to an earlier time.",
        "whichever director who covers the line of business has the earliest time.",
        "The requester's specialty is preferred",
        "makes the request an appeal. Where it is sent, UM staff prepare a brief",
    ):
        assert words in text


def test_plain_english_says_how_days_are_counted() -> None:
    """Without business days and holidays nobody can check a deadline in business days."""
    assert (
        "Days are counted on the clock of America/New York. Business days are Monday to Friday, without the public "
        "holidays of US and the days on which they are observed. The desk is open 08:00 to 17:00." in say("")
    )
    listed = '[plan]\nbusiness_days = ["mon", "wed", "sat"]\nholidays = [2026-12-25, 2026-07-04]'
    assert "Business days are Monday, Wednesday and Saturday, without 4 July 2026 and 25 December 2026." in say(listed)
    assert "Business days are Monday to Friday. The desk" in say("[plan]\nholidays = []")


def test_plain_english_never_calls_advice_a_limit_nor_compares_deadlines_of_different_cases() -> None:
    text = say("""
        [request]
        deadlines = [
            { within = 3, unit = "hours", of = "letter", settings = ["concurrent"], binding = false },
            { within = 5, unit = "business_days", of = "letter", settings = ["pre_service", "retrospective"] },
            { before = "decision_due", settings = ["concurrent"], urgency = ["emergent"] },
        ]
        [consult]
        occur_by = [{ before = "appeal_deadline", binding = false }]
    """)
    assert (
        "The office may ask through the fifth business day after the letter (pre-service or retrospective cases only) "
        "and before the decision is due (emergent concurrent cases only). Advice, which is no limit: within three "
        "hours of the letter (concurrent cases only)." in text
    )
    assert "No time is set for the consult to take place. Advice, which is no limit: before the last day to" in text
    assert "whichever is earlier" not in text
    assert "office's time for the consult is over" not in text


def test_plain_english_has_no_numbers_that_nobody_would_say() -> None:
    text = say("""
        [consult]
        notice_minutes = 0
        start_every_minutes = 60
        [queue]
        move_up_notice_minutes = 0
        [contact]
        attempts = 1
        [after]
        upheld = "You can appeal."
    """)
    assert "It takes 30 minutes and starts on the hour. The consult can" in text
    assert "moved to an earlier time once." in text
    assert "The director calls once." in text
    assert 'Where the decision is upheld the notice says: "You can appeal."' in text


def say(toml: str) -> str:
    return in_plain_english(policy(toml))
