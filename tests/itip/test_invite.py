"""The calendar objects: what they hold, that no text breaks them, that parsers which are not ours read the same."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import vobject
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from app.itip import invite, text
from app.itip.invite import Invitation, Party

START = datetime(2027, 3, 2, 15, 0, tzinfo=UTC)

FIRST = Invitation(
    uid="0b0c5a8e-54a4-4f62-9f2c-6a2a1f7f7a10@plan.example",
    sequence=0,
    stamp=datetime(2027, 2, 26, 13, 0, tzinfo=UTC),
    created=datetime(2027, 2, 26, 13, 0, tzinfo=UTC),
    start=START,
    end=START + timedelta(minutes=20),
    summary="P2P: Dr Anil Rao (ortho), P2P-0042",
    description="Your peer-to-peer consult is booked.\nNumber to dial: +1 984-555-0142",
    location="tel:+19845550142",
    organizer=Party(address="consults@plan.example", name="P2P Consults"),
    attendee=Party(address="dana.lee@plan.example", name="Dana Lee, MD"),
)

REQUEST = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Peerline//P2P//EN
CALSCALE:GREGORIAN
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:P2P: Dr Anil Rao (ortho)\\, P2P-0042
DTSTART:20270302T150000Z
DTEND:20270302T152000Z
DTSTAMP:20270226T130000Z
UID:0b0c5a8e-54a4-4f62-9f2c-6a2a1f7f7a10@plan.example
SEQUENCE:0
ATTENDEE;CN="Dana Lee, MD";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=RE
 Q-PARTICIPANT;RSVP=TRUE:mailto:dana.lee@plan.example
CLASS:PRIVATE
CREATED:20270226T130000Z
DESCRIPTION:Your peer-to-peer consult is booked.\\nNumber to dial: +1 984-5
 55-0142
LAST-MODIFIED:20270226T130000Z
LOCATION:tel:+19845550142
ORGANIZER;CN="P2P Consults":mailto:consults@plan.example
STATUS:CONFIRMED
TRANSP:OPAQUE
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY
X-MICROSOFT-DISALLOW-COUNTER:TRUE
END:VEVENT
END:VCALENDAR
"""

#: what a person can type or paste, with all that has broken calendars before
TYPED = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(',;:"\\^\r\n\t\0\x0b\x1f\x7f\x85\u2028\u2029\u202e=?<>é😀'),
    ),
    max_size=200,
)


def test_a_request_is_what_google_itself_sends() -> None:
    """E2 to E7, E11: compared whole."""
    assert invite.request(FIRST).decode() == REQUEST.replace("\n", "\r\n")


def test_a_cancel_keeps_the_identity_and_the_times() -> None:
    """G1: same UID and ORGANIZER, METHOD and STATUS say that it is off, the recipient is the ATTENDEE."""
    event = only_event(invite.cancel(replace(FIRST, sequence=1), whole=True))

    assert (str(event["UID"]), event["SEQUENCE"], str(event["STATUS"])) == (FIRST.uid, 1, "CANCELLED")
    assert str(event["ORGANIZER"]) == "mailto:consults@plan.example"
    assert str(event["ATTENDEE"]) == "mailto:dana.lee@plan.example"
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (FIRST.start, FIRST.end)


def test_taking_one_off_says_nothing_of_the_event_s_status() -> None:
    """H1: RFC 5546, 3.2.5."""
    content = invite.cancel(replace(FIRST, sequence=1), whole=False)

    assert b"METHOD:CANCEL" in content
    assert b"STATUS" not in content


