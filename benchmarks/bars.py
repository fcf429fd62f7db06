"""What must be reached, and whether the measurements reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.registry import Document
from benchmarks.tables import Table, format_value

__all__ = ["BARS", "Bar", "bars_table"]


@dataclass(frozen=True)
class Bar:
    """A claim in numbers.

    Attributes
    ----------
    what : str
        For the table.
    benchmark, measure : str
        Where in the documents its value is.
    bar : float
        The most that it may be; with `at_least`, the least.
    aim : float or None
        What would be better still.
    unit : str
        ``""`` for ratios, ``"s"``, ``"MB"`` or ``"%"``.
    at_least : bool
    """

    what: str
    benchmark: str
    measure: str
    bar: float
    aim: float | None = None
    unit: str = ""
    at_least: bool = False

    def value(self, documents: Mapping[str, Document]) -> float | None:
        """Return what was measured, or None."""
        measures: dict[str, Any] = documents.get(self.benchmark, {}).get("measures", {})
        spread = measures.get(self.measure)
        return None if spread is None else spread["median"]

    def verdict(self, value: float | None) -> str:
        """Return whether it is met."""
        if value is None:
            return "not measured"
        if self.aim is not None and self._holds(value, self.aim):
            return "yes, and the aim"
        return "yes" if self._holds(value, self.bar) else "no"

    def row(self, documents: Mapping[str, Document]) -> list[str]:
        """Return what, bar, aim, measured, met."""
        value = self.value(documents)
        sign = "≥" if self.at_least else "≤"
        aim = "" if self.aim is None else f"{sign} {self._format(self.aim)}"
        bar = f"{sign} {self._format(self.bar)}"
        return [self.what, bar, aim, self._format(value), self.verdict(value)]

    def _holds(self, value: float, limit: float) -> bool:
        return value >= limit if self.at_least else value <= limit

    def _format(self, value: float | None) -> str:
        if self.unit == "%" and value is not None:
            return f"{value:.2%}"
        return format_value(value, self.unit)


BARS = (
    Bar("`node` step, float32, over PyTorch's backprop + SGD", "steps",
        "node float32 / PyTorch", 0.65, 0.4),
    Bar("`node` step, float32, over scikit-learn's `MLPClassifier`", "steps",
        "node float32 / scikit-learn", 0.45, 0.3),
    Bar("`node` step, float32, over JAX's jitted backprop in a `lax.scan`", "steps",
        "node float32 / JAX", 1.0, 0.7),
    Bar("`node` step, float64, over the lesson's NumPy backprop step", "steps",
        "node float64 / lesson's NumPy backprop", 1.0, 0.7),
    Bar("`node` step, float32, over its floor", "steps", "node float32 / floor", 1.6, 1.2),
    Bar("`node` step, float64, over its floor", "steps", "node float64 / floor", 1.6, 1.2),
    Bar("`naive` gradient over `weight` gradient, float64", "ladder",
        "naive / weight, float64", 4_000, 8_000, at_least=True),
    Bar("`naive` gradient over `node` gradient, float64", "ladder",
        "naive / node, float64", 70_000, 150_000, at_least=True),
    Bar("`naive` gradient over `node` gradient, float32", "ladder",
        "naive / node, float32", 120_000, 150_000, at_least=True),
    Bar("784-256-256-10 ReLU: `node` step, float32, over PyTorch's backprop", "steps",
        "node float32 / PyTorch, deep", 40, 20),
    *(
        Bar(f"growth of a `node` step with {axis}, {dtype}: exponent", "scaling",
            f"exponent of {axis}, {dtype}", 1.1)
        for axis in ("width", "batch", "inputs")
        for dtype in ("float32", "float64")
    ),
    Bar("peak memory of the default `nudgegrad train`", "memory", "peak of nudgegrad train",
        400, 250, "MB"),
    Bar("`nudgegrad --help`", "cold-start", "nudgegrad --help", 0.3, None, "s"),
    Bar("`python -c \"import nudgegrad\"`", "cold-start", "import nudgegrad", 0.25, None, "s"),
    Bar("the default `nudgegrad train`, from the shell, kernels cached", "cold-start",
        "nudgegrad train", 10, 6, "s"),
    Bar("largest difference of float32's test accuracy from float64's, over the seeds' standard "
        "deviation", "dtypes", "difference over scatter", 1.0),
    Bar("bugs of the zoo that the checker finds", "checkers", "bugs found by nudgegrad", 1.0, None,
        "%", at_least=True),
    Bar("right gradients of the zoo that it passes", "checkers",
        "right gradients passed by nudgegrad", 1.0, None, "%", at_least=True),
    Bar("mistakes in vectors whose entries differ that the checker finds", "vectors",
        "mistakes found", 1.0, None, "%", at_least=True),
    Bar("right gradients of such vectors that it passes", "vectors", "right gradients passed", 1.0,
        None, "%", at_least=True),
    Bar("entries that lie within their error bars", "vectors", "entries within their error bars",
        0.99, None, "%", at_least=True),
    Bar("an error bar over the error, median", "vectors", "error bar over error", 100, 10),
    Bar("entries that central differences with `h=\"auto\"` give within 1 %", "vectors",
        "entries within 1 %, central", 1.0, None, "%", at_least=True),
    Bar("their median error over that of SciPy's `approx_derivative`", "vectors",
        "nudgegrad central / SciPy 3-point", 1.0),
    Bar("median error of Richardson's scheme over that of numdifftools", "vectors",
        "nudgegrad richardson / numdifftools", 1.0),
    Bar("PyTorch's `gradcheck`, slow mode, over the check of a Sequential's 79,510 weights",
        "check-speed", "gradcheck slow / nudgegrad, Sequential", 1_000, at_least=True),
    Bar("PyTorch's `gradcheck`, slow mode, over the check of a residual network", "check-speed",
        "gradcheck slow / nudgegrad, residual", 5, at_least=True),
    *(
        Bar(f"gradient of 2,000 variables by {scheme} differences, vectorised, over SciPy's",
            "check-speed", f"nudgegrad / SciPy, {scheme} differences", 1.0)
        for scheme in ("central", "forward")
    ),
    Bar("test accuracy of SimpleConvNet by numerical gradients", "models",
        "test accuracy of simple-convnet", 0.985, 0.99, "%", at_least=True),
    Bar("time of that training", "models", "seconds of simple-convnet", 1800, None, "s"),
    Bar("`naive` gradient of SimpleConvNet over `node`'s", "models",
        "naive / node, simple-convnet", 10_000, at_least=True),
    Bar("rate of a training on the page, over `nudgegrad train`", "page",
        "rate on the page / rate of nudgegrad train", 0.8, at_least=True),
    Bar("a key's answer on the page while `node` trains", "page", "answer", 0.15, None, "s"),
    Bar("first paint of the page", "page", "first paint", 2, None, "s"),
    Bar("test accuracy of 784-128-10 after 30 s of numerical gradients", "accuracy-for-time",
        "test accuracy after 30 s", 0.975, None, "%", at_least=True),
)  # fmt: skip


def bars_table(documents: Mapping[str, Document]) -> Table:
    """Return the table of all bars; `documents` by the benchmarks' names."""
    return Table(["what", "bar", "aim", "measured", "met"], [bar.row(documents) for bar in BARS])
