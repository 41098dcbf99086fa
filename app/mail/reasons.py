"""Why a talk is off, in words for each side.

The office may know everything that concerns its request. The director reads what it means for the day; that a nurse
approved is for the case's page (statement G2).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """The words for one reason."""

    office: tuple[str, ...]
    director: tuple[str, ...]


_FREE = "This talk is cancelled. Your time is free again."
_NEW_TIME = "A new time will follow; the request keeps its place in line."

#: the request is closed; the keys are those of `Consult.closed_reason`
_CLOSED: Mapping[str, Reason] = {
    "approved_by_nurse": Reason(
        office=(
            "Good news: the request was approved on review.",
            "The talk is no longer needed and is cancelled. There is nothing more to do for it.",
            "The letter about it is put on the page of the request.",
        ),
        director=(_FREE,),
    ),
    "withdrawn_by_office": Reason(
        office=("You withdrew the request, so this talk is cancelled. There is nothing more to do for it.",),
        director=(_FREE,),
    ),
    "appeal_filed": Reason(
        office=("An appeal was filed, so this talk is cancelled. The appeal goes its own way from here.",),
        director=(_FREE,),
    ),
    "converted_to_appeal": Reason(
        office=(
            "This plan handles a request with new clinical information as an appeal, so this talk is cancelled.",
            "The plan continues with the appeal.",
        ),
        director=(_FREE,),
    ),
}
#: the same, where no talk was asked for
_CLOSED_WITHOUT_TALK: Mapping[str, Reason] = {
    "approved_by_nurse": Reason(
        office=("Good news: the request was approved on review. There is nothing more to do for it.",), director=()
    ),
    "appeal_filed": Reason(
        office=("An appeal was filed, so this reconsideration ends. The appeal goes its own way from here.",),
        director=(),
    ),
    "converted_to_appeal": Reason(
        office=(
            "This plan handles a request with new clinical information as an appeal, so this reconsideration ends.",
            "The plan continues with the appeal.",
        ),
        director=(),
    ),
}
#: reasons of which the office learns from us, also when no time was found yet; the others it gave itself
NEWS_TO_THE_OFFICE = frozenset({"approved_by_nurse", "appeal_filed", "converted_to_appeal"})

_CLOSED_OTHERWISE = Reason(
    office=("The request is closed, so this time is cancelled. Its outcome is on the page of the request.",),
    director=(_FREE,),
)

#: the request is in line again; the keys are those of the booking's `released_reason`
_RETURNED: Mapping[str, Reason] = {
    "director_off": Reason(
        office=("We are sorry: the medical director is not available at this time after all.", _NEW_TIME),
        director=("You are away at this time, so this talk is cancelled. The office will get another time.",),
    ),
    "director_declined": Reason(
        office=("We are sorry: the medical director is not available at this time after all.", _NEW_TIME),
        director=("You gave this time back, so this talk is cancelled. The office will get another time.",),
    ),
    "director_absent": Reason(
        office=("We are sorry: the medical director did not call at this time.", _NEW_TIME),
        director=("This talk did not take place. The office will get another time.",),
    ),
    "office_absent": Reason(
        office=("Nobody could be reached at this time.", "A new time will follow."),
        director=("This talk did not take place. The office will get another time.",),
    ),
    "office_rescheduled": Reason(
        office=("You asked for another time, so this one is cancelled.", "A new time will follow."),
        director=("The office asked for another time. Yours is free again.",),
    ),
    "office_declined_peer": Reason(
        office=("You prefer to wait for the medical director who decided, so this time is cancelled.", _NEW_TIME),
        director=("The office waits for the medical director who decided. Your time is free again.",),
    ),
    "reassigned": Reason(
        office=("Another medical director will take this talk, so this time is cancelled.", _NEW_TIME),
        director=("This talk is no longer with you. Your time is free again.",),
    ),
}
_RETURNED_OTHERWISE = Reason(office=("This time is cancelled.", _NEW_TIME), director=(_FREE,))

#: the talk itself goes on, without this recipient
TAKEN_OFF = Reason(
    office=("This mailbox no longer gets the invitations to this talk. The talk itself is not cancelled.",),
    director=("This talk is no longer with you. Your time is free again.",),
)


def why(reason: str, *, closed: bool, talk: bool = True) -> Reason:
    """Find the words for a reason; `talk`: one was asked for."""
    if closed and not talk and reason in _CLOSED_WITHOUT_TALK:
        return _CLOSED_WITHOUT_TALK[reason]
    if closed:
        return _CLOSED.get(reason, _CLOSED_OTHERWISE)
    return _RETURNED.get(reason, _RETURNED_OTHERWISE)
