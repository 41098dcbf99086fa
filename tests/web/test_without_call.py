"""Reconsideration without a call on the pages of the office and the desk: asked for, followed, turned into a talk."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from app.config import POLICIES_DIR, Settings
from app.consults import deadlines, prereview
from app.models import Attention, AttentionReason, Consult, Denial, Message, Recipient, Role
from scheduling.values import Status
from tests.support import factories
from tests.web.clinic import fresh, plan_lines, process, text_of
from tests.web.conftest import CANARIES, NOW, Client, Clock, denial, open_case, person
from tests.web.desk import act, call
from tests.web.test_office import FORM, send

#: what an office leaves empty where no talk is asked for
NO_TALK = {"purpose": "without_call", "hour": [], "speaker_phone": "", "agreed": ""}


@pytest.fixture
def made(db: Session, settings: Settings) -> Denial:
    return denial(db, settings, person(db))


@pytest.fixture
def office(client: Client, made: Denial) -> Client:
    open_case(client, made)
    return client


def asked(office: Client, made: Denial, db: Session, **more: object) -> Consult:
    """Ask for reconsideration without a call, as an office does."""
    answer = send(office, made, **{**NO_TALK, **more})
    assert answer.status_code == 303, answer.text
    db.rollback()
    return db.scalars(select(Consult)).one()


def not_approved(app: Flask, db: Session, consult: Consult, now: datetime) -> Consult:
    """Let a nurse leave it to the director."""
    nurse = factories.nurse(db)
    prereview.do_not_approve(
        db, consult.id, account_id=nurse.id, note="Part two stays open.", setup=process(app).setup, now=now
    )
    db.commit()
    return fresh(db, consult.id)


def mails(db: Session, recipient: Recipient) -> list[str]:
    """Read the subjects of what was written to one side."""
    db.rollback()
    return list(db.scalars(select(Message.subject).where(Message.recipient == recipient).order_by(Message.id)))


def test_the_form_offers_three_ways_before_anybodys_time_is_booked(office: Client, made: Denial) -> None:
    """NC-2, NC-3, NC-4."""
    page = text_of(office.get(f"/cases/{made.id}/ask"))
    for words in ("Reconsider the decision, and a talk", "Reconsider without a call", "Discuss it only, in a talk"):
        assert words in page
    assert "the call cannot change it" in page
    assert page.index("What you ask for") < page.index("When can the physician talk?")


def test_without_a_call_neither_number_nor_times_are_asked_for(office: Client, made: Denial, db: Session) -> None:
    """NC-4: nobody's time is booked."""
    checked = office.send(f"/cases/{made.id}/ask", {**FORM, **NO_TALK}, page=f"/cases/{made.id}/ask")
    said = text_of(checked)
    assert checked.status_code == 200
    assert "Reconsideration without a call." in said
    assert "To be decided by Thursday 5 March, 5:00 pm Eastern. Nobody's time is booked." in said
    assert "When the physician can talk" not in said
    consult = asked(office, made, db)
    assert (consult.status, consult.talk, consult.windows) == (Status.AWAITING_REVIEW, False, [])
    page = text_of(office.get(f"/c/{consult.reference}"))
    assert "Waiting for the nurse" in page
    assert "Position in line" not in page
    assert "PCR-" in page
    assert "Ask for a talk as well" in page
    assert "Change the times" not in page


def test_information_comes_first_where_the_plan_says_so(office: Client, made: Denial, db: Session) -> None:
    """NC-8."""
    consult = asked(office, made, db, statement="")
    assert consult.status is Status.AWAITING_INFORMATION
    page = text_of(office.get(f"/c/{consult.reference}"))
    assert "Waiting for your information A nurse reviews it as soon as the clinical information is in." in page


def test_what_the_nurse_approves_is_told_without_a_word_of_a_talk(
    app: Flask, office: Client, made: Denial, db: Session
) -> None:
    """G2."""
    consult = asked(office, made, db)
    nurse = factories.nurse(db)
    prereview.approve(db, consult.id, account_id=nurse.id, note="met", setup=process(app).setup, now=NOW)
    db.commit()
    assert mails(db, Recipient.OFFICE)[-1] == f"Your request for reconsideration is closed: {consult.reference}"
    body = db.scalars(select(Message.body).order_by(Message.id.desc())).first()
    assert body is not None
    assert b"approved on review" in body
    assert b"talk is no longer" not in body
    assert mails(db, Recipient.DIRECTOR) == []
    assert "Approved" in office.get(f"/c/{consult.reference}").text


def test_what_the_nurse_does_not_approve_goes_to_the_director_with_a_mail_that_says_nothing_clinical(
    app: Flask, office: Client, made: Denial, db: Session
) -> None:
    """Only a physician upholds; M5."""
    consult = not_approved(app, db, asked(office, made, db), NOW)
    assert consult.status is Status.AWAITING_DECISION
    (subject,) = mails(db, Recipient.DIRECTOR)
    assert subject == f"A reconsideration to decide without a call, {consult.reference}"
    body = db.scalars(select(Message.body).where(Message.recipient == Recipient.DIRECTOR)).one().decode()
    assert "To be decided by: Thursday 5 March 2026, 5:00 pm Eastern" in body.replace("=\r\n", "")
    assert not [word for word in (*CANARIES, "Part two") if word in body]
    page = text_of(office.get(f"/c/{consult.reference}"))
    assert "Waiting for the medical director" in page
    assert "The medical director decides without a call" in page


