"""Plays a scenario in memory with a clock of its own, on the functions that decide in the running system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from scheduling import fifo, life, steps, without_call
from scheduling.scenario import DETAILS, Do, Expected, Played, Scenario
from scheduling.values import ConsultState, Denial, Happening, Interval, Request, Rulebook, Status, Step, What

_RULEBOOK = "scenario"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that happened to a case, with directors by the names they have in the scenario."""

    at: datetime
    case: str
    what: What
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """An expectation that does not hold: what was to happen, or never, and what happened instead."""

    expected: Expected
    never: bool
    instead: tuple[Told, ...]


def run(scenario: Scenario, rulebook: Rulebook) -> list[Told]:
    """Play a scenario to its end and return what happened, in order."""
    simulation = Simulation(scenario, rulebook)
    simulation.play()
    return simulation.told


def unmet(scenario: Scenario, told: Sequence[Told]) -> list[Unmet]:
    """Return the expectations that do not hold; those of one case must come in their order."""
    found: list[Unmet] = []
    position = dict.fromkeys(scenario.denials, 0)
    for expected in scenario.expects:
        mine = [each for each in told if each.case == expected.case]
        rest = range(position[expected.case], len(mine))
        at = next((i for i in rest if matches(expected, mine[i], scenario)), None)
        if at is None:
            found.append(Unmet(expected=expected, never=False, instead=tuple(mine)))
        else:
            position[expected.case] = at + 1
    for never in scenario.nevers:
        hits = tuple(each for each in told if each.case == never.case and matches(never, each, scenario))
        if hits:
            found.append(Unmet(expected=never, never=True, instead=hits))
    return found


def matches(expected: Expected, told: Told, scenario: Scenario) -> bool:
    """Tell whether a happening is the one expected; instants compare as instants."""
    if told.what is not expected.what or (expected.at is not None and told.at != expected.at):
        return False
    named = {
        name: scenario.director_names[value] if name == "director" and isinstance(value, int) else value
        for name, value in expected.details.items()
    }
    return all(told.details[name] == value for name, value in named.items())


@dataclass(slots=True)
class _Case:
    """What is known of a case: its denial, its latest request, how many talks were held or not reached."""

    denial: Denial
    consult: ConsultState | None = None
    used: int = 0
    early_information: bool = False

    @property
    def open(self) -> ConsultState | None:
        return self.consult if self.consult is not None and self.consult.status.open else None


