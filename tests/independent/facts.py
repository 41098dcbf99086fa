"""What the independent model knows: the policy with its defaults, requests, what is counted from what."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.independent.clock import Dates, Mapping, PlanClock

DEFAULTS: Mapping = {
    "plan": {
        "lines_of_business": [],
        "business_days": ["mon", "tue", "wed", "thu", "fri"],
        "business_hours": {"from": "08:00", "to": "17:00"},
        "holidays": "US",
    },
    "eligibility": {
        "decisions": ["deny", "delay", "modify"],
        "settings": ["pre_service", "concurrent", "retrospective"],
        "timing": "both",
        "speakers": [],
        "relations": [],
        "after_appeal": True,
        "per_denial": 0,
        "excluded_reasons": [],
        "only_reasons": [],
    },
    "request": {"deadlines": [], "min_windows": 0},
    "consult": {
        "occur_by": [],
        "sla": [],
        "target": [],
        "duration_minutes": 30,
        "buffer_minutes": 0,
        "start_every_minutes": 15,
        "notice_minutes": 60,
        "hours": {},
        "effect": "may_overturn",
    },
    "queue": {
        "place_from": "request_received",
        "after_office_reschedule": "keeps_place",
        "urgent_first": False,
        "move_up": "if_agreed",
        "move_up_notice_minutes": 240,
    },
    "director": {"assignment": "same", "fallback": "none"},
    "clinical_information": {"rule": "optional", "review": "none"},
    "reconsideration": {"offered": False},
    "contact": {"attempts": 2, "missed_consults": 2},
}
REVIEW_DEFAULTS = {"emergent": {"consult": "meanwhile"}, "elective": {"consult": "after_review"}}
HORIZON = timedelta(hours=24 * 60)


@dataclass
class Booking:
    director: str
    start: datetime
    end: datetime


@dataclass
class Review:
    kind: str
    decided: str | None = None
    overdue: bool = False


@dataclass
class Request:
    case: str
    received: datetime
    arrival: int
    director: str | None
    windows: list[Mapping]
    move_up: bool
    reconsideration: bool
    informed: datetime | None
    open: bool = True
    back: datetime | None = None
    booking: Booking | None = None
    review: Review | None = None
    attempts: int = 0
    missed: int = 0
    offered: str | None = None
    offer_open: bool = False
    declined_peer: bool = False
    unplaced: str | None = None


@dataclass
class Denial:
    facts: Mapping
    dates: Dates
    appealed: bool = False
    used: int = 0
    sent_before: bool = False
    request: Request | None = None


@dataclass
class Director:
    facts: Mapping
    zone: ZoneInfo
    away: list[tuple[datetime, datetime]]
    spans: dict[Any, list[tuple[datetime, datetime]]] = field(default_factory=dict)


def filled(policy: Mapping) -> Mapping:
    whole = {name: {**values, **policy.get(name, {})} for name, values in DEFAULTS.items()}
    for urgency, values in REVIEW_DEFAULTS.items():
        whole["reconsideration"][urgency] = {**values, **policy.get("reconsideration", {}).get(urgency, {})}
    return whole


class Known:
    def __init__(self, policy: Mapping, scenario: Mapping) -> None:
        self.policy, self.scenario = filled(policy), scenario
        self.clock = PlanClock(self.policy["plan"])
        self.consult, self.queue = self.policy["consult"], self.policy["queue"]
        self.any = self.policy["director"]["assignment"] == "any"
        self.length = timedelta(minutes=self.consult["duration_minutes"])
        self.buffer = timedelta(minutes=self.consult["buffer_minutes"])
        self.directors = {
            facts["id"]: Director(
                facts, ZoneInfo(facts["time_zone"]), [(off["from"], off["to"]) for off in facts.get("time_off", [])]
            )
            for facts in scenario["director"]
        }
        self.denials = {facts["case"]: self._denial(facts) for facts in scenario["denial"]}
        self.requests: list[Request] = []
        self.arrivals = 0
        self.happenings: list[Mapping] = []
        self.now = datetime.min.replace(tzinfo=UTC)

    @staticmethod
    def _denial(facts: Mapping) -> Denial:
        words = {"case", "director", "line_of_business", "decision", "setting", "urgency", "reason"}
        return Denial(dict(facts), {name: value for name, value in facts.items() if name not in words})

    def say(self, case: str, happens: str, **more: object) -> None:
        self.happenings.append({"at": self.now, "case": case, "happens": happens, **more})

    def live(self) -> list[Request]:
        return [request for request in self.requests if request.open]

    def of(self, event: Mapping) -> Request | None:
        request = self.denials[event["case"]].request
        return request if request and request.open else None

    def fact(self, request: Request, name: str, default: Any = None) -> Any:
        return self.denials[request.case].facts.get(name, default)

    def urgency(self, request: Request) -> str:
        return str(self.fact(request, "urgency", "elective"))

    def way(self, request: Request) -> Mapping:
        return dict(self.policy["reconsideration"][self.urgency(request)])

    def needs_information(self, request: Request) -> bool:
        waits = request.reconsideration and self.way(request)["consult"] != "meanwhile"
        return waits or self.policy["clinical_information"]["rule"] == "required"

    def complete(self, request: Request) -> datetime | None:
        return request.informed if self.needs_information(request) else request.received

    def begun(self, request: Request) -> bool:
        return request.booking is not None and request.booking.start <= self.now

    def dates(self, request: Request) -> Dates:
        complete = self.complete(request)
        known = {"request_received": request.received} | ({"request_complete": complete} if complete else {})
        return {**self.denials[request.case].dates, **known}

    def applying(self, rules: list[Mapping], request: Request) -> list[Mapping]:
        setting, urgency = self.fact(request, "setting", "pre_service"), self.urgency(request)
        kept = []
        for rule in rules:
            if setting in rule.get("settings", [setting]) and urgency in rule.get("urgency", [urgency]):
                inner = {"latest": self.applying(rule["latest"], request)} if "latest" in rule else {}
                kept.append({**rule, **inner})
        return kept

    def earliest(self, rules: list[Mapping], request: Request, *, duty: bool) -> datetime | None:
        known = [self.clock.deadline(rule, self.dates(request), duty=duty) for rule in self.applying(rules, request)]
        return min((at for at in known if at), default=None)

    def deadlines(self, request: Request, *, advice: bool = False) -> dict[str, datetime | None]:
        """Those that bind; with `advice` that is given where nothing of a list binds."""
        lists = {
            "request_by": (self.policy["request"]["deadlines"], False),
            "occur_by": (self.consult["occur_by"], False),
            "sla": (self.consult["sla"], True),
            "target": (self.consult["target"], True),
        }
        found = {}
        for name, (rules, duty) in lists.items():
            found[name] = self.earliest([r for r in rules if r.get("binding", True)], request, duty=duty)
            if advice and found[name] is None:
                found[name] = self.earliest(rules, request, duty=duty)
        return found

    def due(self, request: Request) -> datetime | None:
        """When the nurse's decision on a reconsideration is due; none for a brief."""
        rule = self.way(request).get("deadline")
        return self.earliest([rule], request, duty=True) if request.reconsideration and rule else None

    def binding(self, request: Request) -> datetime | None:
        known = self.deadlines(request)
        return min((at for name in ("occur_by", "sla", "target") if (at := known[name])), default=None)

    def is_ready(self, request: Request) -> bool:
        if self.complete(request) is None:
            return False
        decided = request.review is not None and request.review.decided
        return not request.reconsideration or self.way(request)["consult"] != "after_review" or bool(decided)

    def place_key(self, request: Request) -> tuple[Any, ...]:
        complete = self.complete(request)
        by_complete = self.queue["place_from"] == "request_complete"
        since = (complete or request.received) if by_complete else request.received
        if request.back:
            since = max(since, request.back)
        behind = by_complete and complete is None
        urgent = self.queue["urgent_first"] and self.urgency(request) == "emergent"
        return behind, not urgent, since, request.arrival

    def line(self, director: str | None) -> list[Request]:
        return sorted((r for r in self.live() if self.any or r.director == director), key=self.place_key)
