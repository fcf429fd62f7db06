"""Checking a `Network`'s gradient: every entry, by `node` and `weight`, in milliseconds.

Nudges are propagated as exact differences, which do not lose digits as h shrinks. So h can be so
small that truncation is below 1e-12 and hardly any kink lies within it, in float32 too.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.engine import STOPPED, Options, examine
from nudgegrad.checker.judge import Others, judge
from nudgegrad.checker.reason import Reason
from nudgegrad.checker.report import ParameterCheck, Report
from nudgegrad.checker.taylor import HALVINGS, taylor_test
from nudgegrad.checker.verdict import Verdict
from nudgegrad.differentiate.evaluate import InPlace
from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.differentiate.select import select_entries
from nudgegrad.differentiate.step import value_noise
from nudgegrad.gradient.node import by_parameter, node_differences
from nudgegrad.gradient.propagate import Quotient
from nudgegrad.gradient.trace import Trace, make_trace
from nudgegrad.gradient.weight import weight
from nudgegrad.layers import Affine, Layer, named_parameters
from nudgegrad.losses import Loss
from nudgegrad.monitor import Cancelled, Monitor
from nudgegrad.network import Network
from nudgegrad.validation import ParameterError

__all__ = ["check_network"]

Array = NDArray[Any]

EXACT_H = {"float64": 1e-6, "float32": 1e-4}
"""The nudge where all layers have difference rules: small, since nothing is lost by that."""

PLAIN_H = {"float64": 1e-5, "float32": 5e-3}
"""The nudge where one of them subtracts two forward passes."""

SHORTER = 2.0**-10
"""By how much it is shortened where a kink lies within it."""

SPOT = 4
"""Entries of each parameter on which `naive` answers for layers that are not the library's."""


@dataclass
class _Measured:
    """One array's numeric gradient; `bend` is how far kinks set the slopes on both sides apart."""

    numeric: Array
    error: Array
    bend: Array | None


def check_network(
    network: Network,
    x: Any,
    t: Any,
    gradients: Mapping[str, Any] | None = None,
    *,
    options: Options | None = None,
    method: str = "",
    notes: Sequence[str] = (),
    training_step: int | None = None,
) -> Report:
    """Check the gradient of a network's loss of a batch, by default what backpropagation gives.

    Parameters
    ----------
    network, x, t
        The network and a batch.
    gradients : mapping, or None
        Name → claimed gradient: ``W1``, ``b1``, … and, to check the inputs' gradient too, ``x``.
    options
        How to check.
    method
        What the report says of how the network came about.
    notes
        What else it should say.
    training_step
        As for `nudgegrad.gradient.compute_gradient`.

    Raises
    ------
    ParameterError
        If the arrays are not NumPy's, or a claimed gradient is missing or of another shape.
    """
    options = options or Options()
    started = time.perf_counter()
    x, t = network._batch(x, t)
    if not all(type(array) is np.ndarray for array in (x, *network.params.values())):
        raise ParameterError("network must hold NumPy arrays to be checked; use its copy in NumPy")
    if gradients is None:
        gradients = network.gradient(x, t, training_step=training_step)
    claimed = dict(gradients)
    values: dict[str, Array] = {**network.params, **({"x": x} if "x" in claimed else {})}
    if not values:
        raise ParameterError(
            "network must have parameters to be checked, or the inputs' gradient be among those "
            f"claimed, as x; got {network!r}"
        )
    _check_claims(claimed, values)
    leaves = Leaves(tuple(values), tuple(values.values()), list)
    chosen = select_entries(
        leaves, only=options.only, mask=options.mask, sample=options.sample, seed=options.seed
    )
    parts: list[Layer | Loss] = [*network.layers, network.loss_function]
    rules = all(map(_has_rule, parts))
    h = options.h
    if isinstance(h, str):
        h = (EXACT_H if rules else PLAIN_H)[str(network.dtype)]
    measure = partial(_measure, network, x, t, training_step, "x" in claimed, options)
    measured, loss, evaluations = measure(h)
    stopped = len(measured) < len(values)
    how = "exact differences by node"
    if not all(_is_ours(layer) for layer in network.layers if layer.params):
        how += ", by weight where a layer is not the library's"
    if rules and not stopped and any(_in_doubt(measured[n], claimed[n], options) for n in values):
        shorter, _, more = measure(h * SHORTER)
        measured |= {name: _better(measured[name], found) for name, found in shorter.items()}
        stopped = len(shorter) < len(values)
        evaluations += more
    analytic = [np.asarray(claimed[name]) for name in values]
    most = max((_largest(found) for found in measured.values()), default=0.0)
    checks = {
        name: _parameter_check(name, array, claims, measured.get(name), indices, h, options, most)
        for name, array, claims, indices in zip(
            leaves.names, leaves.arrays, analytic, chosen, strict=True
        )
    }
    remarks = list(notes)
    parameters = Leaves(leaves.names[: len(network.params)], tuple(network.params.values()), list)
    evaluate = InPlace(lambda _: network.loss(x, t, training_step=training_step), None, parameters)
    if not stopped and not all(map(_is_ours, parts)):
        broken, checks, more, stopped = _against_naive(evaluate, parameters, checks, options)
        evaluations += more
        if broken:
            how = "plain differences, entry by entry"
            remarks.append(
                "the difference rules of the network's own layers do not hold (seen at "
                f"{', '.join(broken)}): difference(x, y, d) must equal forward(x + d) − forward(x)"
            )
    blunt = {name: check.unverified for name, check in checks.items() if name in parameters.names}
    if not stopped and any(mask.any() for mask in blunt.values()):
        # In float32 the bars of deep networks are wide; plain differences may see what node cannot.
        checks, more, stopped = _decide(evaluate, parameters, checks, blunt, options)
        evaluations += more
    if stopped:
        remarks.append(STOPPED)
    taylor = None
    if options.taylor and not stopped:
        moves = [
            (indices, PLAIN_H[str(network.dtype)]) for indices in chosen[: len(network.params)]
        ]
        taylor = taylor_test(
            evaluate, analytic[: len(moves)], moves, loss, value_noise(network.dtype.type(loss))
        )
        evaluations += HALVINGS
    return Report(
        parameters=checks,
        method=(method + "; " if method else "") + how,
        loss=loss,
        evaluations=evaluations,
        seconds=time.perf_counter() - started,
        factor=options.factor,
        rtol=options.rtol,
        atol=options.atol,
        notes=tuple(remarks),
        taylor=taylor,
    )


