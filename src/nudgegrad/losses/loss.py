"""What every loss is: the error of each sample, its difference rule and its derivative."""

from __future__ import annotations

from nudgegrad.arrays import Array, namespace
from nudgegrad.functions import class_indices
from nudgegrad.validation import ParameterError

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
        return float(namespace(y).mean(self._errors(y, t)))

    def difference(self, y: Array, t: Array, d: Array) -> Array:
        """Return the exact change of each sample's error when `y` moves by `d`.

        The default subtracts two errors. It is right for every loss, and rounds like a plain
        difference.

        Raises
        ------
        ParameterError
            If a sample's error is another one when the sample comes alone.
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
            self._errors(xp.reshape(values, (-1, d.shape[-1])), t)
            for values in (xp.broadcast_to(y, d.shape), y + d)
        )
        self._check_apart(xp.reshape(y, (-1, y.shape[-1]))[:1, :], t[:1, ...], before[:1])
        return xp.reshape(before, rows), xp.reshape(after, rows)

    def _errors(self, y: Array, t: Array) -> Array:
        """Return `samples`, or raise if it is not one number for each."""
        errors = self.samples(y, t)
        shape = getattr(errors, "shape", None)
        if shape is None or tuple(shape) != tuple(y.shape[:-1]):
            got = type(errors).__name__ if shape is None else f"shape {tuple(shape)}"
            raise ParameterError(
                f"{self!r} must return one error for each sample from samples(y, t), an array of "
                f"shape {tuple(y.shape[:-1])}, got {got}; the mean is taken elsewhere"
            )
        return errors

    def _check_apart(self, y: Array, t: Array, among: Array) -> None:
        """Raise if the first sample's error depends on the others, or on chance."""
        xp = namespace(y)
        alone = self._errors(y + 0, t)  # a copy, for losses that write into it
        off = xp.abs(alone - among)
        if bool(xp.any(off > 1e-3 * (xp.abs(among) + 1e-2 * xp.max(xp.abs(y))))):
            raise ParameterError(
                f"{self!r} gives another error for a sample alone than for the same in a batch: "
                "samples(y, t) must go by each sample's own outputs and target, and not by chance"
            )

    def gradient(self, y: Array, t: Array) -> Array:
        """Return the derivative of `value` by `y`."""
        raise TypeError(
            f"{self!r} has no gradient(y, t), which backprop needs; write one, or use method "
            "'node', 'weight' or 'naive', which do without"
        )
