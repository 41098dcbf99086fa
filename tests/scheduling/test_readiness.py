"""Asking, and what makes a request ready: information, reconsiderations, the nurse, dates."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from scheduling import life
from scheduling.values import (
    ConsultState,
    Review,
    ReviewDecision,
    ReviewKind,
    Status,
    Urgency,
    What,
)
from tests.scheduling.build import (
    LATER,
    MONDAY,
    asked,
    at,
    begun,
    consult,
    denial,
    in_two_hours,
    nothing,
    only,
    rules,
    said,
)
from tests.scheduling.plans import AFTER_REVIEW, BRIEFS, NC


class TestAsking:
    def test_a_request_is_received_with_its_place_and_deadlines(self) -> None:
        rulebook = rules("consult = { sla = [{ within = 1, unit = 'business_days', of = 'request_received' }] }")
        received = only(asked(rulebook), What.RECEIVED)
        sla = at("2026-03-03 17:00")
        assert received.details == {"place": 1, "request_by": None, "occur_by": None, "sla": sla, "target": None}

    def test_a_refusal_leaves_nothing_behind(self) -> None:
        step = asked(rules("request = { min_windows = 1 }"))
        assert (step.state, said(step.happenings)) == (None, ["refused too_few_windows"])

    def test_a_coordinator_may_accept_what_is_refused_but_not_a_second_one(self) -> None:
        """BSP-3: accepted late, with a reason on record."""
        rulebook = rules("request = { min_windows = 1 }")
        request = life.Request(received=MONDAY)
        given: dict[str, Any] = {"id": 1, "arrival": 1, "now": MONDAY, "accept_late": True}
        assert life.ask(rulebook, "rules", denial(), request, **given).state is not None
        second = life.ask(rulebook, "rules", denial(), request, open_request=True, **given)
        assert said(second.happenings) == ["refused already_requested"]

    def test_a_coordinator_is_asked_for_dates_then_for_the_director(self) -> None:
        """BSP-1; a missing date is said right after the request."""
        rulebook = rules("consult = { occur_by = [{ by = 'notice_deadline' }] }")
        step = asked(rulebook, about=denial(director=None))
        assert said(step.happenings) == ["received", "escalated date_unknown", "escalated no_director"]
        assert step.happenings[2].details == {"reason": "no_director", "cause": None}

    def test_with_any_director_none_is_missed(self) -> None:
        step = asked(rules("director = { assignment = 'any' }"), about=denial(director=None))
        assert said(step.happenings) == ["received"]

    def test_a_date_is_asked_for_once_whatever_counts_from_it(self) -> None:
        rulebook = rules(
            """
            consult = { occur_by = [{ by = "letter" }], sla = [{ by = "letter" }] }
            reconsideration = { offered = true, elective = { deadline = { by = "letter" } } }
            """
        )
        assert said(asked(rulebook, reconsideration=True).happenings).count("escalated date_unknown") == 1

    def test_the_nurses_date_is_asked_for_only_with_a_reconsideration(self) -> None:
        rulebook = rules("reconsideration = { offered = true, elective = { deadline = { by = 'letter' } } }")
        assert "escalated date_unknown" not in said(asked(rulebook).happenings)
        assert "escalated date_unknown" in said(asked(rulebook, reconsideration=True).happenings)

    def test_needed_and_not_there_it_awaits_information(self) -> None:
        """NC-8: no time before the information is in."""
        step = asked(rules(NC))
        assert said(step.happenings) == ["received", "awaiting_information"]
        assert step.state is not None
        assert (step.state.status, step.state.complete) == (Status.AWAITING_INFORMATION, None)

    def test_information_that_comes_with_a_request_makes_an_appeal_of_it_where_the_policy_says_so(self) -> None:
        step = asked(rules("clinical_information = { rule = 'converts_to_appeal' }"), information=True)
        assert said(step.happenings) == ["received", "cancelled converted_to_appeal"]

    def test_early_information_is_kept_unless_the_policy_refuses_information(self) -> None:
        assert life.keeps_early_information(rules(NC))
        assert not life.keeps_early_information(rules("clinical_information = { rule = 'refused' }"))

    def test_a_brief_is_opened_where_something_was_sent_and_is_never_a_gate(self) -> None:
        """BSP-5: when nothing was sent there is no task."""
        with_it = asked(rules(BRIEFS), information=True)
        assert said(with_it.happenings) == ["received", "review_opened brief"]
        assert with_it.happenings[1].details == {"kind": "brief", "due": None}
        assert with_it.state is not None
        assert with_it.state.status is Status.WAITING
        assert said(asked(rules(BRIEFS)).happenings) == ["received"]

    def test_a_reconsideration_with_information_opens_the_nurses_review(self) -> None:
        """NC-4, NC-6: two calendar days, due at close of business."""
        step = asked(rules(NC), about=denial(urgency=Urgency.EMERGENT), reconsideration=True, information=True)
        opened = only(step, What.REVIEW_OPENED)
        assert opened.details == {"kind": "reconsideration", "due": at("2026-03-04 17:00")}

    def test_a_review_that_opens_after_its_due_time_is_overdue_when_it_opens(self) -> None:
        long_ago = MONDAY - timedelta(days=9)
        step = asked(rules(NC), received=long_ago, reconsideration=True, information=True)
        assert said(step.happenings) == [
            "received",
            "review_opened reconsideration",
            "review_overdue",
            "escalated review_overdue",
        ]

    def test_a_due_time_that_only_advises_escalates_nothing(self) -> None:
        rulebook = rules(NC.replace('"request_complete" }', '"request_complete", binding = false }'))
        step = asked(rulebook, received=MONDAY - timedelta(days=9), reconsideration=True, information=True)
        assert said(step.happenings)[-1] == "review_overdue"


class TestInformation:
    def test_the_first_information_completes_the_request_and_opens_the_review(self) -> None:
        state = consult(rules(NC), reconsideration=True)
        step = life.add_information(state, rules(NC), now=LATER)
        assert said(step.happenings) == ["review_opened reconsideration"]
        assert step.state is not None
        assert (step.state.complete, step.state.status) == (LATER, Status.WAITING)

    def test_deadlines_that_count_from_completion_are_known_then(self) -> None:
        rulebook = rules(
            """
            clinical_information = { rule = "required" }
            consult = { sla = [{ within = 2, unit = "hours", of = "request_complete" }] }
            """
        )
        state = consult(rulebook)
        assert state.deadlines.sla is None
        after = life.add_information(state, rulebook, now=LATER).state
        assert after is not None
        assert after.deadlines.sla == LATER + timedelta(hours=2)

    def test_later_information_opens_nothing(self) -> None:
        state = consult(rules(NC), information=True)
        assert nothing(life.add_information(state, rules(NC), now=LATER), state)

    def test_where_none_is_needed_it_changes_no_deadline(self) -> None:
        state = consult(rules(BRIEFS))
        step = life.add_information(state, rules(BRIEFS), now=LATER)
        assert step.state is not None
        assert (step.state.complete, step.state.information_at) == (MONDAY, LATER)
        assert said(step.happenings) == ["review_opened brief"]

    def test_refused_information_changes_nothing_and_is_answered(self) -> None:
        rulebook = rules("clinical_information = { rule = 'refused' }")
        state = consult(rulebook)
        step = life.add_information(state, rulebook, now=LATER)
        assert (step.state, said(step.happenings)) == (state, ["refused information_refused"])

    def test_information_makes_an_appeal_of_the_request_unless_the_talk_has_begun(self) -> None:
        rulebook = rules("clinical_information = { rule = 'converts_to_appeal' }")
        state = in_two_hours(consult(rulebook))
        step = life.add_information(state, rulebook, now=MONDAY)
        assert said(step.happenings) == ["cancelled converted_to_appeal"]
        assert step.state is not None
        assert step.state.booking is None
        assert nothing(life.add_information(state, rulebook, now=LATER), state)

    def test_after_review_it_waits_for_the_nurse(self) -> None:
        rulebook = rules(AFTER_REVIEW)
        step = life.add_information(consult(rulebook, reconsideration=True), rulebook, now=LATER)
        assert step.state is not None
        assert step.state.status is Status.AWAITING_REVIEW

    def test_a_coordinator_may_waive_what_the_policy_requires(self) -> None:
        """NC-8: with a reason on record; not where the nurse would have nothing to decide on."""
        rulebook = rules(NC)
        step = life.waive_information(consult(rulebook), rulebook, now=LATER)
        assert step.state is not None
        assert (step.state.status, step.state.complete) == (Status.WAITING, LATER)
        later = life.add_information(step.state, rulebook, now=LATER + timedelta(hours=1)).state
        assert later is not None
        assert later.complete == LATER
        waits = consult(rulebook, reconsideration=True)
        assert nothing(life.waive_information(waits, rulebook, now=LATER), waits)


class TestReconsideration:
    def test_it_opens_the_review_if_information_is_there(self) -> None:
        """NC-4: until the consult ends, also from the call."""
        state = begun(consult(rules(NC), information=True))
        step = life.add_reconsideration(state, rules(NC), now=LATER)
        assert said(step.happenings) == ["review_opened reconsideration"]
        assert step.state is not None
        assert (step.state.reconsideration, step.state.booking) == (True, state.booking)

    def test_it_turns_a_brief_into_it(self) -> None:
        state = consult(rules(BRIEFS), information=True)
        assert state.review is not None
        assert state.review.kind is ReviewKind.BRIEF
        decided = replace(state, review=replace(state.review, decision=ReviewDecision.NOT_APPROVED))
        for brief in (state, decided):
            step = life.add_reconsideration(brief, rules(BRIEFS), now=LATER)
            assert said(step.happenings) == ["review_opened reconsideration"]
            assert step.state is not None
            assert step.state.review == Review(kind=ReviewKind.RECONSIDERATION, opened=LATER)
            assert step.state.status is Status.AWAITING_REVIEW

    def test_it_may_make_information_needed_that_is_not_there(self) -> None:
        state = consult(rules(BRIEFS))
        step = life.add_reconsideration(state, rules(BRIEFS), now=LATER)
        assert said(step.happenings) == ["awaiting_information"]
        assert step.state is not None
        assert (step.state.status, step.state.complete) == (Status.AWAITING_INFORMATION, None)

    def test_awaiting_is_said_again_but_not_once_the_talk_has_begun(self) -> None:
        waiting = consult(rules(NC))
        assert said(life.add_reconsideration(waiting, rules(NC), now=LATER).happenings) == ["awaiting_information"]
        talking = begun(consult(rules(BRIEFS)))
        step = life.add_reconsideration(talking, rules(BRIEFS), now=LATER)
        assert said(step.happenings) == []
        assert step.state is not None
        assert (step.state.complete, step.state.status) == (None, Status.BOOKED)

    def test_needed_information_that_is_there_dates_the_request_complete(self) -> None:
        """Information was first there at LATER; before the reconsideration nobody needed it."""
        state = life.add_information(consult(rules(BRIEFS)), rules(BRIEFS), now=LATER).state
        assert state is not None
        step = life.add_reconsideration(state, rules(BRIEFS), now=LATER + timedelta(hours=1))
        assert step.state is not None
        assert step.state.complete == LATER

    def test_a_booked_consult_keeps_its_time_meanwhile(self) -> None:
        state = in_two_hours(consult(rules(BRIEFS)))
        step = life.add_reconsideration(state, rules(BRIEFS), now=MONDAY)
        assert step.state is not None
        assert (step.state.status, step.state.booking) == (Status.BOOKED, state.booking)

    def test_twice_is_once_and_where_it_is_not_offered_it_is_refused(self) -> None:
        state = consult(rules(NC), reconsideration=True)
        assert nothing(life.add_reconsideration(state, rules(NC), now=LATER), state)
        other = consult(rules())
        step = life.add_reconsideration(other, rules(), now=LATER)
        assert (step.state, said(step.happenings)) == (other, ["refused reconsideration_not_offered"])


class TestTheNurse:
    def waiting(self, toml: str = AFTER_REVIEW) -> ConsultState:
        return consult(rules(toml), reconsideration=True, information=True)

    def test_approved_the_consult_is_cancelled_and_its_time_is_free(self) -> None:
        """NC-6."""
        state = in_two_hours(self.waiting(NC))
        step = life.decide_review(state, rules(NC), ReviewDecision.APPROVE, now=MONDAY)
        assert said(step.happenings) == ["review_decided approve", "cancelled approved_by_nurse"]
        assert step.state is not None
        assert (step.state.status, step.state.booking) == (Status.CANCELLED, None)

    def test_not_approved_the_request_goes_on(self) -> None:
        """NC-7."""
        step = life.decide_review(self.waiting(), rules(AFTER_REVIEW), ReviewDecision.NOT_APPROVED, now=MONDAY)
        assert said(step.happenings) == ["review_decided not_approved"]
        assert step.state is not None
        assert step.state.status is Status.WAITING

    def test_a_decision_after_the_talk_has_begun_is_recorded_and_touches_nothing(self) -> None:
        state = begun(self.waiting(NC))
        step = life.decide_review(state, rules(NC), ReviewDecision.APPROVE, now=LATER)
        assert said(step.happenings) == ["review_decided approve"]
        assert step.state is not None
        assert step.state.booking == state.booking

    def test_a_brief_decides_nothing(self) -> None:
        state = consult(rules(BRIEFS), information=True)
        step = life.decide_review(state, rules(BRIEFS), ReviewDecision.APPROVE, now=MONDAY)
        assert said(step.happenings) == ["review_decided approve"]
        assert step.state is not None
        assert step.state.status is Status.WAITING

    def test_a_review_is_decided_once(self) -> None:
        decided = life.decide_review(self.waiting(), rules(AFTER_REVIEW), ReviewDecision.NOT_APPROVED, now=MONDAY).state
        assert decided is not None
        assert nothing(life.decide_review(decided, rules(AFTER_REVIEW), ReviewDecision.APPROVE, now=LATER), decided)

    def test_undecided_at_its_due_time_it_is_overdue_once_and_goes_on_waiting(self) -> None:
        state = self.waiting()
        assert state.review is not None
        assert state.review.due is not None
        just_before = state.review.due - timedelta(seconds=1)
        assert nothing(life.review_due_passed(state, rules(AFTER_REVIEW), now=just_before), state)
        step = life.review_due_passed(state, rules(AFTER_REVIEW), now=state.review.due)
        assert said(step.happenings) == ["review_overdue", "escalated review_overdue"]
        assert step.state is not None
        assert step.state.status is Status.AWAITING_REVIEW
        assert nothing(life.review_due_passed(step.state, rules(AFTER_REVIEW), now=LATER), step.state)


class TestDates:
    BY_LETTER = "consult = { occur_by = [{ within = 5, unit = 'calendar_days', of = 'letter' }] }"

    def test_a_date_that_becomes_known_sets_its_deadlines(self) -> None:
        rulebook = rules(self.BY_LETTER)
        step = life.learn_date(consult(rulebook), rulebook, "letter", MONDAY, now=LATER)
        assert step.state is not None
        assert step.state.deadlines.occur_by == at("2026-03-08 00:00")
        assert (step.state.deadlines.unknown, step.happenings) == ((), ())

    def test_the_same_date_again_changes_nothing_and_a_corrected_one_counts(self) -> None:
        rulebook = rules(self.BY_LETTER)
        known = life.learn_date(consult(rulebook), rulebook, "letter", MONDAY, now=LATER).state
        assert known is not None
        assert nothing(life.learn_date(known, rulebook, "letter", MONDAY, now=LATER), known)
        corrected = life.learn_date(known, rulebook, "letter", MONDAY + timedelta(days=1), now=LATER).state
        assert corrected is not None
        assert corrected.deadlines.occur_by == at("2026-03-09 00:00")

    def test_it_may_make_a_review_overdue_at_once(self) -> None:
        rulebook = rules(
            """
            reconsideration.offered = true
            reconsideration.elective = { consult = "meanwhile", deadline = { by = "decision_due" } }
            """
        )
        state = consult(rulebook, reconsideration=True, information=True)
        step = life.learn_date(state, rulebook, "decision_due", MONDAY, now=LATER)
        assert said(step.happenings) == ["review_overdue", "escalated review_overdue"]
