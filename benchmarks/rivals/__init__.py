"""Gradient checkers, and what each of them says of the bug zoo: one file a checker."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["RIVALS", "Outcome", "Rival"]

JAX_DOUBLE = {"JAX_ENABLE_X64": "1"}
JAX_PLATFORM = {"JAX_PLATFORMS": "cpu"}


class Outcome(NamedTuple):
    """What a checker says of one gradient.

    Attributes
    ----------
    passed : bool
    told : str
        Its message, where it does not pass.
    number : float or None
        Where it returns a number, and whoever calls it must judge.
    """

    passed: bool
    told: str = ""
    number: float | None = None


@dataclass(frozen=True)
class Rival:
    """A checker, and the part of the zoo that it is tried on.

    Attributes
    ----------
    name : str
    zoo : str
        ``"NumPy"``, ``"PyTorch"`` or ``"JAX"``: whose gradients.
    module, function : str
        In `benchmarks.rivals`, what takes a case's problem and returns an `Outcome`.
    environment : mapping
        Variables that its process gets.
    """

    name: str
    zoo: str
    module: str
    function: str
    environment: tuple[tuple[str, str], ...] = ()

    def load(self) -> Callable[[Any], Outcome]:
        """Return its function; raises ImportError if the checker is not installed."""
        module = importlib.import_module(f"benchmarks.rivals.{self.module}")
        check: Callable[[Any], Outcome] = getattr(module, self.function)
        return check


def _jax(**variables: str) -> tuple[tuple[str, str], ...]:
    return tuple({**JAX_PLATFORM, **variables}.items())


RIVALS = (
    Rival("nudgegrad", "NumPy", "ours", "check_numpy"),
    Rival("PyTorch gradcheck, slow", "NumPy", "torch_gradcheck", "check_numpy"),
    Rival("PyTorch gradcheck, fast", "NumPy", "torch_gradcheck", "check_numpy_fast"),
    Rival("JAX check_grads", "NumPy", "jax_check_grads", "check_numpy", _jax(**JAX_DOUBLE)),
    Rival("SciPy check_grad", "NumPy", "scipy_check_grad", "check_numpy"),
    Rival("Autograd check_grads", "NumPy", "autograd_check_grads", "check_numpy"),
    Rival("nudgegrad.torch", "PyTorch", "ours", "check_torch"),
    Rival("PyTorch gradcheck, slow", "PyTorch", "torch_gradcheck", "check_module"),
    Rival("PyTorch gradcheck, fast", "PyTorch", "torch_gradcheck", "check_module_fast"),
    Rival("nudgegrad.jax", "JAX", "ours", "check_jax", _jax()),
    Rival("JAX check_grads", "JAX", "jax_check_grads", "check_jax", _jax()),
)
