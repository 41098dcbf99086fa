"""The values that the rules work on: what they need to know of a denial, a consult, a director, a plan.

Nothing here decides anything. All instants are aware and in UTC; ids are those of the caller (rows of the database,
or positions in a scenario file), and only their order matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from scheduling.policy import Policy


class Decision(StrEnum):
    """What the plan did with the request."""

    DENY = "deny"
    DELAY = "delay"
    MODIFY = "modify"


class Setting(StrEnum):
    """When the plan decided, seen from the service."""

    PRE_SERVICE = "pre_service"
    CONCURRENT = "concurrent"
    RETROSPECTIVE = "retrospective"


class Urgency(StrEnum):
    """How pressing the case is."""

    EMERGENT = "emergent"
    ELECTIVE = "elective"


class Status(StrEnum):
    """Where a consult stands. Few, because they drive the rules; why somebody waits is a reason, not a status."""

    AWAITING_INFORMATION = "awaiting_information"
    AWAITING_REVIEW = "awaiting_review"
    AWAITING_DECISION = "awaiting_decision"
    WAITING = "waiting"
    BOOKED = "booked"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NOT_REACHED = "not_reached"

    @property
    def open(self) -> bool:
        """Tell whether the request still lives."""
        return self not in (Status.COMPLETED, Status.CANCELLED, Status.NOT_REACHED)


class ReviewKind(StrEnum):
    """Why a nurse looks at a case: to decide on a reconsideration, or to prepare the director's brief."""

    RECONSIDERATION = "reconsideration"
    BRIEF = "brief"


