"""The tables. Constraints say what must not be, also where two people press at once."""

from app.models.base import Base
from app.models.consults import Attention, AttentionReason, BookingRow, Channel, Consult, History, ReviewTask, arrivals
from app.models.denials import WITHDRAWN, Denial, LateEntry, LeftRequest, Withdrawal
from app.models.documents import Document, DocumentKind, DocumentState, RefusedBecause, WithdrawnBecause
from app.models.feeds import BusyCalendar, OwnFeed
from app.models.followup import FollowUp, FollowUpItem
from app.models.inbound import (
    Answer,
    BouncedAddress,
    CalendarReply,
    DeclineEnd,
    InboundKind,
    InboundMail,
    Mailbox,
)
from app.models.letters import Letter, LetterKind
from app.models.messages import Message, MessageKind, Recipient
from app.models.people import (
    Account,
    Director,
    DirectorDay,
    DirectorHours,
    DirectorOff,
    DirectorPeer,
    FailedTry,
    OffKind,
    Role,
    StaffRole,
    WebSession,
)
from app.models.wanted import Wanted

__all__ = [
    "WITHDRAWN",
    "Account",
    "Answer",
    "Attention",
    "AttentionReason",
    "Base",
    "BookingRow",
    "BouncedAddress",
    "BusyCalendar",
    "CalendarReply",
    "Channel",
    "Consult",
    "DeclineEnd",
    "Denial",
    "Director",
    "DirectorDay",
    "DirectorHours",
    "DirectorOff",
    "DirectorPeer",
    "Document",
    "DocumentKind",
    "DocumentState",
    "FailedTry",
    "FollowUp",
    "FollowUpItem",
    "History",
    "InboundKind",
    "InboundMail",
    "LateEntry",
    "LeftRequest",
    "Letter",
    "LetterKind",
    "Mailbox",
    "Message",
    "MessageKind",
    "OffKind",
    "OwnFeed",
    "Recipient",
    "RefusedBecause",
    "ReviewTask",
    "Role",
    "StaffRole",
    "Wanted",
    "WebSession",
    "Withdrawal",
    "WithdrawnBecause",
    "arrivals",
]