def test_a_talk_can_be_asked_for_while_it_is_open(app: Flask, office: Client, made: Denial, db: Session) -> None:
    """NC-4, NC-9."""
    consult = not_approved(app, db, asked(office, made, db), NOW)
    page = f"/c/{consult.reference}/talk"
    wanted = {**FORM, "version": "", "hour": ["2026-03-05T15:00Z"]}
    missing = act(office, page, {"zone": "America/New_York"})
    assert missing.status_code == 422
    for field in ("speaker_phone", "windows", "agreed"):
        assert f'href="#{field}"' in missing.text
    assert act(office, page, wanted).status_code == 409, "a form that is out of date"
    del wanted["version"]
    assert act(office, page, wanted).status_code == 303
    plan_lines(app, NOW)
    consult = fresh(db, consult.id)
    assert (consult.status, consult.talk_asked_at) == (Status.BOOKED, NOW)
    assert consult.speaker_phone == FORM["speaker_phone"]
    assert "You asked for a talk as well. Position in line: 1." in text_of(office.get(f"/c/{consult.reference}"))
    assert office.get(page).status_code == 409


def test_where_a_talk_is_too_late_reconsideration_can_still_be_asked_for(
    db: Session, settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    """BSP-3, NC-4: a default takes nothing away."""
    shipped = (POLICIES_DIR / "blue-cross-nc-commercial.toml").read_text(encoding="utf-8").partition("[[example]]")[0]
    limit = 'occur_by = [{ within = 5, unit = "calendar_days", of = "initial_decision" }]'
    (tmp_path / "blue-cross-nc-commercial.toml").write_text(shipped.replace("[consult]", f"[consult]\n{limit}"))
    app = create_app(replace(settings, policies_dir=tmp_path), clock=clock)
    app.test_client_class = Client
    client = app.test_client()
    made = denial(db, settings, person(db), dates={"initial_decision": "2026-02-20T09:00:00-05:00"})
    open_case(client, made)
    assert "You can still ask for reconsideration without a call" in text_of(client.get(f"/cases/{made.id}"))
    form = client.get(f"/cases/{made.id}/ask").text
    assert 'value="without_call" checked' in form
    assert 'value="discuss"' not in form
    assert "A talk cannot be asked for now" in form
    consult = asked(client, made, db)
    page = f"/c/{consult.reference}/talk"
    assert act(client, page, {**FORM}).status_code == 303
    assert "The last day on which a consult could be asked for" in text_of(client.get(f"/c/{consult.reference}"))
    assert not fresh(db, consult.id).talk
    process(app).engine.dispose()


def test_the_desk_takes_it_down_and_asks_for_the_talk(
    app: Flask, sign_in, made: Denial, db: Session, clock: Clock
) -> None:
    """BSP-4: whatever an office can do, the desk can do for it."""
    desk: Client = sign_in(Role.COORDINATOR)
    answer = call(desk, made, purpose="without_call", half=[], speaker_phone="", office_email="")
    assert answer.status_code == 303, answer.text
    db.rollback()
    consult = db.scalars(select(Consult)).one()
    assert (consult.status, consult.talk) == (Status.AWAITING_REVIEW, False)
    said = text_of(desk.get(f"/coordinator/cases/{made.id}"))
    assert "Waits for the nurse" in said
    assert "The office asks for a talk as well" in said
    assert "Take down other times" not in said
    assert "Reconsideration without a call" in text_of(desk.get("/coordinator/queues"))
    page = f"/coordinator/cases/{made.id}/talk"
    shown = desk.get(page)
    data = {"speaker_phone": "919-555-0142", "any_time": "yes", "zone": "America/New_York"}
    known = {"speaker_name": "Rosa Diaz, MD", "speaker_profession": "physician", "speaker_relation": "treating"}
    version = shown.text.split('name="version" id="version" value="')[1].split('"')[0]
    answer = desk.send(page, {**known, **data, "version": version}, page=page)
    assert answer.status_code == 303, answer.text
    assert fresh(db, consult.id).talk


def test_late_with_the_nurse_and_late_with_the_director_each_call_for_a_person(
    app: Flask, office: Client, made: Denial, db: Session
) -> None:
    """The clock of the review runs until somebody has decided."""
    consult = asked(office, made, db)
    late = datetime(2026, 3, 5, 22, 0, tzinfo=UTC)
    running = process(app)
    deadlines.pass_due_times(running.sessions, setup=running.setup, now=late)
    consult = not_approved(app, db, consult, late)
    open_tasks = select(Attention.reason).where(Attention.settled_at.is_(None))
    assert list(db.scalars(open_tasks.where(Attention.consult_id == consult.id))) == [AttentionReason.REVIEW_OVERDUE]
