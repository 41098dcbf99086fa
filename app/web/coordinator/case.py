"""One case on the desk: where it stands, what happens next, what can be done about it, everything so far."""

from datetime import timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from app.consults import late
from app.errors import NotFound
from app.models import WITHDRAWN, Role
from app.queries import answers, casework, expectation
from app.queries import followup as follow_up_queries
from app.queries import letters as letter_queries
from app.queries.casework import Work
from app.queries.expectation import Expected
from app.queries.office import Person, RequestView
from app.web.access import allow
from app.web.answer_words import answered_by_both, director_name
from app.web.coordinator import log
from app.web.coordinator.blueprint import coordinator, to_case
from app.web.coordinator.followup import shared
from app.web.coordinator.words import CAUSES, CHANNELS, TASKS, WAITING
from app.web.edge import db_session, now, setup
from app.web.letters import TITLES
from app.web.office.looking import Options, options_of
from app.web.office.words import Said, closed_words
from app.web.times import plan_zone
from scheduling.eligibility import waits_for_review
from scheduling.values import Status

#: an open page asks for news this often, in seconds: sooner while a time is looked for
SOON, LATER = 2, 10
#: even without news it is written anew after this, so that "in 3 hours" stays true
REWRITTEN = timedelta(minutes=1)


@coordinator.get("/cases/<int:denial_id>")
@allow(Role.COORDINATOR)
def case(denial_id: int) -> ResponseReturnValue:
    """Show everything about a case."""
    return render_template("coordinator/case.html", **_page(denial_id))


@coordinator.get("/cases/<int:denial_id>/live")
@allow(Role.COORDINATOR)
def live(denial_id: int) -> ResponseReturnValue:
    """Give the part of the page that changes; nothing if nothing has."""
    if request.args.get("seen") == seen(casework.news(db_session(), denial_id)):
        return Response(status=204)
    return render_template("coordinator/live.html", **_page(denial_id))


@coordinator.get("/consults/<reference>")
@allow(Role.COORDINATOR)
def consult(reference: str) -> ResponseReturnValue:
    """Lead from the reference of a request to its case."""
    denial_id = casework.denial_of(db_session(), reference)
    if denial_id is None:
        raise NotFound("There is no request with this reference. Check it once more.")
    return to_case(denial_id)


def _page(denial_id: int) -> dict[str, object]:
    news = casework.news(db_session(), denial_id)
    work = casework.work(db_session(), denial_id, setup=setup())
    plan_zone(work.case.zone)
    shown = work.request
    standing = None
    if shown is not None and shown.state.status.open:
        standing = expectation.standing(db_session(), shown, setup=setup(), now=now())
    options = options_of(work.case)
    return {
        "work": work,
        "case": work.case,
        "shown": shown,
        "options": options,
        "standing": standing,
        "why": _why(shown, standing) if shown else None,
        "begun": has_begun(shown),
        "actions": actions(work, options, _free(work)),
        "entries": log.in_words(work),
        "todo": TASKS,
        "causes": CAUSES,
        "channels": CHANNELS,
        "follows": follow_up_queries.of_case(db_session(), denial_id),
        **shared(),
        "letters": letter_queries.of_case(db_session(), denial_id, members=True),
        "titles": TITLES,
        **_by_mail(shown),
        "late_entry": late.waiting_of(db_session(), denial_id),
        "seen": seen(news),
        "every": _every(shown),
    }


def _by_mail(shown: RequestView | None) -> dict[str, object]:
    """Say what both sides answered by mail, a decline that waits, and whether mail to the office comes back."""
    if shown is None:
        return {"answered": [], "declined": None, "came_back": None}
    consult = shown.consult
    said = answers.answers(db_session(), [consult.id]).get(consult.id, {})
    return {
        "answered": answered_by_both(said, director_name(shown), "The office", unsure=True),
        "declined": next(iter(answers.declined(db_session(), consult_id=consult.id)), None),
        "came_back": answers.bounced(db_session(), consult.office_email).get(consult.office_email),
    }


def _free(work: Work) -> list[Person]:
    """Say who could take the call now, where there is something to be connected."""
    shown = work.request
    if shown is None or not shown.state.status.open or has_begun(shown):
        return []
    return casework.connectable(db_session(), work.case, now=now())


def has_begun(shown: RequestView | None) -> bool:
    """Tell whether the call's time has come."""
    return shown is not None and shown.state.booking is not None and shown.state.booking.during.start <= now()


def actions(work: Work, options: Options, free: list[Person]) -> list[tuple[str, str, str]]:
    """List what can be done about a case now: (label, endpoint, a word more)."""
    shown, rules = work.request, work.case.rulebook.policy
    todo: list[tuple[str, str, str]] = []
    if work.case.director is None:
        todo.append(("Name the director who decided", "coordinator.naming", ""))
    if shown is not None and shown.state.status.open:
        todo += _open_actions(shown, free)
    else:
        more = options.refused.title if options.refused else ""
        todo.append(("Take down a request", "coordinator.new_call", more))
    unknown = shown is not None and shown.state.status.open and bool(shown.state.deadlines.unknown)
    todo.append(("A date becomes known", "coordinator.dating", "a deadline waits for it" if unknown else ""))
    if work.case.appeal_filed_at is None:
        ends = "" if rules.eligibility.after_appeal else "ends an open request under this policy"
        todo.append(("An appeal was filed", "coordinator.appealing", ends))
    if work.case.member_name != WITHDRAWN:
        todo.append(("Records of the wrong patient", "coordinator.wrong_patient", ""))
    return todo


def _open_actions(shown: RequestView, free: list[Person]) -> list[tuple[str, str, str]]:
    state, rules = shown.state, shown.rulebook.policy
    todo: list[tuple[str, str, str]] = []
    if has_begun(shown):
        todo.append(("The call did not take place", "coordinator.missing", ""))
    else:
        if free:
            todo.append(("Connect now", "coordinator.connecting", f"{free[0].name} is free"))
        other = ("Take down other times", "coordinator.times", "")
        todo.append(other if state.talk else ("The office asks for a talk as well", "coordinator.talk", ""))
    if rules.clinical_information.rule != "refused":
        todo.append(("Take down clinical information", "coordinator.informing", ""))
        todo.append(("Attach a document or a fax", "coordinator.documents", ""))
    waits = state.reconsideration and (waits_for_review(shown.rulebook, state.denial) or not state.talk)
    if state.complete is None and not waits:
        todo.append(("Go on without the information", "coordinator.waiving", ""))
    if rules.reconsideration.offered and not state.reconsideration:
        todo.append(("Ask for reconsideration", "coordinator.reconsidering", ""))
    todo.append(("Change numbers and addresses", "coordinator.numbers", ""))
    if not has_begun(shown):
        todo.append(("Give to another director", "coordinator.reassigning", ""))
        todo.append(("Withdraw the request", "coordinator.withdrawing", ""))
    return todo


def _why(shown: RequestView, standing: Expected | None) -> Said:
    """Say why a request waits and for whom, or what it has come to."""
    state = shown.state
    if not state.status.open:
        return closed_words(state.closed_reason, talk=state.talk)
    reason = state.unplaced or (standing.waits if standing else None) or state.status.value
    return WAITING.get(reason, WAITING["waiting"])


def _every(shown: RequestView | None) -> int | None:
    if shown is None or not shown.state.status.open:
        return None
    return SOON if shown.state.status is Status.WAITING and shown.state.unplaced is None else LATER


def seen(news: str) -> str:
    """Name what a reader has seen: the news, and the minute."""
    return f"{news}.{int(now().timestamp() // REWRITTEN.total_seconds())}"
