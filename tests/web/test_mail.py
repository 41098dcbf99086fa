"""What came in by mail: shown to both sides, taken back by the director, decided by the desk (I1 to I5)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import declines
from app.mail import imap, inbox
from app.models import Attention, BookingRow, Consult, Denial, Director, Mailbox, Message, Recipient, StaffRole
from app.web.edge import Peerline
from scheduling.values import Status
from tests.support.answers import answer, arrive, invitation
from tests.web.clinic import ask, fresh, plan_lines, press, process, text_of
from tests.web.conftest import CANARIES, NOW, Client, Clock, denial, open_case, person
from tests.web.desk import act

OFFICE, DIRECTOR = Recipient.OFFICE, Recipient.DIRECTOR
BOUNCE = Path(__file__).parent.parent / "mail" / "bounces" / "postfix_unknown_user.eml"


@pytest.fixture
def made(db: Session, settings: Settings) -> Denial:
    return denial(db, settings, person(db))


@pytest.fixture
def booked(app: Flask, db: Session, made: Denial) -> Consult:
    """Booked for 10:00; it is 9:00."""
    return ask(app, db, made)


def comes(db: Session, content: bytes, clock: Clock, source: str = "development") -> int:
    row = arrive(db, content, now=clock.now, source=source)
    db.commit()
    return row.id


def says(db: Session, side: Recipient, word: str, clock: Clock, **more: str) -> int:
    return comes(db, answer(invitation(db, side), word, at=clock.now, **more), clock)


def task(db: Session) -> Attention:
    db.rollback()
    return db.scalars(select(Attention).where(Attention.settled_at.is_(None))).one()


@pytest.fixture
def director(sign_in) -> Client:
    return sign_in(StaffRole.DIRECTOR)


@pytest.fixture
def mine(director: Client, app: Flask, db: Session, settings: Settings) -> Consult:
    """A consult of the director who is signed in, booked for 10:00."""
    return ask(app, db, denial(db, settings, db.scalars(select(Director)).one()))


def test_both_sides_and_the_desk_see_what_was_answered(
    booked: Consult, db, clock: Clock, client, made, sign_in
) -> None:
    """I1: "Dana Lee, MD accepted", with the time."""
    says(db, DIRECTOR, "ACCEPTED", clock)
    clock.forward(minutes=12)
    says(db, OFFICE, "TENTATIVE", clock)
    open_case(client, made)
    office = text_of(client.get(f"/c/{booked.reference}"))
    assert "Dana Lee, MD accepted, Tuesday 3 March, 9:00 am Eastern; Your office may come" in office
    desk = text_of(sign_in(StaffRole.COORDINATOR).get(f"/coordinator/cases/{made.id}"))
    assert "Dana Lee, MD accepted" in desk
    assert "The office may come, Tuesday 3 March, 9:12 am Eastern" in desk


def test_the_desk_is_told_what_nobody_vouches_for(booked: Consult, db, clock: Clock, made, sign_in) -> None:
    mail = answer(invitation(db, DIRECTOR), "ACCEPTED", at=clock.now, signed=None)
    comes(db, mail, clock, source="folder")
    desk = text_of(sign_in(StaffRole.COORDINATOR).get(f"/coordinator/cases/{made.id}"))
    assert "Dana Lee, MD accepted (not verified)" in desk


def test_an_answer_to_an_earlier_time_is_shown_no_more(booked: Consult, db, clock: Clock, client, made, app) -> None:
    says(db, DIRECTOR, "ACCEPTED", clock)
    says(db, DIRECTOR, "DECLINED", clock)
    declines.return_due(process(app).sessions, setup=process(app).setup, now=clock.now + timedelta(minutes=15))
    plan_lines(app, clock.now + timedelta(minutes=15))
    open_case(client, made)
    page = text_of(client.get(f"/c/{booked.reference}"))
    assert "By mail" not in page
    assert "Tuesday 3 March, 10:" in page


def test_a_director_keeps_a_talk_that_was_declined_by_mail(director, mine, db, clock, client) -> None:
    clock.forward(minutes=2)
    says(db, DIRECTOR, "DECLINED", clock)
    clock.forward(minutes=1)
    for path in ("/director/", f"/director/consults/{mine.reference}"):
        page = text_of(director.get(path))
        assert "You declined Tuesday 3 March, 10:00 am Eastern by mail" in page
        assert "At 9:02 am." in page
        assert "By mail: You declined, Tuesday 3 March, 9:02 am Eastern" in page
        assert "goes back in line at 9:17 am Eastern , in 14 minutes" in page
    open_case(client, db.get_one(Denial, mine.denial_id))
    assert "declined" not in text_of(client.get(f"/c/{mine.reference}"))  # it can be taken back
    keep = f"/director/consults/{mine.reference}/keep"
    assert press(director, "/director/", keep).status_code == 303
    page = text_of(director.get("/director/"))
    assert "You keep the talk." in page
    assert "You declined Tuesday" not in page
    assert "You declined, Tuesday 3 March, 9:02 am Eastern, and keep the talk since 9:03 am" in page
    assert press(director, f"/director/consults/{mine.reference}", keep).status_code == 409
    assert fresh(db, mine.id).status is Status.BOOKED


def test_a_later_call_says_what_its_office_answered(director, mine, app, db, settings, clock) -> None:
    who = db.scalars(select(Director)).one()
    later = ask(app, db, denial(db, settings, who, case_number="NC-2"))
    comes(db, answer(invitation(db, OFFICE, later.id), "ACCEPTED", at=clock.now), clock)
    page = director.get("/director/").text
    assert "By mail: The office accepted, Tuesday 3 March, 9:00 am Eastern" in page[page.index("Later today") :]


def test_an_open_page_of_the_director_learns_of_an_answer(director: Client, mine: Consult, db, clock: Clock) -> None:
    page = director.get(f"/director/consults/{mine.reference}").text
    news = page.partition("/news?seen=")[2].partition('"')[0]
    path = f"/director/consults/{mine.reference}/news?seen="
    assert director.get(path + news).status_code == 204
    says(db, DIRECTOR, "DECLINED", clock)
    assert director.get(path + news).status_code == 200


def test_the_desk_sees_when_a_declined_talk_goes_back(booked: Consult, db, clock: Clock, made, sign_in) -> None:
    says(db, DIRECTOR, "DECLINED", clock)
    page = text_of(sign_in(StaffRole.COORDINATOR).get(f"/coordinator/cases/{made.id}"))
    assert "Dana Lee, MD declined by mail 9:00 am; the request goes back in line 9:15 am" in page


def doubtful(db: Session, clock: Clock) -> int:
    mail = answer(invitation(db, DIRECTOR), "DECLINED", at=clock.now, signed=None, COMMENT="Called into surgery.")
    return comes(db, mail, clock, source="folder")


def test_a_coordinator_takes_a_doubtful_no_or_leaves_it(booked: Consult, db, clock: Clock, sign_in, app) -> None:
    """I2: one press each, and the mail beside it."""
    mail_id = doubtful(db, clock)
    desk = sign_in(StaffRole.COORDINATOR)
    todo = task(db)
    page = desk.get(f"/coordinator/attention/{todo.id}")
    assert "The director declines. Its sender&#39;s mail server has not signed it." in page.text
    assert f'href="/coordinator/mail/{mail_id}"' in page.text
    read = text_of(desk.get(f"/coordinator/mail/{mail_id}"))
    assert "Called into surgery." in read
    assert f"/coordinator/mail/{mail_id}" in desk.get(f"/coordinator/cases/{booked.denial_id}").text

    done = press(desk, f"/coordinator/attention/{todo.id}", f"/coordinator/attention/{todo.id}/declined")
    assert done.status_code == 303
    assert fresh(db, booked.id).status is Status.WAITING
    again = press(desk, "/coordinator/search", f"/coordinator/attention/{todo.id}/declined")
    assert again.status_code == 409

    plan_lines(app, clock.now)
    doubtful(db, clock)
    todo = task(db)
    left = press(desk, f"/coordinator/attention/{todo.id}", f"/coordinator/attention/{todo.id}/keep")
    assert left.location == f"/coordinator/cases/{booked.denial_id}"
    assert fresh(db, booked.id).status is Status.BOOKED


@pytest.mark.parametrize(("hour", "says_what"), [(12, "has this time free"), (20, "has something else then")])
def test_a_proposed_time_says_whether_it_is_free_and_leads_to_taking_it_down(
    booked: Consult, db, clock: Clock, sign_in, hour: int, says_what: str
) -> None:
    """I3: in the director's zone."""
    at = f";TZID=America/New_York:20260303T{hour}0000"
    says(db, OFFICE, "TENTATIVE", clock, method="COUNTER", DTSTART=at, DTEND=at.replace("0000", "2000"))
    desk = sign_in(StaffRole.COORDINATOR)
    todo = task(db)
    page = desk.get(f"/coordinator/attention/{todo.id}")
    assert f"Tuesday 3 March, {hour % 12 or 12}:00 pm Eastern" in text_of(page)
    assert says_what in page.text
    times = desk.get(f"/coordinator/cases/{booked.denial_id}/times?proposed={todo.id}").text
    assert f'value="{hour}:00"' in times
    assert fresh(db, booked.id).status is Status.BOOKED
    assert desk.get(f"/coordinator/cases/{booked.denial_id}/times?proposed=99").status_code == 200


