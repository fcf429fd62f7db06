"""The bench: a copy of the network on which one weight is looked at, nudged and moved."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.nudging.changes import Changes, what_changed
from nudgegrad.app.nudging.curve import loss_along, propagated_loss_along
from nudgegrad.app.nudging.entry import Entry, by_unit, entry_of, moved
from nudgegrad.app.nudging.errors import ErrorCurves, error_by_h
from nudgegrad.app.nudging.passes import Passes
from nudgegrad.app.nudging.pictures import MOST_TILES, Tiles, common_scale, tiles_of, wrapped
from nudgegrad.app.nudging.slopes import Slopes, measure
from nudgegrad.app.session import Session
from nudgegrad.app.shown import look_at
from nudgegrad.data import Dataset, as_inputs
from nudgegrad.network import Network
from nudgegrad.validation import ParameterError

__all__ = ["MOST_SAMPLES", "Bench", "Choice", "View"]

MOST_SAMPLES = 500
CURVE_POINTS, FEWER_POINTS = 61, 21
SLOW_SECONDS = 0.01  # of one forward pass
MOST_IN_A_STRIP = 300
TILE_PIXELS = 12
Points = list[tuple[float, float]]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Choice:
    """What the reader has chosen.

    Attributes
    ----------
    name, unit, source
        The weight; None takes the steepest.
    exponent
        h is 10 to it.
    reach
        The curve goes 10 to it to both sides.
    close
        Whether it goes only three h to both sides.
    samples, seed
        The mini-batch.
    dtype
        What is computed in.
    sample
        Whose probabilities are shown, of the batch.
    offset
        How far w is moved.
    dark
        Whether the page is.
    """

    name: str = "W1"
    unit: int | None = None
    source: int | None = None
    exponent: float = -1.0
    reach: float = 1.0
    close: bool = False
    samples: int = 100
    seed: int = 0
    dtype: str = "float64"
    sample: int = 0
    offset: float = 0.0
    dark: bool = False

    @property
    def h(self) -> float:
        """The nudge."""
        return float(10.0**self.exponent)


@dataclass(frozen=True)
class View:
    """What is shown.

    Attributes
    ----------
    choice : Choice
        As it could be followed: within the network's shapes.
    shapes : dict of str to tuple
        Of all parameters.
    entry : Entry
    count, inputs : int
        Units of its parameter, and weights of each.
    image_shape : tuple or None
        Of the pictures of a unit's weights, if they are pictures.
    sample_shape : tuple or None
        Of the samples, if they are pictures.
    class_names : tuple of str
    held : bool
        Whether the copy waits, because w is moved, while the training may go on.
    value : float
        w, not moved.
    curve : list
        (s, L(w + s)).
    slopes : Slopes
        Where w is moved to.
    probabilities, probabilities_before : list of float
    sample, label
        The sample as inputs, and its class.
    changes : Changes
    scale : float
        What pictures draw in full colour.
    units, unit : Tiles
        Pictures of all units' weights (of `MOST_TILES` of them), and of the chosen one's.
    """

    choice: Choice
    shapes: dict[str, tuple[int, ...]]
    entry: Entry
    count: int
    inputs: int
    image_shape: tuple[int, int] | None
    sample_shape: tuple[int, int] | None
    class_names: tuple[str, ...]
    held: bool
    value: float
    curve: Points
    slopes: Slopes
    probabilities: list[float]
    probabilities_before: list[float]
    sample: NDArray[Any]
    label: int
    changes: Changes
    scale: float
    units: Tiles
    unit: Tiles


class Bench:
    """Looks at one weight of a session's network, on a copy of it.

    Calls wait for each other; `look` and `errors` take long enough for a thread of their own. What
    a further look needs again is kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._source: Network | None = None
        self._network: Network | None = None
        self._kept: dict[str, tuple[Any, Any]] = {}

    def look(self, session: Session, choice: Choice) -> View:
        """Return what there is to see.

        While w is moved the network is the copy that it was moved on; otherwise the latest.

        Raises
        ------
        ParameterError, FileError
            If the data set cannot be read, or does not fit the network.
        """
        with self._lock, np.errstate(all="ignore"):
            shown = look_at(session)
            network, held = self._take(shown.network, choice)
            batch = self._draw(shown.data, choice, network)
            return self._view(network, shown.data, *batch, choice, held)

    def errors(
        self, session: Session, choice: Choice,
        on_progress: Callable[[int, int], Any] = lambda *_: None,
    ) -> ErrorCurves:  # fmt: skip
        """Return the error over h of the weight chosen, where it is moved to.

        Parameters
        ----------
        session, choice
        on_progress
            As for `error_by_h`. Meanwhile one may look at other weights.
        """
        with self._lock, np.errstate(all="ignore"):
            shown = look_at(session)
            network, _ = self._take(shown.network, choice)
            raw, t = self._draw(shown.data, choice, network)
            still = self._still(network, shown.data, raw, t, choice)
            choice, entry = _within(still, choice)
            with moved(network, entry, choice.offset):
                subject = network.copy()
        with np.errstate(all="ignore"):
            return error_by_h(subject, raw, t, entry, on_progress=on_progress)

    def _keep(self, what: str, key: Any, make: Callable[[], Made]) -> Made:
        """Return what was made the last time if it was by the same key, or make it."""
        if what not in self._kept or self._kept[what][0] != key:
            self._kept.pop(what, None)  # before there are two
            self._kept[what] = key, make()
        made: Made = self._kept[what][1]
        return made

    def _take(self, latest: Network, choice: Choice) -> tuple[Network, bool]:
        """Return the copy, fresh unless w is moved on it."""
        same_kind = self._network is not None and self._network.dtype == np.dtype(choice.dtype)
        if choice.offset and self._source is not None and self._network is not None:
            if not same_kind:
                self._network = self._source.copy(choice.dtype)
            return self._network, True
        if latest is not self._source or not same_kind or self._network is None:
            self._source, self._network = latest, latest.copy(choice.dtype)
        return self._network, False

    def _draw(
        self, data: Dataset, choice: Choice, network: Network
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        takes, gives = network.layers[0].input_size, network.layers[-1].output_size
        if (data.features, data.classes) != (takes, gives):
            raise ParameterError(
                f"data must have {takes} inputs and {gives} classes, as these weights do, got "
                f"{data.features} and {data.classes}; choose the data set of the training"
            )

        def draw() -> tuple[NDArray[Any], NDArray[Any]]:
            samples = len(data.x_train)
            count = min(choice.samples, samples)
            chosen = np.random.default_rng(choice.seed).choice(samples, count, replace=False)
            return data.x_train[chosen], data.t_train[chosen]

        return self._keep("batch", (data, choice.samples, choice.seed), draw)

    def _still(
        self, network: Network, data: Dataset, raw: NDArray[Any], t: NDArray[Any], choice: Choice
    ) -> Passes:
        """Return the passes of the network as it is, with w not moved."""
        key = (network, data, choice.samples, choice.seed)
        return self._keep("still", key, lambda: Passes(network, as_inputs(raw, network.dtype), t))

    def _view(
        self, network: Network, data: Dataset, raw: NDArray[Any], t: NDArray[Any],
        choice: Choice, held: bool,
    ) -> View:  # fmt: skip
        still = self._still(network, data, raw, t, choice)
        choice, entry = _within(still, choice)
        array = network.params[entry.name]
        count, inputs = by_unit(array).shape
        image_shape = None
        if entry.kernel:
            image_shape = inputs // entry.kernel[-1], entry.kernel[-1]
        elif entry.layer(network) == 0 and entry.source is not None:
            image_shape = data.image_shape
        scale = common_scale(array)
        where = (still, entry, choice.offset)
        curve, value = self._along(still, entry, choice), entry.value(network)
        with moved(network, entry, choice.offset):
            passes = still
            if choice.offset:
                passes = self._keep("moved", where, lambda: Passes(network, still.x, t))
            units, unit = _pictures(array, entry, image_shape, scale, choice.dark)
            return View(
                choice=choice,
                shapes={name: values.shape for name, values in network.params.items()},
                entry=entry,
                count=count,
                inputs=inputs,
                image_shape=image_shape,
                sample_shape=data.image_shape,
                class_names=tuple(map(data.class_name, range(data.classes))),
                held=held,
                value=value,
                curve=curve,
                slopes=self._keep(
                    "slopes", (*where, choice.h), lambda: measure(passes, entry, choice.h)
                ),
                probabilities=passes.trace.output[choice.sample].tolist(),
                probabilities_before=still.trace.output[choice.sample].tolist(),
                sample=still.x[choice.sample],
                label=int(t[choice.sample]),
                changes=self._keep(
                    "changes", (*where, choice.h), lambda: what_changed(passes, entry, choice.h)
                ),
                scale=scale,
                units=units,
                unit=unit,
            )

    def _along(self, still: Passes, entry: Entry, choice: Choice) -> Points:
        if choice.close:
            centre, reach = choice.offset, 3 * choice.h
        else:
            centre = 0.0
            reach = max(10.0**choice.reach, 1.25 * choice.h, 1.05 * abs(choice.offset))

        def make() -> Points:
            begun = time.perf_counter()
            still.loss(entry)
            slow = time.perf_counter() - begun > SLOW_SECONDS
            count = FEWER_POINTS if slow and choice.close else CURVE_POINTS
            offsets = np.linspace(centre - reach, centre + reach, count).tolist()
            # From close up rounding is to be seen, which propagation does not have.
            along = propagated_loss_along if slow and not choice.close else loss_along
            return along(still, entry, offsets)

        return self._keep("curve", (still, entry, choice.close, centre, reach), make)


def _within(still: Passes, choice: Choice) -> tuple[Choice, Entry]:
    """Bring a choice into the network's shapes; what is not chosen is the steepest weight's."""
    network = still.network
    name = choice.name if choice.name in network.params else "W1"
    array = network.params[name]
    unit, source = choice.unit, choice.source
    if unit is None or name != choice.name:
        slopes = by_unit(np.nan_to_num(np.abs(still.gradient[name])))
        unit, source = divmod(int(slopes.argmax()), slopes.shape[1])
    entry = entry_of(name, array, unit, source)
    sample = max(0, min(choice.sample, len(still.x) - 1))
    offset = choice.offset if math.isfinite(choice.offset) else 0.0
    found = replace(
        choice, name=name, unit=entry.unit, source=entry.source, sample=sample, offset=offset
    )
    return found, entry


def _pictures(
    array: NDArray[Any], entry: Entry, image_shape: tuple[int, int] | None, scale: float, dark: bool
) -> tuple[Tiles, Tiles]:
    """Return pictures of the weights of all units, or of the hundred around, and of one unit."""
    weights = by_unit(array)
    first = entry.unit // MOST_TILES * MOST_TILES
    shown = weights[first : first + MOST_TILES]
    one = weights[entry.unit : entry.unit + 1]
    inputs = weights.shape[1]
    if image_shape is not None or inputs > MOST_IN_A_STRIP:
        shape = image_shape or wrapped(inputs)
        pixels = max(1, TILE_PIXELS // max(shape))  # so that the gaps between stay narrow
        units = tiles_of(shown, shape, scale, dark=dark, first=first, pixels=pixels)
    elif inputs == 1:
        units = tiles_of(shown, (1, 1), scale, dark=dark, first=first, pixels=12)
        shape = (1, 1)
    else:  # a strip for each unit, as many side by side as make a square
        columns = max(1, round(math.sqrt(len(shown) / inputs)))
        pixels = max(1, 300 // max(math.ceil(len(shown) / columns), columns * inputs))
        units = tiles_of(
            shown, (1, inputs), scale, dark=dark, first=first, columns=columns, pixels=pixels
        )
        shape = wrapped(inputs)
    unit = tiles_of(one, shape, scale, dark=dark, first=entry.unit)
    return units, unit
