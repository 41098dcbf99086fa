"""The words that a policy file may use, each list with what it is about."""

from enum import StrEnum


class Unit(StrEnum):
    """How a deadline counts."""

    MINUTES = "minutes"
    HOURS = "hours"
    BUSINESS_DAY_HOURS = "business_day_hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"


class DenialDate(StrEnum):
    """The dates that a denial may carry."""

    INITIAL_DECISION = "initial_decision"
    LETTER = "letter"
    VERBAL_NOTICE = "verbal_notice"
    WRITTEN_NOTICE = "written_notice"
    DISCHARGE = "discharge"
    SERVICE = "service"
    AUTHORIZATION_RECEIVED = "authorization_received"
    DECISION_DUE = "decision_due"
    NOTICE_DEADLINE = "notice_deadline"
    APPEAL_DEADLINE = "appeal_deadline"


class Anchor(StrEnum):
    """What a deadline may count from: the dates of a denial and those of the request."""

    INITIAL_DECISION = "initial_decision"
    LETTER = "letter"
    VERBAL_NOTICE = "verbal_notice"
    WRITTEN_NOTICE = "written_notice"
    DISCHARGE = "discharge"
    SERVICE = "service"
    AUTHORIZATION_RECEIVED = "authorization_received"
    DECISION_DUE = "decision_due"
    NOTICE_DEADLINE = "notice_deadline"
    APPEAL_DEADLINE = "appeal_deadline"
    REQUEST_RECEIVED = "request_received"
    REQUEST_COMPLETE = "request_complete"

    @property
    def of_the_request(self) -> bool:
        """Tell whether it is a date of the request, which nobody is ever asked for."""
        return self in (Anchor.REQUEST_RECEIVED, Anchor.REQUEST_COMPLETE)


class Unknown(StrEnum):
    """What a deadline does while one of several dates is missing."""

    IGNORE = "ignore"
    WAIT = "wait"


class Weekday(StrEnum):
    """A day of the week; its position is Python's weekday."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @property
    def number(self) -> int:
        """0 is Monday."""
        return list(Weekday).index(self)


class Timing(StrEnum):
    """Whether a consult is asked for before or after the decision."""

    BOTH = "both"
    POST_DENIAL = "post_denial"
    PRE_DENIAL = "pre_denial"


class Profession(StrEnum):
    """What a speaker is."""

    PHYSICIAN = "physician"
    NURSE_PRACTITIONER = "nurse_practitioner"
    PHYSICIAN_ASSISTANT = "physician_assistant"
    REGISTERED_NURSE = "registered_nurse"
    PHARMACIST = "pharmacist"
    DENTIST = "dentist"
    PSYCHOLOGIST = "psychologist"
    OTHER_DOCTORAL = "other_doctoral"


class Relation(StrEnum):
    """What a speaker is to the case."""

    TREATING = "treating"
    ORDERING = "ordering"
    SERVICING = "servicing"
    COVERING = "covering"
    ATTENDING = "attending"
    PRESCRIBER = "prescriber"
    PHYSICIAN_ADVISOR = "physician_advisor"
    DESIGNEE = "designee"


class Effect(StrEnum):
    """What a consult can change."""

    MAY_OVERTURN = "may_overturn"
    ONLY_WITH_RECONSIDERATION = "only_with_reconsideration"
    INFORMATIONAL = "informational"


class PlaceFrom(StrEnum):
    """What gives a request its place."""

    REQUEST_RECEIVED = "request_received"
    REQUEST_COMPLETE = "request_complete"


class AfterReschedule(StrEnum):
    """Where a request stands after its office gave up a time."""

    KEEPS_PLACE = "keeps_place"
    TO_THE_BACK = "to_the_back"


class MoveUp(StrEnum):
    """Whether a booked consult may be moved to an earlier time."""

    IF_AGREED = "if_agreed"
    NEVER = "never"


class Assignment(StrEnum):
    """With whom the consult is."""

    SAME = "same"
    ANY = "any"


class Fallback(StrEnum):
    """What happens where the denying director has no time before a deadline."""

    NONE = "none"
    DESIGNATED_PEER = "designated_peer"
    OFFICE_CHOICE = "office_choice"


class SpecialtyMatch(StrEnum):
    """Whether the requester's specialty must be among the director's."""

    NONE = "none"
    PREFERRED = "preferred"
    REQUIRED = "required"


class InformationRule(StrEnum):
    """What clinical information means for a request."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    REFUSED = "refused"
    CONVERTS_TO_APPEAL = "converts_to_appeal"


class BriefRule(StrEnum):
    """Whether UM staff prepare a brief where information was sent."""

    NONE = "none"
    BRIEF = "brief"


class ReconsiderationConsult(StrEnum):
    """How the consult goes with the nurse's decision."""

    MEANWHILE = "meanwhile"
    BOOKED_AFTER_DUE = "booked_after_due"
    AFTER_REVIEW = "after_review"
