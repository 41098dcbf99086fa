"""What a director decides without a call, the PCR from the call, running late, and the brief on record."""

# ruff: noqa: F811 -- a fixture that is asked for has the name of the one that is imported

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import desk, office, prereview, waiver
from app.models import Attention, BookingRow, Consult, Denial, Director, Message, MessageKind, ReviewTask, Role
from scheduling.values import Status
from tests.support import factories
from tests.web.clinic import ask, fresh, plan_lines, press, process, text_of
from tests.web.conftest import CANARIES, NOW, Client, Clock, denial, open_case
from tests.web.desk import happened, mails
from tests.web.test_director import again, begun, booked, lee, lee_in, omar_in  # noqa: F401 -- fixtures


@pytest.fixture
def on_paper(app: Flask, db: Session, settings: Settings, lee: Director) -> Consult:
    """A reconsideration without a call that the nurse left to the director."""
    consult = ask(app, db, denial(db, settings, lee), reconsideration=True, talk=False)
    nurse = factories.nurse(db)
    prereview.do_not_approve(
        db, consult.id, account_id=nurse.id, note="Part two stays open.", setup=process(app).setup, now=NOW
    )
    db.commit()
    return fresh(db, consult.id)


def page_of(consult: Consult) -> str:
    return f"/director/consults/{consult.reference}"


def last_mail(db: Session) -> Message:
    db.rollback()
    return db.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()


def test_what_is_to_be_decided_without_a_call_stands_on_the_day_with_its_due_time(
    lee_in: Client, on_paper: Consult, omar_in: Client
) -> None:
    page = text_of(lee_in.get("/director/"))
    for words in (
        "To decide without a call (1)",
        on_paper.reference,
        "PCR-000001",
        "Thursday 5 March, 5:00 pm Eastern",
    ):
        assert words in page
    assert CANARIES[0] in page
    assert "3/14/1962" in page, "he has to identify the patient"
    assert "To decide without a call" not in omar_in.get("/director/").text
    assert omar_in.get(page_of(on_paper)).status_code == 404


def test_a_director_decides_it_and_the_office_reads_of_no_talk(
    lee_in: Client, on_paper: Consult, db: Session, app: Flask
) -> None:
    """Only a physician upholds; three choices, an error of the plan, and one sentence."""
    path = page_of(on_paper)
    page = text_of(lee_in.get(path))
    for words in ("Decide without a call", "Part two stays open.", CANARIES[4], "Upheld", "Overturned", "Modified"):
        assert words in page
    assert "Discussed" not in page
    assert "You call" not in page
    nothing = press(lee_in, path, f"{path}/outcome", {"note": ""})
    assert "Choose what you decide." in nothing.text
    shown = press(lee_in, path, f"{path}/outcome", {"outcome": "upheld", "note": "Criterion 2b is open."})
    assert "Outcome of your request for reconsideration" in shown.text
    assert "The denial stands after reconsideration by a medical director." in shown.text
    done = press(lee_in, path, f"{path}/outcome", {"outcome": "upheld", "note": "2b is open.", "action": "record"})
    assert done.location == path
    assert fresh(db, on_paper.id).closed_reason == "upheld"
    assert last_mail(db).subject.startswith("Outcome of your request for reconsideration: ")
    before = mails(db)
    twice = press(lee_in, path, f"{path}/outcome", {"outcome": "overturned", "note": "No.", "action": "record"})
    assert twice.status_code == 409
    assert "This consult is over: Upheld" in text_of(twice)
    assert mails(db) == before
    assert "To decide without a call" not in lee_in.get("/director/").text


@pytest.mark.parametrize("action", ["no-answer", "not-there", "reconsider", "decline", "late"])
def test_what_belongs_to_a_call_cannot_be_done_without_one(lee_in: Client, on_paper: Consult, db, action: str) -> None:
    path = page_of(on_paper)
    assert press(lee_in, path, f"{path}/{action}", {"minutes": "5"}).status_code == 409
    assert fresh(db, on_paper.id).status is Status.AWAITING_DECISION


def test_what_waits_for_the_nurse_is_not_yet_the_directors(
    app: Flask, lee_in: Client, db: Session, settings: Settings, lee: Director
) -> None:
    waiting = ask(app, db, denial(db, settings, lee), reconsideration=True, talk=False)
    path = page_of(waiting)
    page = text_of(lee_in.get(path))
    assert "It waits for a nurse." in page
    assert "Decide without a call" not in page
    assert press(lee_in, path, f"{path}/outcome", {"outcome": "upheld", "note": "Now."}).status_code == 409
    assert "To decide without a call" not in lee_in.get("/director/").text


def test_the_pcr_is_opened_from_the_call_with_its_number_and_what_was_put_forward(
    begun: Client, booked: Consult, db: Session
) -> None:
    """NC-3, NC-4: its own number, clock and record."""
    path = page_of(booked)
    assert "What the office puts forward, in a sentence (optional)" in text_of(begun.get(path))
    press(begun, path, f"{path}/reconsider", {"told": "The MRI of May was not in the file."})
    page = text_of(begun.get(path))
    assert "Reconsideration PCR-000001 is asked for and on record." in page
    assert "Told on the telephone by Dr Anil Rao" in page
    assert "review opened, due" in page
    review = db.scalars(select(ReviewTask)).one()
    assert (review.pcr_number, review.due_at is not None) == ("PCR-000001", True)
    for word in ("Upheld", "Overturned", "Modified"):
        assert word in page


