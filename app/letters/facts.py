"""What a letter says: the fields' values, from the rows of a case and from the plan's policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.letters.fields import Value, Values
from app.mail import times
from app.models import BookingRow, Consult, Denial, Director, History, ReviewTask
from app.ranges import interval
from scheduling.business_time import deadlines, last_day
from scheduling.policy_after import Appeal
from scheduling.values import Decision, Rulebook
from scheduling.values import Denial as DenialFacts

DECISIONS = {Decision.DENY: "denied", Decision.DELAY: "delayed", Decision.MODIFY: "modified"}
TOLD_HOW = {"phone": "by telephone", "fax": "by fax", "mail": "by mail", "portal": "in the plan's portal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a letter is about."""

    denial: Denial
    facts: DenialFacts
    "the denial as the rules see it"
    consult: Consult | None
    rulebook: Rulebook

    @property
    def zone(self) -> str:
        """The zone in which the plan counts days."""
        return self.rulebook.policy.plan.time_zone.key


def values(session: Session, about: Subject, *, outcome: str, note: str, now: datetime) -> Values:
    """Collect the fields of a letter as they are known now. `outcome` is a word of `Consult.closed_reason`."""
    return (
        of_policy(about.rulebook, outcome=outcome)
        | appeals(about.rulebook, about.facts, received=about.consult.received_at if about.consult else now)
        | _of_denial(session, about)
        | (_of_consult(session, about.consult, about.denial, about.zone) if about.consult is not None else {})
        | {
            "letter_date": times.day(now.astimezone(about.rulebook.policy.plan.time_zone)),
            "outcome_note": note,
            "window_end": _window_end(about, now=now),
        }
    )


def of_policy(rulebook: Rulebook, *, outcome: str) -> dict[str, Value]:
    """Collect what a plan's policy says itself."""
    policy = rulebook.policy
    return {
        "language": policy.letters.language,
        "plan_name": policy.name,
        "letterhead": policy.letters.letterhead,
        "member_phone": policy.letters.member_phone,
        "after": policy.after.get(outcome),
    }


def appeals(rulebook: Rulebook, facts: DenialFacts, *, received: datetime) -> dict[str, Value]:
    """Collect both ways to appeal, each with its address and last day (BSP-8, NC-5)."""
    found: dict[str, Value] = {}
    ways = rulebook.policy.appeals
    for who, way in (("provider", ways.provider), ("member", ways.member)):
        carried = facts.dates.get("appeal_deadline") if who == "member" else None
        contact = [f"Telephone {way.phone}"] * bool(way.phone) + [f"Fax {way.fax}"] * bool(way.fax)
        found |= {
            f"{who}_appeal_name": way.name,
            f"{who}_appeal_address": way.address,
            f"{who}_appeal_contact": contact,
            f"{who}_appeal_until": _until(rulebook, facts, way, carried, received),
        }
    return found


def _until(
    rulebook: Rulebook, facts: DenialFacts, way: Appeal, carried: datetime | date | None, received: datetime
) -> str:
    if carried is not None:
        return times.day(_day(carried, rulebook))
    counted = last_day(rulebook, facts, way.deadline, received=received)
    return times.day(counted) if counted is not None else way.until


def _of_denial(session: Session, about: Subject) -> dict[str, Value]:
    denial = about.denial
    director = session.get(Director, denial.director_id) if denial.director_id is not None else None
    decided = about.facts.dates.get("initial_decision")
    how = TOLD_HOW.get(denial.told_how, denial.told_how)
    by = f" by {denial.told_by}" if denial.told_by else ""
    return {
        "case_number": denial.case_number,
        "member_name": denial.member_name,
        "member_id": denial.member_id,
        "member_born": f"{denial.member_birth_date:%B} {_number(denial.member_birth_date)}"
        if denial.member_birth_date
        else "",
        "service": denial.service,
        "decision": DECISIONS[denial.decision],
        "decided_on": times.day(_day(decided, about.rulebook)) if decided is not None else "",
        "told": f"{how} on {times.moment(denial.told_at, about.zone)}{by}" if denial.told_at is not None else "",
        "reasons": denial.reason_text,
        "criteria": denial.criteria,
        "clinical_reasons": denial.clinical_reasons,
        "director_name": director.name if director else "",
        "director_phone": director.phone if director else "",
        "requester_name": denial.requester_name,
    }


def _of_consult(session: Session, consult: Consult, denial: Denial, zone: str) -> dict[str, Value]:
    pcr = session.scalar(select(ReviewTask.pcr_number).where(ReviewTask.consult_id == consult.id))
    return {
        "reference": consult.reference,
        "pcr_number": pcr or "",
        "occasion": "the peer-to-peer consult" if consult.talk else "reconsideration without a call",
        "office_contact": consult.office_contact,
        "office_reference": consult.office_reference,
        "speaker_name": consult.speaker_name or denial.requester_name or consult.office_contact,
        "tries": _tries(session, consult, zone),
        **_of_talk(session, consult, zone),
    }


def _of_talk(session: Session, consult: Consult, zone: str) -> dict[str, Value]:
    """Say who talked, and when: the booking that lives or was held, or a talk outside the queue."""
    held = or_(BookingRow.released_at.is_(None), BookingRow.released_reason == "completed")
    query = select(BookingRow).where(BookingRow.consult_id == consult.id, held).order_by(BookingRow.id.desc())
    booking = session.scalars(query.limit(1)).first()
    outside = _happened(session, consult, "outside_the_queue")
    if booking is not None:
        director_id, at = booking.director_id, interval(booking.during).start
    elif outside and outside[-1].get("took_place_at"):
        director_id, at = outside[-1]["director"], datetime.fromisoformat(outside[-1]["took_place_at"])
    else:
        return {}
    who = session.get_one(Director, director_id)
    return {"talked_with": f"{who.name}, telephone {who.phone}", "talked_on": times.moment(at, zone)}


def _tries(session: Session, consult: Consult, zone: str) -> list[str]:
    """List the calls that reached nobody, each with its number."""
    query = select(History).where(History.consult_id == consult.id, History.what == "not_there").order_by(History.id)
    return [
        f"{times.moment(row.at, zone)}: no answer at {row.details.get('number')}"
        for row in session.scalars(query)
        if row.details.get("who") == "office"
    ]


def _happened(session: Session, consult: Consult, what: str) -> Sequence[dict[str, Any]]:
    query = select(History.details).where(History.consult_id == consult.id, History.what == what)
    return session.scalars(query.order_by(History.id)).all()


def _window_end(about: Subject, *, now: datetime) -> str:
    """Say the last day on which a consult could be had, where the policy sets one."""
    due = deadlines(about.rulebook, about.facts, received=now, complete=now)
    ends = min((each for each in (due.request_by, due.occur_by) if each is not None), default=None)
    return times.day(_day(ends, about.rulebook, ends=True)) if ends is not None else ""


def _day(value: datetime | date, rulebook: Rulebook, *, ends: bool = False) -> date:
    """Return the plan's day of a date or an instant; of one that `ends` something the day it lasts through."""
    if not isinstance(value, datetime):
        return value
    local = value.astimezone(rulebook.policy.plan.time_zone)
    if ends and (local.hour, local.minute, local.second) == (0, 0, 0):
        return date.fromordinal(local.toordinal() - 1)
    return local.date()


def _number(day: date) -> str:
    return f"{day.day}, {day.year}"
