"""What may be among the arguments of a function that ``nudgegrad.jax.check`` checks."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections import namedtuple
from functools import partial
from typing import Any

import numpy as np
import pytest

from nudgegrad.validation import ParameterError
from tests.jax.functions import check, cube_with, draw, jax, jnp

Pair = namedtuple("Pair", ["a", "b"])


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Layer:
    weight: Any
    power: int = dataclasses.field(metadata={"static": True}, default=2)


@jax.tree_util.register_pytree_node_class
class Node:
    """A node that says nothing of its children's names."""

    def __init__(self, *children: Any) -> None:
        self.children = children

    def tree_flatten(self) -> Any:
        return self.children, None

    @classmethod
    def tree_unflatten(cls, _: Any, children: Any) -> Node:
        return cls(*children)


@dataclasses.dataclass
class Unregistered:
    weight: Any


def squares(*args: Any) -> Any:
    return sum((x**2).sum() for x in jax.tree_util.tree_leaves(args))


def names(*args: Any) -> list[str]:
    report = check(squares, *args)
    assert report.passed, str(report)
    return list(report.parameters)


def test_names() -> None:
    assert names(draw(2)) == ["x"]
    nested = {"encoder": {"W": draw(2, 2), "b": draw(2)}, "parts": [draw(1), jnp.float32(3)]}
    expected = ["encoder.W", "encoder.b", "parts.0", "parts.1"]
    assert names(nested) == expected
    assert names(draw(2), nested) == ["arg0", *(f"arg1.{name}" for name in expected)]
    alike = {"a.b": draw(2), "a": {"b": draw(3)}}
    report = check(squares, alike)
    shapes = [c.value.shape for c in report.parameters.values()]
    assert sorted(shapes) == [(2,), (3,)]


def test_every_kind_of_pytree() -> None:
    assert names(Pair(draw(2), {"c": draw(3)})) == ["a", "b.c"]
    assert names(Layer(draw(2))) == ["weight"]
    assert names(Node(draw(2), [draw(3)])) == ["0", "1.0"]
    assert names({"w": draw(2), "none": None, "empty": [], "layers": (Layer(draw(1)), None)}) == [
        "layers.0.weight", "w",
    ]  # fmt: skip
    function = jax.tree_util.Partial(lambda w, x: (w * x).sum(), draw(3))
    report = check(lambda f, x: f(x), function, draw(3, seed=1))
    assert report.passed
    assert len(report.parameters) == 2


def test_structures_reach_the_function_as_they_are() -> None:
    def f(pair: Any, layer: Any, node: Any) -> Any:
        assert isinstance(pair, Pair)
        assert isinstance(layer, Layer)
        assert isinstance(node, Node)
        return (pair.a * layer.weight**layer.power * node.children[0]).sum() + pair.b

    report = check(f, Pair(draw(3), 2.0), Layer(draw(3, seed=1), 3), Node(draw(3, seed=2)))
    assert report.passed
    assert "vmap" in report.method


def test_a_class_that_is_not_a_pytree() -> None:
    with pytest.raises(ParameterError, match=r"got Unregistered; make Unregistered a pytree by"):
        check(lambda layer: layer.weight.sum(), Unregistered(draw(3)))
    # Next to arrays it goes to f as it is.
    assert check(lambda x, layer: (x * layer.weight).sum(), draw(3), Unregistered(draw(3))).passed


def test_what_is_not_a_float_passes_through() -> None:
    thing = object()

    def f(p: Any, index: Any, mode: str, key: Any, on: bool, none: None, other: Any) -> Any:
        noise = jax.random.normal(key, (3,))
        assert mode == "sum"
        assert on is True
        assert none is None
        assert other is thing
        assert isinstance(p["steps"], int)
        return (p["table"][index] * noise).sum() * p["steps"]

    args = ({"table": draw(5), "steps": 2, "none": None}, jnp.array([0, 2, 2]), "sum")
    for key in (jax.random.key(0), jax.random.PRNGKey(0)):
        report = check(f, *args, key, True, None, thing)
        assert report.passed
        assert "vmap" in report.method
        assert list(report.parameters) == ["arg0.table"]