def test_without_anything_put_forward_there_is_no_pcr_to_open(
    app: Flask, lee_in: Client, db: Session, settings: Settings, lee: Director, clock: Clock
) -> None:
    """NC-8: the review is of something; a coordinator had waived it before the talk."""
    consult = ask(app, db, denial(db, settings, lee), statement="", plan=False)
    waiver.waive_information(db, consult.id, "urgent", setup=process(app).setup, by="account:1", now=NOW)
    db.commit()
    plan_lines(app, NOW)
    clock.forward(hours=1, minutes=2)
    again(lee_in)
    path = page_of(consult)
    answer = press(lee_in, path, f"{path}/reconsider", {"told": " "})
    assert answer.status_code == 422
    assert 'href="#told"' in answer.text
    assert not fresh(db, consult.id).reconsideration
    press(lee_in, path, f"{path}/reconsider", {"told": "Surgery failed twice."})
    assert fresh(db, consult.id).reconsideration
    assert db.scalars(select(ReviewTask.pcr_number)).one() == "PCR-000001"


def test_running_late_is_one_press_that_moves_nothing(
    lee_in: Client, client: Client, sign_in, booked: Consult, db: Session, clock: Clock
) -> None:
    before, sequence = mails(db), fresh(db, booked.id).calendar_sequence
    press(lee_in, "/director/", f"{page_of(booked)}/late", {"minutes": "10"})
    mail = last_mail(db)
    assert mail.kind is MessageKind.NOTICE
    assert mail.subject.startswith("Your call comes about 10 minutes later: ")
    body = bytes(mail.body).decode().replace("=\r\n", "")
    assert "Please expect the call at about Tuesday 3 March 2026, 10:10 am Eastern" in body
    assert "BEGIN:VCALENDAR" not in body
    assert mails(db) == before + 1
    after = fresh(db, booked.id)
    assert (after.calendar_sequence, after.status) == (sequence, Status.BOOKED)
    assert db.scalars(select(BookingRow.late_minutes)).one() == 10
    press(lee_in, "/director/", f"{page_of(booked)}/late", {"minutes": "10"})
    assert mails(db) == before + 1, "twice is once"
    assert "The office knows: about 10 minutes." in text_of(lee_in.get("/director/"))
    open_case(client, db.get_one(Denial, booked.denial_id))
    assert "running about 10 minutes late" in text_of(client.get(f"/c/{booked.reference}"))
    coordinator: Client = sign_in(Role.COORDINATOR)
    assert "Director about 10 min late" in text_of(coordinator.get("/coordinator/"))
    press(lee_in, "/director/", f"{page_of(booked)}/late", {"minutes": "30"})
    assert mails(db) == before + 2, "later still is news"


def test_it_can_be_said_from_an_hour_before_until_the_end(
    lee_in: Client, app: Flask, db: Session, settings: Settings, lee: Director, clock: Clock
) -> None:
    consult = ask(app, db, denial(db, settings, lee))
    clock.now = NOW.replace(hour=13, minute=59)
    assert "Running late?" not in lee_in.get(page_of(consult)).text
    early = press(lee_in, page_of(consult), f"{page_of(consult)}/late", {"minutes": "5"})
    assert early.status_code == 409
    clock.now = NOW.replace(hour=14, minute=0)
    assert press(lee_in, page_of(consult), f"{page_of(consult)}/late", {"minutes": "7"}).status_code == 422
    clock.now = NOW.replace(hour=15, minute=30)
    again(lee_in)
    assert press(lee_in, page_of(consult), f"{page_of(consult)}/late", {"minutes": "5"}).status_code == 409
    assert happened(db, "running_late") == []


def test_the_brief_says_since_when_it_is_there_and_when_it_was_opened(
    lee_in: Client, booked: Consult, app: Flask, db: Session, settings: Settings, lee: Director
) -> None:
    """BSP-5."""
    page = page_of(booked)
    assert "The brief is there since Tuesday 3 March, 9:00 am Eastern." in text_of(lee_in.get(page))
    press(lee_in, page, f"{page}/opened")
    assert "You opened it Tuesday 3 March, 9:00 am Eastern." in text_of(lee_in.get(page))
    dates = {"initial_decision": "2026-03-02T09:00:00-05:00"}
    promise = {"plan": "blue-shield-promise-medi-cal", "line_of_business": "medi_cal", "dates": dates}
    nothing = ask(app, db, denial(db, settings, lee, case_number="BSP-1", **promise), statement="")
    assert ", made from the denial." in text_of(lee_in.get(page_of(nothing)))
    something = ask(app, db, denial(db, settings, lee, case_number="BSP-2", **promise))
    assert "The brief: a nurse is still at it." in text_of(lee_in.get(page_of(something)))


def test_a_director_who_is_named_or_takes_over_is_told(
    app: Flask, db: Session, settings: Settings, lee: Director
) -> None:
    """BSP-1: it waits visibly for a director, and the one who is named hears of it."""
    consult = ask(app, db, denial(db, settings, None), reconsideration=True, talk=False)
    setup, nurse = process(app).setup, factories.nurse(db)
    prereview.do_not_approve(db, consult.id, account_id=nurse.id, note="open", setup=setup, now=NOW)
    db.commit()
    waits = select(Attention.reason).where(Attention.settled_at.is_(None))
    assert list(db.scalars(waits)) == ["no_director"]
    before = mails(db)
    desk.name_director(db, consult.denial_id, lee.id, setup=setup, by="account:1", now=NOW)
    db.commit()
    assert mails(db) == before + 1
    assert last_mail(db).address == lee.email
    assert list(db.scalars(waits)) == []
    office.withdraw(db, consult.id, setup=setup, by="office", now=NOW)
    db.commit()
    assert fresh(db, consult.id).status is Status.CANCELLED
