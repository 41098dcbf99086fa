"""A director who is running late says so in one press. The time itself stays, and so do both calendars."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import history, outbox
from app.consults import casefile
from app.consults.casefile import CaseFile
from app.consults.setup import Setup
from app.errors import Conflict, Invalid
from app.mail import times
from app.ranges import interval
from scheduling.values import Interval

#: what can be said
MINUTES = (5, 10, 15, 30)

#: so long before the call it can be said first, and until its end
BEFORE = timedelta(hours=1)


def say_late(session: Session, consult_id: int, minutes: int, *, setup: Setup, by: str, now: datetime) -> CaseFile:
    """Tell the office, by mail and on its page, that the call comes later than booked; the desk sees it too.

    Said again with the same minutes nothing is sent (A7). Raises Conflict where no call is near or running.
    """
    if minutes not in MINUTES:
        raise Invalid({"minutes": f"Choose one of {', '.join(map(str, MINUTES))} minutes."})
    file = casefile.load(session, consult_id, setup=setup)
    booking = file.booking
    if booking is None or not may_be_said(interval(booking.during), now=now):
        raise Conflict(
            "That you are late can be said from an hour before the call until its end. Nothing was changed and nobody"
            " was told."
        )
    if booking.late_minutes == minutes:
        return file
    booking.late_minutes, booking.late_said_at = minutes, now
    start = interval(booking.during).start
    history.write(
        session,
        denial_id=file.denial.id,
        consult_id=consult_id,
        what="running_late",
        details={"minutes": minutes, "director": booking.director_id},
        by=by,
        now=now,
    )
    expected = times.instant(start + timedelta(minutes=minutes), file.consult.office_time_zone)
    outbox.notify(
        session,
        file.consult,
        subject=f"Your call comes about {minutes} minutes later",
        paragraphs=[
            f"The medical director is running late. Please expect the call at about {expected}.",
            "The talk itself stands, and so does the time in your calendar: there is nothing to do.",
        ],
        desk=setup.desk,
        plan_name=file.rulebook.policy.name,
        now=now,
    )
    return file


def may_be_said(during: Interval, *, now: datetime) -> bool:
    """Tell whether a call is near enough, or running."""
    return during.start - BEFORE <= now < during.end
