"""The proof from the log: the history read once, row by row, and checked by the rules of `scheduling.proof`.

It also tells of rows that were touched after they were written, and of tables that say something else than the history.
Memory stays flat: only what is open is kept.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import directors
from app.consults import casefile
from app.consults.setup import Setup
from app.models import BookingRow, Consult, Director, History
from app.queries.history import Line, Touch, lines
from app.ranges import interval
from scheduling import record
from scheduling.proof import Proof
from scheduling.proof_values import Closed, Decision, Finding, Made, Overtaking, Queue, Violation
from scheduling.values import Booking, Rulebook

#: requests that are compared with the tables at once
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A row that gives away that it, or one that it names, is not as it was written."""

    row: int
    at: datetime
    touch: Touch
    #: the row that is gone
    gone: int | None
    what: str
    denial: int | None
    consult: int | None
    director: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """Something that the tables say otherwise than the history; an empty `name`: one of the two knows nothing of it."""

    at: datetime
    consult: int | None = None
    director: int | None = None
    name: str
    history: object = None
    table: object = None


Said = Finding | Touched | Differs
#: what must not be
Wrong = Violation | Touched | Differs


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is told: of one line or of all, from `since` on and before `until`. Every row is read all the same."""

    queue: Queue | None = None
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in the span."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(slots=True, kw_only=True)
class Verification:
    """A history while it is verified: `findings` tells what is found as it is found, then the figures stand."""

    session: Session
    setup: Setup
    scope: Scope = field(default_factory=Scope)
    now: datetime
    rows: int = 0
    old_rows: int = 0
    "of those, from before rows had standings: they are not judged"
    decisions: int = 0
    overtakings: int = 0
    exceptions: int = 0
    judged_by_present: set[str] = field(default_factory=set)
    "versions of policies that are not kept; their consults were judged by the file as it is now"
    _seal: Any = field(default_factory=hashlib.sha256)
    _proof: Proof = field(init=False)

    def __post_init__(self) -> None:
        self._proof = Proof(self._rulebook)

    @property
    def seal(self) -> str:
        """A figure over all rows of the span: the same as long as none of them is touched."""
        return str(self._seal.hexdigest())

    def findings(self, *, up_to: int | None = None) -> Iterator[Said]:
        """Read the history, to one row or to its end, and tell what it shows."""
        for said in self._read(up_to):
            self.decisions += isinstance(said, Decision)
            self.overtakings += isinstance(said, Overtaking)
            self.exceptions += isinstance(said, Wrong)
            yield said

    def standing(self, consult_ids: Collection[int]) -> list[Closed]:
        """Tell how some requests stand after the rows that were read, those that are open."""
        return [known for known in self._proof.open() if known.consult in consult_ids]

    def _read(self, up_to: int | None) -> Iterator[Said]:
        proof, ended = self._proof, list[Closed]()
        for line in lines(self.session, up_to=up_to):
            for finding in self._of_line(proof, line):
                yield finding
                if isinstance(finding, Closed):
                    ended.append(finding)
            if len(ended) >= AT_ONCE:
                yield from self._compared(ended)
                ended = []
        yield from self._compared(ended)
        if up_to is None and self.scope.until is None:
            yield from self._as_it_stands(proof)

    def _of_line(self, proof: Proof, line: Line) -> Iterator[Finding | Touched]:
        row, told = line.row, self.scope.holds(line.row.at)
        if told:
            self.rows += 1
            self.old_rows += line.old
            self._seal.update(line.digest)
        queues = [_queue_of(proof, row.consult)]
        found = [] if line.old else list(proof.read(row))
        queues.append(_queue_of(proof, row.consult))
        if not told:
            return
        if line.touch is not None and self.scope.queue in (None, row.director, *queues):
            yield touched_by(line)
        yield from (finding for finding in found if self._concerns(finding, queues))

    def _concerns(self, finding: Finding, queues: Sequence[Queue | None]) -> bool:
        """Tell whether a finding is about the line that is asked for."""
        asked = self.scope.queue
        if asked is None:
            return True
        match finding:
            case Violation():
                return asked in (finding.director, *queues)
            case Closed():
                with_whom = [made.booking.director for made in finding.bookings]
                return asked in (finding.queue, *with_whom)
            case Decision() | Overtaking():
                return asked in (finding.queue, finding.director)
            case _:
                return finding.queue == asked

    def _rulebook(self, key: str) -> Rulebook:
        rulebook = self.setup.policies.lookup(key)
        if rulebook.policy.key != key:
            self.judged_by_present.add(key)
        return rulebook

    def _as_it_stands(self, proof: Proof) -> Iterator[Differs]:
        """Compare the end of the history with the tables as they stand."""
        some: list[Closed] = []
        for known in proof.open():
            if self._concerns(known, ()):
                some.append(known)
            if len(some) >= AT_ONCE:
                yield from self._compared(some)
                some = []
        yield from self._compared(some)
        yield from self._directors(proof)
        if self.scope == Scope():
            known_ids = select(History.id).where(History.consult_id == Consult.id)
            unknown = self.session.scalars(select(Consult.id).where(~known_ids.exists()).order_by(Consult.id))
            yield from (Differs(at=self.now, consult=id_, name="", table="request") for id_ in unknown)

    def _compared(self, known: Sequence[Closed]) -> Iterator[Differs]:
        return differences(self.session, known, setup=self.setup)

    def _directors(self, proof: Proof) -> Iterator[Differs]:
        """Compare what is on record of directors' time with the tables."""
        for id_ in self.session.scalars(select(Director.id).order_by(Director.id)).all():
            if self.scope.queue not in (None, id_):
                continue
            diary = proof.lines.diaries.get(id_)
            if diary is None:
                yield Differs(at=self.now, director=id_, name="", table="director")
                continue
            coming = tuple(off for off in diary.person.off if off.during.end > self.now)
            table = record.person(directors.on_record(self.session, id_, now=self.now))
            for name, then, now in _unlike(replace(diary.person, off=coming), table):
                yield Differs(at=self.now, director=id_, name=name, history=then, table=now)


