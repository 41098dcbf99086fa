"""Words for deadlines, hours, numbers and days, for those who say a policy in plain English."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from itertools import combinations

from scheduling.policy_parts import Deadline
from scheduling.policy_words import Anchor, DenialDate, Unit, Unknown, Weekday
from scheduling.values import Hours

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

#: dates that are days already, and what is before them where they name a day: it counts to its end
_BEFORE = {
    DenialDate.DECISION_DUE: "the decision is due",
    DenialDate.NOTICE_DEADLINE: "the last day that the notice names is over",
    DenialDate.APPEAL_DEADLINE: "the last day to appeal is over",
}

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def earliest(rules: Iterable[Deadline], *, right: bool) -> str:
    """Say the deadlines of a list that bind; "" where none does."""
    return together([rule for rule in rules if rule.binding], [], right=right)


def together(first: Sequence[Deadline], then: Sequence[Deadline], *, right: bool) -> str:
    """Say two lists that bind together, the first as `right` says and the second the other way round."""
    rules = [*first, *then]
    said = [*(phrase(rule, right=right) for rule in first), *(phrase(rule, right=not right) for rule in then)]
    meet = any(_meet(one, other) for one, other in combinations(rules, 2))
    return (both(said) if said else "") + (", whichever is earlier" if meet else "")


def advice(rules: Iterable[Deadline], *, right: bool) -> str:
    """Say the deadlines of a list that are only advice; "" where there is none."""
    said = [phrase(rule, right=right) for rule in rules if not rule.binding]
    return both(said) if said else ""


def _meet(one: Deadline, other: Deadline) -> bool:
    """Tell whether there is a case that both deadlines hold for."""
    pairs = ((one.settings, other.settings), (one.urgency, other.urgency))
    return all(not a or not b or not set(a).isdisjoint(b) for a, b in pairs)


def phrase(rule: Deadline, *, right: bool) -> str:
    """Say one deadline and the cases that it holds for, not whether it binds."""
    text = _form(rule, right=right)
    cases = [both([word(each) for each in words], "or") for words in (rule.urgency, rule.settings) if words]
    if cases:
        text += f" ({' '.join(cases)} cases only)"
    return f"{text} (not counted until all of its dates are known)" if rule.unknown is Unknown.WAIT else text


def _form(rule: Deadline, *, right: bool) -> str:
    if rule.latest:
        return f"up to the later of these: {both([phrase(each, right=right) for each in rule.latest], 'or')}"
    if rule.before is not None:
        return f"before {_BEFORE.get(rule.before) or _ANCHORS[Anchor(rule.before)]}"
    if rule.by is not None:
        return f"through {_carried(rule.by)}"
    anchors = both([_ANCHORS[each] for each in rule.of])
    of = anchors if len(rule.of) == 1 else f"the latest of {anchors}"
    n = rule.within or 0
    if rule.unit in (Unit.CALENDAR_DAYS, Unit.BUSINESS_DAYS):
        kind = "calendar day" if rule.unit is Unit.CALENDAR_DAYS else "business day"
        if not n:
            first = of if len(rule.of) == 1 and rule.of[0].value in _BEFORE else f"the day of {of}"
            return f"{'through' if right else 'on'} {first}"
        return f"through the {ordinal(n)} {kind} after {of}" if right else f"within {several(n, kind)} of {of}"
    if rule.unit is Unit.BUSINESS_DAY_HOURS:
        return f"within {several(n, 'hour')} of {of} (counted on business days only)"
    return f"within {several(n, 'minute' if rule.unit is Unit.MINUTES else 'hour')} of {of}"


def _carried(name: DenialDate) -> str:
    text = _ANCHORS[Anchor(name)]
    return text if name in _BEFORE else f"the day of {text}"


def hours(week: Hours) -> str:
    """Say what is open on which days of a week."""
    days = []
    for number_of_day in sorted(week.spans):
        spans = [f"{start:%H:%M} to {clock(end)}" for start, end in week.spans[number_of_day]]
        days.append(f"{WEEKDAYS[number_of_day]} {both(spans)}")
    return "; ".join(days)


def weekdays(named: Iterable[Weekday]) -> str:
    """Say days of the week, three and more that follow one another as the first to the last."""
    days = sorted(each.number for each in named)
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
    return both([WEEKDAYS[each] for each in days])


def clock(at: time | None) -> str:
    """Say a time of day; midnight at its end as 24:00."""
    return "24:00" if at is None else f"{at:%H:%M}"


def day(value: date) -> str:
    """Say a date."""
    return f"{value.day} {value:%B %Y}"


def word(free: str) -> str:
    """Say a word of a file without its underscores."""
    return str(free).replace("_", " ").replace("pre service", "pre-service")


def both(words: Sequence[str] | Iterator[str], last: str = "and") -> str:
    """Join words as in a sentence; there is at least one."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} {last} {listed[-1]}"


def number(n: int) -> str:
    """Say a number, up to twelve in letters."""
    return _NUMBERS[n] if n < len(_NUMBERS) else str(n)


def ordinal(n: int) -> str:
    """Say which of several, up to the tenth in letters."""
    if n < len(_ORDINALS):
        return _ORDINALS[n]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th") if n % 100 not in (11, 12, 13) else "th"
    return f"{n}{ending}"


def length(minutes: int) -> str:
    """Say a length of time, in hours where they are whole."""
    return several(minutes // 60, "hour") if minutes and minutes % 60 == 0 else several(minutes, "minute")


def several(n: int, what: str) -> str:
    """Say how many of something."""
    return f"{number(n)} {what}{'' if n == 1 else 's'}"
