"""What the steps are walked with: an example to check by hand, or a session's own network."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.session import Session
from nudgegrad.app.shown import look_at
from nudgegrad.data import as_inputs, one_hot
from nudgegrad.gradient import Gradient
from nudgegrad.network import Network
from nudgegrad.validation import ParameterError, check_integer
from nudgegrad.walkthrough import Step, gradients_of, hand_example, walk

__all__ = ["Example", "by_hand", "of_session", "read_index", "steps_csv"]

MOST_SAMPLES = 200
"""Samples of a mini-batch, at most: nobody wants to wait for more."""
SHOWN_SAMPLES = 1000
"""Samples of each part whose accuracy is shown, as ``nudgegrad walk`` has it."""
LEARNING_RATE = 0.1
MOST_BATCHES = 1_000_000

Pair = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Example:
    """A network and a batch that stay as they are.

    Attributes
    ----------
    data_name : str or None
        None for the example to check by hand.
    version
        That of the session when the weights were taken.
    iterations
        About how many the network had been trained for.
    gradients
        By h and method: those of all entries, once they have been computed.
    """

    network: Network
    x: NDArray[Any]
    t: NDArray[Any]
    data_name: str | None = None
    learning_rate: float = LEARNING_RATE
    train: Pair | None = None
    test: Pair | None = None
    version: int | None = None
    iterations: int = 0
    gradients: dict[float, dict[str, Gradient]] = field(default_factory=dict)

    def steps(
        self,
        *,
        parameter: str = "W1",
        index: tuple[int, ...] | None = None,
        h: float = 1e-4,
        translate: Callable[[str], str] = str,
    ) -> list[Step]:
        """Walk through the steps; arguments are those of `nudgegrad.walkthrough.walk`.

        Raises
        ------
        ParameterError
            If there is no such entry, or the weights are not finite.
        """
        _ = translate
        if not all(np.isfinite(array).all() for array in self.network.params.values()):
            raise ParameterError(
                "the weights are not finite: the training diverged; start another one with a "
                "smaller learning rate"
            )
        name = self.data_name
        with np.errstate(over="ignore"):  # nudges may be as large as one likes
            if h not in self.gradients:
                self.gradients[h] = gradients_of(self.network, self.x, self.t, h)
            return walk(
                self.network, self.x, self.t, learning_rate=self.learning_rate, h=h,
                data_name=_("an example to check by hand") if name is None else name,
                parameter=parameter, index=index, train=self.train, test=self.test,
                gradients=self.gradients[h], translate=_,
            )  # fmt: skip


def by_hand() -> Example:
    """Return the 3-2-2 network with round numbers."""
    return Example(*hand_example())


def of_session(session: Session, batch: int = 1) -> Example:
    """Return the network of a session with a mini-batch; it may read data, so call it in a thread.

    All is computed in float64: what step 7 subtracts would be noise in float32.

    Parameters
    ----------
    batch
        1 is the batch that ``nudgegrad walk`` takes with the same seed, others follow it.
    """
    check_integer("batch", batch, 1, MOST_BATCHES)
    shown = look_at(session)
    data, settings = shown.data, shown.configuration
    size = min(settings.batch_size, MOST_SAMPLES)
    rng = np.random.default_rng([settings.seed, 1])
    for _ in range(batch):
        drawn = rng.integers(0, len(data.x_train), size)
    train, test = (
        (as_inputs(x[:SHOWN_SAMPLES], np.float64), labels[:SHOWN_SAMPLES])
        for x, labels in ((data.x_train, data.t_train), (data.x_test, data.t_test))
    )
    own_rate = shown.learning_rate if settings.optimizer == "sgd" else None
    return Example(
        network=shown.network.copy("float64"),
        x=as_inputs(data.x_train[drawn], np.float64),
        t=one_hot(data.t_train[drawn], data.classes),
        data_name=data.name,
        learning_rate=own_rate or LEARNING_RATE,
        train=train,
        test=test,
        version=shown.version,
        iterations=shown.iterations,
    )


def read_index(text: str) -> tuple[int, ...] | None:
    """Read an entry's place, such as ``3, 5``; nothing is None.

    Raises
    ------
    ParameterError
        If it is anything else.
    """
    parts = re.split(r"[\s,，、]+", text.strip().strip("()[]").strip())
    if parts == [""]:
        return None
    try:
        return tuple(int(part) for part in parts if part)
    except ValueError:
        raise ParameterError(
            f"an entry must be whole numbers with commas between, such as 3, 5, got {text!r}"
        ) from None


def steps_csv(steps: Sequence[Step]) -> str:
    """Return what the steps computed as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["step", "title", "fact", "value"])
    for step in steps:
        writer.writerow([step.number, step.title, "formula", step.formula])
        writer.writerows([step.number, step.title, *fact] for fact in step.facts)
    return stream.getvalue()