def _check_claims(claimed: Mapping[str, Any], values: Mapping[str, Array]) -> None:
    if set(claimed) != set(values):
        raise ParameterError(
            f"gradients must have the entries {', '.join(values)}, got {', '.join(claimed)}"
        )
    for name, array in values.items():
        if np.shape(claimed[name]) != array.shape:
            raise ParameterError(
                f"gradients of {name} must have its shape {array.shape}, got "
                f"{np.shape(claimed[name])}"
            )


def _has_rule(part: Layer | Loss) -> bool:
    """Tell whether a layer or loss has a difference rule of its own."""
    return type(part).difference not in (Layer.difference, Loss.difference)


def _is_ours(part: Layer | Loss) -> bool:
    """Tell whether a layer or loss is the library's own, which its tests answer for."""
    return type(part).__module__.startswith(("nudgegrad.layers.", "nudgegrad.losses."))


def _measure(
    network: Network, x: Array, t: Array, training_step: int | None, inputs: bool,
    options: Options, h: float,
) -> tuple[dict[str, _Measured], float, int]:  # fmt: skip
    """Return every array's numeric gradient, the loss, and the evaluations that it stands for.

    If it is cancelled, those of the layers that are done.
    """
    layers = network.layers
    trace = make_trace(layers, network.loss_function, x, t, training_step=training_step)
    sizes = [
        trace.activations[k + 1].size if _by_node(layer) else
        sum(array.size for array in layer.params.values())
        for k, layer in enumerate(layers)
        if layer.params
    ]  # fmt: skip
    chained = inputs and type(layers[0]) is Affine
    evaluations = 4 * (sum(sizes) + (x.size if inputs and not chained else 0))
    monitor = Monitor(evaluations, options.progress, options.cancel)
    found: dict[tuple[int, str], _Measured] = {}
    with contextlib.suppress(Cancelled):
        for k, layer in enumerate(layers):
            if not layer.params:
                continue
            if not _by_node(layer):
                gradients, errors = weight(trace, k, h, monitor, error_bars=True)
                for own in layer.params:
                    found[k, own] = _Measured(gradients[own], (errors or {})[own], None)
                continue
            slopes = node_differences(trace, k + 1, h, monitor, error_bars=True)
            for own, result in _parameters(trace, k, slopes).items():
                found[k, own] = result
            if k == 0 and chained:
                found[k, "x"] = _inputs(layer, slopes)
        if inputs and not chained:
            slopes = node_differences(trace, 0, h, monitor, error_bars=True)
            assert slopes.truncation is not None
            error = slopes.truncation + slopes.rounding
            found[0, "x"] = _Measured(slopes.slope, error, slopes.bend)
    place = {id(layer): k for k, layer in enumerate(layers)}
    names = named_parameters(layers)
    keys = {name: (place[id(layer)], own) for name, (layer, own) in names.items()}
    named = {name: found[key] for name, key in {**keys, "x": (0, "x")}.items() if key in found}
    return named, trace.loss_value(), monitor.done


