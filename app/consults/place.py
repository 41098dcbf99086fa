"""Where a request stands in its line, counted by the database: nobody has to read the line for it (NC-9)."""

from dataclasses import replace
from itertools import product
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Select,
    Text,
    bindparam,
    cast,
    false,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from app.consults.setup import Setup
from app.models import Consult, Denial
from scheduling import fifo
from scheduling.policy_words import Assignment, PlaceFrom
from scheduling.values import ConsultState, Rulebook, Status, Step, Urgency

#: what of a policy decides the order of its requests
_ORDERS = tuple(product(PlaceFrom, (False, True)))


def _stands_before(place_from: PlaceFrom, urgent_first: bool) -> ColumnElement[bool]:
    """Say `fifo.place_key` in SQL: the key of a row is smaller than the one asked about."""
    by_complete = place_from is PlaceFrom.REQUEST_COMPLETE
    mine = tuple_(
        Consult.complete_at.is_(None) if by_complete else false(),
        Denial.urgency != Urgency.EMERGENT if urgent_first else false(),
        func.greatest(Consult.place_at, Consult.complete_at) if by_complete else Consult.place_at,
        Consult.arrival,
    )
    asked = tuple_(
        bindparam("incomplete", type_=Boolean),
        bindparam("later", type_=Boolean),
        bindparam("at", type_=DateTime(timezone=True)),
        bindparam("arrival", type_=BigInteger),
    )
    return mine < asked


def _before(line: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Count those that stand before, for each policy in the line by each order that there is."""
    return (
        select(
            Consult.policy_id,
            Consult.policy_hash,
            cast(func.pg_current_snapshot(), Text),
            *(func.count().filter(_stands_before(*order)) for order in _ORDERS),
        )
        .join(Denial, Denial.id == Consult.denial_id)
        .where(line, Consult.closed_at.is_(None), Consult.status != Status.BOOKED, Consult.talk)
        .group_by(Consult.policy_id, Consult.policy_hash)
    )


#: by whether the line is that of an `any` policy
_BEFORE = {
    False: _before(Consult.director_id == bindparam("line")),
    True: _before(Consult.director_id.is_(None) & (Consult.policy_id == bindparam("line"))),
}


def told(session: Session, step: Step, rulebook: Rulebook, *, setup: Setup) -> tuple[Step, str | None]:
    """Tell in the first happening of a new request its place, as the rules do when they are given the line.

    Returns also the snapshot of the database in which the line was counted.
    """
    if step.state is None:
        return step, None
    received, *others = step.happenings
    where, seen = count(session, step.state, rulebook, setup=setup)
    received = replace(received, details={**received.details, "place": where})
    return replace(step, happenings=(received, *others)), seen


def count(session: Session, state: ConsultState, rulebook: Rulebook, *, setup: Setup) -> tuple[int | None, str | None]:
    """Return the place that `fifo.place` tells of the line, and the snapshot of the database in which it was counted.

    One statement, however long the line is. No place where there is no line, no snapshot where nobody stands in it.
    """
    queue = fifo.queue_of(state, rulebook)
    if queue is None:
        return None, None
    of_any = rulebook.policy.director.assignment is Assignment.ANY
    incomplete, later, at, arrival = fifo.place_key(state, rulebook)
    key = {"incomplete": incomplete, "later": later, "at": at, "arrival": arrival}
    rows = session.execute(_BEFORE[of_any], {"line": queue, **key}).all()
    where = 1
    for policy_id, policy_hash, _, *before in rows:
        rules = setup.rulebook(policy_id, policy_hash).policy
        if (rules.director.assignment is Assignment.ANY) is of_any:
            where += before[_ORDERS.index((rules.queue.place_from, rules.queue.urgent_first))]
    return where, rows[0][2] if rows else None
