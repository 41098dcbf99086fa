"""Says a policy in plain English, for people who do not read TOML and answer for what it says."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time

from scheduling.policy import ElectiveReconsideration, EmergentReconsideration, Policy
from scheduling.policy_after import Appeal
from scheduling.policy_parts import Deadline
from scheduling.policy_words import (
    AfterReschedule,
    Anchor,
    Assignment,
    BriefRule,
    DenialDate,
    Effect,
    Fallback,
    InformationRule,
    MoveUp,
    PlaceFrom,
    ReconsiderationConsult,
    SpecialtyMatch,
    Timing,
    Unit,
    Unknown,
)
from scheduling.values import Decision, Hours, Setting

_ANCHORS = {
    Anchor.INITIAL_DECISION: "the initial decision",
    Anchor.LETTER: "the letter",
    Anchor.VERBAL_NOTICE: "the verbal notice",
    Anchor.WRITTEN_NOTICE: "the written notice",
    Anchor.DISCHARGE: "discharge",
    Anchor.SERVICE: "the service",
    Anchor.AUTHORIZATION_RECEIVED: "receipt of the authorization request",
    Anchor.DECISION_DUE: "the day the decision is due",
    Anchor.NOTICE_DEADLINE: "the last day that the notice names",
    Anchor.APPEAL_DEADLINE: "the last day to appeal",
    Anchor.REQUEST_RECEIVED: "the request",
    Anchor.REQUEST_COMPLETE: "the complete request",
}

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def in_plain_english(policy: Policy) -> str:
    """Return what a policy says, a paragraph for each of its concerns."""
    paragraphs = (
        *(_head, _who, _asking, _consult, _queue, _director, _information, _reconsideration, _contact, _reminders),
        *(_appeals, _follow_up, _letters),
    )
    return "\n\n".join(" ".join(paragraph(policy)) for paragraph in paragraphs)


def _head(policy: Policy) -> Iterator[str]:
    yield f"{policy.name} ({policy.key})."
    if policy.source:
        yield f"Source: {policy.source.rstrip('.')}."
    yield f"Effective {_day(policy.effective)}." if policy.effective else "Effective always."
    approved = policy.approved
    yield f"Approved by {approved.by} on {_day(approved.on)}." if approved and approved.by else "Not approved."


def _who(policy: Policy) -> Iterator[str]:
    plan, rules = policy.plan, policy.eligibility
    lines = ", ".join(_word(line) for line in plan.lines_of_business) or "all"
    yield f"Lines of business: {lines}."
    for name in ("states", "services", "places"):
        words = getattr(plan.applies_to, name)
        if words:
            yield f"Only for these {name}: {', '.join(_word(each) for each in words)}."
    decided = _both([f"{_past(each)}" for each in Decision if each in rules.decisions], "or")
    settings = _both([_word(each) for each in Setting if each in rules.settings], "or")
    yield f"A consult may be asked for about a service that was {decided}, in {settings} cases."
    if rules.timing is not Timing.BOTH:
        yield f"It may be asked for {'after' if rules.timing is Timing.POST_DENIAL else 'before'} the decision only."
    for reasons, text in ((rules.excluded_reasons, "Not for denials because of"), (rules.only_reasons, "Only for")):
        if reasons:
            yield f"{text}: {', '.join(_word(each) for each in reasons)}."
    who = f"a {_both([_word(each) for each in rules.speakers], 'or')}" if rules.speakers else "anybody of the office"
    relation = f" ({_both([_word(each) for each in rules.relations], 'or')})" if rules.relations else ""
    yield f"The speaker may be {who}{relation}."
    appeal = "may be asked for and goes on" if rules.after_appeal else "cannot be asked for, and an open request ends,"
    yield f"Once an appeal is filed a consult {appeal}."
    if rules.per_denial:
        yield f"At most {_number(rules.per_denial)} for one denial."


def _asking(policy: Policy) -> Iterator[str]:
    rules = policy.request
    if rules.deadlines:
        yield f"The office may ask {_earliest(rules.deadlines, right=True)}."
    else:
        yield "The office may ask without limit."
    if rules.min_windows:
        yield f"It must offer {_several(rules.min_windows, 'window')}."
    else:
        yield "It may offer windows, or say any time."
    if rules.how:
        yield rules.how
    for sentence in rules.attest:
        yield f'It confirms: "{sentence}"'


def _consult(policy: Policy) -> Iterator[str]:
    rules = policy.consult
    owed = [*_phrases(rules.sla, right=False), *_phrases(rules.occur_by, right=True)]
    which = ", whichever is earlier" if len(owed) > 1 else ""
    yield f"The consult takes place {_both(owed)}{which}." if owed else "No time is set for the consult to take place."
    if rules.target:
        yield f"The plan aims to hold it {_earliest(rules.target, right=False)}."
    closes = _clock(policy.plan.business_hours.to)
    yield f"Days that the plan has end at close of business ({closes}), those that the office has at midnight."
    starts = f"multiples of {rules.start_every_minutes} minutes past the hour"
    yield f"It takes {_length(rules.duration_minutes)}, starts on {starts}"
    if rules.buffer_minutes:
        yield f"with {_length(rules.buffer_minutes)} kept free after each,"
    yield f"and is booked at least {_length(rules.notice_minutes)} ahead."
    if rules.hours.spans:
        yield f"Consults are held only {_hours(rules.hours)} ({policy.plan.time_zone.key.replace('_', ' ')})."
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
        notice = _length(rules.move_up_notice_minutes)
        yield f"If its office agreed, a booked consult is moved to an earlier time once, with {notice} of notice."
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
    due = f"the nurse decides {_phrase(rules.deadline, right=False)}" if rules.deadline else "the nurse has no due time"
    yield f"{cases} {due},"
    yield {
        ReconsiderationConsult.MEANWHILE: "and the consult is booked meanwhile.",
        ReconsiderationConsult.BOOKED_AFTER_DUE: "and the consult is booked for a time after that is due.",
        ReconsiderationConsult.AFTER_REVIEW: "and the consult is booked when the nurse has decided.",
    }[rules.consult]


def _contact(policy: Policy) -> Iterator[str]:
    rules = policy.contact
    tries, missed = _several(rules.attempts, "time"), _several(rules.missed_consults, "booked time")
    yield f"The director calls up to {tries}, {_length(rules.minutes_between)} apart."
    yield f"After {missed} missed by the office the request is closed as not reached."


def _reminders(policy: Policy) -> Iterator[str]:
    lengths = [_length(minutes) for minutes in sorted(policy.reminders.minutes_before, reverse=True)]
    if not lengths:
        yield "Nobody is reminded of a booked consult."
        return
    yield f"Both sides are reminded {_both(lengths)} before the consult, in their working hours."


def _appeals(policy: Policy) -> Iterator[str]:
    yield "A consult never moves the last day to appeal."
    yield from _appeal(policy.appeals.provider, "The provider's way", carried=False)
    yield from _appeal(policy.appeals.member, "The member's way", carried=True)


def _appeal(rules: Appeal, whose: str, *, carried: bool) -> Iterator[str]:
    where = ", ".join(rules.address) or "no address is given, so a letter about a decision that stands waits for one"
    yield f"{whose} where a decision stands: {rules.name}, {where}."
    until = ["on the last day that the denial carries"] if carried else []
    until += [_earliest(rules.deadline, right=True)] if rules.deadline else []
    until += [rules.until] if rules.until else []
    yield f"It ends {', or else '.join(until)}." if until else "Its last day is not given."


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
    return f"within {_several(n, 'business day')}" if n else "on the same business day"


def _earliest(rules: Sequence[Deadline], *, right: bool) -> str:
    phrases = list(_phrases(rules, right=right))
    return _both(phrases) + (", whichever is earlier" if len(phrases) > 1 else "")


def _phrases(rules: Iterable[Deadline], *, right: bool) -> Iterator[str]:
    return (_phrase(rule, right=right) for rule in rules)


def _phrase(rule: Deadline, *, right: bool) -> str:
    text = _form(rule, right=right)
    cases = [*(_word(each) for each in rule.settings), *(_word(each) for each in rule.urgency)]
    if cases:
        text += f" ({_both(cases, 'or')} cases only)"
    if rule.unknown is Unknown.WAIT:
        text += " (not counted until all of its dates are known)"
    return text if rule.binding else f"{text} (advice only)"


def _form(rule: Deadline, *, right: bool) -> str:
    if rule.latest:
        return f"up to the later of these: {_both([_phrase(each, right=right) for each in rule.latest], 'or')}"
    if rule.before is not None:
        return f"before {_ANCHORS[Anchor(rule.before)]}"
    if rule.by is not None:
        return f"through {_carried(rule.by)}"
    anchors = _both([_ANCHORS[each] for each in rule.of])
    of = anchors if len(rule.of) == 1 else f"the latest of {anchors}"
    n = rule.within or 0
    if rule.unit in (Unit.CALENDAR_DAYS, Unit.BUSINESS_DAYS):
        kind = "calendar day" if rule.unit is Unit.CALENDAR_DAYS else "business day"
        if not n:
            return f"{'through' if right else 'on'} the day of {of}"
        return f"through the {_ordinal(n)} {kind} after {of}" if right else f"within {_several(n, kind)} of {of}"
    if rule.unit is Unit.BUSINESS_DAY_HOURS:
        return f"within {_several(n, 'hour')} of {of}, counting business days only"
    return f"within {_several(n, 'minute' if rule.unit is Unit.MINUTES else 'hour')} of {of}"


def _carried(name: DenialDate) -> str:
    dates = (DenialDate.NOTICE_DEADLINE, DenialDate.APPEAL_DEADLINE, DenialDate.DECISION_DUE)
    text = _ANCHORS[Anchor(name)]
    return text if name in dates else f"the day of {text}"


def _hours(hours: Hours) -> str:
    days = []
    for weekday in sorted(hours.spans):
        spans = [f"{start:%H:%M} to {_clock(end)}" for start, end in hours.spans[weekday]]
        days.append(f"{_WEEKDAYS[weekday]} {_both(spans)}")
    return "; ".join(days)


def _clock(at: time | None) -> str:
    return "24:00" if at is None else f"{at:%H:%M}"


def _day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def _past(decision: Decision) -> str:
    return {Decision.DENY: "denied", Decision.DELAY: "delayed", Decision.MODIFY: "modified"}[decision]


def _word(word: str) -> str:
    return str(word).replace("_", " ").replace("pre service", "pre-service")


def _both(words: Sequence[str] | Iterator[str], last: str = "and") -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} {last} {listed[-1]}"


def _number(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else str(n)


def _ordinal(n: int) -> str:
    if n < len(_ORDINALS):
        return _ORDINALS[n]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th") if n % 100 not in (11, 12, 13) else "th"
    return f"{n}{ending}"


def _length(minutes: int) -> str:
    return _several(minutes // 60, "hour") if minutes and minutes % 60 == 0 else _several(minutes, "minute")


def _several(n: int, what: str) -> str:
    return f"{_number(n)} {what}{'' if n == 1 else 's'}"