@pytest.mark.parametrize("at", ["00010101T000000Z", "99991231T235959Z"])
def test_a_time_that_no_zone_can_show_keeps_the_desk_from_nothing(
    booked: Consult, db, clock: Clock, sign_in, at: str
) -> None:
    says(db, OFFICE, "TENTATIVE", clock, method="COUNTER", DTSTART=at, DTEND=at)
    desk = sign_in(StaffRole.COORDINATOR)
    for path in ("/coordinator/", "/coordinator/attention", f"/coordinator/cases/{booked.denial_id}"):
        assert desk.get(path).status_code == 200, path


def test_moving_to_a_proposed_time_books_it_and_settles_the_task(
    booked: Consult, db, clock: Clock, sign_in, app
) -> None:
    says(db, OFFICE, "TENTATIVE", clock, method="COUNTER", DTSTART="20260303T170000Z")
    path = f"/coordinator/cases/{booked.denial_id}/times"
    row = {"window-0-date": "2026-03-03", "window-0-from": "12:00", "window-0-to": "12:30"}
    moved = act(sign_in(StaffRole.COORDINATOR), path, {"zone": "America/New_York", "window_rows": "1", **row})
    assert moved.status_code == 303
    plan_lines(app, clock.now)
    live = db.scalars(select(BookingRow).where(BookingRow.released_at.is_(None))).one()
    assert live.during.lower == NOW + timedelta(hours=3)
    assert db.scalars(select(Attention).where(Attention.settled_at.is_(None))).all() == []


