"""What holds of every line, freshly planned or after somebody left (statements L1, L2)."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduling.values import ConsultState
from tests.scheduling.build import (
    MONDAY,
    after,
    consult,
    planned,
    rules,
    span,
)

offices = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([None, 9, 10, 11]), st.booleans()), min_size=1, max_size=12
)


def line_of(rows: list[tuple[int, int | None, bool]]) -> list[ConsultState]:
    """Make a line: when each was received, an hour in which its speaker can talk, whether it may be moved up."""
    rulebook = rules()
    return [
        consult(
            rulebook,
            id_,
            received=MONDAY - timedelta(minutes=ago),
            windows=()
            if hour is None
            else tuple(
                span(f"2026-03-{day:02d} {hour:02d}:00", f"2026-03-{day:02d} {hour + 1:02d}:00") for day in (3, 4)
            ),
            move_up=consent,
        )
        for id_, (ago, hour, consent) in enumerate(rows, start=1)
    ]


@given(offices)
def test_nobody_waits_or_is_later_while_one_behind_has_a_time_it_could_have_had(
    rows: list[tuple[int, int | None, bool]],
) -> None:
    """L1, L2: freshly planned, every such pair has the windows of the one before between them."""
    rulebook, line = rules(), line_of(rows)
    standing = sorted(after(planned(rulebook, line), line).values(), key=lambda each: (each.place_at, each.arrival))
    for position, ahead in enumerate(standing):
        for behind in standing[position + 1 :]:
            if behind.booking is None:
                continue
            fits = not ahead.windows or any(window.contains(behind.booking.during) for window in ahead.windows)
            waits = ahead.booking is None or ahead.booking.during.start > behind.booking.during.start
            assert not (fits and waits)


@given(offices)
def test_no_opening_stays_empty_while_somebody_could_have_it(rows: list[tuple[int, int | None, bool]]) -> None:
    """Work-conserving: whoever is unplaced has no free opening in its windows."""
    rulebook, line = rules(), line_of(rows)
    standing = after(planned(rulebook, line), line)
    taken = [state.booking.during for state in standing.values() if state.booking]
    for state in standing.values():
        if state.booking is None:
            for window in state.windows:
                start = window.start
                while start + timedelta(minutes=30) <= window.end:
                    during = replace(window, start=start, end=start + timedelta(minutes=30))
                    assert any(during.overlaps(other) for other in taken)
                    start += timedelta(minutes=15)


@given(offices, st.data())
def test_a_line_without_one_who_leaves_is_never_worse_for_the_others(
    rows: list[tuple[int, int | None, bool]], data: st.DataObject
) -> None:
    """Whoever consented is at the same time or earlier after somebody before it left; the others stay."""
    rulebook, line = rules(), line_of(rows)
    standing = after(planned(rulebook, line), line)
    gone = data.draw(st.sampled_from(sorted(standing)))
    rest = [state for id_, state in standing.items() if id_ != gone]
    then = after(planned(rulebook, rest), rest)
    for before in rest:
        if before.booking is None:
            continue
        now = then[before.id].booking
        assert now is not None
        assert now.during.start <= before.booking.during.start
        assert before.move_up or now == before.booking
