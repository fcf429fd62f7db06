"""The kernels' series and what is promised of them, and how they are compiled."""

from __future__ import annotations

import inspect
import math
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import nudgegrad
from nudgegrad.gradient.kernels import elementwise, jit, output, rows
from tests.networks import make_case

JIT = not os.environ.get("NUMBA_DISABLE_JIT", "0").strip("0")
KERNELS = Path(inspect.getfile(jit)).parent


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_first_term_left_out_is_below_rounding(dtype: str) -> None:
    """z^K/(K + 1)! bounds the rest of expm1(z)/z; the atanh series ends before w^6/7."""
    z, roundoff = output.bound(dtype), float(np.finfo(dtype).eps) / 2
    assert (
        z ** output.TERMS[np.dtype(dtype)] / math.factorial(output.TERMS[np.dtype(dtype)] + 1)
        < roundoff
    )
    w = 2 * z / (2 - 2 * z)  # r is at most 2z, a little more
    assert w**6 / 7 < roundoff


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("beyond", [False, True])
def test_change_of_units_up_to_its_bound(beyond: bool, dtype: str) -> None:
    rng = np.random.default_rng(0)
    weights = rng.uniform(-1, 1, (6, 4)).astype(dtype)
    p = rng.dirichlet(np.ones(4), 5).astype(dtype)
    t = rng.integers(0, 4, 5)
    reach = output.bound(dtype) / np.ptp(weights, axis=1).max() * (1.001 if beyond else 0.999)
    plus = np.full((5, 6), reach, dtype)
    found = output.change_of_units(plus, -plus, weights, p, t, 1e-7, 1.0)
    if beyond:
        assert found is None
        return
    assert found is not None
    wide, q = weights.astype("float64"), p.astype("float64")
    picked = np.take_along_axis(q, t[:, None], 1)
    moves = wide[None] - wide.T[t][:, :, None]
    sums = [(q[:, None] * np.expm1(s * reach * moves)).sum(-1) for s in (1, -1)]
    a, b = picked / (picked + 1e-7), 1e-7 / (picked + 1e-7)
    exact = np.subtract(*[np.log1p(a * s / (1 + b * s)) for s in sums])
    # What is summed, |d·v| at most twice the bound, is rounded a few times.
    tolerance = 16 * float(np.finfo(dtype).eps) * output.bound(dtype)
    np.testing.assert_allclose(found, exact, rtol=0, atol=tolerance)


def test_nudges_of_not_a_number_are_beyond_every_bound() -> None:
    plus = np.full((1, 2), np.nan)
    weights, p, t = np.ones((2, 3)), np.full((1, 3), 1 / 3), np.zeros(1, np.int64)
    assert output.change_of_units(plus, plus, weights, p, t, 0.0, 1.0) is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("tanh", [False, True])
def test_rational_rule_for_rows(tanh: bool, dtype: str) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(scale=3, size=(3, 5)).astype(dtype)
    layer = nudgegrad.Tanh() if tanh else nudgegrad.Sigmoid()
    y, g = elementwise.activate(layer, x)
    d = (rng.uniform(-1, 1, (3, 7, 5)) * output.bound(dtype)).astype(dtype)
    out = np.empty_like(d)
    assert rows._rational(y, g, d, tanh, d.dtype.type(output.bound(dtype)), out)
    wide = x.astype("float64")[:, None]
    exact = layer.difference(wide, layer.forward(wide), d.astype("float64"))
    slack = 20 * (1 + np.abs(wide))  # x is rounded, and the slope goes by e^x
    assert np.all(np.abs(out - exact) <= slack * np.finfo(dtype).eps * np.abs(exact))


def kernels() -> list[Any]:
    found = []
    for path in sorted(KERNELS.glob("*.py")):
        module = import_module(f"nudgegrad.gradient.kernels.{path.stem}")
        found += [value for value in vars(module).values() if hasattr(value, "py_func")]
    return list({id(kernel): kernel for kernel in found}.values())


@pytest.mark.skipif(not JIT, reason="kernels are ordinary Python in this run")
def test_float32_is_never_promoted() -> None:
    """One float64 constant would turn a whole loop into float64."""
    for activation in ("sigmoid", "tanh", "relu"):
        for depth in (1, 2):
            sizes = [70, *[9] * depth, 3]
            case = make_case(0, sizes, [activation] * depth, "cross_entropy", 60, "float32")
            for method in ("weight", "node"):
                case[0].numerical_gradient(*case[1:], method=method)
    checked = 0
    for kernel in kernels():
        for signature in kernel.signatures:
            text = str(signature)
            # A number that is returned, such as the batch's loss, is float64 to Python.
            returned = kernel.overloads[signature].signature.return_type
            boxed = isinstance(returned, (numba.types.Float, numba.types.BaseTuple))
            if "float32" not in text or "float64" in text or boxed:
                continue
            again = numba.njit(error_model="numpy", fastmath=set(jit.FAST_MATH))(kernel.py_func)
            again.compile(signature)  # one read from the cache shows no code
            assert "fpext float" not in again.inspect_llvm(signature), (kernel.__name__, text)
            checked += 1
    assert checked > 5


@pytest.mark.skipif(not JIT, reason="kernels are ordinary Python in this run")
@pytest.mark.parametrize("method", ["weight", "node"])
def test_nothing_is_compiled_anew_for_labels_that_are_read_only(method: str) -> None:
    net, x, t = make_case(0, [3, 4, 2], ["sigmoid"], "cross_entropy", 5, "float64")
    net.numerical_gradient(x, t, method=method)
    before = [kernel.signatures for kernel in kernels()]
    t.flags.writeable = False
    net.numerical_gradient(x, t, method=method)
    assert [kernel.signatures for kernel in kernels()] == before


@pytest.mark.skipif(not JIT, reason="kernels are ordinary Python in this run")
def test_flags_are_named_in_one_place() -> None:
    assert kernels()
    for kernel in kernels():
        assert kernel.targetoptions["fastmath"] == set(jit.FAST_MATH)
    sources = Path(nudgegrad.__path__[0]).rglob("*.py")
    assert [path.name for path in sources if "fastmath" in path.read_text("utf-8")] == ["jit.py"]


@pytest.mark.skipif(not JIT, reason="kernels are ordinary Python in this run")
def test_compilation_is_told_and_the_cache_is_not(tmp_path: Path) -> None:
    script = (
        "import numpy as np\n"
        "from nudgegrad.gradient.kernels.jit import on_compilation\n"
        "from nudgegrad.gradient.kernels.sparse import SparseRows\n"
        "told = []\n"
        "with on_compilation(lambda: told.append(1)):\n"
        "    SparseRows.from_dense(np.eye(3))\n"
        "print(len(told))\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    counts = [
        int(
            subprocess.run(
                [sys.executable, "-c", script],
                env=environment, capture_output=True, text=True, check=True,
            ).stdout
        )
        for _ in range(2)
    ]  # fmt: skip
    assert counts[0] >= 1
    assert counts[1] == 0
