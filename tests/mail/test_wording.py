"""What mails say, and in which words each side reads a time, a number, a reason."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.mail import reasons, times, wording
from app.mail.wording import Case, Talk
from app.models import Recipient

START = datetime(2027, 3, 2, 15, 0, tzinfo=UTC)

CASE = Case(
    plan_name="Blue Cross NC, Commercial",
    sender="P2P Consults",
    reference="P2P-7F3K-9Q2M",
    link="https://p2p.plan.example/c/P2P-7F3K-9Q2M",
    speaker_name="Dr Anil Rao",
    speaker_specialty="orthopedics",
    speaker_phone="984-555-0142",
    backup_name="Dr Kim Ito",
    backup_phone="984-555-0143",
    how_to_reach=True,
    office_reference="chart 88",
    office_zone="America/Los_Angeles",
    decided_by="Dana Lee, MD",
    decided_by_phone="919-555-0100",
    reconsideration=False,
    talk=True,
    advice=frozenset(),
    occur_by=datetime(2027, 3, 5, 8, 0, tzinfo=UTC),
    sla_due=datetime(2027, 3, 4, 1, 0, tzinfo=UTC),
    target_due=None,
    last_day_to_appeal=date(2027, 4, 1),
    closed=False,
)
TYPED = {
    "plan_name",
    "sender",
    "reference",
    "speaker_name",
    "speaker_specialty",
    "speaker_phone",
    "backup_name",
    "backup_phone",
    "office_reference",
    "office_zone",
    "decided_by",
    "decided_by_phone",
}
TALK = Talk(
    start=START,
    end=START + timedelta(minutes=20),
    director_name="Marcus Okafor, MD",
    director_phone="919-555-0177",
    director_zone="America/New_York",
)


@pytest.mark.parametrize(
    "start, zone, said",
    [
        (START, "America/New_York", "Tuesday 2 March 2027, 10:00 to 10:20 am Eastern (EST, America/New_York)"),
        (START, "America/Los_Angeles", "Tuesday 2 March 2027, 7:00 to 7:20 am Pacific (PST, America/Los_Angeles)"),
        (START, "America/Phoenix", "Tuesday 2 March 2027, 8:00 to 8:20 am Mountain (MST, America/Phoenix)"),
        (START, "Pacific/Honolulu", "Tuesday 2 March 2027, 5:00 to 5:20 am Hawaii (HST, Pacific/Honolulu)"),
        (START, "Asia/Kolkata", "Tuesday 2 March 2027, 8:30 to 8:50 pm (IST, Asia/Kolkata)"),
        (START, "America/Sao_Paulo", "Tuesday 2 March 2027, 12:00 to 12:20 pm (UTC-03, America/Sao_Paulo)"),
        (START, "UTC", "Tuesday 2 March 2027, 3:00 to 3:20 pm (UTC, UTC)"),
        (
            datetime(2027, 3, 2, 16, 50, tzinfo=UTC),
            "America/New_York",
            "Tuesday 2 March 2027, 11:50 am to 12:10 pm Eastern (EST, America/New_York)",
        ),
        (
            datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
            "America/New_York",
            "Sunday 1 November 2026, 1:30 to 1:50 am Eastern (EDT, America/New_York)",
        ),
        (
            datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
            "America/New_York",
            "Sunday 1 November 2026, 1:30 to 1:50 am Eastern (EST, America/New_York)",
        ),
        (
            datetime(2026, 11, 1, 5, 50, tzinfo=UTC),
            "America/New_York",
            (
                "Sunday 1 November 2026, 1:50 am Eastern (EDT, America/New_York)"
                " to 1:10 am Eastern (EST, America/New_York)"
            ),
        ),
    ],
)
def test_a_time_is_told_in_the_reader_s_zone_with_its_name(start: datetime, zone: str, said: str) -> None:
    """D5, D7; D2: the hour that comes twice is told apart."""
    assert times.span(start, start + timedelta(minutes=20), zone) == said


@pytest.mark.parametrize(
    "typed, link",
    [
        ("984-555-0142", "tel:+19845550142"),
        ("(984) 555 0142", "tel:+19845550142"),
        ("1-984-555-0142", "tel:+19845550142"),
        ("+44 20 7946 0018", "tel:+442079460018"),
        ("984-555-0142 ext. 12", "tel:+19845550142;ext=12"),
        ("984-555-0142 x12", "tel:+19845550142;ext=12"),
        ("984-555-0142, extension 12", "tel:+19845550142;ext=12"),
        ("984-555-0142 #7", "tel:+19845550142;ext=7"),
        ("911", "tel:911"),
        ("ask the front desk", "ask the front desk"),
    ],
)
def test_a_number_becomes_a_link_that_dials(typed: str, link: str) -> None:
    assert wording.tel(typed) == link


def test_the_office_reads_everything_without_a_calendar() -> None:
    """N4, BSP-1, BSP-8: when, who, which numbers, how to change it, that Google waits, until when, the appeal."""
    said = wording.invitation(CASE, TALK, Recipient.OFFICE, "Your peer-to-peer consult is booked.")

    for text in (said.plain(), said.html()):
        for words in (
            "Tuesday 2 March 2027, 7:00 to 7:20 am Pacific (PST, America/Los_Angeles)",
            "Marcus Okafor, MD",
            "919-555-0177",
            "984-555-0142",
            "Dr Kim Ito, 984-555-0143",
            "Blue Cross NC, Commercial",
            "P2P-7F3K-9Q2M",
            "chart 88",
            "Dana Lee, MD, 919-555-0100",
            "Wednesday 3 March 2027, 5:00 pm Pacific (PST, America/Los_Angeles)",
            "Thursday 1 April 2027. A consult does not move this day.",
            "change your times or withdraw",
            "https://p2p.plan.example/c/P2P-7F3K-9Q2M",
            "Google Calendar may wait",
            "press “Yes”",
        ):
            assert words in text


def test_the_director_reads_whom_to_call_and_at_which_number() -> None:
    said = wording.invitation(CASE, TALK, Recipient.DIRECTOR, "Your peer-to-peer consult is booked.")

    for words in (
        "Tuesday 2 March 2027, 10:00 to 10:20 am Eastern (EST, America/New_York)",
        "You call: Dr Anil Rao (orthopedics)",
        "Number to dial: 984-555-0142",
        "Back-up: Dr Kim Ito, 984-555-0143",
        "Asked for: a discussion of the decision",
        "give this time back",
    ):
        assert words in said.plain()
    assert "chart 88" not in said.plain()


def test_a_cancellation_offers_nothing_that_can_no_longer_be_done() -> None:
    """A time that is off cannot be given back, a closed request has no times to change."""
    off = reasons.why("approved_by_nurse", closed=True)
    to_director = wording.cancellation(CASE, TALK, Recipient.DIRECTOR, off, whole=True).plain()
    assert "give this time back" not in to_director
    to_office = wording.cancellation(replace(CASE, closed=True), TALK, Recipient.OFFICE, off, whole=True).plain()
    assert "change your times" not in to_office


def test_a_notice_names_the_request_in_its_subject_and_the_last_day_to_appeal() -> None:
    assert wording.subject(CASE, "Your request is received") == "Your request is received: chart 88, P2P-7F3K-9Q2M"
    assert wording.subject(replace(CASE, office_reference=""), "Heard") == "Heard: P2P-7F3K-9Q2M"
    assert "Last day to appeal: it is in your denial letter." in notice(replace(CASE, last_day_to_appeal=None))


def test_each_side_finds_it_in_the_calendar_by_what_it_knows() -> None:
    assert wording.summary(CASE, Recipient.DIRECTOR) == "P2P: Dr Anil Rao (orthopedics), P2P-7F3K-9Q2M"
    assert wording.summary(CASE, Recipient.OFFICE) == "P2P call for chart 88, P2P-7F3K-9Q2M"
    assert wording.location(CASE, TALK, Recipient.DIRECTOR) == "tel:+19845550142"
    assert wording.location(CASE, TALK, Recipient.OFFICE) == "tel:+19195550177"


def test_a_closed_request_is_not_told_until_when_it_has_to_take_place() -> None:
    said = wording.notice(replace(CASE, closed=True), "Outcome", ("The decision was upheld.",)).plain()

    assert "has to take place" not in said
    assert "Last day to appeal" in said


def test_only_a_plan_s_own_aim_is_called_an_aim() -> None:
    case = replace(CASE, occur_by=None, sla_due=None, target_due=START)

    assert "The plan aims to talk before: Tuesday 2 March 2027, 7:00 am Pacific" in notice(case)
    assert "has to take place" not in notice(case)


@pytest.mark.parametrize(
    "advice, said",
    [
        ({"occur_by"}, "The talk has to take place before: Wednesday 3 March 2027, 5:00 pm Pacific"),
        ({"sla"}, "The talk has to take place before: Friday 5 March 2027, 12:00 am Pacific"),
        ({"occur_by", "sla"}, "(PST, America/Los_Angeles). This is advice and no last day."),
    ],
)
def test_advice_does_not_read_like_a_last_day(advice: set[str], said: str) -> None:
    plain = notice(replace(CASE, advice=frozenset(advice)))

    assert said in plain
    assert ("has to take place" in plain) == (len(advice) == 1)


def test_without_a_call_no_mail_speaks_of_one() -> None:
    """NC-4: reconsideration without a call."""
    case = replace(CASE, talk=False, reconsideration=True)
    received = wording.acknowledgement(case, received=START, place=None, next_step="next").plain()
    to_decide = wording.to_decide(case, due=START, zone="America/New_York").plain()

    for plain in (received, to_decide):
        assert "will be called" not in plain
        assert "has to take place" not in plain
        assert "Position" not in plain
    assert "To be decided by: Tuesday 2 March 2027, 10:00 am Eastern" in to_decide
    assert "chart 88" not in to_decide
    assert "Last day to appeal" in to_decide
    assert "no longer needed" not in "".join(reasons.why("approved_by_nurse", closed=True, talk=False).office)


def test_a_director_who_is_not_known_yet_is_not_guessed() -> None:
    """BSP-1."""
    assert "Medical director who decided: not known yet" in notice(replace(CASE, decided_by="", decided_by_phone=""))


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(
    "reason",
    [
        "approved_by_nurse",
        "withdrawn_by_office",
        "appeal_filed",
        "converted_to_appeal",
        "director_off",
        "director_declined",
        "director_absent",
        "office_absent",
        "office_rescheduled",
        "office_declined_peer",
        "reassigned",
        "moved",
        "",
    ],
)
def test_every_reason_has_words_and_the_director_never_reads_of_the_nurse(reason: str, closed: bool) -> None:
    """G2."""
    words = reasons.why(reason, closed=closed)

    assert all(words.office)
    assert all(words.director)
    assert not [said for said in words.director if "approv" in said or "nurse" in said or "appeal" in said]


def test_who_is_back_in_line_learns_that_a_new_time_follows() -> None:
    for reason in ("director_off", "director_declined", "director_absent", "reassigned", "something new"):
        assert (
            "A new time will follow; the request keeps its place in line." in reasons.why(reason, closed=False).office
        )


@pytest.mark.parametrize("field", sorted(TYPED))
def test_nothing_that_was_typed_is_read_as_markup(field: str) -> None:
    case = replace(CASE, **{field: "America/New_York" if field == "office_zone" else "<script>&\r\nX: y"})

    for recipient in Recipient:
        said = wording.invitation(case, TALK, recipient, "news")
        assert "<script" not in said.html()
        assert "\nX: y" not in said.plain()


def test_what_can_be_typed_is_known() -> None:
    """The link is made of settings and the reference alone."""
    assert {field.name for field in fields(Case) if field.type is str} == {"link", *TYPED}


def notice(case: Case) -> str:
    """Read a notice about a case."""
    return wording.notice(case, "title", ("words",)).plain()