def test_empty_arrays_pass_through() -> None:
    def f(p: Any, e: Any) -> Any:
        assert e.shape == (0, 3)
        return (p["w"] ** 2).sum() + p["none"].sum() + e.sum()

    report = check(f, {"w": draw(4), "none": draw(0)}, np.zeros((0, 3)))
    assert report.passed
    assert list(report.parameters) == ["arg0.w"]
    assert "vmap" in report.method


def test_static_arguments() -> None:
    @partial(jax.jit, static_argnums=(1, 2))
    def f(x: Any, power: int, mode: str) -> Any:
        return (x**power).sum() if mode == "sum" else x.mean()

    assert check(f, draw(3), 3, "sum").passed
    assert check(f, draw(3), 3, "mean").passed


def test_python_numbers_that_must_stay_python_numbers() -> None:
    @partial(jax.jit, static_argnums=1)
    def static(x: Any, scale: float) -> Any:
        return scale * (x**2).sum()

    @partial(jax.custom_vjp, nondiff_argnums=(1,))
    def power(x: Any, n: float) -> Any:
        return (x ** int(n)).sum()

    power.defvjp(lambda x, n: (power(x, n), x), lambda n, x, d: (n * x ** (int(n) - 1) * d,))
    for f in (static, power):
        report = check(f, draw(3), 2.0)
        assert report.passed
        assert list(report.parameters) == ["arg0"]
        assert report.notes == ("arg1 left out: f takes a Python number there, not an array",)
        assert "vmap" in report.method


def test_rules_with_arguments_that_are_not_differentiable() -> None:
    def make(factor: float) -> Any:
        @partial(jax.custom_vjp, nondiff_argnums=(0, 2))
        def apply(function: Any, x: Any, n: int) -> Any:
            return function(x) * n

        apply.defvjp(
            lambda function, x, n: (apply(function, x, n), x),
            lambda function, n, x, d: (factor * n * jnp.cos(x) * d,),
        )
        return apply

    assert check(make(1.0), jnp.sin, draw(4), 3).passed
    assert not check(make(2.0), jnp.sin, draw(4), 3).passed


def test_python_floats_and_numpy_arrays() -> None:
    def f(scale: Any, x: Any, y: Any) -> Any:
        return scale * (x**2 * y).sum()

    report = check(f, 2.5, np.arange(3.0), draw(3))
    assert report.passed
    assert [c.value.shape for c in report.parameters.values()] == [(), (3,), (3,)]
    assert check(lambda x: x**2, np.float64(3)).passed
    strided = np.asfortranarray(np.arange(6.0).reshape(2, 3))[:, ::-1]
    report = check(lambda x: (x**2 * jnp.arange(3.0)).sum(), strided)
    assert report.passed
    assert np.array_equal(report.parameters["x"].value, strided)


@pytest.mark.parametrize("scale", [2.0, jnp.asarray(2.0), jnp.full(3, 2.0)], ids=str)
@pytest.mark.parametrize("x64", [False, True])
def test_weak_types_stay_weak(scale: Any, x64: bool) -> None:
    """A Python float turns no single precision into double, and no half into single."""
    seen = set()

    def f(scale: Any, x: Any) -> Any:
        seen.add(str((scale * x).dtype))
        return (scale * x).sum()

    with jax.enable_x64(x64):
        if isinstance(scale, jax.Array):
            scale = jnp.full(scale.shape, 2.0)
        assert check(f, scale, draw(3)).passed
        assert seen == {"float32"}
        seen.clear()
        assert check(f, scale, draw(3, dtype="float16")).passed
        assert seen == {"float16", "float32"}  # differences in half precision are too coarse


