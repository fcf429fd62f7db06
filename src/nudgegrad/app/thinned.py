"""A long series kept short: each stretch of it by its smallest and its largest value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

__all__ = ["Thinned"]

Point = tuple[float, float | None]


@dataclass
class _Bucket:
    """A stretch of a series; `low_at` is -1 while it has no finite value."""

    first: int
    count: int = 0
    finite: int = 0
    total: float = 0.0
    low: float = math.inf
    low_at: int = -1
    high: float = -math.inf
    high_at: int = -1

    def add(self, position: int, value: float) -> None:
        self.count += 1
        if not math.isfinite(value):
            return
        self.finite += 1
        self.total += value
        if value < self.low:
            self.low, self.low_at = value, position
        if value > self.high:
            self.high, self.high_at = value, position

    def join(self, later: _Bucket) -> None:
        self.count += later.count
        self.finite += later.finite
        self.total += later.total
        if later.low < self.low:
            self.low, self.low_at = later.low, later.low_at
        if later.high > self.high:
            self.high, self.high_at = later.high, later.high_at


class Thinned:
    """A series that grows without its drawing getting dearer, and keeps its peaks.

    Values are numbered from `start`. They are gathered in buckets of equal width, and when there
    are more than `limit` of these, every two become one. May be read while another thread adds.

    Parameters
    ----------
    limit
        The most buckets, at least 2; a drawing gets up to two points from each.
    start
        The number of the first value.
    """

    def __init__(self, limit: int = 250, start: int = 1) -> None:
        self.limit = max(2, limit)
        self.start = start
        self._lock = Lock()
        self._buckets: list[_Bucket] = []
        self._width = 1
        self._length = 0
        self._last: float | None = None

    def __len__(self) -> int:
        return self._length

    @property
    def last(self) -> float | None:
        """The last value, NaN and infinities included; None if there is none."""
        return self._last

    def extend(self, values: Iterable[float]) -> None:
        """Add values at the end."""
        with self._lock:
            for value in values:
                if not self._buckets or self._buckets[-1].count == self._width:
                    if len(self._buckets) == self.limit:
                        self._halve()
                    if not self._buckets or self._buckets[-1].count == self._width:
                        self._buckets.append(_Bucket(self.start + self._length))
                self._buckets[-1].add(self.start + self._length, value)
                self._length += 1
                self._last = value

    def points(self) -> list[Point]:
        """Return (number, value) in order; a value of None is a gap, where one was not finite."""
        with self._lock:
            points: list[Point] = []
            for bucket in self._buckets:
                if bucket.finite:
                    ends = {bucket.low_at: bucket.low, bucket.high_at: bucket.high}
                    points += sorted(ends.items())
                if bucket.finite < bucket.count:
                    points.append((bucket.first + bucket.count - 1, None))
            return points

    def means(self) -> list[Point]:
        """Return (number in the middle, mean) of each bucket: the series without its noise."""
        with self._lock:
            return [
                (b.first + (b.count - 1) / 2, b.total / b.finite if b.finite == b.count else None)
                for b in self._buckets
            ]

    def _halve(self) -> None:
        pairs = zip(self._buckets[::2], self._buckets[1::2], strict=False)
        rest = self._buckets[-1:] if len(self._buckets) % 2 else []
        joined = []
        for earlier, later in pairs:
            earlier.join(later)
            joined.append(earlier)
        self._buckets = joined + rest
        self._width *= 2
