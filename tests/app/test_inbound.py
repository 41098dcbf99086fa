"""Mail that is no calendar's answer: what came back, what somebody wrote, what nobody did (statement I5)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.consults import assignment, inbound, intake
from app.db import transaction
from app.mail import inbox
from app.models import (
    Attention,
    AttentionReason,
    BouncedAddress,
    Consult,
    Director,
    History,
    InboundKind,
    InboundMail,
    Message,
    Recipient,
)
from app.process import Process, make_process
from app.sweep import sweep
from tests.support import factories
from tests.support.answers import answer, arrive, invitation
from tests.support.factories import NOW, setup
from tests.support.recipients import booked_consult, later, leave

BOUNCES = Path(__file__).parent.parent / "mail" / "bounces"
OURS = "8f1d7c1e-55b1-4b63-9c3c-0d1c2f7f1a01@plan.example"
AT = later(5)


@pytest.fixture
def booked(session: Session) -> tuple[Consult, Director]:
    return booked_consult(session)


@pytest.fixture
def sent(session: Session, booked) -> Message:
    """The office's invitation, under the Message-ID that the fixtures speak of."""
    leave(session)
    message = session.scalars(
        select(Message).where(Message.recipient == Recipient.OFFICE).order_by(Message.id.desc()).limit(1)
    ).one()
    message.message_id = OURS
    session.flush()
    return message


def open_tasks(session: Session) -> list[Attention]:
    return list(session.scalars(select(Attention).where(Attention.settled_at.is_(None)).order_by(Attention.id)))


def letter(says: str = "Can we move this?", **headers: str) -> bytes:
    given = {"From": "pat@ortho.example", "To": "consults@plan.example", "Message-ID": f"<{says}@x.example>", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items())
    return f"{head}\r\n{says}\r\n".encode()


@pytest.mark.parametrize(
    "name",
    [
        "postfix_unknown_user",
        "exchange_gives_up_after_days_with_a_temporary_status",
        "qmail_says_it_in_words",
        "exim_says_it_in_words_and_a_header",
    ],
)
def test_a_mail_that_came_back_marks_its_address_and_calls_a_person(session: Session, sent: Message, name: str) -> None:
    """I5, RFC 3464."""
    bounce = (BOUNCES / f"{name}.eml").read_bytes()
    row = arrive(session, bounce, now=AT)
    assert (row.kind, row.outcome, row.consult_id) == (InboundKind.BOUNCE, "failed", sent.consult_id)
    assert arrive(session, bounce + b".", now=later(9)).outcome == "known"
    assert sent.bounced_at == AT
    marked = session.scalars(select(BouncedAddress)).one()
    assert (marked.address, marked.since, marked.message_id) == ("pat@ortho.example", AT, sent.id)
    (task,) = open_tasks(session)
    assert (task.reason, task.consult_id, task.details["side"]) == (
        AttentionReason.MAIL_BOUNCED,
        sent.consult_id,
        "office",
    )
    assert session.scalars(select(History.what).order_by(History.id.desc())).first() == "mail_bounced"


@pytest.mark.parametrize("name", ["postfix_delayed", "sendmail_warns_of_a_delay"])
def test_a_mail_that_is_only_late_is_left_to_its_server(session: Session, sent: Message, name: str) -> None:
    row = arrive(session, (BOUNCES / f"{name}.eml").read_bytes(), now=AT)
    assert (row.kind, row.outcome, row.consult_id) == (InboundKind.BOUNCE, "delayed", sent.consult_id)
    assert (sent.bounced_at, open_tasks(session)) == (None, [])


def test_what_came_back_is_known_by_its_token_too(session: Session, sent: Message) -> None:
    """Some servers return the addresses alone."""
    token = setup().desk.answers.of(session.get_one(Consult, sent.consult_id).reference, sent.address)
    content = (BOUNCES / "postfix_unknown_user.eml").read_bytes()
    content = content.replace(f"Message-ID: <{OURS}>".encode(), b"X: y").replace(
        b"Reply-To: consults@plan.example", f"Reply-To: {token}".encode()
    )
    assert arrive(session, content, now=AT).outcome == "failed"
    assert sent.bounced_at == AT


def test_what_came_back_and_is_nobodys_is_one_task_however_many_there_are(session: Session) -> None:
    """The echo of spam under our name must not bury the rest."""
    for number in range(3):
        content = (BOUNCES / "postfix_unknown_user.eml").read_bytes() + str(number).encode()
        assert arrive(session, content, now=AT).outcome == "unknown_mail"
    (task,) = open_tasks(session)
    assert (task.reason, task.consult_id) == (AttentionReason.MAIL_BOUNCED, None)


