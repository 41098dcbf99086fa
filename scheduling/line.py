"""One line as it stands: who is in it, in order, and whom planning has yet to look at."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from heapq import heappop, heappush

PlaceKey = tuple[bool, bool, datetime, int]


class Line:
    """The requests of one queue. Planning looks at those that are new, have changed, or could use what was freed."""

    def __init__(self, standing: Mapping[int, PlaceKey]) -> None:
        #: ready and without a time
        self.waiting: set[int] = set()
        #: booked, and may be moved up
        self.movable: set[int] = set()
        #: the next opening that time alone will bring into reach of one of those
        self.quiet_until = datetime.min.replace(tzinfo=UTC)
        #: of those, who has not been asked for that yet
        self.fresh: set[int] = set()
        self._keys = dict(standing)
        self._order = sorted((key, id_) for id_, key in standing.items())
        self._unseen = set(standing)
        #: those to look at, as a heap; and, the last first, those that stood there from the beginning
        self._heap: list[tuple[PlaceKey, int]] = []
        self._first = self._order[::-1]

    def put(self, id_: int, key: PlaceKey) -> bool:
        """Let a request stand where its key puts it. Returns whether it did not stand there."""
        if self._keys.get(id_) == key:
            return False
        self.remove(id_)
        self._keys[id_] = key
        insort(self._order, (key, id_))
        return True

    def remove(self, id_: int) -> None:
        """Take a request out of the line, if it stands there."""
        key = self._keys.pop(id_, None)
        if key is not None:
            del self._order[bisect_left(self._order, (key, id_))]
            for those in (self.waiting, self.movable, self.fresh, self._unseen):
                those.discard(id_)

    def look_at(self, id_: int) -> None:
        """Have planning look at a request of the line when its turn comes."""
        if id_ not in self._unseen:
            self._unseen.add(id_)
            heappush(self._heap, (self._keys[id_], id_))

    def next(self) -> int | None:
        """Return the first in line that is yet to be looked at, and count it as seen."""
        while self._unseen:
            is_first = self._first and not (self._heap and self._heap[0] < self._first[-1])
            key, id_ = self._first.pop() if is_first else heappop(self._heap)
            if id_ in self._unseen and self._keys[id_] == key:
                self._unseen.discard(id_)
                return id_
        return None

    def position(self, id_: int) -> int:
        """Return how many stand before a request."""
        return bisect_left(self._order, (self._keys[id_], id_))

    def between(self, start: int, end: int) -> Iterator[int]:
        """Give the requests at these positions, in order."""
        return (self._order[position][1] for position in range(start, end))

    def __iter__(self) -> Iterator[int]:
        return self.between(0, len(self._order))
