"""The mail that came in: the list, one of them as plain text, and what a coordinator decides about an answer."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.consults import declines, desk
from app.errors import NotFound
from app.mail import imap
from app.models import AttentionReason, InboundKind, Mailbox, Role
from app.queries import answers, attention
from app.queries import inbound as queries
from app.queries.attention import TaskRow
from app.queries.inbound import MailRow
from app.queries.office import RequestView
from app.web import exports
from app.web.access import account, allow
from app.web.answer_words import DOUBTS, KINDS, outcome
from app.web.coordinator.blueprint import coordinator, done, me, to_case
from app.web.edge import db_session, now, settings, setup
from app.web.forms import Form
from app.web.times import when
from scheduling.values import Interval

#: a mailbox that cannot be read for so long is shown, here and to whoever asks /readyz
PATIENCE = timedelta(minutes=10)

LEFT = "Left as it is."

#: tasks that "leave it" settles: the booked time stands
TO_LEAVE = (AttentionReason.REPLY_UNTRUSTED, AttentionReason.TIME_PROPOSED, AttentionReason.DECLINED_BY_MAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutMail:
    """What a task shows of the mail that raised it."""

    mail_id: int | None
    doubt: str
    proposed: str
    "the time that is proposed, in the director's zone; empty: none, or not to be read"
    free: bool
    "the director has that time free"
    late: bool
    "it lies after the deadline"
    may_decline: bool
    may_leave: bool


def about(task: TaskRow) -> AboutMail | None:
    """Read what a task says of a mail; None where it is about none."""
    told = task.details
    if "mail" not in told:
        return None
    start, end = instant(told.get("start")), instant(told.get("end"))
    is_proposed = task.reason is AttentionReason.TIME_PROPOSED and start is not None
    person = answers.director_of(db_session(), task.director_id) if task.director_id is not None else None
    free = False
    if is_proposed and person is not None and start is not None:
        free = answers.is_free(db_session(), person.id, Interval(start, end or start + timedelta(minutes=1)), now=now())
    return AboutMail(
        mail_id=told["mail"],
        doubt=DOUBTS.get(str(told.get("doubt")), ""),
        proposed=when(start, person.time_zone if person else None) if is_proposed and start is not None else "",
        free=free,
        late=is_proposed and start is not None and task.due is not None and start >= task.due,
        may_decline=task.reason in (AttentionReason.REPLY_UNTRUSTED, AttentionReason.DECLINED_BY_MAIL)
        and told.get("side") == "director",
        may_leave=task.reason in TO_LEAVE,
    )


def proposed_time(attention_id: int | None, shown: RequestView) -> Interval | None:
    """Read the time that was proposed about a request; None where none was, or the task is settled."""
    with suppress(NotFound):
        task = attention.task(db_session(), attention_id) if attention_id is not None else None
        start = instant(task.details.get("start")) if task and task.reference == shown.consult.reference else None
        if task is not None and start is not None:
            length = shown.rulebook.policy.consult.duration
            return Interval(start, max(instant(task.details.get("end")) or start, start + length))
    return None


def mailbox_problem() -> Mailbox | None:
    """Say that the service's mailbox cannot be read, if it cannot for a while."""
    url = settings().imap_url
    return queries.problem(db_session(), imap.name_of(url), now=now(), after=PATIENCE) if url else None


@coordinator.get("/mail")
@allow(Role.COORDINATOR)
def mails() -> ResponseReturnValue:
    """List the mail that came in, all of it or of one kind."""
    asked = request.args.get("kind", "")
    kind = InboundKind(asked) if asked in set(InboundKind) else None
    rows = queries.mails(db_session(), kind)
    if exports.wanted():
        head = ("received", "from", "kind", "what came of it", "request")
        return exports.as_csv("mail", head, map(_line, rows))
    return render_template(
        "coordinator/mails.html", rows=rows, kind=kind, kinds=KINDS, outcome=outcome, problem=mailbox_problem()
    )


def _line(row: MailRow) -> list[object]:
    kind, came_of_it = (KINDS[row.kind], outcome(row.outcome)) if row.kind else ("", "")
    return [row.received_at, row.sender, kind, came_of_it, row.reference]


@coordinator.get("/mail/<int:inbound_id>")
@allow(Role.COORDINATOR)
def mail(inbound_id: int) -> ResponseReturnValue:
    """Show a mail as plain text: nothing in it is followed, fetched or run."""
    shown = queries.mail(db_session(), inbound_id)
    return render_template("coordinator/mail.html", shown=shown, form=Form(), kinds=KINDS, outcome=outcome)


@coordinator.post("/attention/<int:attention_id>/declined")
@allow(Role.COORDINATOR)
def take_as_declined(attention_id: int) -> ResponseReturnValue:
    """Take an answer that was not trusted as the director's decline."""
    file = declines.accept(db_session(), attention_id, setup=setup(), by=me(), now=now())
    return done(
        file.denial.id,
        "Taken as the director's decline. The request keeps its place and gets another time; both sides are told.",
    )


@coordinator.post("/attention/<int:attention_id>/keep")
@allow(Role.COORDINATOR)
def keep_time(attention_id: int) -> ResponseReturnValue:
    """Leave the booked time as it is, whatever was answered."""
    settled = desk.settle(db_session(), attention_id, account_id=account().id, note=LEFT, now=now())
    flash("The booked time stays. The task is settled.", "success")
    denial_id = queries.denial_of(db_session(), settled)
    return to_case(denial_id) if denial_id is not None else redirect(url_for("coordinator.attention"), code=303)


def instant(told: object) -> datetime | None:
    """Read an instant as it stands in the details of a task."""
    try:
        return datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
