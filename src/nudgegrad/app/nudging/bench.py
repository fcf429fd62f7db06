"""The bench: a copy of the network on which one weight is looked at, nudged and moved."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.nudging.changes import Changes, what_changed
from nudgegrad.app.nudging.curve import loss_along, propagated_loss_along
from nudgegrad.app.nudging.entry import Entry, by_unit, entry_of, moved
from nudgegrad.app.nudging.errors import ErrorCurves, error_by_h
from nudgegrad.app.nudging.pictures import MOST_TILES, Tiles, common_scale, tiles_of, wrapped
from nudgegrad.app.nudging.slopes import Slopes, measure
from nudgegrad.app.session import Session
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

    Calls wait for each other; `look` and `errors` take long enough for a thread of their own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._source: Network | None = None
        self._network: Network | None = None
        self._batch: tuple[Any, ...] | None = None
        self._curve: tuple[Any, Points] | None = None

    def look(self, session: Session, choice: Choice) -> View:
        """Return what there is to see.

        While w is moved the network is the copy that it was moved on; otherwise the latest.

        Raises
        ------
        ParameterError, FileError
            If the data set cannot be read, or does not fit the network.
        """
        with self._lock, np.errstate(all="ignore"):
            network, held = self._take(session, choice)
            raw, t = self._draw(session.data, choice, network)
            return self._view(network, session.data, raw, t, choice, held)

    def errors(self, session: Session, choice: Choice) -> ErrorCurves:
        """Return the error over h of the weight chosen, where it is moved to."""
        with self._lock, np.errstate(all="ignore"):
            network, _ = self._take(session, choice)
            raw, t = self._draw(session.data, choice, network)
            choice, entry = _within(network, as_inputs(raw, network.dtype), t, choice)
            with moved(network, entry, choice.offset):
                return error_by_h(network, raw, t, entry)

    def _take(self, session: Session, choice: Choice) -> tuple[Network, bool]:
        """Return the copy, fresh unless w is moved on it."""
        same_kind = self._network is not None and self._network.dtype == np.dtype(choice.dtype)
        if choice.offset and self._source is not None and self._network is not None:
            if not same_kind:
                self._network = self._source.copy(choice.dtype)
            return self._network, True
        latest = session.network
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
        key = (data, choice.samples, choice.seed)
        if self._batch is None or self._batch[:3] != key:
            count = min(choice.samples, len(data.x_train))
            chosen = np.random.default_rng(choice.seed).choice(
                len(data.x_train), count, replace=False
            )
            self._batch = (*key, data.x_train[chosen], data.t_train[chosen])
        return self._batch[3], self._batch[4]

    def _view(
        self, network: Network, data: Dataset, raw: NDArray[Any], t: NDArray[Any],
        choice: Choice, held: bool,
    ) -> View:  # fmt: skip
        x = as_inputs(raw, network.dtype)
        choice, entry = _within(network, x, t, choice)
        array = network.params[entry.name]
        count, inputs = by_unit(array).shape
        image_shape = None
        if entry.kernel:
            image_shape = inputs // entry.kernel[-1], entry.kernel[-1]
        elif entry.layer(network) == 0 and entry.source is not None:
            image_shape = data.image_shape
        scale = common_scale(array)
        curve = self._along(network, x, t, entry, choice, data)
        value, before = entry.value(network), network.predict(x[choice.sample])
        with moved(network, entry, choice.offset):
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
                slopes=measure(network, x, t, entry, choice.h),
                probabilities=network.predict(x[choice.sample]).tolist(),
                probabilities_before=before.tolist(),
                sample=x[choice.sample],
                label=int(t[choice.sample]),
                changes=what_changed(network, x, t, entry, choice.h),
                scale=scale,
                units=units,
                unit=unit,
            )

    def _along(
        self, network: Network, x: NDArray[Any], t: NDArray[Any], entry: Entry, choice: Choice,
        data: Dataset,
    ) -> Points:  # fmt: skip
        if choice.close:
            centre, reach = choice.offset, 3 * choice.h
        else:
            centre = 0.0
            reach = max(10.0**choice.reach, 1.25 * choice.h, 1.05 * abs(choice.offset))
        key = (network, data, choice.samples, choice.seed, entry, centre, reach)
        if self._curve is None or self._curve[0] != key:
            begun = time.perf_counter()
            network.loss(x, t)
            slow = time.perf_counter() - begun > SLOW_SECONDS
            count = FEWER_POINTS if slow and choice.close else CURVE_POINTS
            offsets = np.linspace(centre - reach, centre + reach, count).tolist()
            # From close up rounding is to be seen, which propagation does not have.
            along = propagated_loss_along if slow and not choice.close else loss_along
            self._curve = key, along(network, x, t, entry, offsets)
        return self._curve[1]


def _within(
    network: Network, x: NDArray[Any], t: NDArray[Any], choice: Choice
) -> tuple[Choice, Entry]:
    """Bring a choice into the network's shapes; what is not chosen is the steepest weight's."""
    name = choice.name if choice.name in network.params else "W1"
    array = network.params[name]
    unit, source = choice.unit, choice.source
    if unit is None or name != choice.name:
        slopes = by_unit(np.nan_to_num(np.abs(network.gradient(x, t)[name])))
        unit, source = divmod(int(slopes.argmax()), slopes.shape[1])
    entry = entry_of(name, array, unit, source)
    sample = max(0, min(choice.sample, len(x) - 1))
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
    else:  # a strip for each unit
        pixels = max(1, min(300 // len(shown), 300 // inputs))
        units = tiles_of(
            shown, (1, inputs), scale, dark=dark, first=first, columns=1, pixels=pixels
        )
        shape = wrapped(inputs)
    unit = tiles_of(one, shape, scale, dark=dark, first=entry.unit)
    return units, unit