def test_arguments_stay_as_they_are() -> None:
    x = np.arange(4, dtype=np.float32)
    assert check(lambda x: (x**2).sum(), x).passed
    assert x.tolist() == [0, 1, 2, 3]


@pytest.mark.filterwarnings("ignore:Some donated buffers were not usable")
def test_functions_that_give_their_arguments_away() -> None:
    x, start = np.full((1000, 64), 3, np.float32), draw(3, 4)
    f = jax.jit(lambda x: x**2, donate_argnums=0)
    assert check(f, x, sample=4).passed
    assert np.all(x == 3)
    for path in ("vmap", "loop"):
        assert check(f, start, path=path).passed
        assert not start.is_deleted()
    assert check(lambda x: f(x * float(x[0, 0] < 9)), start).passed  # not jitted


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (lambda: (draw(3), draw(3, dtype="complex64")), "arg1 must be of .* got complex64; pass"),
        (lambda: (1 + 2j,), "got complex128; pass the real and the imaginary part"),
        (lambda: (draw(3, dtype="float8_e4m3fn"),), "got float8_e4m3fn; cast it"),
        (lambda: (np.ones(3, np.longdouble),), "x must be of bfloat16, float16, .*; cast it"),
        (lambda: (jnp.arange(3),), r"at least one array of floats .* got int32\[3\]; pass x.asty"),
        (lambda: (draw(0),), r"got float32\[0\]; an empty array has no gradient to check"),
        (lambda: (), "got no argument"),
    ],
)
def test_arguments_that_cannot_be_checked(args: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check(lambda *xs: sum(x.sum() for x in xs), *args())


def test_they_may_be_left_out() -> None:
    def f(x: Any, c: Any, small: Any) -> Any:
        return (x**2).sum() * jnp.abs(c).sum() + small.astype("float32").sum()

    args = draw(3), draw(3, dtype="complex64"), draw(3, dtype="float8_e4m3fn")
    assert check(f, *args, argnums=0).passed


def test_complex_numbers_in_two_parts() -> None:
    def f(re: Any, im: Any) -> Any:
        return jnp.abs(jnp.sin(jax.lax.complex(re, im))).sum()

    assert check(f, draw(3), draw(3, seed=1)).passed


def test_argnums() -> None:
    cube = cube_with(2.0)

    def f(x: Any, y: Any) -> Any:
        return (x**2).sum() + cube(y).sum()

    x, y = draw(3), draw(4)
    assert check(f, x, y, argnums=0).passed
    assert not check(f, x, y, argnums=(1,)).passed
    assert list(check(f, x, y, argnums=-1).parameters) == ["arg1"]
    with pytest.raises(ParameterError, match="argnums must be between -2 and 1"):
        check(f, x, y, argnums=2)
    with pytest.raises(ParameterError, match="argnums must choose arguments that hold floating"):
        check(lambda x, n: x.sum() * n, x, 3, argnums=(0, 1))


DEVICES = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import NamedSharding, PartitionSpec
from nudgegrad.jax import check
jax.config.update("jax_num_cpu_devices", 2)
first, second = jax.devices()
x = jnp.arange(1.0, 9).reshape(4, 2)
there = jax.device_put(x, second)

report = check(lambda a: (a**2 * there).sum(), there)
assert report.passed and "vmap" in report.method, report
report = check(lambda a, b: (a * jax.device_put(b, second)).sum(), there, jax.device_put(x, first))
assert report.passed and "not jitted: jax.vmap raises ValueError (Received incomp" in report.method
mesh = jax.make_mesh((2,), ("rows",))
spec = PartitionSpec("rows")
sharded = jax.device_put(x, NamedSharding(mesh, spec))
report = check(lambda a: (a**2).sum(), sharded)
assert report.passed and "vmap" in report.method, report
mapped = jax.shard_map(jnp.sin, mesh=mesh, in_specs=spec, out_specs=spec)
report = check(mapped, sharded)
assert report.passed and "vmap" in report.method, report
"""


def test_arrays_on_several_devices() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DEVICES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
