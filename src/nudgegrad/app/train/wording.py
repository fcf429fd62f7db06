"""Numbers, times and methods as the tab writes them."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = [
    "NOTHING",
    "Translate",
    "accuracy",
    "count",
    "describe_method",
    "describe_model",
    "duration",
    "loss",
    "method_summary",
    "model_name",
    "percent",
    "rate",
]

Translate = Callable[[str], str]
"""From English to the reader's language."""

NOTHING = "–"
YEAR = 365.25 * 86_400
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def duration(_: Translate, seconds: float | None) -> str:
    """Return a time in a unit that fits: ``12.3 s``, ``4 min 05 s``, ``6.2 days``."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 99.95:
        return _("{number} s").format(number=f"{max(0.0, seconds):.1f}")
    if seconds < 3599.5:
        minutes, rest = divmod(round(seconds), 60)
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=f"{rest:02}")
    if seconds < 48 * 3600:
        return _("{number} h").format(number=f"{seconds / 3600:.1f}")
    if seconds < 2 * YEAR:
        return _("{number} days").format(number=f"{seconds / 86_400:.1f}")
    return _("{number} years").format(number=f"{seconds / YEAR:,.1f}")


def percent(share: float) -> str:
    """Return a share with as many digits as it takes to see it move, and never rounded up."""
    value = 100 * min(max(share, 0.0), 1.0)
    if value in (0.0, 100.0):
        return f"{value:.0f} %"
    decimals = min(max(1, 1 - math.floor(math.log10(value))), 9)
    return f"{math.floor(value * 10**decimals + 1e-6) / 10**decimals:.{decimals}f} %"


def accuracy(value: float | None) -> str:
    """Return an accuracy in percent."""
    return NOTHING if value is None else f"{100 * value:.2f} %"


def loss(value: float | None) -> str:
    """Return a loss."""
    return NOTHING if value is None else f"{value:.4f}"


def count(number: int) -> str:
    """Return a number in groups of digits, a very large one as a power of ten."""
    if number < 10_000_000:
        return f"{number:,}"
    mantissa, exponent = f"{number:.2e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def rate(_: Translate, per_second: float | None) -> str:
    """Return iterations a second, or the time of one where it takes longer than that."""
    if per_second is None or not math.isfinite(per_second) or per_second <= 0:
        return NOTHING
    if per_second < 1:
        return _("{time} each").format(time=duration(_, 1 / per_second))
    return _("{number} a second").format(number=f"{per_second:,.3g}" if per_second < 100
                                         else f"{per_second:,.0f}")  # fmt: skip


def method_summary(_: Translate, method: str) -> str:
    """Return what a method does, in a few words."""
    return {
        "naive": _("recomputes everything"),
        "weight": _("recomputes what changes"),
        "node": _("nudges input sums"),
        "backprop": _("uses derivatives"),
    }[method]


def describe_method(_: Translate, method: str) -> str:
    """Return what a method does, in sentences."""
    return {
        "naive": _(
            "naive is the lesson's own way: each weight is nudged up and down, and everything is "
            "computed anew, two whole forward passes a weight. One iteration takes about a minute."
        ),
        "weight": _(
            "weight nudges each weight too, and gets the same numbers, but recomputes only what "
            "that nudge changes: one unit, and what follows from it."
        ),
        "node": _(
            "node nudges each unit's input sum, once a sample. A layer's output is linear in its "
            "weights, so one matrix product then gives the slopes of all weights."
        ),
        "backprop": _(
            "backprop nudges nothing: it uses derivatives, from the loss back to the first layer. "
            "It is here to compare with."
        ),
    }[method]


def model_name(_: Translate, model: str) -> str:
    """Return what a model is called: its name on the command line, and what that is."""
    names = {
        "two-layer": _("two-layer: one hidden layer"),
        "multi-layer": _("multi-layer: a deep network"),
        "simple-convnet": _("simple-convnet: convolution"),
    }
    return names[model]


def describe_model(_: Translate, model: str) -> str:
    """Return what a model is, in a sentence."""
    return {
        "two-layer": _("two-layer is the lesson's network: one hidden layer."),
        "multi-layer": _("multi-layer has several hidden layers, six of 100 units to begin with."),
        "simple-convnet": _(
            "simple-convnet looks for small patterns: 30 kernels of 5×5 weights slide over the "
            "picture, the largest of each 2×2 places goes on, and a hidden layer follows."
        ),
    }[model]
