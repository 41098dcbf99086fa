"""Plays a scenario on the running system: real rows, the real use cases, the clock as an argument."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, sessionmaker

from app import directors, history
from app.consults import assignment, deadlines, desk, determination, intake, office, prereview, without_call
from app.consults.setup import Setup
from app.db import transaction
from app.errors import Conflict
from app.models import Consult, Denial, Director, DirectorPeer, History, OffKind, ReviewTask
from app.policies import Policies
from scheduling.scenario import DETAILS, Do, Played, Scenario
from scheduling.simulation import Told
from scheduling.values import Director as DirectorValue
from scheduling.values import Request, ReviewDecision, Rulebook, Status, What
from tests.support import factories, verified

INSTANTS = ("request_by", "occur_by", "sla", "target", "due", "start", "end")


def setup_for(rulebook: Rulebook) -> Setup:
    """Give a set-up that knows this one policy."""
    policy = rulebook.policy
    policies = Policies(current_by_id={policy.id: rulebook}, by_hash={(policy.id, policy.hash[:12]): rulebook})
    return Setup(policies=policies, desk=factories.DESK)


@dataclass(slots=True)
class Theatre:
    """A scenario while the running system plays it."""

    sessions: sessionmaker[Session]
    scenario: Scenario
    rulebook: Rulebook
    _setup: Setup = field(init=False)
    _directors: dict[int, int] = field(default_factory=dict)
    _denials: dict[str, int] = field(default_factory=dict)
    _nurse: int = 0

    def __post_init__(self) -> None:
        self._setup = setup_for(self.rulebook)
        with transaction(self.sessions) as session:
            self._nurse = factories.nurse(session).id
            people = self.scenario.directors_under(self.rulebook.policy)
            for value in people:
                self._directors[value.id] = self._add_director(session, value)
            for value in people:
                for rank, peer in enumerate(value.peers):
                    ids = (self._directors[value.id], self._directors[peer])
                    session.add(DirectorPeer(director_id=ids[0], peer_id=ids[1], rank=rank))
                directors.note_change(session, self._directors[value.id], by=history.SYSTEM, now=factories.NOW)
            for case in self.scenario.denials:
                self._denials[case] = self._add_denial(session, case)

    def play(self) -> list[Told]:
        """Play to the end and read from the history what happened."""
        until = self.scenario.until
        for event in sorted(self.scenario.events, key=lambda each: each.at):
            if until is not None and event.at > until:
                break
            self._let_due_times_pass(event.at)
            self._play(event)
            assignment.assign_all(self.sessions, setup=self._setup, now=event.at)
        self._let_due_times_pass(until)
        return self._told()

    def exceptions(self) -> list[str]:
        """Verify the history that was made."""
        with self.sessions() as session:
            return verified.exceptions(session, setup=self._setup)

    def _add_director(self, session: Session, value: DirectorValue) -> int:
        name = self.scenario.director_names[value.id]
        added = factories.director(
            session,
            name=name,
            hours={weekday: list(spans) for weekday, spans in value.hours.spans.items()},
            time_zone=value.zone.key,
            lines_of_business=sorted(value.lines_of_business),
            specialties=sorted(value.specialties),
        )
        for during in value.off:
            directors.add_time_off(session, added.id, during, kind=OffKind.TIME_OFF, now=factories.NOW)
        return added.id

    def _add_denial(self, session: Session, case: str) -> int:
        value = self.scenario.denials[case]
        who = session.get(Director, self._directors[value.director]) if value.director is not None else None
        return factories.denial(
            session,
            who,
            plan=self.rulebook.policy.id,
            case_number=case,
            decision=value.decision,
            setting=value.setting,
            urgency=value.urgency,
            reason=value.reason,
            line_of_business=value.line_of_business,
            dates={name: known.isoformat() for name, known in value.dates.items()},
        ).id

    def _let_due_times_pass(self, until: datetime | None) -> None:
        while True:
            with self.sessions() as session:
                due = session.scalar(
                    select(ReviewTask.due_at)
                    .join(Consult, Consult.id == ReviewTask.consult_id)
                    .where(
                        Consult.closed_at.is_(None),
                        or_(ReviewTask.decided_at.is_(None), Consult.status == Status.AWAITING_DECISION),
                        ReviewTask.overdue_at.is_(None),
                    )
                    .order_by(ReviewTask.due_at)
                )
            if due is None or (until is not None and due > until):
                return
            deadlines.pass_due_times(self.sessions, setup=self._setup, now=due)

    def _play(self, event: Played) -> None:
        try:
            with transaction(self.sessions) as session:
                self._do(session, event)
        except Conflict:
            return  # an event that the state does not allow changes nothing and says nothing

    def _do(self, session: Session, event: Played) -> None:
        say = partial(dict, setup=self._setup, by=history.SYSTEM, now=event.at)
        said = event.details
        if event.do is Do.DIRECTOR_OFF:
            desk.take_director_out(session, self._directors[said["director"]], said["during"], "", **say())
            return
        assert event.case is not None
        denial_id = self._denials[event.case]
        if event.do is Do.REQUEST:
            intake.request_consult(session, self._new(session, denial_id, said["request"], event.at), **say())
            return
        if event.do is Do.FILE_APPEAL:
            office.file_appeal(session, denial_id, **say())
            return
        if event.do is Do.DATE:
            desk.learn_date(session, denial_id, said["name"], said["value"], **say())
            return
        consult_id = session.scalar(
            select(Consult.id).where(Consult.denial_id == denial_id, Consult.closed_at.is_(None))
        )
        if consult_id is not None:
            self._do_to_open(session, consult_id, event, say())
        elif event.do is Do.INFORMATION:
            office.send_early_information(session, denial_id, "early", **say())

    def _do_to_open(self, session: Session, consult_id: int, event: Played, say: dict[str, Any]) -> None:
        said, nurse = event.details, {"account_id": self._nurse, "setup": say["setup"], "now": say["now"]}
        match event.do:
            case Do.INFORMATION:
                office.send_information(session, consult_id, "more", **say)
            case Do.RECONSIDERATION:
                office.ask_reconsideration(session, consult_id, **say)
            case Do.TALK:
                without_call.ask_for_talk(session, consult_id, _talk(said["request"]), **say)
            case Do.REVIEW if said["decision"] is ReviewDecision.APPROVE:
                prereview.approve(session, consult_id, note="", **nurse)
            case Do.REVIEW:
                prereview.do_not_approve(session, consult_id, note="looked at", **nurse)
            case Do.WITHDRAW:
                office.withdraw(session, consult_id, **say)
            case Do.RESCHEDULE:
                office.reschedule(session, consult_id, said["windows"], **say)
            case Do.DIRECTOR_DECLINES:
                desk.director_declines(session, consult_id, **say)
            case Do.OUTCOME:
                determination.record_outcome(session, consult_id, said["determination"], "because", **say)
            case Do.NO_SHOW:
                determination.record_absence(session, consult_id, said["by"], **say)
            case Do.OFFICE_ACCEPTS_PEER:
                office.accept_peer(session, consult_id, **say)
            case Do.OFFICE_DECLINES_PEER:
                office.decline_peer(session, consult_id, **say)
            case Do.REASSIGN:
                desk.reassign(session, consult_id, self._directors[said["director"]], "needed", **say)
            case _:
                raise AssertionError(f"{event.do} is no event of an open consult")

    def _new(self, session: Session, denial_id: int, asked: Request, now: datetime) -> intake.NewRequest:
        denial = session.get_one(Denial, denial_id)
        return factories.request(
            denial,
            received=asked.received,
            windows=asked.windows,
            reconsideration=asked.reconsideration,
            talk=asked.talk,
            move_up=asked.move_up,
            statement="MRI" if asked.information else "",
            speaker_profession=asked.speaker,
            speaker_relation=asked.relation,
        )

    def _told(self) -> list[Told]:
        cases = {denial_id: case for case, denial_id in self._denials.items()}
        names = {row_id: self.scenario.director_names[value_id] for value_id, row_id in self._directors.items()}
        with self.sessions() as session:
            rows = session.scalars(
                select(History).where(History.what.in_([what.value for what in What])).order_by(History.id)
            )
            return [
                Told(at=row.at, case=cases[row.denial_id], what=What(row.what), details=_details(row, names))
                for row in rows
            ]


def _talk(asked: Request) -> without_call.Talk:
    return without_call.Talk(
        windows=asked.windows,
        move_up=asked.move_up,
        speaker_name="Dr Anil Rao",
        speaker_profession=asked.speaker,
        speaker_relation=asked.relation,
        speaker_phone="984-555-0142",
        office_time_zone="America/New_York",
    )


def _details(row: History, names: dict[int, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key in DETAILS[What(row.what)]:
        value = row.details.get(key)
        if key == "director" and value is not None:
            value = names[value]
        elif key in INSTANTS and value is not None:
            value = datetime.fromisoformat(value)
        found[key] = value
    return found
