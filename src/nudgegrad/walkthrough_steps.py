"""The words of the lesson's ten steps, and the facts of a run that go with them.

Every step is a function of a `Run`, which `nudgegrad.walkthrough.walk` has carried out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.functions import class_indices
from nudgegrad.gradient import Gradient
from nudgegrad.layers import Affine, Layer, named_parameters
from nudgegrad.losses import CrossEntropy
from nudgegrad.network import Network

__all__ = ["STEPS", "Call", "Run", "Step", "Translate"]

Array = NDArray[Any]
Translate = Callable[[str], str]

FEW = 12
"""Arrays of at most so many entries are shown whole: they can be checked by hand."""


@dataclass(frozen=True)
class Step:
    """One step of the lesson.

    Attributes
    ----------
    number : int
        0 to 10.
    title, explanation : str
        In the reader's language.
    formula : str
    function : str
        The dotted name of what does this step in nudgegrad.
    facts : tuple of (label, value)
        What this run computed, as text.
    """

    number: int
    title: str
    explanation: str
    formula: str
    function: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Call:
    """One call of the loss function: the entry that it met, and all that it computed."""

    entry: float
    values: list[Array]
    loss: float


@dataclass(frozen=True)
class Run:
    """All that the steps tell of."""

    network: Network
    x: Array
    t: Array
    data_name: str
    learning_rate: float
    h: float
    parameter: str
    entry: tuple[int, ...]
    before: Call
    up: Call
    down: Call
    slope: float
    other_slopes: dict[str, float]
    gradient: Gradient
    updated: Network
    train: tuple[Array, Array] | None
    test: tuple[Array, Array] | None

    @property
    def name(self) -> str:
        """The picked entry, as one writes it: W1[3, 5]."""
        return f"{self.parameter}[{', '.join(map(str, self.entry))}]"

    def exact(self, number: float) -> str:
        """Write a number with the digits that its dtype holds."""
        return f"{number:.{8 if self.network.dtype == np.float32 else 15}g}"


def _start(run: Run, number: int, _: Translate) -> Step:
    params = run.network.params
    return Step(
        number,
        _("Data, a batch and a network"),
        _(
            "A batch is drawn from the data set, and the network has its starting weights and "
            "biases. All that follows happens to this one batch."
        ),
        f"θ = ({', '.join(params)})",
        "nudgegrad.network.Network",
        (
            (_("data set"), run.data_name),
            (_("inputs x"), _show(run.x)),
            (_("labels t"), _show(run.t)),
            *((name, _show(params[name])) for name in params),
            (_("learning rate η"), f"{run.learning_rate:g}"),
            (_("nudge h"), f"{run.h:g}"),
        ),
    )


def _choose(run: Run, number: int, _: Translate) -> Step:
    array = run.network.params[run.parameter]
    return Step(
        number,
        _("A loss function and one parameter"),
        _(
            "To get a gradient, the network hands over two things: its loss function and one "
            "parameter, here {parameter}. Each of its values is treated in turn; we follow one."
        ).format(parameter=run.parameter),
        f"f({run.parameter}) = L(x, t)",
        "nudgegrad.network.Network.numerical_gradient",
        (
            (_("parameter"), run.parameter),
            (_("values in it"), str(array.size)),
            (_("values in all parameters"), str(sum(a.size for a in run.network.params.values()))),
            (_("the value we follow"), f"{run.name} = {run.exact(run.before.entry)}"),
        ),
    )


def _raise(run: Run, number: int, _: Translate) -> Step:
    return Step(
        number,
        _("The value is raised by h"),
        _(
            "The parameter is no longer what initialisation made it, and that reaches everything "
            "that is computed from it."
        ),
        f"{run.name} ← {run.name} + h",
        "nudgegrad.differentiate.central_differences",
        (
            (_("before"), run.exact(run.before.entry)),
            (_("raised"), run.exact(run.up.entry)),
        ),
    )


def _call(run: Run, number: int, _: Translate) -> Step:
    return Step(
        number,
        _("The loss function is called"),
        _(
            "It is called with the whole batch. It reads the parameters as they are now, with the "
            "one value raised."
        ),
        f"f₊ = f({run.name} + h)",
        "nudgegrad.network.Network.loss",
        (
            (_("inputs x"), str(run.x.shape)),
            (_("labels t"), str(run.t.shape)),
            (_("loss with nothing changed"), run.exact(run.before.loss)),
        ),
    )


def _predict(run: Run, number: int, _: Translate) -> Step:
    values = run.up.values
    output = run.network.loss_function.output(values[-1])
    lines = _expressions(run.network)
    results = [*values[1:], output][: len(lines)]
    shapes = [
        (line.format("x" if k == 0 else "…"), f"{before.shape} → {_show(after)}")
        for k, (line, before, after) in enumerate(zip(lines, values, results, strict=False))
    ]
    formula = "x"
    for line, previous in zip(lines, ["", *lines], strict=False):
        both_sums = line.startswith("{}·") and previous.startswith("{}·")
        formula = line.format(f"({formula})" if both_sums else formula)
    if isinstance(run.network.loss_function, CrossEntropy):
        first = _("first sample's probabilities")
    else:
        first = _("first sample's outputs")
    return Step(
        number,
        _("Forward through the network"),
        _(
            "The inputs pass through the layers: matrix products with the weights, plus biases, "
            "and the activation functions in between. What comes out is a row for each sample."
        ),
        f"y = {formula}",
        "nudgegrad.network.Network.predict",
        (*shapes, (first, _row(output[0]))),
    )


def _compare(run: Run, number: int, _: Translate) -> Step:
    loss, output = run.network.loss_function, run.up.values[-1]
    errors = loss.samples(output, loss.targets(output, run.t))
    error = (_("first sample's error"), run.exact(float(errors[0])))
    total = (_("f₊, the mean error"), run.exact(run.up.loss))
    if not isinstance(loss, CrossEntropy) or loss.label_smoothing:
        return Step(
            number,
            _("The error against the targets"),
            _(
                "The loss compares the outputs with the targets and returns one number, the mean "
                "error of a sample."
            ),
            "L = 1/N · Σₙ ℓ(yₙ, tₙ)",
            f"{type(loss).__module__}.{type(loss).__qualname__}.samples",
            ((_("first sample's target"), _row(np.atleast_1d(run.t[0]))), error, total),
        )
    label = int(class_indices(run.t, output)[0])
    probability = float(loss.output(output)[0, label])
    return Step(
        number,
        _("The error against the labels"),
        _(
            "The cross-entropy error looks at the probability of each sample's correct label: the "
            "lower it is, the larger the error. The result is one number, the mean error of a "
            "sample."
        ),
        "L = −1/N · Σₙ log(y[n, tₙ]" + (f" + {loss.epsilon:g})" if loss.epsilon else ")"),
        "nudgegrad.functions.cross_entropy_error",
        (
            (_("first sample's correct label"), str(label)),
            (_("its probability"), run.exact(probability)),
            error,
            total,
        ),
    )


def _lower(run: Run, number: int, _: Translate) -> Step:
    return Step(
        number,
        _("The value is lowered by h"),
        _(
            "The error goes back to where the loss function was called. The value is changed "
            "again, this time to h below where it began, a second error comes back, and the "
            "value is restored."
        ),
        f"f₋ = f({run.name} − h)",
        "nudgegrad.differentiate.central_differences",
        (
            (_("lowered"), run.exact(run.down.entry)),
            (_("f₋, the mean error"), run.exact(run.down.loss)),
            (_("restored"), run.exact(run.before.entry)),
        ),
    )


def _divide(run: Run, number: int, _: Translate) -> Step:
    labels = {"backprop": _("by backpropagation")}
    others = [
        (labels.get(method, _("by {method}").format(method=method)), run.exact(slope))
        for method, slope in run.other_slopes.items()
    ]
    return Step(
        number,
        _("Two errors make a derivative"),
        _(
            "Their difference, divided by 2h, is one entry of the gradient: this is numerical "
            "differentiation. The faster methods find the same entry without running the whole "
            "network twice for each value."
        ),
        f"∂L/∂{run.name} ≈ (f₊ − f₋) / 2h",
        "nudgegrad.gradient.compute_gradient",
        (
            ("f₊ − f₋", run.exact(run.up.loss - run.down.loss)),
            (_("2h, as rounding leaves it"), run.exact(run.up.entry - run.down.entry)),
            ("(f₊ − f₋) / 2h", run.exact(run.slope)),
            *others,
            (_("gradient of {parameter}").format(parameter=run.parameter),
             _show(run.gradient[run.parameter])),
        ),
    )  # fmt: skip


def _update(run: Run, number: int, _: Translate) -> Step:
    eta = run.learning_rate
    slope = float(run.gradient[run.parameter][run.entry])
    factor = f"{slope:.6g}" if slope >= 0 else f"({slope:.6g})"
    after = float(run.updated.params[run.parameter][run.entry])
    return Step(
        number,
        _("All parameters are updated"),
        _(
            "When every entry of the gradient is known, weights and biases take one step against "
            "it, as long as the learning rate says."
        ),
        "θ ← θ − η · ∂L/∂θ",
        "nudgegrad.training.SGD.update",
        (
            (run.name, f"{run.exact(run.before.entry)} − {eta:g} · {factor} = {run.exact(after)}"),
            *(
                (
                    _("largest change in {parameter}").format(parameter=name),
                    f"{eta * float(np.abs(values).max()):.6g}",
                )
                for name, values in run.gradient.items()
            ),
        ),
    )


def _again(run: Run, number: int, _: Translate) -> Step:
    after = run.updated.loss(run.x, run.t)
    return Step(
        number,
        _("The loss after the update"),
        _(
            "The batch goes through the updated network once more. Its error joins the list of "
            "training losses."
        ),
        "L(θ − η · ∂L/∂θ)",
        "nudgegrad.network.Network.loss",
        (
            (_("loss before"), run.exact(run.before.loss)),
            (_("loss after"), run.exact(after)),
            (_("change"), f"{after - run.before.loss:+.6g}"),
        ),
    )


def _accuracy(run: Run, number: int, _: Translate) -> Step:
    named = ((_("training data"), run.train), (_("test data"), run.test))
    sets = [(name, data) for name, data in named if data is not None]
    facts = tuple(
        (
            _("{data}, {samples} samples").format(data=name, samples=len(x)),
            f"{run.network.accuracy(x, t):.4f} → {run.updated.accuracy(x, t):.4f}",
        )
        for name, (x, t) in sets or [(_("this batch"), (run.x, run.t))]
    )
    return Step(
        number,
        _("The accuracy"),
        _(
            "Whenever a pass through the training data is complete, an epoch, the accuracies on "
            "training and test data are computed. Here they are before and after the one update."
        ),
        _("accuracy = samples classified correctly / all samples"),
        "nudgegrad.network.Network.accuracy",
        facts,
    )


def _expressions(network: Network) -> list[str]:
    """Return what each layer does, and softmax, with {} for what comes in: ``{}·W1 + b1``."""
    names = named_parameters(network.layers)

    def expression(layer: Layer) -> str:
        own = [name for name, (owner, _) in names.items() if owner is layer]
        if isinstance(layer, Affine):
            return "{{}}·{} + {}".format(*own)
        return f"{type(layer).__name__.lower()}({', '.join(['{}', *own])})"

    softmax = ["softmax({})"] if isinstance(network.loss_function, CrossEntropy) else []
    return [*map(expression, network.layers), *softmax]


def _show(array: Array) -> str:
    """Return an array's shape and, if they are few, its values."""
    if array.size > FEW:
        return str(array.shape)
    rows = [_row(row) for row in array.reshape(-1, array.shape[-1])]
    return f"{array.shape}  {', '.join(rows)}"


def _row(values: Array) -> str:
    shown = ", ".join(f"{value:.6g}" for value in values[:FEW])
    return f"[{shown}, …]" if len(values) > FEW else f"[{shown}]"


STEPS: tuple[Callable[[Run, int, Translate], Step], ...] = (
    _start,
    _choose,
    _raise,
    _call,
    _predict,
    _compare,
    _lower,
    _divide,
    _update,
    _again,
    _accuracy,
)
"""What tells of steps 0 to 10."""
