"""Says a policy in plain English, for people who do not read TOML and answer for what it says."""

from collections.abc import Iterable, Iterator

from scheduling.policy import ElectiveReconsideration, EmergentReconsideration, Policy
from scheduling.policy_after import Appeal
from scheduling.policy_parts import Deadline
from scheduling.policy_phrases import (
    advice,
    both,
    clock,
    day,
    earliest,
    hours,
    length,
    number,
    phrase,
    several,
    together,
    weekdays,
    word,
)
from scheduling.policy_words import (
    AfterReschedule,
    Assignment,
    BriefRule,
    Effect,
    Fallback,
    InformationRule,
    MoveUp,
    PlaceFrom,
    ReconsiderationConsult,
    SpecialtyMatch,
    Timing,
)
from scheduling.values import Decision, Setting

_ENDINGS = {
    "upheld": "Where the decision is upheld",
    "overturned": "Where it is overturned",
    "modified": "Where it is modified",
    "discussed": "Where it was only talked about",
    "not_reached": "Where the office was not reached",
    "window_closed": "Where it is too late to ask",
}


def in_plain_english(policy: Policy) -> str:
    """Return what a policy says, a paragraph for each of its concerns."""
    paragraphs = (
        *(_head, _who, _counting, _asking, _consult, _queue, _director, _information, _reconsideration),
        *(_contact, _reminders, _notices, _appeals, _follow_up, _letters),
    )
    said = (" ".join(paragraph(policy)) for paragraph in paragraphs)
    return "\n\n".join(each for each in said if each)


def _head(policy: Policy) -> Iterator[str]:
    yield f"{policy.name} ({policy.key})."
    if policy.source:
        yield f"Source: {policy.source.rstrip('.')}."
    yield f"Effective {day(policy.effective)}." if policy.effective else "Effective always."
    approved = policy.approved
    yield f"Approved by {approved.by} on {day(approved.on)}." if approved and approved.by else "Not approved."


def _who(policy: Policy) -> Iterator[str]:
    plan, rules = policy.plan, policy.eligibility
    lines = ", ".join(word(line) for line in plan.lines_of_business) or "all"
    yield f"Lines of business: {lines}."
    for name in ("states", "services", "places"):
        words = getattr(plan.applies_to, name)
        if words:
            yield f"Only for these {name}: {', '.join(word(each) for each in words)}."
    decided = both([word(each) for each in Decision if each in rules.decisions], "or")
    settings = both([word(each) for each in Setting if each in rules.settings], "or")
    yield f"A consult may be asked for about a decision to {decided} a service, in {settings} cases."
    if rules.timing is not Timing.BOTH:
        yield f"It may be asked for {'after' if rules.timing is Timing.POST_DENIAL else 'before'} the decision only."
    for reasons, text in ((rules.excluded_reasons, "Not for denials because of"), (rules.only_reasons, "Only for")):
        if reasons:
            yield f"{text}: {', '.join(word(each) for each in reasons)}."
    who = f"a {both([word(each) for each in rules.speakers], 'or')}" if rules.speakers else "anybody of the office"
    relation = f" ({both([word(each) for each in rules.relations], 'or')})" if rules.relations else ""
    yield f"The speaker may be {who}{relation}."
    if rules.after_appeal:
        yield "Once an appeal is filed a consult may still be asked for, and an open request goes on."
    else:
        yield "Once an appeal is filed a consult cannot be asked for, and an open request ends."
    if rules.per_denial:
        yield f"At most {number(rules.per_denial)} for one denial."


def _counting(policy: Policy) -> Iterator[str]:
    plan = policy.plan
    zone, closes = plan.time_zone.key.replace("_", " "), clock(plan.business_hours.to)
    yield f"Days are counted on the clock of {zone}."
    if isinstance(plan.holidays, str):
        free = f"the public holidays of {plan.holidays} and the days on which they are observed"
    else:
        free = both([day(each) for each in sorted(plan.holidays)]) if plan.holidays else ""
    yield f"Business days are {weekdays(plan.business_days)}{f', without {free}' if free else ''}."
    yield f"The desk is open {clock(plan.business_hours.from_)} to {closes}."
    yield f"A day that the plan has for something ends at close of business ({closes}),"
    yield "one that the office has ends at midnight."


