"""Lines and simulations that write down what the running system's history would hold."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.history import plain
from scheduling import fifo, life
from scheduling.proof import Proof
from scheduling.proof_values import Finding, Overtaking, Row, Violation
from scheduling.record import Off, changed, of_director
from scheduling.scenario import Played
from scheduling.simulation import Simulation
from scheduling.values import ConsultState, Denial, Director, Happening, Request, Rulebook, Step
from tests.scheduling.build import MONDAY, denial


@dataclass(slots=True)
class Written:
    """A history while it is written, as `casefile.apply` and `directors.note_change` write it."""

    rows: list[Row] = field(default_factory=list)

    def step(self, before: ConsultState | None, step: Step, *, now: datetime, **more: Any) -> None:
        """Write what happened to a consult."""
        assert step.state is not None
        new = changed(before, step.state)
        for each in step.happenings:
            self._add(each.at, each.what.value, consult=step.state.id, details=_plain(each), standing=new, **more)
            new = {}
        if new:
            self._add(now, "changed", consult=step.state.id, standing=new, **more)

    def time(self, director: Director, *, kind: str = "time_off", now: datetime) -> None:
        """Write a director's time."""
        off = [Off(during=during, kind=kind) for during in director.off]
        self._add(now, "director_time", director=director.id, standing=of_director(director, off))

    def _add(self, at: datetime, what: str, *, standing: Mapping[str, Any], **more: Any) -> None:
        stored = json.loads(json.dumps(standing)) if standing else None
        self.rows.append(Row(id=len(self.rows) + 1, at=at, what=what, standing=stored, **more))


def _plain(happening: Happening) -> dict[str, Any]:
    return json.loads(json.dumps({key: plain(value) for key, value in happening.details.items()}))  # type: ignore[no-any-return]  # JSON has no types


@dataclass(slots=True)
class Log:
    """A line that is asked, planned and changed by hand, with its history."""

    rulebook: Rulebook
    directors: dict[int, Director]
    written: Written = field(default_factory=Written)
    states: dict[int, ConsultState] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for person in self.directors.values():
            self.written.time(person, now=MONDAY)

    @property
    def rows(self) -> list[Row]:
        """The history so far."""
        return self.written.rows

    def ask(self, *ids: int, at: datetime = MONDAY, about: Denial | None = None, **more: Any) -> None:
        """Let some offices ask, one after the other, and plan after each."""
        for id_ in ids:
            request = Request(**{"received": at, **more})
            line = [state for state in self.states.values() if state.status.open]
            step = life.ask(self.rulebook, "rules", about or denial(), request, id=id_, arrival=id_, now=at, queue=line)
            assert step.state is not None
            self.written.step(None, step, now=at)
            self.states[id_] = step.state
            self.plan(at)

    def do(self, id_: int, event: Callable[[ConsultState], Step], *, at: datetime) -> None:
        """Let an event happen to a consult, and plan."""
        self.put(self.states[id_], event(self.states[id_]), at)
        self.plan(at)

    def put(self, before: ConsultState, step: Step, at: datetime) -> None:
        """Write a step, and let the consult stand so."""
        assert step.state is not None
        self.written.step(before, step, now=at)
        self.states[before.id] = step.state

    def take(self, id_: int = 0, *, kind: str = "time_off", at: datetime, **changes: Any) -> None:
        """Change a director's time, and plan."""
        self.directors[id_] = replace(self.directors[id_], **changes)
        self.written.time(self.directors[id_], kind=kind, now=at)
        self.plan(at)

    def plan(self, at: datetime) -> None:
        """Plan all lines."""
        for step in fifo.plan(list(self.states.values()), self.directors, {"rules": self.rulebook}, now=at).changes:
            assert step.state is not None
            self.put(self.states[step.state.id], step, at)

    def said(self) -> list[str]:
        """Tell who was overtaken by whom and why."""
        return [
            f"{each.overtaken} by {each.consult}: {each.reason}{f' ({each.then})' if each.then else ''}"
            for each in findings(self.rows, self.rulebook)
            if isinstance(each, Overtaking)
        ]

    def faults(self) -> list[str]:
        """Tell what is wrong."""
        return faults(self.rows, self.rulebook)


@dataclass(slots=True)
class Recorded(Simulation):
    """A simulation with its history."""

    written: Written = field(default_factory=Written)
    _known: dict[int, Director] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Simulation.__post_init__(self)
        self._planner._explains = True  # as it does in the running system; a simulation has no use for it
        self._write_times(MONDAY)

    @property
    def rows(self) -> list[Row]:
        """The history so far."""
        return self.written.rows

    def _write_times(self, now: datetime) -> None:
        for id_, director in self._planner.directors.items():
            if self._known.get(id_) != director:
                self._known[id_] = director
                self.written.time(director, now=now)

    def _play(self, event: Played) -> bool:
        changed = Simulation._play(self, event)
        self._write_times(event.at)
        return changed

    def _write(self, name: str, step: Step) -> None:
        if step.state is not None:
            before = self._cases[name].consult
            known = before if before is not None and before.id == step.state.id else None
            now = max((happening.at for happening in step.happenings), default=self._planner.now)
            self.written.step(known, step, now=now)
        Simulation._write(self, name, step)


def findings(rows: Sequence[Row], rulebook: Rulebook) -> list[Finding]:
    """Read a history whole."""
    proof = Proof(lambda key: rulebook)
    return [finding for row in rows for finding in proof.read(row)]


def faults(rows: Sequence[Row], rulebook: Rulebook) -> list[str]:
    """Return what is wrong with a history: the fault and whose it is."""
    return [
        f"{finding.fault.value} {finding.consult}"
        for finding in findings(rows, rulebook)
        if isinstance(finding, Violation)
    ]


def altered(rows: Sequence[Row], row: Row, *, standing: Mapping[str, Any] | None = None, **details: Any) -> list[Row]:
    """Return a history with some of what one row says changed."""
    known = {**(row.standing or {}), **(standing or {})}
    other = replace(row, details={**row.details, **details}, standing=known if row.standing else None)
    return [other if each.id == row.id else each for each in rows]