def touched_by(line: Line) -> Touched:
    """Tell of a row whose digest does not fit."""
    assert line.touch is not None
    return Touched(
        row=line.row.id,
        at=line.row.at,
        touch=line.touch,
        gone=line.gone,
        what=line.row.what,
        denial=line.denial,
        consult=line.row.consult,
        director=line.row.director,
    )


def differences(session: Session, known: Sequence[Closed], *, setup: Setup) -> Iterator[Differs]:
    """Compare how requests stand by the history with the tables."""
    ids = [each.consult for each in known]
    files = {file.consult.id: file for file in casefile.load_each(session, ids, setup=setup)}
    bookings = _bookings(session, ids)
    for each in known:
        file = files.get(each.consult)
        if file is None:
            yield Differs(at=each.at, consult=each.consult, name="", history="request")
            continue
        for name, then, now in _unlike(each.standing, record.standing(record.of_consult(file.state))):
            if name != "booking" or not each.whole:  # else it is among the bookings
                yield Differs(at=each.at, consult=each.consult, name=name, history=then, table=now)
        made = bookings.get(each.consult, [])
        if each.whole and made != list(each.bookings):
            gone = [one for one in each.bookings if one not in made]
            more = [one for one in made if one not in each.bookings]
            yield Differs(at=each.at, consult=each.consult, name="bookings", history=gone, table=more)


def _bookings(session: Session, consult_ids: Sequence[int]) -> Mapping[int, list[Made]]:
    found: dict[int, list[Made]] = {}
    query = select(BookingRow).where(BookingRow.consult_id.in_(consult_ids)).order_by(BookingRow.id)
    for row in session.scalars(query):
        booking = Booking(director=row.director_id, during=interval(row.during))
        made = Made(booking=booking, made_at=row.made_at, released_at=row.released_at)
        found.setdefault(row.consult_id, []).append(made)
    return found


def _unlike(one: Any, other: Any) -> Iterator[tuple[str, object, object]]:
    for each in fields(one):
        then, now = getattr(one, each.name), getattr(other, each.name)
        if then != now:
            yield each.name, then, now


def _queue_of(proof: Proof, consult: int | None) -> Queue | None:
    known = proof.lines.consults.get(consult) if consult is not None else None
    return known.queue if known is not None else None
