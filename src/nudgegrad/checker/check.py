"""One call for every kind of gradient."""

from __future__ import annotations

import sys
from typing import Any

from nudgegrad.checker.engine import Options
from nudgegrad.checker.function import check_function
from nudgegrad.checker.interrupt import interruptible
from nudgegrad.checker.network import check_network
from nudgegrad.checker.report import Report
from nudgegrad.checker.report.provenance import attributed, describe
from nudgegrad.network import Network
from nudgegrad.validation import ParameterError

__all__ = ["check"]


@interruptible
def check(*arguments: Any, **options: Any) -> Report:
    """Check every entry of a gradient against numerical differentiation.

    ============================================  ===============================================
    ``check(f, params, gradients)``               any function of arrays; `gradients` are arrays
                                                  in the structure of `params`, or a function of
                                                  `params` that returns them
    ``check(network, x, t)``                      what backpropagation gives for a `Network`, in
                                                  milliseconds; a fourth argument claims another
                                                  gradient, by name
    ``check(module, loss_fn, *inputs)``           what autograd gives for a PyTorch module: see
                                                  `nudgegrad.torch.check`
    ``check(f, *args)``                           what jax.grad gives, where the first argument
                                                  holds JAX arrays: see `nudgegrad.jax.check`
    ============================================  ===============================================

    Parameters
    ----------
    *arguments
        One of the above.
    factor : float
        An entry is wrong only if it is more than so many error bars off.
    rtol, atol : float
        Allow atol + rtol·max(abs(analytic), abs(numeric)) in the place of error bars.
    h : float or "auto"
        The nudge. ``"auto"`` chooses it for each entry, by what nudges of many lengths show.
    only : str or list of str
        Globs on the parameters' names: ``"W*"``.
    mask
        Booleans in the structure of the parameters: the entries to check.
    sample : int
        Check at most so many entries of every array.
    seed : int
        Of the sample.
    max_seconds : float
        Check as many entries as that allows, spread over every array; ``report.coverage`` says
        how many those were.
    taylor : bool
        Measure the order of the Taylor remainder too, a verdict free of h.
    progress : callable
        Called with (evaluations done, all that are expected).
    cancel : callable
        Asked now and then; a true answer ends the check with what has been seen so far. In an
        interactive session, IPython and Jupyter among them, Ctrl-C does the same, and a second one
        raises `KeyboardInterrupt`. In a script the first one raises it.
    announce : callable or None
        Called with a `Cost` soon after a check has begun that is going to take more than some
        seconds, and again if it takes much longer. By default it is written to standard error.
    training_step : int
        For ``check(network, x, t)``: check the network as it is in that step of a training, with
        the step's masks of `Dropout` and the batch's own statistics in `BatchNorm`.
    bounds
        Lowest and highest values at which the function may be evaluated, as for
        `nudgegrad.numerical_gradient`.
    args, vectorized, workers, backend, max_bytes
        For ``check(f, params, gradients)``, as for `nudgegrad.numerical_gradient`; `args` are
        passed to `gradients` too, where that is a function.

    Returns
    -------
    Report
        ``report.passed`` and ``bool(report)`` say whether all is well, ``print(report)`` says what
        is not.

    Raises
    ------
    ParameterError
        If the arguments fit none of the above, or an option does not fit.

    Examples
    --------
    >>> w = np.array([1.0, 2.0, 3.0])
    >>> report = check(lambda w: np.sum(w**2), w, 2 * w)
    >>> report.passed, report.counts["ok"]
    (True, 3)
    >>> check(lambda w: np.sum(w**2), w, w).diagnosis[0].partition(":")[0]
    'every entry of params is 2.000× too small'
    """
    if not arguments:
        raise ParameterError("check must be given something to check, got no arguments")
    first, *rest = arguments
    if isinstance(first, Network):
        return _check_network(first, rest, options)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(first, torch.nn.Module):
        import nudgegrad.torch

        return nudgegrad.torch.check(first, *rest, **options)
    jax = sys.modules.get("jax")
    if jax is not None and _holds_jax_arrays(jax, rest[:1]):
        import nudgegrad.jax

        return nudgegrad.jax.check(first, *rest, **options)
    if not callable(first):
        raise ParameterError(
            "check must be given a function, a Network, a PyTorch module or a JAX function first, "
            f"got {type(first).__name__}"
        )
    if len(rest) != 2:
        raise ParameterError(
            "check of a function must be given (f, params, gradients), got "
            f"{len(arguments)} arguments"
        )
    return attributed(check_function(first, *rest, **options), describe(first))


def _check_network(network: Network, rest: list[Any], options: dict[str, Any]) -> Report:
    if len(rest) not in (2, 3):
        raise ParameterError(
            "check of a Network must be given (network, x, t) or (network, x, t, gradients), got "
            f"{1 + len(rest)} arguments"
        )
    step = options.pop("training_step", None)
    if options.get("bounds") is not None:
        raise ParameterError(
            "bounds must be None for a Network, whose loss exists everywhere, got "
            f"{options['bounds']!r}"
        )
    report = check_network(network, *rest, options=Options.named(options), training_step=step)
    return attributed(report, describe(network))


def _holds_jax_arrays(jax: Any, arguments: list[Any]) -> bool:
    """Tell whether some argument is made of JAX's arrays.

    Claimed gradients of a function of NumPy arrays may be.
    """
    try:
        leaves = jax.tree_util.tree_leaves(arguments)
    except ValueError:  # keys that cannot be sorted, which JAX does
        return False
    return any(isinstance(leaf, jax.Array) for leaf in leaves)
