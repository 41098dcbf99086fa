"""How the commands on lines print what they find."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

import click

from app import proof_json
from app import proof_words as words
from app.queries.case_proof import CaseProof, RequestProof
from app.queries.line import InLine
from app.queries.proof import Said, Verification, Wrong
from app.queries.proof_names import Names
from scheduling.proof_values import Decision, Overtaking, Queue
from scheduling.values import Booking

WAITS: Mapping[str, str] = {
    "awaiting_information": "waits for clinical information",
    "awaiting_review": "waits for the nurse's decision",
    "no_opening": "no time found within 60 days",
    "no_opening_in_windows": "no time found inside the office's times",
}


def print_json(value: Mapping[str, object]) -> None:
    """Print an object on a line of its own."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_line(names: Names, queue: Queue, rows: Sequence[InLine], zone: tzinfo, now: datetime) -> None:
    """Print a line as it stands."""
    head = names.line(queue)
    click.echo(f"{head[0].upper()}{head[1:]}, {words.moment(now, zone)}")
    for row in rows:
        place = "booked" if row.place is None else f"{row.place}."
        click.echo(f"{place:>7}  {row.reference}  case {row.case_number}, received {words.moment(row.received, zone)}")
        click.echo(f"         {_how_it_stands(names, row, zone)}")
    waiting = sum(row.place is not None for row in rows)
    click.echo(f"{waiting} without a time, {len(rows) - waiting} booked.")


def _how_it_stands(names: Names, row: InLine, zone: tzinfo) -> str:
    if row.booking is not None:
        said = _time(names, row.booking, zone)
    elif row.expected is not None:
        said = f"can expect {_time(names, row.expected, zone)}"
    else:
        said = WAITS.get(row.reason or "", (row.reason or "no time found yet").replace("_", " "))
    return f"{said}; to begin before {words.moment(row.deadline, zone)}" if row.deadline else said


def _time(names: Names, booking: Booking, zone: tzinfo) -> str:
    return f"{words.moment(booking.during.start, zone)} with {names.director(booking.director).name}"


@dataclass(slots=True)
class Printed:
    """Prints what a verification tells while it tells it: each booking with those that were there earlier."""

    names: Names
    zone: tzinfo
    as_json: bool
    _group: list[Overtaking] = field(default_factory=list)

    def tell(self, said: Said) -> None:
        """Print overtakings and exceptions; overtakings wait for the others of their booking."""
        if isinstance(said, Overtaking):
            if self._group and self._group[0].row != said.row:
                self._print_group()
            self._group.append(said)
        elif isinstance(said, Wrong):
            self._print_group()
            if self.as_json:
                print_json(proof_json.wrong(self.names, said))
            else:
                click.echo(f"EXCEPTION  {words.wrong(self.names, said, self.zone)}")

    def end(self, done: Verification) -> None:
        """Print the figures, and the seal where all lines were read."""
        self._print_group()
        seal = done.seal if done.scope.queue is None else None
        if self.as_json:
            figures = {name: getattr(done, name) for name in ("rows", "decisions", "overtakings", "exceptions")}
            present = sorted(done.judged_by_present)
            print_json({"kind": "summary", **figures, "old_rows": done.old_rows, "present": present, "seal": seal})
            return
        for key in sorted(done.judged_by_present):
            click.echo(f"Note: {key} is not kept; its requests were judged by the present file of that policy.")
        if done.old_rows:
            click.echo(f"Note: {done.old_rows:,} rows are older than the proof; only their digests were checked.")
        given = _count(done.decisions, "booking or move", "bookings and moves")
        click.echo(f"{given}; {_count(done.overtakings, 'time')} an earlier request did not get the time.")
        click.echo(f"{_count(done.exceptions, 'exception')}.")
        if seal:
            click.echo(f"Seal of {_count(done.rows, 'row')}: {seal}")

    def _print_group(self) -> None:
        group, self._group = self._group, []
        if not group:
            return
        first = group[0]
        self.names.learn([first.consult, *(each.overtaken for each in group)])
        if self.as_json:
            for each in group:
                print_json(proof_json.overtaking(self.names, each))
            return
        got = f"{words.moment(first.during.start, self.zone)} with {self.names.director(first.director).name}"
        click.echo(f"{words.moment(first.at, self.zone)}  {self.names.request(first.consult)} got {got}; earlier:")
        for each in group:
            click.echo(f"    {self.names.request(each.overtaken)}  {words.why(each)}")


def print_case(names: Names, proof: CaseProof, zone: tzinfo) -> None:
    """Print the proof for one case, on a page."""
    click.echo(f"Proof for case {proof.case_number} ({proof.plan}), from {_count(proof.rows, 'row')} of its history")
    for request in proof.requests:
        _print_request(names, request, zone)
    if not proof.requests:
        click.echo("Nobody has asked for a consult about it.")
    click.echo("")
    for wrong in proof.wrong:
        click.echo(f"EXCEPTION  {words.wrong(names, wrong, zone)}")
    well = "" if proof.wrong else " Every row is as it was written, and the tables say the same."
    click.echo(f"{_count(len(proof.wrong), 'exception')}.{well}")


def _print_request(names: Names, request: RequestProof, zone: tzinfo) -> None:
    click.echo(f"\nRequest {request.reference}")
    for head, said in (*_came(names, request, zone), *_served(names, request, zone)):
        click.echo(f"  {head:<10}{said}")
    overtaken = request.overtaken_by
    click.echo(f"  overtaken {'by ' + _count(len(overtaken), 'booking') + ':' if overtaken else 'by nobody'}")
    names.learn([each.consult for each in overtaken])
    for each in overtaken:
        start = words.moment(each.during.start, zone)
        click.echo(f"    {words.moment(each.at, zone)}  {names.request(each.consult)} got {start}: {words.why(each)}")


def _came(names: Names, request: RequestProof, zone: tzinfo) -> Sequence[tuple[str, str]]:
    arrival = request.arrival
    if arrival is None and request.standing is None:
        return [("came", "not on record")]
    if arrival is None:
        return [("came", "not through the line: the talk took place beside it, or the request is older than the proof")]
    names.learn(arrival.before)
    place = f", place {arrival.place}" if arrival.place is not None else ""
    received = words.moment(arrival.standing.received, zone)
    before = ", ".join(names.request(id_) for id_ in arrival.before) or "nobody without a time"
    return [
        ("came", f"{received}; put down {words.moment(arrival.at, zone)}, row {arrival.row}"),
        ("stood in", f"{names.line(arrival.queue)}{place}"),
        ("before it", before),
    ]


def _served(names: Names, request: RequestProof, zone: tzinfo) -> list[tuple[str, str]]:
    said = [(_what(each), _given(names, each, zone)) for each in request.decisions]
    standing = request.standing
    if standing is not None:
        reason = f": {standing.closed_reason.replace('_', ' ')}" if standing.closed_reason else ""
        at = f", {words.moment(request.ended_at, zone)}" if request.ended_at else ""
        said.append(("stands", f"{standing.status.value.replace('_', ' ')}{reason}{at}"))
    return said


def _what(decision: Decision) -> str:
    return "moved" if decision.moved else "booked"


def _given(names: Names, decision: Decision, zone: tzinfo) -> str:
    time = f"{words.moment(decision.during.start, zone)} with {names.director(decision.director).name}"
    beside = ", put through outside the queue" if decision.outside_queue else ""
    return f"{words.moment(decision.at, zone)} for {time}{beside}, row {decision.row}"


def _count(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