def _by_node(layer: Layer) -> bool:
    """Tell whether `node` may do it.

    It goes from a node to its weights by the layer's `parameter_gradient`, as backpropagation does:
    one that somebody else wrote is among what is to be checked, and is left to `weight`.
    """
    return layer.linear_in_parameters and _is_ours(layer)


def _parameters(trace: Trace, k: int, slopes: Quotient) -> dict[str, _Measured]:
    gradients, errors = by_parameter(trace, k, slopes)
    x, y = trace.activations[k], trace.activations[k + 1]
    bends = trace.layers[k].parameter_error(x, y, slopes.bend)
    return {own: _Measured(gradients[own], (errors or {})[own], bends[own]) for own in gradients}


def _inputs(layer: Layer, slopes: Quotient) -> _Measured:
    """Return the inputs' gradient: a first layer's sums are linear in them too."""
    weights = layer.params["W"].T
    assert slopes.truncation is not None
    assert slopes.bend is not None
    error = (slopes.truncation + slopes.rounding) @ np.abs(weights)
    return _Measured(slopes.slope @ weights, error, slopes.bend @ np.abs(weights))


def _in_doubt(measured: _Measured, claimed: Any, options: Options) -> bool:
    """Tell whether some entry is outside of its error bar, or beside a kink."""
    if measured.bend is None:
        return False
    allowed = options.tolerances.bars(
        np.asarray(claimed), measured.error, _roundoff(claimed), _largest(measured)
    )
    with np.errstate(invalid="ignore"):
        outside = ~(np.abs(claimed - measured.numeric) <= allowed)
    return bool(outside.any() or measured.bend.any())


def _better(a: _Measured, b: _Measured) -> _Measured:
    """Return the second where its error bar or its bend is the smaller."""
    if a.bend is None or b.bend is None:
        return a
    take = b.error + b.bend < a.error + a.bend
    return _Measured(
        np.where(take, b.numeric, a.numeric),
        np.where(take, b.error, a.error),
        np.where(take, b.bend, a.bend),
    )


def _largest(measured: _Measured) -> float:
    finite = measured.numeric[np.isfinite(measured.numeric)]
    return float(np.abs(finite).max(initial=0.0))


def _roundoff(claimed: Any) -> float:
    kind = np.asarray(claimed).dtype
    return float(np.finfo(kind if kind.kind == "f" else np.float64).eps) / 2


