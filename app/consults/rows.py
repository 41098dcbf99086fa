"""How a consult stands, between the rows of the database and the values of the rules: there and back."""

from typing import Any

from app.models import BookingRow, Consult, Denial, ReviewTask
from app.ranges import interval, stored
from scheduling import values
from scheduling.values import ConsultState, Deadlines, PeerOffer, Review, Rulebook


def denial_of(denial: Denial) -> values.Denial:
    """Read what the rules need to know of a denial."""
    return values.Denial(
        director=denial.successor_id or denial.director_id,
        decision=denial.decision,
        setting=denial.setting,
        urgency=denial.urgency,
        line_of_business=denial.line_of_business,
        reason=denial.reason,
        dates={name: known for name in denial.dates if (known := denial.date_of(name)) is not None},
        appeal_filed=denial.appeal_filed_at is not None,
        licence_state=str(denial.applies_to.get("state", "")),
    )


def state_of(
    consult: Consult, denial: Denial, booking: BookingRow | None, review: ReviewTask | None, rulebook: Rulebook
) -> ConsultState:
    """Read how a consult stands from its rows."""
    return ConsultState(
        id=consult.id,
        rulebook=rulebook.policy.key,
        denial=denial_of(denial),
        status=consult.status,
        director=consult.director_id,
        received=consult.received_at,
        complete=consult.complete_at,
        place_at=consult.place_at,
        arrival=consult.arrival,
        windows=tuple(interval(window) for window in consult.windows),
        move_up=consult.move_up,
        reconsideration=consult.reconsideration,
        talk=consult.talk,
        talk_asked=consult.talk_asked_at,
        information=consult.information,
        information_at=consult.information_at,
        specialty=consult.speaker_specialty,
        review=review_of(review),
        deadlines=Deadlines(
            request_by=consult.request_by,
            occur_by=consult.occur_by,
            sla=consult.sla_due,
            target=consult.target_due,
            unknown=tuple(consult.unknown_deadlines),
            advice=tuple(consult.advisory_deadlines),
        ),
        booking=booking_of(booking),
        unplaced=consult.unplaced_reason,
        peer_offer=peer_offer_of(consult),
        peer_declined=consult.peer_declined,
        attempts=consult.attempts,
        missed=consult.missed,
        closed_reason=consult.closed_reason,
    )


def review_of(review: ReviewTask | None) -> Review | None:
    """Read a nurse's task."""
    if review is None:
        return None
    return Review(
        kind=review.kind,
        opened=review.opened_at,
        due=review.due_at,
        decision=review.decision,
        overdue=review.overdue_at is not None,
    )


def booking_of(booking: BookingRow | None) -> values.Booking | None:
    """Read a consult's time."""
    if booking is None:
        return None
    return values.Booking(director=booking.director_id, during=interval(booking.during))


def peer_offer_of(consult: Consult) -> PeerOffer | None:
    """Read the designated peer's time that was offered, and what the office said to it."""
    if consult.peer_offer_director_id is None or consult.peer_offer_start is None:
        return None
    return PeerOffer(
        director=consult.peer_offer_director_id, start=consult.peer_offer_start, answer=consult.peer_offer_answer
    )


def columns_of(state: ConsultState) -> dict[str, Any]:
    """Write a state as the columns of its row; `closed_at` is the writer's."""
    offer = state.peer_offer
    return {
        "status": state.status,
        "director_id": state.director,
        "complete_at": state.complete,
        "place_at": state.place_at,
        "arrival": state.arrival,
        "windows": [stored(window) for window in state.windows],
        "move_up": state.move_up,
        "reconsideration": state.reconsideration,
        "talk": state.talk,
        "talk_asked_at": state.talk_asked,
        "information": state.information,
        "information_at": state.information_at,
        "request_by": state.deadlines.request_by,
        "occur_by": state.deadlines.occur_by,
        "sla_due": state.deadlines.sla,
        "target_due": state.deadlines.target,
        "unknown_deadlines": list(state.deadlines.unknown),
        "advisory_deadlines": list(state.deadlines.advice),
        "unplaced_reason": state.unplaced,
        "peer_offer_director_id": offer.director if offer else None,
        "peer_offer_start": offer.start if offer else None,
        "peer_offer_answer": offer.answer if offer else None,
        "peer_declined": state.peer_declined,
        "attempts": state.attempts,
        "missed": state.missed,
        "closed_reason": state.closed_reason,
    }
