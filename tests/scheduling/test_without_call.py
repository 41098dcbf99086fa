"""Reconsideration without a call: no line, no time; the nurse, then a director; a talk after all (NC-4)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduling import life, outside_queue, without_call
from scheduling.eligibility import is_ready, outcomes
from scheduling.fifo import place, queue_of
from scheduling.values import Booking, ConsultState, Request, ReviewDecision, Status, Urgency, What
from tests.scheduling.build import (
    LATER,
    MONDAY,
    asked,
    at,
    consult,
    denial,
    director,
    nothing,
    only,
    planned,
    rules,
    said,
    span,
)
from tests.scheduling.plans import AFTER_REVIEW, NC

MEANWHILE = "reconsideration = { offered = true, elective = { consult = 'meanwhile' } }"
WITHOUT_CALL = {"reconsideration": True, "talk": False}


def decided(state: ConsultState, decision: ReviewDecision, *, toml: str = NC) -> ConsultState:
    """Let the nurse decide."""
    after = life.decide_review(state, rules(toml), decision, now=LATER).state
    assert after is not None
    return after


def handed_on(toml: str = NC) -> ConsultState:
    """Make one that waits for the director."""
    return decided(consult(rules(toml), information=True, **WITHOUT_CALL), ReviewDecision.NOT_APPROVED, toml=toml)


def wants(**more: object) -> Request:
    """Ask for a talk."""
    return Request(received=LATER, reconsideration=True, **more)  # type: ignore[arg-type]  # what a test names


class TestAsking:
    def test_there_is_nothing_to_ask_for_without_talk_and_reconsideration(self) -> None:
        with pytest.raises(ValueError, match="asks for reconsideration"):
            Request(received=MONDAY, talk=False)

    def test_it_stands_in_no_line_and_is_owed_no_talk(self) -> None:
        rulebook = rules(
            "consult = { sla = [{ within = 1, unit = 'business_days', of = 'request_received' }],"
            f" occur_by = [{{ within = 5, unit = 'calendar_days', of = 'initial_decision' }}] }}\n{MEANWHILE}"
        )
        about = denial(dates={"initial_decision": MONDAY})
        step = asked(rulebook, about=about, windows=(span("2026-03-02 10:00", "2026-03-02 11:00"),), **WITHOUT_CALL)
        received = only(step, What.RECEIVED)
        assert received.details == {
            "place": None,
            "request_by": None,
            "occur_by": None,
            "sla": None,
            "target": None,
            "talk": False,
        }
        assert step.state is not None
        assert queue_of(step.state, rulebook) is None
        assert not is_ready(rulebook, step.state)
        assert step.state.windows == ()
        assert planned(rulebook, [step.state]).changes == ()
        behind = consult(rulebook, 2, about=about)
        assert place(behind, [step.state, behind], {"rules": rulebook}) == 1

    def test_where_no_information_is_needed_the_review_opens_at_once(self) -> None:
        step = asked(rules(MEANWHILE), **WITHOUT_CALL)
        assert said(step.happenings) == ["received", "review_opened reconsideration"]
        assert step.state is not None
        assert step.state.status is Status.AWAITING_REVIEW
        more = life.add_information(step.state, rules(MEANWHILE), now=LATER)
        assert more.happenings == (), "one review a request"

    @pytest.mark.parametrize("toml", [NC, AFTER_REVIEW])
    def test_where_it_is_needed_information_comes_first(self, toml: str) -> None:
        """NC-8, NC-7."""
        rulebook = rules(toml)
        step = asked(rulebook, **WITHOUT_CALL)
        assert said(step.happenings) == ["received", "awaiting_information"]
        assert step.state is not None
        assert nothing(life.waive_information(step.state, rulebook, now=LATER), step.state), "nothing to decide on"
        informed = life.add_information(step.state, rulebook, now=LATER)
        opened = only(informed, What.REVIEW_OPENED)
        assert opened.details == {"kind": "reconsideration", "due": at("2026-03-04 17:00")}

    def test_what_concerns_the_talk_refuses_nothing(self) -> None:
        rulebook = rules(
            "request = { min_windows = 2 }\neligibility = { speakers = ['physician'], per_denial = 1 }\n"
            "consult = { occur_by = [{ within = 5, unit = 'calendar_days', of = 'initial_decision' }] }\n" + MEANWHILE
        )
        about = denial(dates={"initial_decision": MONDAY - timedelta(days=30)})
        given = {"about": about, "speaker": "registered_nurse"}
        assert said(asked(rulebook, reconsideration=True, **given).happenings) == ["refused speaker_not_eligible"]
        assert asked(rulebook, **given, **WITHOUT_CALL).state is not None
        request = Request(received=MONDAY, **WITHOUT_CALL)
        again = life.ask(rulebook, "rules", about, request, id=1, arrival=1, now=MONDAY, used=1)
        assert again.state is not None, "the number of talks is used up, not that of reconsiderations"

    def test_what_concerns_asking_refuses_it_too(self) -> None:
        asks_by = "request = { deadlines = [{ within = 5, unit = 'calendar_days', of = 'initial_decision' }] }\n"
        about = denial(dates={"initial_decision": MONDAY - timedelta(days=30)})
        late = asked(rules(asks_by + MEANWHILE), about=about, **WITHOUT_CALL)
        assert said(late.happenings) == ["refused window_closed"]
        assert said(asked(rules(), **WITHOUT_CALL).happenings) == ["refused reconsideration_not_offered"]

    @pytest.mark.parametrize("assignment", ["same", "any"])
    def test_somebody_has_to_decide_so_a_director_is_asked_for(self, assignment: str) -> None:
        """BSP-1."""
        rulebook = rules(f"director = {{ assignment = '{assignment}' }}\n{MEANWHILE}")
        step = asked(rulebook, about=denial(director=None), **WITHOUT_CALL)
        assert "escalated no_director" in said(step.happenings)
        assert step.state is not None
        named = life.director_known(step.state, rulebook, 3, now=LATER).state
        assert named is not None
        assert (named.director, named.denial.director) == (3, 3)


class TestDeciding:
    def test_the_nurse_approves_and_it_is_over(self) -> None:
        """NC-7."""
        state = consult(rules(NC), information=True, **WITHOUT_CALL)
        step = life.decide_review(state, rules(NC), ReviewDecision.APPROVE, now=LATER)
        assert said(step.happenings) == ["review_decided approve", "cancelled approved_by_nurse"]

    def test_what_the_nurse_does_not_approve_a_director_decides_since_only_a_physician_upholds(self) -> None:
        """BSP-10."""
        state = consult(rules(NC), information=True, **WITHOUT_CALL)
        assert nothing(life.record_outcome(state, rules(NC), "upheld", now=LATER), state), "not before the nurse"
        after = handed_on()
        assert after.status is Status.AWAITING_DECISION
        assert after.review is not None
        assert after.review.due == at("2026-03-04 17:00"), "one clock"
        step = life.record_outcome(after, rules(NC), "upheld", now=LATER)
        assert said(step.happenings) == ["completed upheld"]

    @pytest.mark.parametrize("effect", ["may_overturn", "only_with_reconsideration", "informational"])
    def test_a_reconsideration_always_decides_whatever_a_talk_can_change(self, effect: str) -> None:
        rulebook = rules(f"consult = {{ effect = '{effect}' }}")
        assert outcomes(rulebook, reconsideration=True, talk=False) == (
            "upheld",
            "overturned",
            "modified",
            "plan_error",
        )
        refused = life.record_outcome(handed_on(), rules(NC), "discussed", now=LATER)
        assert said(refused.happenings) == ["refused outcome_not_available"]

    def test_the_clock_runs_on_with_the_director_and_says_so_once_more(self) -> None:
        after = handed_on()
        due = at("2026-03-04 17:00")
        assert nothing(life.review_due_passed(after, rules(NC), now=due - timedelta(seconds=1)), after)
        late = life.review_due_passed(after, rules(NC), now=due)
        assert said(late.happenings) == ["review_overdue", "escalated review_overdue"]
        assert late.state is not None
        assert nothing(life.review_due_passed(late.state, rules(NC), now=due + timedelta(days=1)), late.state)

    def test_what_comes_late_from_the_nurse_is_late_with_the_director(self) -> None:
        state = consult(rules(NC), information=True, **WITHOUT_CALL)
        late = life.review_due_passed(state, rules(NC), now=at("2026-03-04 17:00")).state
        assert late is not None
        step = life.decide_review(late, rules(NC), ReviewDecision.NOT_APPROVED, now=at("2026-03-05 09:00"))
        assert said(step.happenings) == [
            "review_decided not_approved",
            "review_overdue",
            "escalated review_overdue",
        ]

    def test_with_a_talk_a_late_decision_is_not_late_once_more(self) -> None:
        state = consult(rules(NC), information=True, reconsideration=True, about=denial(urgency=Urgency.EMERGENT))
        late = life.review_due_passed(state, rules(NC), now=at("2026-03-04 17:00")).state
        assert late is not None
        step = life.decide_review(late, rules(NC), ReviewDecision.NOT_APPROVED, now=at("2026-03-05 09:00"))
        assert said(step.happenings) == ["review_decided not_approved"]

    def test_it_can_be_withdrawn_reassigned_and_added_to_until_it_is_decided(self) -> None:
        state, rulebook = handed_on(), rules(NC)
        assert said(life.withdraw(state, rulebook, now=LATER).happenings) == ["cancelled withdrawn_by_office"]
        given = life.reassign(state, rulebook, 7, now=LATER)
        assert given.happenings == ()
        assert given.state is not None
        assert (given.state.director, given.state.status) == (7, Status.AWAITING_DECISION)
        appeals = rules(NC.replace("[reconsideration]", "eligibility = { after_appeal = false }\n[reconsideration]", 1))
        assert said(life.file_appeal(state, appeals, now=LATER).happenings) == ["cancelled appeal_filed"]
        assert nothing(life.add_reconsideration(state, rulebook, now=LATER), state)
        assert nothing(life.reschedule(state, rulebook, (), arrival=9, now=LATER), state)
        assert nothing(life.no_show(state, rulebook, "office", arrival=9, now=LATER), state)


class TestATalkAfterAll:
    def test_it_takes_its_place_when_it_is_asked_for_and_what_is_owed_counts_from_then(self) -> None:
        """NC-9, BSP-6: nobody who asked for a talk before is passed."""
        rulebook = rules("consult = { sla = [{ within = 2, unit = 'hours', of = 'request_received' }] }\n" + MEANWHILE)
        state = consult(rulebook, **WITHOUT_CALL)
        before = consult(rulebook, 2, now=MONDAY + timedelta(hours=1))
        window = (span("2026-03-03 09:00", "2026-03-03 11:00"),)
        step = without_call.ask_for_talk(
            state, rulebook, wants(windows=window, move_up=True), arrival=9, queue=[state, before], now=LATER
        )
        told = only(step, What.TALK_ASKED)
        assert told.details == {"place": 2, "occur_by": None, "sla": LATER + timedelta(hours=2), "target": None}
        after = step.state
        assert after is not None
        assert (after.place_at, after.arrival, after.windows, after.move_up) == (LATER, 9, window, True)
        assert after.status is Status.WAITING
        assert nothing(without_call.ask_for_talk(after, rulebook, wants(), arrival=10, now=LATER), after)

    def test_it_waits_for_the_nurse_where_a_talk_would(self) -> None:
        rulebook = rules(AFTER_REVIEW)
        state = consult(rulebook, information=True, **WITHOUT_CALL)
        after = without_call.ask_for_talk(state, rulebook, wants(), arrival=9, now=LATER).state
        assert after is not None
        assert after.status is Status.AWAITING_REVIEW
        on_paper = handed_on(AFTER_REVIEW)
        after = without_call.ask_for_talk(on_paper, rulebook, wants(), arrival=9, now=LATER).state
        assert after is not None
        assert after.status is Status.WAITING, "the nurse has decided"
        assert nothing(life.record_outcome(after, rulebook, "upheld", now=LATER), after), "now in the talk"

    def test_it_is_refused_for_what_a_talk_is_refused_for(self) -> None:
        rulebook = rules("request = { min_windows = 1 }\neligibility = { per_denial = 1 }\n" + MEANWHILE)
        state = consult(rulebook, **WITHOUT_CALL)
        few = without_call.ask_for_talk(state, rulebook, wants(), arrival=9, now=LATER)
        assert said(few.happenings) == ["refused too_few_windows"]
        assert few.state == state
        window = (span("2026-03-03 09:00", "2026-03-03 11:00"),)
        used = without_call.ask_for_talk(state, rulebook, wants(windows=window), arrival=9, used=1, now=LATER)
        assert said(used.happenings) == ["refused already_requested"]

    def test_a_date_that_only_the_talk_needs_is_asked_for_with_it(self) -> None:
        rulebook = rules("consult = { occur_by = [{ by = 'notice_deadline' }] }\n" + MEANWHILE)
        step = asked(rulebook, about=denial(director=None), **WITHOUT_CALL)
        assert said(step.happenings) == ["received", "escalated no_director", "review_opened reconsideration"]
        assert step.state is not None
        talk = without_call.ask_for_talk(step.state, rulebook, wants(), arrival=9, now=LATER)
        assert said(talk.happenings) == ["talk_asked", "escalated date_unknown"]

    def test_any_director_may_have_the_talk_where_any_may(self) -> None:
        rulebook = rules("director = { assignment = 'any' }\n" + MEANWHILE)
        state = consult(rulebook, **WITHOUT_CALL)
        assert state.director == 0, "who decided decides"
        after = without_call.ask_for_talk(state, rulebook, wants(), arrival=9, now=LATER).state
        assert after is not None
        assert (after.director, queue_of(after, rulebook)) == (None, "plan")
        assert planned(rulebook, [after], [director(5)], now=LATER).changes

    def test_the_desk_may_connect_it_at_once(self) -> None:
        booking = Booking(director=0, during=span("2026-03-02 12:00", "2026-03-02 12:30"))
        after = outside_queue.connect(handed_on(), booking, now=LATER).state
        assert after is not None
        assert (after.status, after.talk, after.talk_asked) == (Status.BOOKED, True, LATER)

    def test_a_closed_one_stays_closed(self) -> None:
        state = replace(handed_on(), status=Status.COMPLETED, closed_reason="upheld")
        assert nothing(without_call.ask_for_talk(state, rules(NC), wants(), arrival=9, now=LATER), state)
