"""Between the database's ranges and the rules' intervals: both half open."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import Range

from scheduling.values import Interval


def interval(during: Range[datetime]) -> Interval:
    """Turn a bounded range of the database into an interval."""
    assert during.lower is not None and during.upper is not None, "the database refuses unbounded times"
    return Interval(during.lower, during.upper)


def stored(during: Interval) -> Range[datetime]:
    """Turn an interval into a range of the database."""
    return Range(during.start, during.end, bounds="[)")