def test_a_mail_from_the_address_takes_the_mark_away(session: Session, sent: Message) -> None:
    arrive(session, (BOUNCES / "postfix_unknown_user.eml").read_bytes(), now=AT)
    arrive(session, letter(From="Pat <PAT@ortho.example>"), now=later(9))
    assert session.scalars(select(BouncedAddress)).all() == []


def test_a_question_is_a_task_of_its_own_about_its_consult(session: Session, sent: Message) -> None:
    for number in range(2):
        asks = (BOUNCES / "not_a_bounce_a_person_asks.eml").read_bytes()
        row = arrive(session, asks.replace(b"Thursday", f"day {number}".encode()), now=AT)
        assert (row.kind, row.outcome, row.consult_id) == (InboundKind.LETTER, "to_read", sent.consult_id)
    assert [(task.reason, task.consult_id, task.details["side"]) for task in open_tasks(session)] == [
        (AttentionReason.MAIL_TO_READ, sent.consult_id, "office")
    ] * 2


@pytest.mark.parametrize("by", ["token", "reference", "sender", "director", "nothing"])
def test_what_a_letter_is_about_is_found_where_it_can_be(session: Session, booked, by: str) -> None:
    consult, director = booked
    token = setup().desk.answers.of(consult.reference, consult.office_email)
    made = {
        "token": letter(From="new@ortho.example", To=token),
        "reference": letter(From="new@ortho.example", Subject=f"Re: {consult.reference.lower()} please"),
        "sender": letter(From=f"Pat <{consult.office_email.upper()}>"),
        "director": letter(From=director.email),
        "nothing": letter(From="new@ortho.example"),
    }[by]
    row = arrive(session, made, now=AT)
    (task,) = open_tasks(session)
    assert row.consult_id == task.consult_id == (consult.id if by in ("token", "reference", "sender") else None)
    assert task.director_id == (director.id if by == "director" else None)


@pytest.mark.parametrize(
    ("mail", "outcome"),
    [
        (letter(Auto_Submitted="auto-replied"), "auto-replied"),
        (letter(Precedence="bulk"), "bulk"),
        (letter(Return_Path="<>"), "no-sender"),
        (letter(From="consults@plan.example"), "our_own"),
        (letter(From="P2P <Consults+7f3k9q2m@plan.example>"), "our_own"),
    ],
)
def test_what_nobody_wrote_is_stored_and_ignored(session: Session, mail: bytes, outcome: str) -> None:
    """I5."""
    row = arrive(session, mail, now=AT)
    assert (row.kind, row.outcome) == (InboundKind.AUTOMATIC, outcome)
    assert open_tasks(session) == []


def test_no_mail_is_ever_answered(session: Session, sent: Message, booked) -> None:
    """I5: two programs cannot loop."""
    before = session.scalar(select(func.count(Message.id)))
    for file in BOUNCES.glob("*.eml"):
        arrive(session, file.read_bytes(), now=AT)
    asked = invitation(session, Recipient.DIRECTOR)
    for word in ("ACCEPTED", "TENTATIVE", "DECLINED"):
        arrive(session, answer(asked, word, at=AT, head="Auto-Submitted: auto-replied"), now=AT)
    arrive(session, b"\xff\xfe\x00", now=AT)
    assert session.scalar(select(func.count(Message.id))) == before


def test_our_own_invitation_that_comes_back_as_it_left_does_nothing(session: Session, booked) -> None:
    body = session.scalars(select(Message.body).where(Message.calendar_uid.is_not(None))).first()
    assert body is not None
    row = arrive(session, body, now=AT)
    assert (row.kind, row.outcome, open_tasks(session)) == (InboundKind.AUTOMATIC, "our_own", [])


def test_what_is_too_large_is_kept_in_part_and_read_by_a_person(session: Session, booked) -> None:
    """F18."""
    mail = answer(invitation(session, Recipient.DIRECTOR), "DECLINED", at=AT) + b"x" * inbox.LONGEST
    row = arrive(session, mail, now=AT)
    assert (row.kind, row.outcome, row.truncated) == (InboundKind.UNREADABLE, "too_large", True)
    (task,) = open_tasks(session)
    assert (task.reason, task.consult_id) == (AttentionReason.MAIL_TO_READ, booked[0].id)


