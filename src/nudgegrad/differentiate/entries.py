"""One array's entries while they are differenced: surveyed, looked at, given ladders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.climb import ladders
from nudgegrad.differentiate.ladder import lowest_rungs
from nudgegrad.differentiate.probe import GLANCE, PAIR, glance, pair
from nudgegrad.differentiate.share import Group, survey
from nudgegrad.differentiate.slope import Slopes
from nudgegrad.differentiate.surroundings import Surroundings

__all__ = ["Entries"]

Array = NDArray[Any]

PAIRED = 64
"""An array of up to so many entries is looked at in pairs of nudges throughout."""

CLEAR = 0.08
"""Noise is read from entries whose error bar is at most this share of the slope."""


class Entries:
    """One array's chosen entries, and what has been found out of them.

    For a function of m outputs every entry has m rows in `seen`, next to each other.

    Parameters
    ----------
    around
        The function where it is differenced.
    leaf
        Which array.
    indices : (n,) int array
        Flat indices into it.
    h : float or None
        A nudge for all of them, None to choose it by `survey`.

    Attributes
    ----------
    seen : Slopes
        What was measured, (n·m,).
    looked, climbed : (n,) bool arrays
        Which entries were looked at, and which of them on a ladder of their own.
    groups : list of Group
        Entries that share a nudge.
    largest : float
        The largest slope that was seen clearly.
    shown : float
        The noise that the entries of all arrays show, to be set when all are surveyed.
    """

    def __init__(
        self, around: Surroundings, leaf: int, indices: Array, h: float | None = None
    ) -> None:
        self.around, self.leaf, self.indices, self.h = around, leaf, indices, h
        self.outputs = max(1, int(np.size(around.centre)))
        count = len(indices)
        self.looked = np.zeros(count, dtype=bool)
        self.climbed = np.zeros(count, dtype=bool)
        self.seen = Slopes.unseen(count * self.outputs)
        self.size = np.abs(around.evaluate.arrays[leaf].flat[indices].astype(np.float64))
        self.shown = self.largest = 0.0
        self.groups: list[Group] = []
        self._group = np.zeros(count, dtype=np.intp)
        if h is not None:
            size = np.abs(np.asarray(around.centre, np.float64)).reshape(-1)
            noise = np.fmax(around.noise.roundoff * size, around.noise.calls)
            nothing = np.zeros(self.outputs)
            self.groups = [Group(np.arange(count), h, h, noise, nothing, nothing)]

    def survey(self, seed: int | None, advance: Callable[[int], Any]) -> None:
        """Choose nudges by the ladders of all entries of a short array, or of a sample.

        Parameters
        ----------
        seed
            Of the sample.
        advance
            Called with numbers of evaluations as they are made.
        """
        if self.h is not None:
            return
        self.groups, places, slopes = survey(self.around, self.leaf, self.indices, seed, advance)
        self._put(places, slopes)
        self.climbed[places] = True
        for number, group in enumerate(self.groups):
            self._group[group.places] = number

    def rows(self, places: Array) -> Array:
        """Return the rows of `seen` that some entries have."""
        return np.asarray((places[:, None] * self.outputs + np.arange(self.outputs)).reshape(-1))

    @property
    def noise(self) -> float:
        """The noise of the function's values, as most of these entries show it."""
        return max((float(group.noise.max()) for group in self.groups), default=0.0)

    @property
    def loudest(self) -> float:
        """The largest noise of the function's values that an entry shows clearly."""
        seen = self.seen
        clear = ~seen.still & (seen.error <= CLEAR * np.abs(seen.numeric))
        clear &= np.repeat(self.climbed, self.outputs)
        return float(seen.noise[clear].max(initial=0.0))

    @property
    def scale(self) -> Array:
        """How far an entry moves when it moves by its size, or by its nudge if that is more."""
        return np.asarray(np.fmax(np.repeat(self.size, self.outputs), self.seen.h))

    @property
    def error(self) -> Array:
        """The error bars.

        What the function rounds whatever the entry is shows in no nudge of that entry. It counts
        as the noise that other entries show over the entry's size.
        """
        return np.asarray(self.seen.error + self.shown / self.scale)

    @property
    def typical_h(self) -> float:
        """The nudge of most entries."""
        if self.h is not None:
            return self.h
        found = self.seen.h[np.isfinite(self.seen.h)]
        return float(np.median(found)) if len(found) else float("nan")

    @property
    def ladder(self) -> int:
        """Evaluations that a ladder takes at least."""
        array = self.around.evaluate.arrays[self.leaf]
        _, count = lowest_rungs(array.flat[self.indices[:1]])
        return 2 * count

    def block(self, *, whole: bool = False) -> int:
        """Return how many entries to look at at once, or to give a ladder to if `whole`."""
        return self.around.evaluate.block(self.leaf, self.ladder if whole else PAIR)

    def look(self, chosen: Array, *, pairs: bool = False) -> int:
        """Look at some of the entries, by their places among `indices`.

        Parameters
        ----------
        chosen : (k,) int array
        pairs
            Whether to look in pairs of nudges in arrays of any size.

        Returns
        -------
        int
            Evaluations that it took.
        """
        used = 0
        chosen = chosen[~self.climbed[chosen]]
        for number, group in enumerate(self.groups):
            places = chosen[self._group[chosen] == number]
            if not len(places):
                continue
            at = self.indices[places]
            if group.pair is None:
                used += self.climb(places)
                continue
            whole = pairs or self.h is not None or len(group.places) <= PAIRED
            seen = (pair if whole else glance)(self.around, self.leaf, at, group)
            self._put(places, seen)
            used += (PAIR if whole else GLANCE) * len(places)
        return used

    def climb(self, places: Array) -> int:
        """Give some entries a ladder of their own, and return how many evaluations it took."""
        slopes, _, _, used = ladders(self.around, self.leaf, self.indices[places], self.noise)
        self._put(places, slopes)
        self.climbed[places] = True
        return used

    def _put(self, places: Array, seen: Slopes) -> None:
        self.seen.put(self.rows(places), seen)
        self.looked[places] = True
        size = np.abs(seen.numeric)
        self.largest = max(self.largest, float(size[seen.error <= CLEAR * size].max(initial=0.0)))