def _parameter_check(
    name: str, value: Array, claimed: Array, measured: _Measured | None, indices: Array, h: float,
    options: Options, most: float,
) -> ParameterCheck:  # fmt: skip
    """Judge one array; None has not been measured. `most` is the largest slope of all arrays."""
    if measured is None:
        nothing = np.full(value.shape, np.nan)
        measured, indices = _Measured(nothing, nothing, None), indices[:0]
    analytic = claimed.astype(np.float64).reshape(-1)
    numeric = measured.numeric.astype(np.float64).reshape(-1)
    error = measured.error.astype(np.float64).reshape(-1)
    tolerances = options.tolerances
    roundoff = max(_roundoff(claimed), _roundoff(value))
    largest = _largest(measured)
    bars = tolerances.bars(analytic, error, roundoff, largest)
    bend = np.zeros(value.size)
    if measured.bend is not None:
        bend = measured.bend.astype(np.float64).reshape(-1)
    kink = bend > np.maximum(bars, 0.05 * np.maximum(np.abs(analytic), np.abs(numeric)))
    found = judge(
        analytic, numeric, error, tolerances,
        Others(np.full(value.size, largest), np.full(value.size, most)), roundoff=roundoff,
        noisy=False, confirmed=(analytic == 0) & (numeric == 0) & (error == 0),
        reach=np.abs(numeric), kink=kink,
        low=numeric - bend / 2 - bars, high=numeric + bend / 2 + bars,
    )  # fmt: skip
    verdict, allowed, unverified = found.verdict, found.allowed, found.unverified
    left_out = np.ones(value.size, dtype=bool)
    left_out[indices] = False
    verdict[left_out] = Verdict.UNCHECKED
    unverified[left_out] = False
    unsure = verdict == Verdict.UNRESOLVED
    numeric[left_out] = error[left_out] = allowed[left_out] = np.nan
    shape = value.shape
    return ParameterCheck(
        name=name,
        value=value.astype(np.float64),
        analytic=analytic.reshape(shape),
        numeric=numeric.reshape(shape),
        error=error.reshape(shape),
        tolerance=allowed.reshape(shape),
        verdict=verdict.reshape(shape),
        h=h,
        unverified=unverified.reshape(shape),
        reason=np.where(unsure, Reason.BELOW_NOISE, Reason.NONE).astype(np.int8).reshape(shape),
    )


def _against_naive(
    evaluate: InPlace, leaves: Leaves, checks: dict[str, ParameterCheck], options: Options
) -> tuple[list[str], dict[str, ParameterCheck], int, bool]:  # fmt: skip
    """Let plain differences answer for layers that are not the library's.

    A few entries of every parameter say whether the layers' rules hold; if they do, the entries
    that are in doubt are decided one by one, and if not, all of them. The last of what is returned
    tells whether this was stopped before its end.
    """
    analytic = [checks[name].analytic for name in leaves.names]
    apart = replace(options, only=None, announce=None, progress=None, taylor=False)
    spot = examine(evaluate, leaves, analytic, replace(apart, mask=None, sample=SPOT), method="")
    broken = [name for name in leaves.names if _contradicts(checks[name], spot.parameters[name])]
    masks = {}
    for name in leaves.names:
        doubt = (checks[name].verdict != Verdict.OK) | bool(broken)
        masks[name] = doubt & (checks[name].verdict != Verdict.UNCHECKED)
    if not any(mask.any() for mask in masks.values()):
        return broken, checks, spot.evaluations, STOPPED in spot.notes
    decided, more, stopped = _decide(evaluate, leaves, checks, masks, options)
    return broken, decided, spot.evaluations + more, stopped


def _decide(
    evaluate: InPlace, leaves: Leaves, checks: dict[str, ParameterCheck], masks: dict[str, Any],
    options: Options,
) -> tuple[dict[str, ParameterCheck], int, bool]:  # fmt: skip
    """Let plain differences decide some entries of parameters.

    The others tell what slopes these are compared with, so a few of them are looked at too.
    Returned are also the evaluations, and whether this was stopped before its end.
    """
    analytic = [checks[name].analytic for name in leaves.names]
    apart = replace(options, only=None, announce=None, progress=None, taylor=False, sample=None)
    found = examine(evaluate, leaves, analytic, replace(apart, mask=_wider(masks)), method="")
    decided = dict(checks)
    for name, mask in masks.items():
        new, old = found.parameters[name], checks[name]
        decided[name] = replace(
            old,
            **{
                field: np.where(mask, getattr(new, field), getattr(old, field))
                for field in ("numeric", "error", "tolerance", "verdict", "unverified", "reason")
            },
        )
    return decided, found.evaluations, STOPPED in found.notes


def _wider(masks: dict[str, Any]) -> dict[str, Any]:
    """Return masks with the first entries of every array besides."""
    wider = {name: mask.copy() for name, mask in masks.items()}
    for mask in wider.values():
        mask.reshape(-1)[:SPOT] = True
    return wider


def _contradicts(ours: ParameterCheck, plain: ParameterCheck) -> bool:
    """Tell whether plain differences, where they see clearly, are outside of both error bars."""
    clear = np.isin(plain.verdict, (Verdict.OK, Verdict.WRONG)) & np.isfinite(ours.numeric)
    off = np.abs(ours.numeric - plain.numeric)[clear]
    return bool((off > 10 * (ours.error + plain.error)[clear]).any())