@dataclass(slots=True)
class Simulation:
    """A scenario while it is played."""

    scenario: Scenario
    rulebook: Rulebook
    told: list[Told] = field(default_factory=list)
    _planner: fifo.Planner = field(init=False)
    _cases: dict[str, _Case] = field(default_factory=dict)
    _case_of: dict[int, str] = field(default_factory=dict)
    _arrivals: int = 0

    def __post_init__(self) -> None:
        directors = {each.id: each for each in self.scenario.directors_under(self.rulebook.policy)}
        first = min((event.at for event in self.scenario.events), default=datetime.min.replace(tzinfo=UTC))
        self._planner = fifo.Planner([], directors, {_RULEBOOK: self.rulebook}, now=first)
        self._cases = {case: _Case(denial=denial) for case, denial in self.scenario.denials.items()}

    def play(self) -> None:
        """Play the events in order of time, then of the file; between them the clock runs."""
        until = self.scenario.until
        for event in sorted(self.scenario.events, key=lambda each: each.at):
            if until is not None and event.at > until:
                break
            self._let_due_times_pass(event.at)
            if self._play(event):
                self._plan(event.at)
        self._let_due_times_pass(until)

    def _let_due_times_pass(self, until: datetime | None) -> None:
        """Let the reviews' due times pass, up to and including `until`; None: all that are known."""
        while True:
            due = [
                (case.open.review.due, name)
                for name, case in self._cases.items()
                if case.open is not None and case.open.review is not None and case.open.review.due is not None
                if not case.open.review.overdue and steps.runs(case.open)
            ]
            now, name = min(due, key=lambda each: each[0], default=(None, ""))
            if now is None or (until is not None and now > until):
                return
            consult = self._cases[name].open
            if consult is not None:
                self._note(name, life.review_due_passed(consult, self.rulebook, now=now))

    def _plan(self, now: datetime) -> None:
        self._planner.advance(now)
        for step in self._planner.plan():
            if step.state is not None:
                self._write(self._case_of[step.state.id], step)

    def _play(self, event: Played) -> bool:
        """Let an event happen; tell whether it changed anything."""
        if event.case is None:
            return self._director_off(event.details["director"], event.details["during"], event.at)
        case = self._cases[event.case]
        if event.do is Do.REQUEST:
            return self._ask(event.case, case, event.details["request"], event.at)
        if case.open is None:
            return self._early(case, event)
        if event.do is Do.DIRECTOR_DECLINES:
            return self._director_declines(event.case, case.open, event.at)
        if event.do is Do.TALK:
            return self._ask_for_talk(event.case, case, case.open, event)
        return self._note(event.case, self._step(case.open, event))

    def _early(self, case: _Case, event: Played) -> bool:
        """Take in what concerns the case also while no request is open."""
        if event.do is Do.INFORMATION:
            case.early_information = life.keeps_early_information(self.rulebook)
        elif event.do is Do.FILE_APPEAL:
            case.denial = replace(case.denial, appeal_filed=True)
        elif event.do is Do.DATE:
            dates = {**case.denial.dates, event.details["name"]: event.details["value"]}
            case.denial = replace(case.denial, dates=dates)
        return False

    def _ask(self, name: str, case: _Case, request: Request, now: datetime) -> bool:
        early = case.early_information and case.open is None
        self._arrivals += 1
        step = life.ask(
            self.rulebook,
            _RULEBOOK,
            case.denial,
            replace(request, information=request.information or early),
            id=self._arrivals,
            arrival=self._arrivals,
            now=now,
            open_request=case.open is not None,
            used=case.used,
            queue=tuple(self._planner.states.values()),
        )
        if step.state is None:
            self._tell(name, step.happenings)
            return False
        case.early_information = False
        self._case_of[step.state.id] = name
        return self._note(name, step)

    def _ask_for_talk(self, name: str, case: _Case, consult: ConsultState, event: Played) -> bool:
        step = without_call.ask_for_talk(
            consult,
            self.rulebook,
            replace(event.details["request"], reconsideration=True),
            arrival=self._next_arrival(),
            used=case.used,
            queue=[each.open for each in self._cases.values() if each.open is not None],
            now=event.at,
        )
        return self._note(name, step)

    def _step(self, consult: ConsultState, event: Played) -> Step:
        rules, now, said = self.rulebook, event.at, event.details
        match event.do:
            case Do.INFORMATION:
                return life.add_information(consult, rules, now=now)
            case Do.RECONSIDERATION:
                return life.add_reconsideration(consult, rules, now=now)
            case Do.REVIEW:
                return life.decide_review(consult, rules, said["decision"], now=now)
            case Do.WITHDRAW:
                return life.withdraw(consult, rules, now=now)
            case Do.RESCHEDULE:
                return life.reschedule(consult, rules, said["windows"], arrival=self._next_arrival(), now=now)
            case Do.FILE_APPEAL:
                return life.file_appeal(consult, rules, now=now)
            case Do.OUTCOME:
                return life.record_outcome(consult, rules, said["determination"], now=now)
            case Do.NO_SHOW:
                return life.no_show(consult, rules, said["by"], arrival=self._next_arrival(), now=now)
            case Do.OFFICE_ACCEPTS_PEER:
                plan = self._planner
                open_ = tuple(plan.states.values())
                return life.accept_peer(consult, rules, plan.directors, open_, rulebooks=plan.rulebooks, now=now)
            case Do.OFFICE_DECLINES_PEER:
                return life.decline_peer(consult, rules, now=now)
            case Do.REASSIGN:
                return life.reassign(consult, rules, said["director"], now=now)
            case Do.DATE:
                return life.learn_date(consult, rules, said["name"], said["value"], now=now)
            case _:
                raise AssertionError(f"{event.do} is no event of an open consult")

    def _next_arrival(self) -> int:
        self._arrivals += 1
        return self._arrivals

    def _director_off(self, director: int, during: Interval, now: datetime) -> bool:
        self._planner.be_off(director, during)
        for name, case in self._cases.items():
            booking = case.open.booking if case.open is not None else None
            if case.open is not None and booking is not None and booking.director == director:
                self._note(name, life.director_off(case.open, self.rulebook, during, now=now))
        return True

    def _director_declines(self, name: str, consult: ConsultState, now: datetime) -> bool:
        """Return the booking; the declined time counts as busy from then on."""
        changed = self._note(name, life.director_declines(consult, self.rulebook, now=now))
        if changed and consult.booking is not None:
            self._planner.be_off(consult.booking.director, consult.booking.during)
        return changed

    def _note(self, name: str, step: Step) -> bool:
        """Write a step back to its case and have it planned; tell whether the consult changed."""
        changed = step.state != self._cases[name].consult
        if changed and step.state is not None:
            self._planner.put(step.state)
        self._write(name, step)
        return changed

    def _write(self, name: str, step: Step) -> None:
        """Write a step back to its case, and tell of it."""
        case = self._cases[name]
        if step.state is not None and step.state != case.consult:
            case.consult, case.denial = step.state, step.state.denial
            case.used += step.state.talk and step.state.status in (Status.COMPLETED, Status.NOT_REACHED)
        self._tell(name, step.happenings)

    def _tell(self, name: str, happenings: Sequence[Happening]) -> None:
        for happening in happenings:
            details = {key: happening.details.get(key) for key in DETAILS[happening.what]}
            director = details.get("director")
            if isinstance(director, int):
                details["director"] = self.scenario.director_names[director]
            self.told.append(Told(at=happening.at, case=name, what=happening.what, details=details))
