"""A year's figures as a page of its own: pictures with their tables, no script, nothing from elsewhere."""

from collections.abc import Iterator, Sequence
from html import escape

from app.year.result import DAYS, Figures
from app.year.text import NAMES, comparison, duration, missed, percent, words

WIDTH, BAR, GAP = 640, 18, 6
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}"
    "div{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0 2rem}"
    "th,td{border:1px solid #a9aeb1;padding:.2rem .6rem;text-align:left}"
    "td.n{text-align:right}svg{max-width:100%;height:auto}figure{margin:0 0 1rem}"
    "text{font:13px sans-serif;fill:#1b1b1b}.good{fill:#005ea2}.bad{fill:#b50909}.soft{fill:#a9aeb1}"
    "@media print{section{break-inside:avoid}}"
)
Rows = Sequence[Sequence[object]]


def as_page(found: Figures) -> str:
    """Return the page as HTML, to the byte the same for the same figures."""
    title = escape(found["title"] or "A plan's year")
    lead = (
        f"{found['days']} days from {found['start']} under {escape(found['policy'])}, seed {found['seed']}: "
        f"{sum(found['asked'].values())} requests, {found['talks']} talks, directors booked "
        f"{percent(found['booked_share'])} of their open hours."
    )
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>',
            '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{lead}</p>",
            *_sections(found),
            "</main>\n</body>\n</html>\n",
        ]
    )


def _sections(found: Figures) -> Iterator[str]:
    days = [*(f"{day} to {day + 1} days" for day in range(DAYS)), f"{DAYS} days or more"]
    yield _section(
        "How long offices wait",
        _bars(
            "Talks by how long after the request they took place", list(zip(days, found["waits_by_days"], strict=True))
        ),
        ("From the request to the talk", "Talks", "Median", "9 of 10 within", "19 of 20 within", "Longest"),
        [
            (name, row["count"], *(duration(row[part]) for part in ("median", "p90", "p95", "longest")))
            for name, row in found["waits"].items()
        ],
    )
    yield _section(
        "Which deadlines are kept",
        _kept(found["deadlines"]),
        ("Deadline", "Kept", "Met", "Not needed", "Missed, by cause"),
        [
            (NAMES[name], percent(row["met_share"]), row["met"], row["not_needed"], missed(row))
            for name, row in found["deadlines"].items()
        ],
    )
    yield _section(
        "How busy directors are",
        _bars(
            "Share of each director's open hours that is booked, in percent",
            [(row["name"], round((row["booked_share"] or 0) * 100, 1)) for row in found["directors"]],
        ),
        ("Director", "Decided", "Talks", "Open hours", "Booked"),
        [
            (*(row[name] for name in ("name", "decided", "talks", "open_hours")), percent(row["booked_share"]))
            for row in found["directors"]
        ],
    )
    yield _section(
        "Week by week",
        _bars(
            "Requests open at the end of each week",
            [(f"week {n}", week["open_at_end"]) for n, week in _numbered(found)],
        ),
        ("Week", "Asked", "Talks", "Settled by the nurse", "Open at its end"),
        [(n, *(week[name] for name in ("asked", "talked", "settled", "open_at_end"))) for n, week in _numbered(found)],
    )
    if found["variants"]:
        yield _section("What one more would change", "", *comparison(found))
    yield _section(
        "What came of it",
        "",
        ("What", "Requests"),
        [
            (f"{title}: {words(name)}", count)
            for title, key in (
                ("talk", "outcomes"),
                ("settled by the nurse", "settled_by_nurse"),
                ("refused", "refused"),
                ("closed", "closed_otherwise"),
                ("still open", "still_open"),
            )
            for name, count in found[key].items()
        ],
    )


def _numbered(found: Figures) -> list[tuple[int, Figures]]:
    return list(enumerate(found["weeks"], start=1))


def _section(title: str, picture: str, head: Sequence[str], rows: Rows) -> str:
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    lines = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f"<section>\n<h2>{escape(title)}</h2>\n{picture}\n"
        f'<div role="region" tabindex="0" aria-label="{escape(title)}">\n<table>\n<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody>\n</table>\n</div>\n</section>"
    )


def _cell(value: object) -> str:
    return f'<td class="n">{value}</td>' if isinstance(value, int | float) else f"<td>{escape(str(value))}</td>"


def _bars(title: str, rows: Sequence[tuple[str, float]]) -> str:
    most = max((value for _, value in rows), default=0) or 1
    said = "; ".join(f"{name}: {value}" for name, value in rows)
    bars = [
        f'<text x="150" y="{_y(i) + 13}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="good" x="158" y="{_y(i)}" width="{value / most * 400:.1f}" height="{BAR}"/>'
        f'<text x="{166 + value / most * 400:.1f}" y="{_y(i) + 13}">{value}</text>'
        for i, (name, value) in enumerate(rows)
    ]
    return _svg(title, said, len(rows), bars)


def _kept(deadlines: Figures) -> str:
    rows = [(NAMES[name], row["met"], row["missed"]) for name, row in deadlines.items() if row["met"] or row["missed"]]
    bars = []
    for i, (name, met, late) in enumerate(rows):
        length = met / (met + late) * 400
        bars.append(
            f'<text x="190" y="{_y(i) + 13}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="good" x="198" y="{_y(i)}" width="{length:.1f}" height="{BAR}"/>'
            f'<rect class="bad" x="{198 + length:.1f}" y="{_y(i)}" width="{400 - length:.1f}" height="{BAR}"/>'
        )
    said = "; ".join(f"{name}: {met} met, {late} missed" for name, met, late in rows)
    return _svg("Deadlines met (blue) and missed (red)", said, len(rows), bars)


def _y(row: int) -> int:
    return GAP + row * (BAR + GAP)


def _svg(title: str, said: str, rows: int, parts: Sequence[str]) -> str:
    inner = "\n".join(parts)
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {_y(rows)}" width="{WIDTH}" role="img">\n'
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc>\n{inner}\n</svg>"
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )
