"""Following a request: where it stands, what happens next, every step so far. Live where the browser can."""

from datetime import timedelta

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import outbox
from app.models import Answer, Role
from app.queries import answers, expectation
from app.queries import letters as letter_queries
from app.queries import office as queries
from app.queries.expectation import Expected
from app.queries.letters import LetterRow
from app.queries.office import RequestView
from app.web.access import allow
from app.web.answer_words import answered_by_both, director_name
from app.web.edge import db_session, now, setup, visit
from app.web.navigation import consult_page
from app.web.office.blueprint import office, opened
from app.web.office.steps import steps_in_words
from app.web.office.words import SETTLED, WAITING, Said, closed_words
from app.web.times import plan_zone
from scheduling.values import ConsultState, Status

#: the page asks for news this often, in seconds: while a time is being looked for, and otherwise
SOON, LATER = 2, 10
#: even without news the page is written anew after this, so that "in 3 hours" stays true
REWRITTEN = timedelta(minutes=1)


@office.get("/c/<reference>")
@allow(Role.ANYONE)
def follow(reference: str) -> ResponseReturnValue:
    """Show a request. Whoever has not opened its case is led to do so, whether or not there is such a request.

    Mails to directors have this address too: staff are led to their own page of the case.
    """
    if (account := visit().account) is not None:
        return redirect(consult_page(account.role, reference))
    if not queries.is_open(db_session(), reference, opened()):
        return redirect(url_for("office.start", next=request.path), code=303)
    return render_template("office/follow.html", **_page(read_request(reference)))


@office.get("/c/<reference>/live")
@allow(Role.ANYONE)
def live(reference: str) -> ResponseReturnValue:
    """Give the part of the page that changes; nothing if nothing has."""
    if not queries.is_open(db_session(), reference, opened()):
        return render_template("office/over.html", reference=reference)
    if request.args.get("seen") == _seen(queries.news(db_session(), reference, opened())):
        return Response(status=204)
    return render_template("office/live.html", **_page(read_request(reference)))


@office.get("/c/<reference>/consult.ics")
@allow(Role.OFFICE)
def calendar(reference: str) -> ResponseReturnValue:
    """Give the consult's time as it is now, for a calendar."""
    shown = read_request(reference)
    content = outbox.calendar_for_office(
        db_session(), shown.consult, desk=setup().desk, plan_name=shown.rulebook.policy.name, now=now()
    )
    if content is None:
        return redirect(url_for("office.follow", reference=reference), code=303)
    response = Response(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="peer-to-peer-consult.ics"'
    return response


def read_request(reference: str, *, lock: bool = False) -> RequestView:
    """Read a request of a case that was opened in this visit."""
    shown = queries.request(db_session(), reference, opened(), setup=setup(), lock=lock)
    plan_zone(shown.case.zone)
    return shown


def _page(shown: RequestView) -> dict[str, object]:
    state = shown.state
    standing = expectation.standing(db_session(), shown, setup=setup(), now=now()) if state.status.open else None
    begun = state.booking is not None and state.booking.during.start <= now()
    return {
        "shown": shown,
        "case": shown.case,
        "consult": shown.consult,
        "state": state,
        "standing": standing,
        "begun": begun,
        "settled": state.closed_reason in SETTLED,
        "why": _why(shown, standing),
        "steps": steps_in_words(shown),
        "seen": _seen(f"{shown.consult.version}.{_last_history(shown)}"),
        "every": _every(state),
        "rules": shown.rulebook.policy,
        "letters": letter_rows(shown),
        **_by_mail(shown),
    }


def _by_mail(shown: RequestView) -> dict[str, object]:
    """Say what both sides answered by mail, and whether mail to the office comes back.

    A director's "no" is not told while it can be taken back; what comes of it is.
    """
    consult = shown.consult
    said = answers.answers(db_session(), [consult.id]).get(consult.id, {})
    hidden = (Answer.DECLINED, Answer.PROPOSED)
    return {
        "answered": answered_by_both(said, director_name(shown), "Your office", hidden=hidden),
        "came_back": answers.bounced(db_session(), consult.office_email).get(consult.office_email),
    }


def letter_rows(shown: RequestView) -> list[LetterRow]:
    """List the letters of a request that are for its office."""
    rows = letter_queries.of_case(db_session(), shown.case.id, members=False)
    return [row for row in rows if row.reference == shown.consult.reference]


def _every(state: ConsultState) -> int | None:
    if not state.status.open:
        return None
    return SOON if state.status is Status.WAITING and state.unplaced is None else LATER


def _why(shown: RequestView, standing: Expected | None) -> Said:
    """Say why a request waits and for whom, or what it has come to."""
    state = shown.state
    if not state.status.open:
        return closed_words(state.closed_reason, talk=state.talk)
    reason = state.unplaced or (standing.waits if standing else None) or state.status.value
    return WAITING[reason] if reason in WAITING else WAITING["waiting"]


def _last_history(shown: RequestView) -> int:
    return shown.steps[-1].id if shown.steps else 0


def _seen(news: str) -> str:
    return f"{news}.{int(now().timestamp() // REWRITTEN.total_seconds())}"