def test_an_offices_no_can_be_left_but_not_taken_for_the_directors(booked: Consult, db, clock: Clock, sign_in) -> None:
    says(db, OFFICE, "DECLINED", clock)
    page = sign_in(StaffRole.COORDINATOR).get(f"/coordinator/attention/{task(db).id}").text
    assert "The office declines." in page
    assert "Keep the booked time" in page
    assert "Take it as declined" not in page


EVIL = (
    b"From: pat@ortho.example\r\nSubject: =?utf-8?q?<script>alert(1)</script>?=\r\nMessage-ID: <evil@x.example>\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b"<script>alert(2)</script><img src='https://evil.example/x.png'>Can we move this?\xe2\x80\xae"
    b"&lt;script&gt;alert(3)&lt;/script&gt;\r\n"
)


def test_a_letter_is_read_as_text_by_those_who_may(booked: Consult, db, clock: Clock, sign_in, client) -> None:
    """I5: nothing in it is followed, fetched or run."""
    mail_id = comes(db, EVIL, clock)
    desk = sign_in(StaffRole.COORDINATOR)
    page = desk.get(f"/coordinator/mail/{mail_id}").text
    assert "Can we move this? &lt;script&gt;alert(3)&lt;/script&gt;" in page
    assert "&lt;script&gt;alert(1)" in page
    for harm in ("alert(2)", "evil.example", "<script>alert", "\u202e"):
        assert harm not in page
    assert page.partition("</title>")[0].endswith(f"Mail {mail_id} – Peerline")
    assert f"/coordinator/mail/{mail_id}" in desk.get(f"/coordinator/attention/{task(db).id}").text
    assert client.get(f"/coordinator/mail/{mail_id}").status_code == 303
    assert sign_in(StaffRole.NURSE).get(f"/coordinator/mail/{mail_id}").status_code == 403
    assert desk.get("/coordinator/mail/99").status_code == 404