def test_what_cannot_be_read_is_read_by_a_person(session: Session) -> None:
    content = b"Content-Type: text/plain" + b";a" * 2000 + b"\r\n\r\nhello"
    row = arrive(session, content, now=AT)
    assert (row.kind, row.outcome) == (InboundKind.UNREADABLE, "unreadable")
    assert len(open_tasks(session)) == 1


@pytest.fixture
def running(settings: Settings, tmp_path: Path) -> Iterator[Process]:
    mine = replace(settings, drop_folder=tmp_path, development_mailbox=None, authserv_id="mx.plan.example")
    process = make_process(mine)
    yield process
    process.engine.dispose()


def booked_for_real(running: Process) -> bytes:
    """Have a consult booked; return the director's no."""
    with transaction(running.sessions) as session:
        who = factories.director(session)
        new = factories.request(factories.denial(session, who))
        intake.request_consult(session, new, setup=running.setup, by="office", now=NOW)
    assignment.assign_all(running.sessions, setup=running.setup, now=NOW)
    with running.sessions() as session:
        return answer(invitation(session, Recipient.DIRECTOR), "DECLINED", at=AT)


def status(running: Process) -> str:
    with running.sessions() as session:
        return session.scalars(select(Consult.status)).one().value


def test_one_sweep_reads_acts_and_returns_and_the_next_finds_nothing(running: Process, tmp_path: Path) -> None:
    """I1, and house rule 3: what beat would have rung for."""
    (tmp_path / "1.eml").write_bytes(booked_for_real(running))
    swept = sweep(running, now=AT)
    assert (swept.answers, swept.returned, status(running)) == (1, 0, "booked")
    swept = sweep(running, now=AT + timedelta(minutes=15))
    assert (swept.answers, swept.returned, swept.assigned) == (0, 1, 1)
    swept = sweep(running, now=AT + timedelta(minutes=16))
    assert (swept.answers, swept.returned, swept.assigned) == (0, 0, 0)


def test_killed_between_storing_and_acting_it_is_acted_on_once(running: Process, tmp_path: Path) -> None:
    """F18, imap.after_store and imap.after_act."""
    (tmp_path / "1.eml").write_bytes(booked_for_real(running))
    inbox.read(running.sessions, running.settings, clock=lambda: AT)

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbound.replies, "_act", dies)
        with pytest.raises(KeyboardInterrupt):
            inbound.act_on_all(running.sessions, setup=running.setup, now=AT)
    with running.sessions() as session:
        row = session.scalars(select(InboundMail)).one()
        assert (row.processed_at, row.attempts) == (None, 1)
    for _ in range(2):
        inbound.act_on_all(running.sessions, setup=running.setup, now=AT)
    with running.sessions() as session:
        words = session.scalars(select(History.what).where(History.what == "answered_by_mail")).all()
        assert len(words) == 1


def test_a_mail_that_kills_whoever_takes_it_is_left_to_a_person(running: Process, tmp_path: Path) -> None:
    """F21: the others go on."""
    (tmp_path / "1.eml").write_bytes(booked_for_real(running))
    (tmp_path / "2.eml").write_bytes(letter())
    inbox.read(running.sessions, running.settings, clock=lambda: AT)

    def fails(*_: object, **__: object) -> str:
        raise RuntimeError("Canary Wren")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbound.replies, "record", fails)
        done = [inbound.act_on_all(running.sessions, setup=running.setup, now=AT) for _ in range(5)]
    assert done == [1, 0, 0, 1, 0]
    with running.sessions() as session:
        kinds = session.execute(select(InboundMail.kind, InboundMail.outcome).order_by(InboundMail.id)).all()
        assert kinds == [(InboundKind.UNREADABLE, "failed"), (InboundKind.LETTER, "to_read")]


def test_doing_it_once_more_after_a_setting_was_put_right_does_what_was_left(running: Process, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(booked_for_real(running))
    blind = replace(running.setup, desk=replace(running.setup.desk, authserv_id=""))
    inbox.read(running.sessions, running.settings, clock=lambda: AT)
    inbound.act_on_all(running.sessions, setup=blind, now=AT)
    with transaction(running.sessions) as session:
        row = session.scalars(select(InboundMail)).one()
        assert row.outcome == "unsigned"
        again = inbound.reprocess(session, row.id, setup=running.setup, now=later(6))
        assert again.outcome == "declined"
