"""How fast a training goes, from a few looks at its clock."""

from __future__ import annotations

from collections import deque

__all__ = ["Pace"]

WINDOW = 15  # looks: three seconds where steps are short, as many steps where they are long
WARM_UP = 5  # steps that are left out: first touches of memory and caches …
LONG = 0.2  # … unless one takes so many seconds


class Pace:
    """The rate of the last few looks.

    Parameters
    ----------
    first
        Iterations done before.
    within_steps
        Whether positions within a step count. Those of `naive` do, whose evaluations all take as
        long; other methods' steps are told of in blocks, the first of which may be the longest.
    """

    def __init__(self, first: int, *, within_steps: bool) -> None:
        self.first, self.within_steps = first, within_steps
        self._looks: deque[tuple[float, float]] = deque(maxlen=WINDOW)

    def look(self, seconds: float, iterations: int, fraction: float = 0.0) -> None:
        """Take in what the clock shows, and how much is done."""
        position = iterations + fraction if self.within_steps else float(iterations)
        if self._looks and self._looks[-1][1] == position:
            return
        if self._looks and not self.within_steps:
            last, before = self._looks[-1]
            long = seconds - last >= LONG * (position - before)
            if before - self.first < WARM_UP and not long:
                self._looks.clear()  # what was before is no more than a beginning
        self._looks.append((seconds, position))

    def clear(self) -> None:
        """Forget all looks: there was a pause."""
        self._looks.clear()

    @property
    def rate(self) -> float | None:
        """Iterations a second, None until it is known."""
        if len(self._looks) < 2:
            return None
        (begun, before), (ended, after) = self._looks[0], self._looks[-1]
        return (after - before) / (ended - begun) if ended > begun else None