@pytest.mark.parametrize("content", [invite.request(FIRST), invite.cancel(FIRST, whole=True)])
def test_the_method_stands_on_the_calendar_and_nothing_is_published(content: bytes) -> None:
    """E3, E4; E7: no zone that could be wrong, no floating time; nothing that RFC 5546 forbids in a CANCEL."""
    calendar = Calendar.from_ical(content)

    assert calendar["METHOD"] in ("REQUEST", "CANCEL")
    assert "METHOD" not in only_event(content)
    assert [component.name for component in calendar.subcomponents] == ["VEVENT"]
    for name in ("DTSTART", "DTEND", "DTSTAMP", "CREATED", "LAST-MODIFIED"):
        assert only_event(content)[name].to_ical().endswith(b"Z")
    assert not {"SENT-BY", "VALARM", "REQUEST-STATUS", "RRULE"} & set(content.decode().replace(":", ";").split(";"))


@given(name=TYPED, typed=TYPED)
@example(name="é" * 200, typed="😀" * 200)
@example(name="X\r\nATTENDEE:mailto:evil@x", typed="X\r\nATTENDEE:mailto:evil@x")
@example(name="a" * 71 + "é", typed="\\n\\N\\;" * 30)
def test_every_line_is_short_ends_in_crlf_and_no_character_is_cut(name: str, typed: str) -> None:
    """E8, and E10: however a name is typed, it adds no line of its own."""
    content = invite.request(with_words(name, typed))

    lines = content.split(b"\r\n")
    assert lines.pop() == b""
    for line in lines:
        line.decode()
        assert len(line) <= 75
        assert not {0x0D, 0x0A, *range(0x09), *range(0x0B, 0x20), 0x7F} & set(line)
    assert property_names(content.decode().split("\r\n")) == property_names(REQUEST.split("\n"))


@given(name=TYPED, typed=TYPED)
@example(name='O\'Neil; Rao, "Anil" \\ MD: 😀', typed='O\'Neil; Rao, "Anil" \\ MD: 😀\nnext')
@example(name="x" * 200, typed="\\n literally, and ; , : too")
@example(name="\\", typed="")
@example(name="C:\\new", typed="C:\\new\\;")
def test_two_parsers_that_are_not_ours_read_what_was_meant(name: str, typed: str) -> None:
    """E9."""
    meant = with_words(name, typed)
    content = invite.request(meant)
    cn = text.name(name) or meant.attendee.address

    event = only_event(content)
    assert str(event["SUMMARY"]) == text.line(typed)
    assert str(event["DESCRIPTION"]) == text.lines(typed)
    assert event["ATTENDEE"].params["CN"] == cn

    other = vobject.readOne(content.decode()).vevent
    assert other.summary.value == text.line(typed)
    assert other.description.value == text.lines(typed)
    assert other.attendee.params["CN"] == [cn]
    assert other.attendee.value == "mailto:dana.lee@plan.example"
    assert (other.dtstart.value, other.dtend.value) == (meant.start, meant.end)


def test_every_character_that_is_taken_away_is_not_printable() -> None:
    """What is printable as a whole is left as it is without a look at each character."""
    assert not any(
        chr(number).isprintable() and text.line(f"a\0{chr(number)}b") != f"a {chr(number)}b"
        for number in range(sys.maxunicode + 1)
        if not chr(number).isspace() and chr(number) != '"'
    )


def test_what_was_clean_stays_as_it_was_typed() -> None:
    """Cleaning takes nothing from a name that a person would write."""
    for name in ("Zoë Müller-Łukasiewicz, MD", "O'Neil; Rao: 2nd/3rd", "山田 太郎", "Dr 👩🏽‍⚕️ Lee"):
        assert text.line(name) == name
        assert text.name(name) == name


def with_words(name: str, typed: str) -> Invitation:
    """Put typed text wherever typed text can stand."""
    return replace(
        FIRST,
        summary=typed,
        description=typed,
        location=typed,
        attendee=replace(FIRST.attendee, name=name),
        organizer=replace(FIRST.organizer, name=name),
    )


def property_names(lines: list[str]) -> list[str]:
    """Read what each unfolded line begins with."""
    return [line.split(":")[0].split(";")[0] for line in lines if not line.startswith(" ")]


def only_event(content: bytes) -> Event:
    """Parse the one event of a calendar object."""
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert isinstance(event, Event)
    return event
