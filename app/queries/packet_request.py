"""The sections of a packet about one request, from its receipt to what followed, one function each."""

import hashlib
from datetime import datetime

from sqlalchemy import func, or_, select, tuple_

from app.models import Account, BookingRow, Consult, FollowUp, History, ReviewTask
from app.queries.packet_parts import Facts, Section, Table, Told
from app.ranges import interval

#: a packet lists so many requests of a line at the most
MOST_ROWS = 200


def of_request(told: Told, consult: Consult) -> list[Section | None]:
    """Tell one request from receipt to what followed."""
    return [
        _request(told, consult),
        _line(told, consult),
        _review(told, consult),
        _calls(told, consult),
        _outcome(told, consult),
        _what_followed(told, consult),
        _information(told, consult),
    ]


def _request(told: Told, consult: Consult) -> Section:
    taker = told.session.get(Account, consult.taken_by) if consult.taken_by is not None else None
    asked = ["a talk"] * consult.talk + ["reconsideration"] * consult.reconsideration
    windows = [interval(window) for window in consult.windows]
    return Section(
        title=f"Request {consult.reference}",
        facts=(
            ("Received", f"{told.at(consult.received_at)}, {consult.channel}"),
            ("Taken by", f"{taker.name} ({taker.role})" if taker else "the office itself, online"),
            ("Asked for", " and ".join(asked)),
            (
                "Physician on the call",
                f"{consult.speaker_name}, {consult.speaker_profession} ({consult.speaker_relation})",
            ),
            ("NPI", consult.speaker_npi),
            ("Office", consult.office_contact),
            ("Times given", "\n".join(told.span(each.start, each.end) for each in windows) or "any time"),
            ("Complete", told.at(consult.complete_at) or "not"),
            *_deadlines(told, consult),
            ("Decided under", f"{consult.policy_id}@{consult.policy_hash[:12]}"),
        ),
    )


def _deadlines(told: Told, consult: Consult) -> Facts:
    begun = _began(told, consult)
    due = (
        ("The office may have its talk before", "occur_by", consult.occur_by),
        ("The plan owes the talk before", "sla", consult.sla_due),
        ("The plan's own aim", "target", consult.target_due),
    )
    return tuple(
        (label, f"{told.at(at)}{_kept(at, begun)}{' (advice)' if name in consult.advisory_deadlines else ''}")
        for label, name, at in due
        if at is not None
    )


def _kept(due: datetime, begun: datetime | None) -> str:
    if begun is None:
        return ""
    return ": in time" if begun < due else ": later than that"


def _began(told: Told, consult: Consult) -> datetime | None:
    """Return when the talk that was held began."""
    query = select(func.lower(BookingRow.during)).where(
        BookingRow.consult_id == consult.id, BookingRow.released_reason == "completed"
    )
    return told.session.scalars(query.order_by(BookingRow.id.desc()).limit(1)).first()


def _line(told: Told, consult: Consult) -> Section:
    """Say who stood before it in the line, and when each was served (NC-9)."""
    title = f"The line, and the order of service, {consult.reference}"
    if not consult.talk or consult.outside_queue or consult.director_id is None:
        why = "It took place outside the queue." if consult.outside_queue else "It stood in no director's line."
        return Section(title=title, level=2, text=why)
    first = select(func.min(BookingRow.made_at)).where(BookingRow.consult_id == Consult.id).scalar_subquery()
    starts = (
        select(func.max(func.lower(BookingRow.during)))
        .where(
            BookingRow.consult_id == Consult.id,
            or_(BookingRow.released_at.is_(None), BookingRow.released_reason == "completed"),
        )
        .scalar_subquery()
    )
    query = (
        select(Consult.reference, Consult.received_at, first, starts, Consult.closed_at)
        .where(
            Consult.director_id == consult.director_id,
            Consult.id != consult.id,
            Consult.talk,
            Consult.outside_queue.is_(False),
            tuple_(Consult.place_at, Consult.arrival) < tuple_(consult.place_at, consult.arrival),
            or_(Consult.closed_at.is_(None), Consult.closed_at > consult.received_at),
        )
        .order_by(Consult.place_at, Consult.arrival)
        .limit(MOST_ROWS)
    )
    before = told.session.execute(query).all()
    rows = tuple(
        (reference, told.at(received), told.at(booked) or "never", told.at(start) or "none", told.at(closed) or "open")
        for reference, received, booked, start, closed in before
    )
    place = next((row.details.get("place") for row in told.rows("received", consult)), None)
    said = "Nobody stood before it." if not rows else f"{len(rows)} stood before it and were still open then."
    return Section(
        title=title,
        level=2,
        text=f"Line of {told.director(consult.director_id)}. {said}",
        facts=(
            ("Place counts from", told.at(consult.place_at)),
            ("Place when it was received", str(place) if place is not None else ""),
            ("First booked", _first_booked(told, consult)),
        ),
        table=Table(head=("Before it", "Received", "First booked", "Talk", "Closed"), widths=(3, 4, 4, 4, 4), rows=rows)
        if rows
        else None,
    )