def _asking(policy: Policy) -> Iterator[str]:
    rules = policy.request
    yield f"The office may ask {earliest(rules.deadlines, right=True) or 'without limit'}."
    yield from _advice(rules.deadlines, right=True)
    if rules.min_windows:
        yield f"It must offer {several(rules.min_windows, 'window')}."
    else:
        yield "It may offer windows, or say any time."
    if rules.how:
        yield rules.how
    for sentence in rules.attest:
        yield f'It confirms: "{sentence}"'


def _consult(policy: Policy) -> Iterator[str]:
    rules = policy.consult
    bind = [[rule for rule in rules if rule.binding] for rules in (rules.sla, rules.occur_by)]
    owed = together(*bind, right=False)
    yield f"The consult takes place {owed}." if owed else "No time is set for the consult to take place."
    yield from _advice(rules.sla, right=False)
    yield from _advice(rules.occur_by, right=True)
    if bind[1]:
        yield "A request that comes when the office's time for the consult is over is refused."
    if aim := earliest(rules.target, right=False):
        yield f"The plan aims to hold it {aim}."
    yield from _advice(rules.target, right=False)
    every = rules.start_every_minutes
    starts = "on the hour" if every == 60 else f"on multiples of {several(every, 'minute')} past the hour"
    free = f", with {length(rules.buffer_minutes)} kept free after each" if rules.buffer_minutes else ""
    yield f"It takes {length(rules.duration_minutes)} and starts {starts}{free}."
    if rules.notice_minutes:
        yield f"It is booked at least {length(rules.notice_minutes)} ahead."
    if rules.hours.spans:
        yield f"Consults are held only {hours(rules.hours)} ({policy.plan.time_zone.key.replace('_', ' ')})."
    yield {
        Effect.MAY_OVERTURN: "The consult can change the decision.",
        Effect.ONLY_WITH_RECONSIDERATION: "The consult explains the decision; "
        "it can change it only where a reconsideration was asked for.",
        Effect.INFORMATIONAL: "The consult explains the decision and cannot change it.",
    }[rules.effect]


def _queue(policy: Policy) -> Iterator[str]:
    rules = policy.queue
    what = "received" if rules.place_from is PlaceFrom.REQUEST_RECEIVED else "complete"
    first = ", emergent cases first" if rules.urgent_first else ", whatever their urgency"
    yield f"Requests are served in the order in which they are {what}{first}."
    keeps = "keeps its place" if rules.after_office_reschedule is AfterReschedule.KEEPS_PLACE else "goes to the back"
    yield f"A request whose office gives up or misses a time {keeps}."
    if rules.move_up is MoveUp.IF_AGREED:
        minutes = rules.move_up_notice_minutes
        notice = f", with {length(minutes)} of notice" if minutes else ""
        yield f"If its office agreed, a booked consult is moved to an earlier time once{notice}."
    else:
        yield "A booked consult is never moved to an earlier time."


def _director(policy: Policy) -> Iterator[str]:
    rules = policy.director
    if rules.assignment is Assignment.ANY:
        yield "The consult is with whichever director who covers the line of business has the earliest time."
    else:
        yield "The consult is with the director who decided."
        yield {
            Fallback.NONE: "Nobody stands in for the director.",
            Fallback.DESIGNATED_PEER: "Where the director has no time before a deadline a designated peer stands in; "
            "the office is told and may wait instead.",
            Fallback.OFFICE_CHOICE: "Where the director has no time before a deadline the office may choose a "
            "designated peer.",
        }[rules.fallback]
    if rules.specialty is not SpecialtyMatch.NONE:
        yield f"The requester's specialty is {rules.specialty} of a director who is not the one who decided."


def _information(policy: Policy) -> Iterator[str]:
    rules = policy.clinical_information
    yield {
        InformationRule.REQUIRED: "Clinical information has to be in before a time is given.",
        InformationRule.OPTIONAL: "Clinical information may be sent and is not needed.",
        InformationRule.REFUSED: "New clinical information is not taken.",
        InformationRule.CONVERTS_TO_APPEAL: "New clinical information makes the request an appeal.",
    }[rules.rule]
    if rules.review is BriefRule.BRIEF:
        yield "Where it is sent, UM staff prepare a brief for the director; the consult never waits for that."


