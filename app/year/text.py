"""A year's figures as words and tables for a terminal."""

from collections.abc import Iterator, Sequence

from app.year.result import Figures

NAMES = {
    "occur_by": "office's right to its talk",
    "sla": "plan's promise",
    "target": "plan's aim",
    "review_due": "nurse's decision",
}


def in_text(found: Figures) -> str:
    """Return the figures as lines."""
    return "\n".join(_lines(found))


def duration(minutes: float | None) -> str:
    """Say a duration of minutes: 45 min, 5.3 h, 2.1 days."""
    if minutes is None:
        return "-"
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes / 60 / 24:.1f} days"


def percent(share: float | None) -> str:
    """Say a share."""
    return "-" if share is None else f"{share * 100:.1f} %"


def words(name: str) -> str:
    """Say a word of the rules."""
    return name.replace("_", " ") or "no cause"


def missed(row: Figures) -> str:
    """Say what was missed, with its causes."""
    causes = ", ".join(f"{words(cause)} {count}" for cause, count in row["missed_by_cause"].items())
    return f"{row['missed']}{f' ({causes})' if causes else ''}"


def _lines(found: Figures) -> Iterator[str]:
    played = f"{found['policy']}, {found['days']} days from {found['start']}, seed {found['seed']}"
    yield f"{found['title'] or 'A year'} ({played})"
    yield ""
    yield f"Asked: {sum(found['asked'].values())} ({_listed(found['asked'])})"
    yield f"Talks: {found['talks']} ({_listed(found['outcomes'])})"
    for title, name in (
        ("Settled by the nurse", "settled_by_nurse"),
        ("Refused", "refused"),
        ("Closed otherwise", "closed_otherwise"),
        ("Still open", "still_open"),
    ):
        yield f"{title}: {_listed(found[name])}"
    yield ""
    yield from _table(
        ("From the request to the talk", "talks", "median", "9 of 10", "19 of 20", "longest"),
        [
            (name, row["count"], *(duration(row[part]) for part in ("median", "p90", "p95", "longest")))
            for name, row in found["waits"].items()
        ],
    )
    yield ""
    yield from _table(
        ("Deadline", "kept", "met", "not needed", "missed"),
        [
            (NAMES[name], percent(row["met_share"]), row["met"], row["not_needed"], missed(row))
            for name, row in found["deadlines"].items()
        ],
    )
    yield ""
    yield from _table(
        ("Director", "decided", "talks", "open hours", "booked", "office absent", "absent", "sick days"),
        [
            (
                *(row[name] for name in ("name", "decided", "talks", "open_hours")),
                percent(row["booked_share"]),
                *(row[name] for name in ("office_absent", "director_absent", "sick_days")),
            )
            for row in found["directors"]
        ],
    )
    if found["variants"]:
        yield ""
        yield from _table(*comparison(found))


def comparison(found: Figures) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of what the variants change: two waits, each deadline that the plan has, how busy."""
    kept = [name for name, row in found["deadlines"].items() if row["met"] or row["missed"]]
    head = ["What would change", "median wait", "9 of 10 within", *(f"{NAMES[name]} kept" for name in kept), "booked"]
    rows = []
    for each in ({"what": "as it is", **found}, *found["variants"]):
        waits, shares = each["waits"]["all"], [each["deadlines"][name]["met_share"] for name in kept]
        waited = [duration(waits["median"]), duration(waits["p90"])]
        rows.append([each["what"], *waited, *map(percent, shares), percent(each["booked_share"])])
    return head, rows


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{words(name)} {count}" for name, count in counts.items() if count) or "none"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
