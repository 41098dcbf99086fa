"""What the director records: calls that reached nobody, and what the talk has come to."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import history, outbox
from app.consults import correspondence, followup
from app.consults.casefile import CaseFile
from app.consults.change import change
from app.consults.intake import draw_arrival
from app.consults.setup import Setup
from app.errors import Invalid
from scheduling import life
from scheduling.values import Rulebook, Status

#: what the office reads, before the policy's own sentence
WORDS = {
    "upheld": "The denial stands after the consult.",
    "overturned": "The denial was overturned: the request is approved.",
    "modified": "The decision was modified.",
    "discussed": "The rationale of the denial was discussed. This was no reconsideration; the denial stands.",
    "plan_error": "The denial was a mistake of the plan and will be corrected.",
}
#: where there was no talk
WITHOUT_CALL = {**WORDS, "upheld": "The denial stands after reconsideration by a medical director."}


def record_outcome(
    session: Session, consult_id: int, determination: str, note: str, *, setup: Setup, by: str, now: datetime
) -> CaseFile:
    """Record what the talk has come to, or what is decided without a call, and tell the office (BSP-7, BSP-8, NC-5).

    A determination that this case does not allow is refused, on record (`outcome_not_available`). What is overturned,
    modified or a mistake leaves a task: the case in the plan's own system.
    """
    if not note.strip():
        raise Invalid({"note": "Add one sentence: what decided it."})
    file = change(
        session,
        consult_id,
        lambda state, rules: life.record_outcome(state, rules, determination, now=now),
        setup=setup,
        by=by,
        now=now,
    )
    if file.refused is None:
        file.consult.determination_note = note.strip()
        finish(session, file, determination, setup=setup, by=by, now=now)
    return file


def finish(session: Session, file: CaseFile, determination: str, *, setup: Setup, by: str, now: datetime) -> None:
    """Make the letters, tell the office, and open the list of what follows where the decision was changed (BSP-7)."""
    letter = correspondence.write_letters(session, file, determination, setup=setup, by=by, now=now)
    outbox.notify(
        session,
        file.consult,
        subject=subject_for(talk=file.state.talk),
        paragraphs=words_for(file.rulebook, determination, talk=file.state.talk, letter=letter),
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        now=now,
    )
    if determination in followup.CHANGED:
        followup.open_list(session, file, told=letter, now=now)


def subject_for(*, talk: bool) -> str:
    """Name the notice of an outcome."""
    return "Outcome of your peer-to-peer consult" if talk else "Outcome of your request for reconsideration"


def words_for(rulebook: Rulebook, determination: str, *, talk: bool = True, letter: bool) -> list[str]:
    """Say what the office will read, nothing of it about the patient (M5). `letter`: whether its letter is there."""
    said = (WORDS if talk else WITHOUT_CALL)[determination]
    there = correspondence.IS_THERE if letter else correspondence.FOLLOWS
    return [words for words in (said, rulebook.policy.after.get(determination, ""), there) if words]


def record_absence(session: Session, consult_id: int, who: str, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Record one call that reached nobody (`who` = "office"), or that the director was not there ("director").

    The policy says how many calls make a missed time and how many missed times close the request.
    """
    arrival = draw_arrival(session)
    file = change(
        session,
        consult_id,
        lambda state, rules: life.no_show(state, rules, who, arrival=arrival, now=now),
        setup=setup,
        by=by,
        now=now,
    )
    history.write(
        session,
        denial_id=file.denial.id,
        consult_id=consult_id,
        what="not_there",
        details={"who": who, "number": file.consult.speaker_phone if who == "office" else ""},
        by=by,
        now=now,
    )
    if file.state.status is Status.NOT_REACHED:
        _say_not_reached(session, file, setup=setup, by=by, now=now)
    return file


def _say_not_reached(session: Session, file: CaseFile, *, setup: Setup, by: str, now: datetime) -> None:
    letter = correspondence.write_letters(session, file, "not_reached", setup=setup, by=by, now=now)
    outbox.notify(
        session,
        file.consult,
        subject="Your peer-to-peer request was closed: nobody was reached",
        paragraphs=[
            "The medical director called at the agreed times and reached nobody, so the request is closed.",
            file.rulebook.policy.after.get("not_reached", ""),
            correspondence.IS_THERE if letter else correspondence.FOLLOWS,
        ],
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        now=now,
    )
