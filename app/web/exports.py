"""Lists as CSV, for a spreadsheet: every time with its offset, nothing that a spreadsheet would calculate."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import Response, request

from app.web.times import reader_zone

#: a cell that begins with one of these is a formula to a spreadsheet
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def wanted() -> bool:
    """Tell whether the list was asked for as CSV (`?format=csv`)."""
    return request.args.get("format") == "csv"


def as_csv(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer with a file `<name>.csv`. Times are in the reader's zone, with its offset."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    # the mark at the beginning tells spreadsheets that it is UTF-8
    response = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(reader_zone()).isoformat(timespec="minutes")
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