def _first_booked(told: Told, consult: Consult) -> str:
    made = told.session.scalar(select(func.min(BookingRow.made_at)).where(BookingRow.consult_id == consult.id))
    return told.at(made) or "never"


def _review(told: Told, consult: Consult) -> Section | None:
    """Say what the nurse made of it, and when the director opened the brief (BSP-5, NC-6, NC-7)."""
    task = told.session.scalar(select(ReviewTask).where(ReviewTask.consult_id == consult.id))
    opened = [f"{told.at(row.at)}, {told.who(row.actor)}" for row in told.rows("brief_opened", consult)]
    if task is None and not opened:
        return None
    facts: Facts = (("The director opened the brief", "\n".join(opened) or "not on record"),)
    if task is not None:
        decider = told.session.get(Account, task.decided_by) if task.decided_by is not None else None
        who = f", {decider.name} ({decider.role})" if decider else ""
        facts = (
            ("Kind", f"{task.kind} {task.pcr_number or ''}".strip()),
            ("Opened", told.at(task.opened_at)),
            ("Due", told.at(task.due_at) or "no due time"),
            ("Overdue since", told.at(task.overdue_at)),
            ("Decided", f"{task.decision}, {told.at(task.decided_at)}{who}" if task.decided_at else "not decided"),
            ("Note", task.note),
            *facts,
        )
    return Section(title=f"Review and brief, {consult.reference}", level=2, facts=facts)


def _calls(told: Told, consult: Consult) -> Section | None:
    """List every time that was booked, and every call that reached nobody."""
    bookings = told.session.scalars(
        select(BookingRow).where(BookingRow.consult_id == consult.id).order_by(BookingRow.id)
    ).all()
    rows = [
        (
            told.at(booking.made_at),
            told.span(interval(booking.during).start, interval(booking.during).end),
            told.director(booking.director_id),
            f"{booking.released_reason}, {told.at(booking.released_at)}" if booking.released_at else "stands",
        )
        for booking in bookings
    ]
    missed = [f"{told.at(row.at)}: {_nobody(row)} ({told.who(row.actor)})" for row in told.rows("not_there", consult)]
    outside = [told.director(row.details.get("director")) for row in told.rows("outside_the_queue", consult)]
    if not rows and not missed and not outside:
        return None
    return Section(
        title=f"Times and attempts, {consult.reference}",
        level=2,
        facts=(
            ("Calls that reached nobody", "\n".join(missed) or "none"),
            ("Outside the queue with", ", ".join(outside)),
        ),
        table=Table(head=("Booked at", "For", "With", "What became of it"), widths=(3, 5, 3, 4), rows=tuple(rows))
        if rows
        else None,
    )


def _nobody(row: History) -> str:
    if row.details.get("who") == "director":
        return "the medical director did not call"
    return f"no answer at {row.details.get('number')}"


def _outcome(told: Told, consult: Consult) -> Section:
    ends = [
        row
        for row in told.history
        if row.consult_id == consult.id and row.what in ("completed", "cancelled", "not_reached")
    ]
    last = ends[-1] if ends else None
    return Section(
        title=f"Outcome, {consult.reference}",
        level=2,
        facts=(
            ("Outcome", (consult.closed_reason or "still open").replace("_", " ")),
            ("On", told.at(consult.closed_at)),
            ("Recorded by", told.who(last.actor) if last else ""),
            ("What decided it", consult.determination_note),
        ),
    )


def _what_followed(told: Told, consult: Consult) -> Section | None:
    """List what followed a changed decision, each with its due time and proof (BSP-7)."""
    query = (
        select(FollowUp, Account.name, Account.role)
        .outerjoin(Account, Account.id == FollowUp.done_by)
        .where(FollowUp.consult_id == consult.id)
        .order_by(FollowUp.id)
    )
    rows = tuple(
        (
            item.item.replace("_", " "),
            told.at(item.due_at),
            f"{told.at(item.done_at)}, {f'{name} ({role})' if name else 'Peerline'}" if item.done_at else "open",
            item.proof,
        )
        for item, name, role in told.session.execute(query)
    )
    if not rows:
        return None
    return Section(
        title=f"What followed, {consult.reference}",
        level=2,
        table=Table(head=("What", "Due", "Done", "Proof"), widths=(3, 3, 4, 5), rows=rows),
    )


def _information(told: Told, consult: Consult) -> Section | None:
    """List what the office sent, by kind, time and figure; not what it says."""
    if not consult.statement:
        return None
    figure = hashlib.sha256(consult.statement.encode()).hexdigest()
    return Section(
        title=f"What the office sent, {consult.reference}",
        level=2,
        text="The content is with the case. SHA-256 tells whether it is the same.",
        table=Table(
            head=("Kind", "There since", "Length", "SHA-256"),
            widths=(3, 4, 2, 6),
            rows=(("clinical statement", told.at(consult.information_at), f"{len(consult.statement)} signs", figure),),
        ),
    )
