"""Mini-batches one after another, drawn and gathered some steps ahead on another core.

Which samples a batch holds depends on the seed alone and not on the training, so the next ones can
be looked up, freed from their zeros and transposed while a step computes. It changes no number. The
state that a checkpoint saves is that before the next batch, whatever has been drawn ahead.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.training.samples import Samples

__all__ = ["SAMPLINGS", "Batch", "Feed"]

SAMPLINGS = ("replacement", "shuffle", "ordered")
AHEAD = 16  # batches to a block: enough to make handing it over cheap

Rows = NDArray[np.int64]


class Batch(NamedTuple):
    """The numbers of some samples, and their inputs as the network takes them."""

    rows: Rows
    x: Any


@dataclass
class Block:
    """Batches drawn together.

    Attributes
    ----------
    random_state, order, iteration
        The state before the first of them was drawn.
    rows : list of arrays
    inputs : list, or a future of one
    """

    random_state: Any
    order: Rows
    iteration: int
    rows: list[Rows]
    inputs: list[Any] | Future[list[Any]]


class Feed:
    """Draws the batches of a training.

    Parameters
    ----------
    samples
        What to draw from.
    batch_size
        Samples a batch; the last one of an epoch may have fewer if they are not drawn anew.
    sampling
        ``"replacement"``, ``"shuffle"`` or ``"ordered"``.
    rng
        Where the draws come from. It is the feed's own from now on.
    ahead
        Whether to gather batches before they are asked for, in another thread.
    """

    def __init__(
        self, samples: Samples, batch_size: int, sampling: str, rng: np.random.Generator,
        *, ahead: bool,
    ) -> None:  # fmt: skip
        self._samples, self._batch_size, self._sampling = samples, batch_size, sampling
        self.iterations_per_epoch: int = math.ceil(len(samples) / batch_size)
        self._ahead, self._process = ahead, os.getpid()
        self._pool = ThreadPoolExecutor(1, "nudgegrad-feed") if ahead else None
        self.restore(rng, np.empty(0, dtype=np.int64), 0)

    def restore(self, rng: np.random.Generator, order: Rows, iteration: int) -> None:
        """Go on from a state that `state` returned."""
        self._rng, self._order, self._iteration = rng, order, iteration
        self._block = self._draw_block(0)
        self._next: Block | None = None
        self._taken = 0

    def state(self) -> tuple[np.random.Generator, Rows]:
        """Return the random generator and the order of the epoch, before the next batch."""
        bits = type(self._rng.bit_generator)()
        bits.state = self._block.random_state
        rng, order = np.random.Generator(bits), self._block.order
        for k in range(self._taken):
            _, order = self._draw(rng, order, self._block.iteration + k)
        return rng, order

    def peek(self) -> Batch:
        """Return the next batch; the same one until `advance`."""
        if self._taken == len(self._block.rows):
            self._block = self._draw_block() if self._next is None else self._next
            self._next = self._draw_block() if self._ahead else None
            self._taken = 0
        rows = self._block.rows[self._taken]
        return Batch(rows, self._inputs(self._block)[self._taken])

    def advance(self) -> None:
        """Go to the next batch."""
        self._taken += 1

    def _draw_block(self, count: int | None = None) -> Block:
        if count is None:
            count = AHEAD if self._ahead else 1
        block = Block(self._rng.bit_generator.state, self._order, self._iteration, [], [])
        for _ in range(count):
            rows, self._order = self._draw(self._rng, self._order, self._iteration)
            block.rows.append(rows)
            self._iteration += 1
        if self._pool is not None and count and os.getpid() == self._process:
            block.inputs = self._pool.submit(self._gather, block.rows)
        return block

    def _draw(self, rng: np.random.Generator, order: Rows, iteration: int) -> tuple[Rows, Rows]:
        """Return the rows of an iteration's batch, and the order of its epoch."""
        if self._sampling == "replacement":
            return rng.integers(0, len(self._samples), self._batch_size), order
        position = iteration % self.iterations_per_epoch * self._batch_size
        if self._sampling == "ordered":
            end = min(position + self._batch_size, len(self._samples))
            return np.arange(position, end, dtype=np.int64), order
        if position == 0:
            order = rng.permutation(len(self._samples))
        return order[position : position + self._batch_size], order

    def _inputs(self, block: Block) -> list[Any]:
        if isinstance(block.inputs, Future) and os.getpid() == self._process:
            block.inputs = block.inputs.result()
        elif isinstance(block.inputs, Future) or not block.inputs:  # after a fork: no thread here
            block.inputs = self._gather(block.rows)
        return block.inputs

    def _gather(self, rows: list[Rows]) -> list[Any]:
        if not self._ahead:
            return [self._samples.take(some) for some in rows]
        from nudgegrad.gradient.kernels.sparse import transpose_batches

        # All at once: between two kernels a thread waits for the one that trains.
        return transpose_batches(
            self._samples.take(np.concatenate(rows)), [len(some) for some in rows]
        )
