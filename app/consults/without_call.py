"""Reconsideration without a call: the director is told when it is his to decide; the office may ask for a talk as well.

It stands in no line. What the nurse does not approve waits for the director, since only a physician upholds a denial.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app import outbox
from app.consults import casefile, intake
from app.consults.casefile import CaseFile
from app.consults.change import change
from app.consults.setup import Setup
from app.models import Consult
from scheduling import without_call
from scheduling.policy_words import Assignment
from scheduling.values import ConsultState, Interval, Request, Rulebook, Status, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A talk that is asked for after all: who talks, when, how to get through. Its form is already checked."""

    windows: tuple[Interval, ...] = ()
    move_up: bool = False
    speaker_name: str
    speaker_profession: str = "physician"
    speaker_relation: str = "treating"
    speaker_npi: str = ""
    speaker_specialty: str = ""
    speaker_phone: str
    backup_name: str = ""
    backup_phone: str = ""
    how_to_reach: str = ""
    office_time_zone: str

    def as_the_rules_see_it(self, received: datetime) -> Request:
        """Reduce the form to what decides."""
        return Request(
            received=received,
            windows=self.windows,
            reconsideration=True,
            move_up=self.move_up,
            speaker=self.speaker_profession,
            relation=self.speaker_relation,
            specialty=self.speaker_specialty,
        )


def ask_for_talk(session: Session, consult_id: int, talk: Talk, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Ask for a talk beside a reconsideration without a call (NC-4): it takes its place in line now (NC-9).

    What a talk may be refused for is refused, on record. Raises Conflict where a talk is asked for already.
    """
    arrival = intake.draw_arrival(session)
    denial_id = casefile.denial_id_of(session, consult_id)
    _, used = intake.earlier_requests(session, denial_id)
    before = casefile.load(session, consult_id, setup=setup)
    line_of = None if before.rulebook.policy.director.assignment == Assignment.ANY else before.state.director
    line = casefile.load_line(session, [line_of], setup=setup)

    def event(state: ConsultState, rulebook: Rulebook) -> Step:
        return without_call.ask_for_talk(
            state,
            rulebook,
            talk.as_the_rules_see_it(now),
            arrival=arrival,
            used=used,
            queue=[file.state for file in line],
            rulebooks={file.state.rulebook: file.rulebook for file in line},
            now=now,
        )

    file = change(session, consult_id, event, setup=setup, by=by, now=now)
    if file.refused is None:
        _write(file.consult, talk)
    return file


def _write(consult: Consult, talk: Talk) -> None:
    consult.speaker_name = talk.speaker_name
    consult.speaker_profession = talk.speaker_profession
    consult.speaker_relation = talk.speaker_relation
    consult.speaker_npi = talk.speaker_npi
    consult.speaker_specialty = talk.speaker_specialty or consult.speaker_specialty
    consult.speaker_phone = talk.speaker_phone
    consult.backup_name = talk.backup_name
    consult.backup_phone = talk.backup_phone
    consult.how_to_reach = talk.how_to_reach
    consult.office_time_zone = talk.office_time_zone


def tell_the_director(session: Session, file: CaseFile, *, setup: Setup, now: datetime) -> None:
    """Tell the director by mail that a reconsideration is his to decide; nothing where it is not, or he is unknown."""
    if file.state.status is Status.AWAITING_DECISION and file.state.director is not None:
        due = file.state.review.due if file.state.review else None
        outbox.ask_to_decide(
            session, file.consult, due=due, desk=setup.desk, plan_name=file.rulebook.policy.name, now=now
        )