class ReviewDecision(StrEnum):
    """What a nurse may decide. A nurse never denies."""

    APPROVE = "approve"
    NOT_APPROVED = "not_approved"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A span of time, half open: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Interval") -> bool:
        """Tell whether the two share an instant."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Interval") -> bool:
        """Tell whether the other lies wholly inside."""
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """An adverse determination, as far as the rules need to know it."""

    director: int | None
    decision: Decision = Decision.DENY
    setting: Setting = Setting.PRE_SERVICE
    urgency: Urgency = Urgency.ELECTIVE
    line_of_business: str = ""
    reason: str = ""
    #: the dates of a denial that are known, by the names of the policy format; a `date` is a day in the plan's zone
    dates: Mapping[str, datetime | date] = field(default_factory=dict)
    appeal_filed: bool = False
    #: where the service is given, if known: a director licensed elsewhere is no peer for it
    licence_state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an office asks for."""

    received: datetime
    windows: tuple[Interval, ...] = ()
    reconsideration: bool = False
    #: a talk is asked for; without it the decision is to be reconsidered without a call
    talk: bool = True
    information: bool = False
    move_up: bool = False
    speaker: str = "physician"
    relation: str = "treating"
    #: the requester's specialty, matched with a director's where the policy looks at it
    specialty: str = ""

    def __post_init__(self) -> None:
        if not (self.talk or self.reconsideration):
            raise ValueError("a request without a talk asks for reconsideration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """The instants that bind a consult; in time means before. None: none, or not known (yet)."""

    request_by: datetime | None = None
    occur_by: datetime | None = None
    sla: datetime | None = None
    target: datetime | None = None
    #: names of the keys ("request.deadlines", "consult.occur_by" ...) whose dates of the denial are all missing
    unknown: tuple[str, ...] = ()
    #: those of the four that are advice (`binding = false`): shown, but they refuse and escalate nothing
    advice: tuple[str, ...] = ()

    @property
    def binding(self) -> datetime | None:
        """The earliest known of `occur_by`, `sla` and `target` that is no advice."""
        return self._earliest("occur_by", "sla", "target")

    @property
    def owed(self) -> datetime | None:
        """As `binding`, without the plan's own target."""
        return self._earliest("occur_by", "sla")

    @property
    def closes(self) -> datetime | None:
        """When asking is over: the earliest known of `request_by` and `occur_by` that is no advice."""
        return self._earliest("request_by", "occur_by")

    def without_talk(self) -> "Deadlines":
        """Leave what concerns the talk out: nobody is owed one that was not asked for."""
        return Deadlines(
            request_by=self.request_by,
            unknown=tuple(key for key in self.unknown if key == "request.deadlines"),
            advice=tuple(name for name in self.advice if name == "request_by"),
        )

    def _earliest(self, *names: str) -> datetime | None:
        first: datetime | None = None
        for name in names:
            instant = getattr(self, name)
            if instant is not None and (first is None or instant < first) and name not in self.advice:
                first = instant
        return first


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A nurse's task beside a consult."""

    kind: ReviewKind
    opened: datetime
    due: datetime | None = None
    decision: ReviewDecision | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A consult's time."""

    director: int
    during: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerOffer:
    """Another director, offered to the office once. `answer`: None while open, else "accepted", "declined", "gone"."""

    director: int
    start: datetime
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultState:
    """A consult as the rules see it. Changed only by `life` and `fifo`, which return a new one."""

    id: int
    rulebook: str
    denial: Denial
    status: Status
    #: whose line it stands in; None while no director is known, and for policies with `assignment = "any"`. Without a
    #: talk it stands in no line: who decides, if the nurse cannot approve
    director: int | None
    received: datetime
    #: when the information that is needed was first there; None while it is missing
    complete: datetime | None
    #: the place: this instant, then `arrival`. Written at intake and where the policy sends a request to the back
    place_at: datetime
    arrival: int
    windows: tuple[Interval, ...] = ()
    move_up: bool = False
    reconsideration: bool = False
    #: a talk is asked for; else the decision is to be reconsidered without a call
    talk: bool = True
    #: when a talk was asked for, if that was after the request
    talk_asked: datetime | None = None
    information: bool = False
    #: when information was first there; None: not yet, or (with `information`) with the request
    information_at: datetime | None = None
    #: the requester's specialty
    specialty: str = ""
    review: Review | None = None
    deadlines: Deadlines = field(default_factory=Deadlines)
    booking: Booking | None = None
    #: why planning last found nothing, as said; None: not said since the last booking, reassignment or new windows
    unplaced: str | None = None
    peer_offer: PeerOffer | None = None
    #: the office was given or offered a peer and prefers to wait for the denying director
    peer_declined: bool = False
    #: failed calls for the time that is booked, and booked times that the office missed
    attempts: int = 0
    missed: int = 0
    #: why it was closed without a talk, or the determination
    closed_reason: str | None = None

    @property
    def talk_received(self) -> datetime:
        """When the talk was asked for: what its deadlines count from."""
        return self.talk_asked or self.received


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A director's weekly hours: for each weekday (0 is Monday) spans of local time; (9:00, None) ends at 24:00."""

    spans: Mapping[int, tuple[tuple[time, time | None], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Director:
    """A medical director with the hours in which consults may be booked and the time that is not to be had."""

    id: int
    zone: ZoneInfo
    hours: Hours
    #: local dates that differ from the weekly hours: the spans of that date, empty for none (statement C3)
    exceptions: Mapping[date, tuple[tuple[time, time | None], ...]] = field(default_factory=dict)
    #: time off, busy time and times that the director declined
    off: tuple[Interval, ...] = ()
    #: times of consults that are booked and not planned here, each with the buffer after it included
    taken: tuple[Interval, ...] = ()
    peers: tuple[int, ...] = ()
    #: lines of business covered; empty: all
    lines_of_business: frozenset[str] = frozenset()
    specialties: frozenset[str] = frozenset()
    licence_states: frozenset[str] = frozenset()
    max_a_day: int | None = None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """A policy together with the holidays of its calendar, which the rules get handed in."""

    policy: "Policy"
    holidays: frozenset[date]


class What(StrEnum):
    """What can happen to a case: the vocabulary of scenarios, of history and of the proof."""

    RECEIVED = "received"
    REFUSED = "refused"
    AWAITING_INFORMATION = "awaiting_information"
    TALK_ASKED = "talk_asked"
    REVIEW_OPENED = "review_opened"
    REVIEW_DECIDED = "review_decided"
    REVIEW_OVERDUE = "review_overdue"
    BOOKED = "booked"
    MOVED = "moved"
    RETURNED = "returned"
    UNPLACED = "unplaced"
    PEER_OFFERED = "peer_offered"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NOT_REACHED = "not_reached"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened to one consult. `details` has the keys that the scenario format names for it.

    `consult` is None only for a refusal, which leaves no consult behind. `passed_over` lists, for a booking or a move,
    the requests before it in line that could not have the time, with the reason.
    """

    at: datetime
    what: What
    consult: int | None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one event makes of one consult: how it stands afterwards, and what has happened, in order."""

    state: ConsultState | None
    happenings: tuple[Happening, ...] = ()
