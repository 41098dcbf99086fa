"""What calendars answer, as they send it (I4): one file a quirk, made up after what is documented of each program."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.itip import reply
from app.itip.reply import Reply
from app.mail import received

FOLDER = Path(__file__).parent / "replies"
UID = "3f0c9d5e-7a51-4f0e-9a53-2b1f6c1d0a77@plan.example"
DANA = "dana.lee@plan.example"


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def said(answer: str, **more: object) -> Reply:
    plain = Reply(
        method="REPLY",
        uid=UID,
        sequence=0,
        attendee=DANA,
        answer=answer,
        stamp=at(14, 12, 31),
        start=None,
        end=None,
        comment="",
        occurrence=False,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # names of its fields


ITS_TIME = {"start": at(15, 0), "end": at(15, 20)}

#: quirk -> what is read, whoever sent it
QUIRKS: dict[str, tuple[Reply, ...]] = {
    "about_one_occurrence": (said("declined", occurrence=True),),
    "apple_declines_from_another_account_of_the_same_person": (said("declined", start=at(15, 0)),),
    "apple_may_come_quoted_printable_and_folded_with_tabs": (said("tentative", **ITS_TIME),),
    "attendee_cancels_as_if_it_were_the_organizer": (said("", method="CANCEL", sequence=5),),
    "emacs_answers_for_each_address_of_its_user": (said("accepted", attendee="dana@home.example"), said("accepted")),
    "folded_inside_a_letter": (said("declined", comment="Schöne Grüße"),),
    "forwarded_as_a_mail_inside_a_mail": (said("declined", enclosed=True),),
    "gateway_makes_it_an_octet_stream_with_a_name": (said("declined"),),
    "google_accepts_in_mixed_with_the_same_attached": (said("accepted", **ITS_TIME),),
    "google_declines_on_behalf_by_its_own_sender": (said("declined", **ITS_TIME),),
    "latin_letters_told_as_utf_8": (said("declined", comment="Schöne Grüße"),),
    "nested_in_mixed_in_alternative_in_report": (said("declined"),),
    "nextcloud_accepts_without_method_in_the_headers": (said("accepted", **ITS_TIME),),
    "only_attached_as_application_ics": (said("declined"),),
    "outlook_accepts_without_organizer_in_a_windows_zone": (said("accepted", stamp=at(14, 12, 30), **ITS_TIME),),
    "outlook_declines_with_a_comment_and_other_capitals": (
        said("declined", stamp=at(14, 12, 30), comment="Called into surgery, sorry.", **ITS_TIME),
    ),
    "outlook_proposes_another_time": (
        said(
            "tentative",
            method="COUNTER",
            stamp=at(14, 12, 30),
            start=at(17, 0),
            end=at(17, 20),
            comment="Could we do noon?",
        ),
    ),
    "plain_text_that_is_a_calendar": (said("declined"),),
    "resource_mailbox_names_no_attendee": (said("", attendee=""),),
    "sequence_left_out": (said("declined", sequence=None),),
    "stamped_in_the_future": (said("accepted", stamp=datetime(2031, 3, 2, 14, 12, 31, tzinfo=UTC)),),
    "thunderbird_accepts_with_a_quoted_name_and_an_attachment": (said("accepted", stamp=at(14, 12, 29), **ITS_TIME),),
    "tutanota_counts_the_sequence_up": (said("declined", sequence=1),),
    "two_events_of_which_one_is_ours": (
        said("accepted"),
        said("declined", uid="somebody-elses@other.example", sequence=None),
    ),
    "utf_16_told_as_a_charset_that_there_is_not": (said("declined", comment="Schöne Grüße"),),
}


def test_every_file_is_a_quirk_that_is_looked_at() -> None:
    assert sorted(QUIRKS) == sorted(file.stem for file in FOLDER.glob("*.eml"))


@pytest.mark.parametrize("quirk", QUIRKS)
def test_the_answer_is_found_in_the_shape_in_which_it_is_sent(quirk: str) -> None:
    """I4: nested, without method parameter, as application/ics, in whatever letters."""
    mail = received.read((FOLDER / f"{quirk}.eml").read_bytes())
    assert mail.readable
    assert mail.replies == QUIRKS[quirk]


def test_a_method_that_only_the_headers_tell_is_taken_and_the_objects_own_goes_first() -> None:
    for written, told, expected in (("", "reply", "REPLY"), ("METHOD:COUNTER\r\n", "REPLY", "COUNTER")):
        calendar = f"BEGIN:VCALENDAR\r\n{written}BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()
        (found,) = reply.read(calendar, method=told)
        assert found.method == expected


@pytest.mark.parametrize(
    "line",
    [
        "DTSTAMP:20260302",
        "DTSTAMP:20260302T141231",
        "DTSTAMP;TZID=Nowhere/Land:20260302T141231",
        "DTSTAMP;TZID=../../etc/passwd:20260302T141231",
        "DTSTAMP;TZID=\0:20260302T141231",
        "DTSTAMP:99999999T999999Z",
        "DTSTAMP;TZID=Asia/Tokyo:00010101T000000",
        "DTSTAMP:00010101T000000Z",
        "DTSTAMP:99991231T235959Z",
        "SEQUENCE:-1",
        "SEQUENCE:1e3",
        f"SEQUENCE:{'9' * 400}",
    ],
)
def test_what_cannot_be_an_instant_or_a_number_is_not_known(line: str) -> None:
    (found,) = reply.read(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{line}\nEND:VEVENT\nEND:VCALENDAR\n".encode())
    assert (found.stamp, found.sequence) == (None, None)


def test_a_time_in_the_zone_of_another_program_is_the_same_instant() -> None:
    for zone in ("America/New_York", "Eastern Standard Time", "/softwarestudio.example/Olson/America/New_York"):
        calendar = f'BEGIN:VEVENT\nDTSTART;TZID="{zone}":20260302T100000\nEND:VEVENT'.encode()
        assert reply.read(calendar)[0].start == at(15, 0)


def test_more_answers_than_anybody_sends_are_cut_off() -> None:
    attendees = "\n".join(f"ATTENDEE;PARTSTAT=DECLINED:mailto:{n}@x.example" for n in range(1000))
    calendar = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{attendees}\nEND:VEVENT\nEND:VCALENDAR\n".encode()
    assert len(reply.read(calendar)) == reply.MOST_REPLIES
    assert reply.read(calendar + b" " * reply.LONGEST) == ()


LINES = st.sampled_from(
    [
        b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"BEGIN:VEVENT", b"END:VEVENT", b"BEGIN:VALARM", b"END:VALARM",
        b"METHOD:REPLY", b"UID:1", b"SEQUENCE:0", b"ATTENDEE;PARTSTAT=DECLINED:mailto:a@b.example", b"ATTENDEE:",
        b"ATTENDEE;CN=\":x", b"DTSTAMP:20260302T141231Z", b"DTSTART;TZID=:2026", b";:", b":", b" folded", b"\xff\xfe",
    ]
)  # fmt: skip


@given(st.lists(st.one_of(LINES, st.binary(max_size=30)), max_size=25), st.text(max_size=12), st.text(max_size=8))
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_as_a_calendar_is_read_without_an_error(lines: list[bytes], charset: str, method: str) -> None:
    for found in reply.read(b"\r\n".join(lines), charset=charset, method=method):
        assert found.stamp is None or found.stamp.tzinfo is UTC


PIECES = st.sampled_from(
    [
        b"From: a@b.example", b"From: \"x <y@z>\" <a@b.example>", b"Content-Type: multipart/mixed; boundary=q",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=q", b"Content-Type: message/rfc822",
        b"Content-Type: message/delivery-status", b"Content-Type: text/calendar; method=REPLY; charset=\"\xe9\"",
        b"Content-Type: text/html; charset*=utf-8''x%", b"Content-Transfer-Encoding: base64", b"--q", b"--q--", b"",
        b"Content-Transfer-Encoding: quoted-printable", b"Subject: =?utf-8?b?=E9?= =?x?q?=0A?=", b"Action: failed",
        b"Content-Disposition: attachment; filename*0*=utf-8'x'%ff; filename=\"a.ics\"", b"BEGIN:VCALENDAR",
        b"Auto-Submitted: no", b"Message-ID: <<a@b>>", b"Authentication-Results: mx; dkim=pass header.d=b.example",
    ]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=30), st.sampled_from([b"\n", b"\r\n", b"\r"]))
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_as_a_mail_is_read_without_an_error(pieces: list[bytes], end: bytes) -> None:
    mail = received.read(end.join(pieces))
    assert isinstance(mail.words, str)
    assert mail.sender == mail.sender.lower()
