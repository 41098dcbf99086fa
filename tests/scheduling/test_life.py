"""What the office, the director and the end do to a consult; peers; talks outside the queue."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling import life, outside_queue
from scheduling.values import (
    Booking,
    ConsultState,
    Director,
    PeerOffer,
    Request,
    ReviewDecision,
    Rulebook,
    Status,
    Step,
)
from tests.scheduling.build import (
    LATER,
    MONDAY,
    at,
    begun,
    booked,
    consult,
    denial,
    director,
    in_two_hours,
    nothing,
    rules,
    said,
    span,
)
from tests.scheduling.plans import AFTER_REVIEW, BRIEFS, NC


class TestTheOffice:
    def test_it_withdraws_until_the_talk_has_begun(self) -> None:
        state = in_two_hours(consult(rules()))
        step = life.withdraw(state, rules(), now=MONDAY)
        assert said(step.happenings) == ["cancelled withdrawn_by_office"]
        assert step.state is not None
        assert step.state.booking is None
        assert nothing(life.withdraw(state, rules(), now=LATER), state)

    def test_an_appeal_ends_the_request_only_where_the_policy_says_so(self) -> None:
        goes_on = life.file_appeal(consult(rules()), rules(), now=MONDAY)
        assert goes_on.happenings == ()
        assert goes_on.state is not None
        assert goes_on.state.denial.appeal_filed
        ends = rules("eligibility = { after_appeal = false }")
        state = in_two_hours(consult(ends))
        assert said(life.file_appeal(state, ends, now=MONDAY).happenings) == ["cancelled appeal_filed"]
        begun_already = life.file_appeal(state, ends, now=LATER)
        assert begun_already.happenings == ()
        assert begun_already.state is not None
        assert begun_already.state.booking == state.booking

    @pytest.mark.parametrize("rule, place_at, arrival", [("keeps_place", MONDAY, 1), ("to_the_back", LATER, 9)])
    def test_rescheduling_returns_a_booked_consult_with_the_place_of_the_policy(
        self, rule: str, place_at: Any, arrival: int
    ) -> None:
        rulebook = rules(f"queue = {{ after_office_reschedule = '{rule}' }}")
        state = booked(consult(rulebook), "2026-03-03 11:00", "2026-03-03 11:30")
        new = (span("2026-03-04 09:00", "2026-03-04 12:00"),)
        step = life.reschedule(state, rulebook, new, arrival=9, now=LATER)
        assert said(step.happenings) == ["returned office_rescheduled"]
        assert step.state is not None
        assert (step.state.place_at, step.state.arrival, step.state.windows) == (place_at, arrival, new)

    def test_rescheduling_what_is_not_booked_keeps_the_place(self) -> None:
        rulebook = rules("queue = { after_office_reschedule = 'to_the_back' }")
        state = replace(consult(rulebook), unplaced="no_opening")
        new = (span("2026-03-04 09:00", "2026-03-04 12:00"),)
        step = life.reschedule(state, rulebook, new, arrival=9, now=LATER)
        assert step.happenings == ()
        assert step.state is not None
        assert (step.state.place_at, step.state.arrival, step.state.unplaced) == (MONDAY, 1, None)
        same = life.reschedule(state, rulebook, (), arrival=9, now=LATER)
        assert nothing(same, state), "the windows are what they were"

    def test_a_talk_that_has_begun_is_not_rescheduled(self) -> None:
        state = begun(consult(rules()))
        assert nothing(life.reschedule(state, rules(), (), arrival=9, now=LATER), state)

    def test_each_call_without_an_answer_is_an_attempt_and_two_make_a_missed_time(self) -> None:
        state = begun(consult(rules()))
        first = life.no_show(state, rules(), "office", arrival=5, now=LATER)
        assert first.happenings == ()
        assert first.state is not None
        assert (first.state.attempts, first.state.booking) == (1, state.booking)
        second = life.no_show(first.state, rules(), "office", arrival=5, now=LATER)
        assert said(second.happenings) == ["returned office_absent"]
        assert second.state is not None
        assert (second.state.missed, second.state.attempts, second.state.place_at) == (1, 0, MONDAY)

    def test_after_two_missed_times_the_request_is_closed_as_not_reached(self) -> None:
        state = replace(begun(consult(rules())), attempts=1, missed=1)
        step = life.no_show(state, rules(), "office", arrival=5, now=LATER)
        assert said(step.happenings) == ["not_reached"]
        assert step.state is not None
        assert (step.state.status, step.state.booking) == (Status.NOT_REACHED, None)

    def test_an_office_that_was_absent_may_go_to_the_back(self) -> None:
        rulebook = rules("queue = { after_office_reschedule = 'to_the_back' }\ncontact = { attempts = 1 }")
        step = life.no_show(begun(consult(rulebook)), rulebook, "office", arrival=5, now=LATER)
        assert step.state is not None
        assert (step.state.place_at, step.state.arrival) == (LATER, 5)


class TestTheDirector:
    def test_time_off_returns_what_it_meets_and_has_not_begun(self) -> None:
        state = in_two_hours(consult(rules()))
        off = span("2026-03-02 11:29", "2026-03-02 18:00")
        step = life.director_off(state, rules(), off, now=MONDAY)
        assert said(step.happenings) == ["returned director_off"]
        assert step.state is not None
        assert (step.state.place_at, step.state.arrival, step.state.status) == (MONDAY, 1, Status.WAITING)
        assert nothing(life.director_off(state, rules(), off, now=LATER), state), "it has begun"
        touching = span("2026-03-02 11:30", "2026-03-02 18:00")
        assert nothing(life.director_off(state, rules(), touching, now=MONDAY), state)

    def test_a_director_declines_until_the_talk_has_begun(self) -> None:
        state = in_two_hours(consult(rules()))
        assert said(life.director_declines(state, rules(), now=MONDAY).happenings) == ["returned director_declined"]
        assert nothing(life.director_declines(state, rules(), now=LATER), state)
        assert nothing(life.director_declines(consult(rules()), rules(), now=MONDAY), consult(rules()))

    def test_an_absent_director_sends_the_consult_back_to_its_old_place(self) -> None:
        rulebook = rules("queue = { after_office_reschedule = 'to_the_back' }")
        step = life.no_show(begun(consult(rulebook)), rulebook, "director", arrival=5, now=LATER)
        assert said(step.happenings) == ["returned director_absent"]
        assert step.state is not None
        assert (step.state.place_at, step.state.missed) == (MONDAY, 0)

    def test_nobody_is_absent_before_the_talk_begins(self) -> None:
        state = in_two_hours(consult(rules()))
        for side in ("office", "director"):
            assert nothing(life.no_show(state, rules(), side, arrival=5, now=MONDAY), state)

    def test_reassigned_it_stands_in_the_new_queue_and_a_booking_is_returned(self) -> None:
        state = in_two_hours(consult(rules()))
        step = life.reassign(state, rules(), 3, now=MONDAY)
        assert said(step.happenings) == ["returned reassigned"]
        assert step.state is not None
        assert (step.state.director, step.state.place_at) == (3, MONDAY)
        waiting = replace(consult(rules()), unplaced="no_opening")
        moved = life.reassign(waiting, rules(), 3, now=MONDAY)
        assert moved.happenings == ()
        assert moved.state is not None
        assert (moved.state.director, moved.state.unplaced) == (3, None)

    def test_reassigned_to_the_director_it_has_nothing_changes(self) -> None:
        state = in_two_hours(consult(rules()))
        assert nothing(life.reassign(state, rules(), 0, now=MONDAY), state)
        assert nothing(life.reassign(state, rules(), 3, now=LATER), state), "it has begun"

    def test_a_director_who_becomes_known_is_the_first_it_has(self) -> None:
        """BSP-1."""
        state = consult(rules(), about=denial(director=None))
        step = life.director_known(state, rules(), 3, now=LATER)
        assert step.state is not None
        assert step.state.director == 3
        assert nothing(life.director_known(step.state, rules(), 4, now=LATER), step.state)

    def test_with_any_director_reassigning_sends_a_booking_back_to_the_plans_queue(self) -> None:
        rulebook = rules("director = { assignment = 'any' }")
        step = life.reassign(in_two_hours(consult(rulebook)), rulebook, 3, now=MONDAY)
        assert said(step.happenings) == ["returned reassigned"]
        assert step.state is not None
        assert (step.state.director, step.state.denial.director) == (None, 3)


class TestTheOutcome:
    def test_it_ends_the_consult(self) -> None:
        step = life.record_outcome(begun(consult(rules())), rules(), "overturned", now=LATER)
        assert said(step.happenings) == ["completed overturned"]
        assert step.state is not None
        assert (step.state.status, step.state.booking) == (Status.COMPLETED, None)
        assert step.state.closed_reason == "overturned"

    def test_one_that_the_case_does_not_allow_is_refused_and_changes_nothing(self) -> None:
        """NC-2, NC-3."""
        state = begun(consult(rules(NC), information=True))
        step = life.record_outcome(state, rules(NC), "overturned", now=LATER)
        assert (step.state, said(step.happenings)) == (state, ["refused outcome_not_available"])
        assert said(life.record_outcome(state, rules(NC), "plan_error", now=LATER).happenings) == [
            "completed plan_error"
        ]

    def test_there_is_none_before_the_talk_unless_it_took_place_outside_the_queue(self) -> None:
        state = in_two_hours(consult(rules()))
        assert nothing(life.record_outcome(state, rules(), "upheld", now=MONDAY), state)
        assert nothing(life.record_outcome(consult(rules()), rules(), "upheld", now=MONDAY), consult(rules()))
        step = life.record_outcome(state, rules(), "upheld", now=MONDAY, outside_queue=True)
        assert said(step.happenings) == ["completed upheld"]


class TestPeers:
    OFFERS = """
        director = { fallback = "office_choice" }
        consult = { sla = [{ within = 1, unit = "business_days", of = "request_received" }] }
    """

    def offered(self, **more: Any) -> ConsultState:
        offer = PeerOffer(director=1, start=at("2026-03-03 09:00"))
        return replace(consult(rules(self.OFFERS)), peer_offer=offer, **more)

    def accept(self, state: ConsultState, peer: Director, others: list[ConsultState] | None = None) -> Step:
        return life.accept_peer(
            state, rules(self.OFFERS), {1: peer}, others or [], rulebooks={"rules": rules(self.OFFERS)}, now=MONDAY
        )

    def test_accepting_books_the_peers_earliest_opening_before_the_deadline(self) -> None:
        state = booked(self.offered(), "2026-03-05 09:00", "2026-03-05 09:30")
        step = self.accept(state, director(1, {"tue": ["15:00-16:00"]}))
        assert said(step.happenings) == ["moved"]
        assert step.state is not None
        assert step.state.booking == Booking(director=1, during=span("2026-03-03 15:00", "2026-03-03 15:30"))
        assert step.state.peer_offer is not None
        assert step.state.peer_offer.answer == "accepted"
        assert nothing(self.accept(step.state, director(1)), step.state), "an offer is answered once"

    def test_what_was_not_booked_is_booked(self) -> None:
        assert said(self.accept(self.offered(), director(1, {"tue": ["15:00-16:00"]})).happenings) == ["booked"]

    def test_if_the_peer_has_none_left_what_is_booked_stays_and_the_offer_is_used_up(self) -> None:
        state = booked(self.offered(), "2026-03-05 09:00", "2026-03-05 09:30")
        taken = replace(
            booked(consult(rules(self.OFFERS), 2), "2026-03-03 09:00", "2026-03-03 09:30", director=1), id=2
        )
        step = self.accept(state, director(1, {"tue": ["09:00-09:30"]}), [taken])
        assert step.happenings == ()
        assert step.state is not None
        assert step.state.booking == state.booking
        assert step.state.peer_offer is not None
        assert step.state.peer_offer.answer == "gone"

    def test_without_an_offer_or_once_it_has_begun_or_while_not_ready_nothing_is_accepted(self) -> None:
        state = consult(rules(self.OFFERS))
        assert nothing(self.accept(state, director(1)), state)
        talking = begun(self.offered())
        assert nothing(self.accept(talking, director(1)), talking)
        unready = self.offered(complete=None, status=Status.AWAITING_INFORMATION)
        assert nothing(self.accept(unready, director(1)), unready)

    def test_declining_an_offer_keeps_what_is_booked(self) -> None:
        state = booked(self.offered(), "2026-03-05 09:00", "2026-03-05 09:30")
        step = life.decline_peer(state, rules(self.OFFERS), now=MONDAY)
        assert step.happenings == ()
        assert step.state is not None
        assert (step.state.booking, step.state.peer_declined) == (state.booking, True)
        assert nothing(life.decline_peer(step.state, rules(self.OFFERS), now=MONDAY), step.state)

    def test_declining_a_peer_that_was_given_returns_the_consult(self) -> None:
        """BSP-5: the office may choose to wait instead."""
        rulebook = rules("director = { fallback = 'designated_peer' }")
        given = booked(consult(rulebook), "2026-03-02 11:00", "2026-03-02 11:30", director=1)
        step = life.decline_peer(given, rulebook, now=MONDAY)
        assert said(step.happenings) == ["returned office_declined_peer"]
        assert step.state is not None
        assert (step.state.peer_declined, step.state.place_at) == (True, MONDAY)
        assert nothing(life.decline_peer(given, rulebook, now=LATER), given), "it has begun"
        own = in_two_hours(consult(rulebook))
        assert nothing(life.decline_peer(own, rulebook, now=MONDAY), own)


EVENTS = {
    "information": lambda state, rulebook: life.add_information(state, rulebook, now=LATER),
    "waive": lambda state, rulebook: life.waive_information(state, rulebook, now=LATER),
    "reconsideration": lambda state, rulebook: life.add_reconsideration(state, rulebook, now=LATER),
    "approve": lambda state, rulebook: life.decide_review(state, rulebook, ReviewDecision.APPROVE, now=LATER),
    "not_approved": lambda state, rulebook: life.decide_review(state, rulebook, ReviewDecision.NOT_APPROVED, now=LATER),
    "due": lambda state, rulebook: life.review_due_passed(state, rulebook, now=LATER + timedelta(days=9)),
    "date": lambda state, rulebook: life.learn_date(state, rulebook, "letter", MONDAY, now=LATER),
    "withdraw": lambda state, rulebook: life.withdraw(state, rulebook, now=LATER),
    "appeal": lambda state, rulebook: life.file_appeal(state, rulebook, now=LATER),
    "reschedule": lambda state, rulebook: life.reschedule(state, rulebook, (), arrival=9, now=LATER),
    "off": lambda state, rulebook: life.director_off(
        state, rulebook, span("2026-03-02 00:00", "2026-03-09 00:00"), now=LATER
    ),
    "declines": lambda state, rulebook: life.director_declines(state, rulebook, now=LATER),
    "upheld": lambda state, rulebook: life.record_outcome(state, rulebook, "upheld", now=LATER),
    "outside": lambda state, rulebook: life.record_outcome(
        state, rulebook, "plan_error", now=LATER, outside_queue=True
    ),
    "absent office": lambda state, rulebook: life.no_show(state, rulebook, "office", arrival=9, now=LATER),
    "absent director": lambda state, rulebook: life.no_show(state, rulebook, "director", arrival=9, now=LATER),
    "accept": lambda state, rulebook: life.accept_peer(
        state, rulebook, {1: director(1)}, [], rulebooks={"rules": rulebook}, now=LATER
    ),
    "decline": lambda state, rulebook: life.decline_peer(state, rulebook, now=LATER),
    "reassign": lambda state, rulebook: life.reassign(state, rulebook, 1, now=LATER),
    "known": lambda state, rulebook: life.director_known(state, rulebook, 1, now=LATER),
}
FINAL = [Status.COMPLETED, Status.CANCELLED, Status.NOT_REACHED]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", FINAL)
def test_nothing_touches_a_closed_request(event: str, status: Status) -> None:
    """G5: cancelling twice changes nothing."""
    closed = replace(consult(rules(NC), information=True), status=status, closed_reason="over")
    assert nothing(EVENTS[event](closed, rules(NC)), closed)


books = st.sampled_from(
    [rules(), rules(NC), rules(AFTER_REVIEW), rules(BRIEFS), rules("director = { fallback = 'office_choice' }")]
)


@given(books, st.booleans(), st.booleans(), st.sampled_from(["", "soon", "begun", "peer"]), st.data())
def test_any_event_in_any_state_gives_a_step_that_keeps_the_state_whole(
    rulebook: Rulebook, reconsideration: bool, information: bool, time: str, data: st.DataObject
) -> None:
    wants = reconsideration and rulebook.policy.reconsideration.offered
    state = consult(rulebook, reconsideration=wants, information=information)
    if time and state.status is Status.WAITING:
        state = booked(state, *(("2026-03-03 11:00", "2026-03-03 11:30")), director=int(time == "peer"))
        state = begun(state) if time == "begun" else state
    for name in data.draw(st.lists(st.sampled_from(sorted(EVENTS)), max_size=6)):
        step = EVENTS[name](state, rulebook)
        after = step.state
        assert after is not None
        assert (after.status is Status.BOOKED) == (after.booking is not None)
        assert after.id == state.id
        assert after.received == state.received
        assert all(each.consult == state.id for each in step.happenings)
        assert not after.status.open or (after.status is Status.AWAITING_INFORMATION) == (
            after.complete is None and after.booking is None
        )
        state = after


class TestOutsideTheQueue:
    NOW = Booking(director=4, during=span("2026-03-02 09:00", "2026-03-02 09:30"))

    def test_a_physician_is_put_through_at_once_whatever_the_request_waits_for(self) -> None:
        waiting = consult(rules(NC))
        step = outside_queue.connect(waiting, self.NOW, now=MONDAY)
        assert said(step.happenings) == ["booked"]
        assert step.state is not None
        assert (step.state.status, step.state.booking) == (Status.BOOKED, self.NOW)
        assert said(outside_queue.connect(in_two_hours(waiting), self.NOW, now=MONDAY).happenings) == ["moved"]

    def test_what_is_over_or_has_begun_is_not_put_through(self) -> None:
        talking = begun(consult(rules()))
        over = replace(consult(rules()), status=Status.CANCELLED, closed_reason="withdrawn_by_office")
        for state in (talking, over):
            assert nothing(outside_queue.connect(state, self.NOW, now=MONDAY), state)

    def test_a_talk_that_took_place_stands_as_begun_until_its_outcome_is_recorded(self) -> None:
        request = Request(received=MONDAY, reconsideration=True)
        talk = outside_queue.talk("rules", denial(), request, self.NOW, id=1, arrival=1)
        step = life.record_outcome(talk, rules(), "upheld", now=LATER)
        assert said(step.happenings) == ["completed upheld"]
