"""What every loss is: the error of each sample, its difference rule and its derivative."""

from __future__ import annotations

from nudgegrad.arrays import Array, namespace
from nudgegrad.functions import class_indices

__all__ = ["Loss"]


class Loss:
    """A loss. To write one's own, derive from it and define `samples`.

    A `difference` rule adds speed and accuracy, `gradient` makes it work with backprop.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def targets(self, y: Array, t: Array) -> Array:
        """Return `t` in the form that the other methods take, or raise if it does not fit `y`."""
        return t

    def output(self, y: Array) -> Array:
        """Return the predictions that the last layer's output stands for."""
        return y

    def hits(self, y: Array, t: Array) -> Array:
        """Return whether each sample's prediction is right: its largest output is the class `t`.

        `t` are labels as they were given, not as `targets` returns them.
        """
        return namespace(y).argmax(y, axis=-1) == class_indices(t, y)

    def samples(self, y: Array, t: Array) -> Array:
        """Return each sample's error: (…, features) and targets → (…)."""
        raise TypeError(f"{self!r} must define samples(y, t)")

    def value(self, y: Array, t: Array) -> float:
        """Return the mean of the samples' errors."""
        return float(namespace(y).mean(self.samples(y, t)))

    def difference(self, y: Array, t: Array, d: Array) -> Array:
        """Return the exact change of each sample's error when `y` moves by `d`.

        The default subtracts two errors. It is right for every loss, and rounds like a plain
        difference.
        """
        before, after = self._before_and_after(y, t, d)
        return after - before

    def magnitude(self, y: Array, t: Array, m: Array) -> Array:
        """Return the size of the numbers that `difference` adds up for changes of size `m` >= 0."""
        before, after = self._before_and_after(y, t, m)
        return namespace(m).abs(before) + namespace(m).abs(after)

    def _before_and_after(self, y: Array, t: Array, d: Array) -> tuple[Array, Array]:
        """Return `samples` of y and of y + d, called with plain batches of rows."""
        xp = namespace(d)
        rows = tuple(d.shape[:-1])
        t = xp.broadcast_to(t, rows if t.ndim < d.ndim else (*rows, t.shape[-1]))
        t = xp.reshape(t, (-1, *tuple(t.shape[len(rows) :])))
        before, after = (
            self.samples(xp.reshape(values, (-1, d.shape[-1])), t)
            for values in (xp.broadcast_to(y, d.shape), y + d)
        )
        return xp.reshape(before, rows), xp.reshape(after, rows)

    def gradient(self, y: Array, t: Array) -> Array:
        """Return the derivative of `value` by `y`."""
        raise TypeError(
            f"{self!r} has no gradient(y, t), which backprop needs; write one, or use method "
            "'node', 'weight' or 'naive', which do without"
        )
