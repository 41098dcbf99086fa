"""What can be done about a case: asked before anybody's time is booked."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from app.models import Role
from app.queries import letters as letter_queries
from app.queries import office as queries
from app.queries.office import CaseView
from app.web.access import allow
from app.web.edge import db_session, now, setup
from app.web.letters import TITLES
from app.web.office.blueprint import office, opened
from app.web.office.words import EFFECTS, SETTLED, Refusal, closed_words, refusal
from app.web.times import plan_zone
from scheduling import business_time, eligibility
from scheduling.values import Deadlines, Interval, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the rules say about asking now."""

    refused: Refusal | None
    deadlines: Deadlines
    since: datetime
    effect: tuple[str, str]
    reconsideration: bool
    without_call: bool
    "reconsideration without a call can be asked for, whether a talk can be or not"
    information_needed: bool
    information_needed_to_reconsider: bool


@office.get("/cases/<int:denial_id>")
@allow(Role.OFFICE)
def case(denial_id: int) -> ResponseReturnValue:
    """Show who decided, why, until when a talk can be had and whether it can change the decision."""
    shown = read_case(denial_id)
    last = next(iter(shown.requests), None)
    settled = closed_words(last.closed_reason, talk=last.talk) if last and last.closed_reason in SETTLED else None
    return render_template(
        "office/case.html",
        case=shown,
        options=options_of(shown),
        last=last,
        settled=settled,
        letters=letter_queries.of_case(db_session(), denial_id, members=False),
        titles=TITLES,
    )


def read_case(denial_id: int, *, with_requests: bool = True) -> CaseView:
    """Read a case that was opened in this visit, and show times in its plan's zone where no other is known."""
    shown = queries.case(db_session(), denial_id, opened(), setup=setup(), with_requests=with_requests)
    plan_zone(shown.zone)
    return shown


def options_of(shown: CaseView) -> Options:
    """Ask the rules what an office could do now."""
    rulebook, facts = shown.rulebook, shown.facts
    open_request = shown.open_request is not None
    reason = eligibility.refusal(rulebook, facts, _anybody(shown), open_request=open_request, used=shown.used)
    without_call = Request(received=now(), reconsideration=True, talk=False)
    return Options(
        refused=refusal(reason) if reason else None,
        deadlines=business_time.deadlines(rulebook, facts, received=now(), complete=now()),
        since=since(shown),
        effect=EFFECTS[rulebook.policy.consult.effect],
        reconsideration=rulebook.policy.reconsideration.offered,
        without_call=eligibility.refusal(rulebook, facts, without_call, open_request=open_request) is None,
        information_needed=eligibility.information_needed(rulebook, facts, reconsideration=False),
        information_needed_to_reconsider=eligibility.information_needed(rulebook, facts, reconsideration=True),
    )


def since(shown: CaseView) -> datetime:
    """Return from when an office's time runs, to tell when little of it is left."""
    decided = shown.decided
    if decided is None:
        return shown.created_at
    if isinstance(decided, datetime):
        return decided
    return business_time.start_at(decided, time(0), shown.zone)


def _anybody(shown: CaseView) -> Request:
    """Make the request of somebody who may ask: what is not typed yet refuses nothing."""
    rules = shown.rulebook.policy
    windows = tuple(
        Interval(now() + timedelta(days=n), now() + timedelta(days=n, hours=1))
        for n in range(rules.request.min_windows)
    )
    speakers, relations = rules.eligibility.speakers, rules.eligibility.relations
    return Request(
        received=now(),
        windows=windows,
        speaker=speakers[0] if speakers else "physician",
        relation=relations[0] if relations else "treating",
    )