def _reconsideration(policy: Policy) -> Iterator[str]:
    rules = policy.reconsideration
    if not rules.offered:
        yield "A reconsideration is not offered."
        return
    yield "A reconsideration may be asked for with the request or until the consult ends; a nurse looks at it first."
    yield "It may be asked for without a call: what the nurse does not approve, a director decides by the same time."
    yield from _nurse("In emergent cases", rules.emergent)
    yield from _nurse("In elective cases", rules.elective)


def _nurse(cases: str, rules: EmergentReconsideration | ElectiveReconsideration) -> Iterator[str]:
    due = f"the nurse decides {phrase(rules.deadline, right=False)}" if rules.deadline else "the nurse has no due time"
    yield f"{cases} {due},"
    yield {
        ReconsiderationConsult.MEANWHILE: "and the consult is booked meanwhile.",
        ReconsiderationConsult.BOOKED_AFTER_DUE: "and the consult is booked for a time after that is due.",
        ReconsiderationConsult.AFTER_REVIEW: "and the consult is booked when the nurse has decided.",
    }[rules.consult]


def _contact(policy: Policy) -> Iterator[str]:
    rules = policy.contact
    missed = several(rules.missed_consults, "booked time")
    if rules.attempts == 1:
        yield "The director calls once."
    else:
        apart = f", {length(rules.minutes_between)} apart" if rules.minutes_between else ""
        yield f"The director calls up to {several(rules.attempts, 'time')}{apart}."
    yield f"After {missed} missed by the office the request is closed as not reached."


def _reminders(policy: Policy) -> Iterator[str]:
    lengths = [length(minutes) for minutes in sorted(policy.reminders.minutes_before, reverse=True)]
    if not lengths:
        yield "Nobody is reminded of a booked consult."
        return
    yield f"Both sides are reminded {both(lengths)} before the consult, in their working hours."


def _notices(policy: Policy) -> Iterator[str]:
    for name, when in _ENDINGS.items():
        if words := policy.after.get(name):
            yield f'{when} the notice says: "{words}"'


def _appeals(policy: Policy) -> Iterator[str]:
    yield "A consult never moves the last day to appeal."
    yield from _appeal(policy.appeals.provider, "The provider's way", carried=False)
    yield from _appeal(policy.appeals.member, "The member's way", carried=True)


def _appeal(rules: Appeal, whose: str, *, carried: bool) -> Iterator[str]:
    where = ", ".join(rules.address) or "no address is given, so a letter about a decision that stands waits for one"
    yield f"{whose} where a decision stands: {rules.name}, {where}."
    through = ["through the last day that the denial carries"] if carried else []
    through += [last] if (last := earliest(rules.deadline, right=True)) else []
    through += [f"until {rules.until}"] if rules.until else []
    yield f"It can be filed {', or else '.join(through)}." if through else "Its last day is not given."


def _follow_up(policy: Policy) -> Iterator[str]:
    rules = policy.follow_up
    yield "After a decision was changed, by close of business:"
    yield f"the authorization is changed {_business_days(rules.authorization_changed)},"
    yield f"the provider told {_business_days(rules.provider_told)},"
    yield f"the member's notice sent {_business_days(rules.member_notice)},"
    yield f"Appeals told {_business_days(rules.appeals_told)}."


def _letters(policy: Policy) -> Iterator[str]:
    rules = policy.letters
    template = f" ({rules.member_template})" if rules.member_template else ""
    yield "Peerline drafts the provider's letters."
    yield (
        "It drafts the member's too." if rules.member else f"The member's notice is the plan's own template{template}."
    )


def _business_days(n: int) -> str:
    return f"within {several(n, 'business day')}" if n else "on the same business day"


def _advice(rules: Iterable[Deadline], *, right: bool) -> Iterator[str]:
    if said := advice(rules, right=right):
        yield f"Advice, which is no limit: {said}."