def test_all_mail_is_listed_with_what_came_of_it(booked: Consult, db, clock: Clock, sign_in) -> None:
    says(db, DIRECTOR, "ACCEPTED", clock)
    comes(db, EVIL, clock)
    comes(db, b"From: list@x.example\r\nPrecedence: bulk\r\n\r\nNews\r\n", clock)
    inbox.store(db, "folder", "x", b"From: late@x.example\r\n\r\nHello\r\n", size=1, now=clock.now)
    db.commit()
    desk = sign_in(StaffRole.COORDINATOR)
    page = text_of(desk.get("/coordinator/mail"))
    for words in (
        "Answer of a calendar, Tuesday 3 March, 9:00 am Eastern From",
        "Accepted. Shown to both sides.",
        "Somebody wrote; a person reads it.",
        "Nobody wrote it (bulk). Ignored.",
        "Not looked at yet",
    ):
        assert words in page, words
    assert "Somebody wrote" not in text_of(desk.get("/coordinator/mail?kind=automatic"))
    assert "No mail of this kind has come in." in text_of(desk.get("/coordinator/mail?kind=bounce"))
    assert desk.get("/coordinator/mail?kind=nonsense").status_code == 200
    csv = desk.get("/coordinator/mail?format=csv").text
    assert "Accepted. Shown to both sides." in csv
    assert not any(word in csv for word in CANARIES)


def test_an_address_from_which_mail_came_back_is_marked_wherever_it_stands(
    booked: Consult, db, clock: Clock, sign_in, client, made
) -> None:
    """I5."""
    message = db.scalars(select(Message).where(Message.recipient == OFFICE).order_by(Message.id.desc()).limit(1)).one()
    message.message_id, message.sent_at = "8f1d7c1e-55b1-4b63-9c3c-0d1c2f7f1a01@plan.example", clock.now
    db.commit()
    comes(db, BOUNCE.read_bytes(), clock)
    desk = sign_in(StaffRole.COORDINATOR)
    marked = "Mail to this address came back Tuesday 3 March, 9:00 am Eastern: 550 5.1.1 No such user here"
    assert marked in text_of(desk.get(f"/coordinator/cases/{made.id}"))
    assert "A mail came back" in text_of(desk.get("/coordinator/"))
    open_case(client, made)
    assert marked in text_of(client.get(f"/c/{booked.reference}"))
    admin = sign_in(StaffRole.ADMINISTRATOR)
    failed = text_of(admin.get("/admin/messages?state=failed"))
    assert "came back: 5.1.1 550 5.1.1 No such user here" in failed
    assert "Send again" in failed


def test_a_mailbox_that_cannot_be_read_is_said(app: Flask, db, clock: Clock, sign_in, client) -> None:
    running: Peerline = app.extensions["peerline"]
    url = "imaps://consults:mail-password@mail.plan.example/INBOX"
    mine = replace(running, process=replace(running.process, settings=replace(running.process.settings, imap_url=url)))
    app.extensions["peerline"] = mine
    values = {"uid_validity": 1, "last_uid": 0, "recent_uids": [], "problem": "refused", "problem_since": clock.now}
    db.add(Mailbox(source=imap.name_of(url), **values))
    db.commit()
    desk = sign_in(StaffRole.COORDINATOR)
    assert "cannot be read" not in text_of(desk.get("/coordinator/attention"))
    clock.forward(minutes=11)
    for path in ("/coordinator/attention", "/coordinator/mail"):
        assert "The mailbox cannot be read since Tuesday 3 March, 9:00 am Eastern" in text_of(desk.get(path))
    ready = client.get("/readyz")
    assert (ready.status_code, "the mailbox has not been read for 11 minutes" in ready.text) == (503, True)
    assert "mail-password" not in ready.text


def test_mail_that_nobody_deals_with_is_said(db: Session, clock: Clock, client) -> None:
    inbox.store(db, "folder", "x", b"From: late@x.example\r\n\r\nHello\r\n", size=1, now=NOW)
    db.commit()
    clock.forward(minutes=11)
    assert "a mail that came in has waited 11 minutes" in client.get("/readyz").text
