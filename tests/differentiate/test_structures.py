"""What structures may hold beside arrays of floats, and names that lose nothing."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.differentiate.leaves import flatten, matching
from nudgegrad.validation import ParameterError


def a() -> Any:
    return np.arange(1.0, 4.0)


@dataclass
class Mutable:
    W: Any
    b: Any
    size: int = 3
    cache: Any = field(init=False, default=None)


@dataclass(frozen=True)
class Frozen:
    W: Any
    b: Any
    name: str = "frozen"

    def __post_init__(self) -> None:
        assert self.W.ndim == 1, "the constructor is not called again"


@dataclass(frozen=True, slots=True)
class Slots:
    W: Any
    b: Any


class Fields(NamedTuple):
    W: Any
    b: Any


def loss(p: Any) -> Any:
    return np.sum(p.W**2 * p.b)


@pytest.mark.parametrize("kind", [Mutable, Frozen, Slots, Fields])
def test_dataclasses_and_named_tuples(kind: Any) -> None:
    p = kind(a(), 2 * a())
    ways: list[dict[str, Any]] = [{}, {"scheme": "complex-step"}, {"workers": 2}]
    for options in ways:
        found = ng.numerical_gradient(loss, p, **options)
        assert type(found) is kind
        np.testing.assert_allclose(found.W, 4 * a() ** 2, rtol=1e-6)
        np.testing.assert_allclose(found.b, a() ** 2, rtol=1e-6)
    assert getattr(found, "size", None) is None
    jacobian = ng.numerical_jacobian(lambda p: p.W * p.b, p)
    np.testing.assert_allclose(jacobian.W, np.diag(2 * a()), atol=1e-6)
    assert flatten(p).names == ("W", "b")
    right = {"W": 4 * a() ** 2, "b": a() ** 2}
    for claimed in (right, kind(**right), lambda p: kind(2 * p.W * p.b, p.W**2)):
        report = ng.check(loss, p, claimed)
        assert report.passed
        assert list(report.parameters) == ["W", "b"]
    np.testing.assert_array_equal(p.W, a())


def test_dataclasses_of_structures() -> None:
    @dataclass
    class Outer:
        inner: Any
        heads: Any

    p = Outer(Frozen(a(), a()), {"h": [a(), 7]})
    assert flatten(p).names == ("inner.W", "inner.b", "heads.h.0")
    found = ng.numerical_gradient(lambda p: loss(p.inner) * p.heads["h"][1], p)
    np.testing.assert_allclose(found.inner.b, 7 * a() ** 2, rtol=1e-6)
    assert found.heads["h"][1] is None


@pytest.mark.parametrize("kind", [list, tuple])
def test_named_tuples_and_sequences_match_by_position(kind: Any) -> None:
    p = Fields(a(), 2 * a())
    assert ng.check(loss, p, kind([4 * a() ** 2, a() ** 2])).passed
    assert ng.check(lambda p: np.sum(p[0] ** 2), kind([a()]), Fields(2 * a(), None)[:1]).passed


OTHERS: dict[str, Any] = {
    "n": 3, "flag": True, "none": None, "text": "relu", "raw": b"x", "index": np.array([0, 2]),
    "mask": np.array([True, False]), "words": np.array(["a", "b"]), "sizes": [1, 2], "f": np.tanh,
    "kind": np.float32, "dtype": np.dtype("f4"), "objects": np.array([None, "a"], dtype=object),
    "count": np.int64(4), "empty": np.empty((0, 3)), "nothing": {}, "inside": {"deep": (1, "b")},
    "set": {1, 2},
}  # fmt: skip


WAYS: list[dict[str, Any]] = [
    {}, {"h": "auto"}, {"workers": 2}, {"scheme": "complex-step"}, {"vectorized": True},
]  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("options", WAYS)
def test_what_holds_no_floats_is_passed_on(name: str, options: Any) -> None:
    x = {"W": a(), name: OTHERS[name], "b": np.array(2.0)}

    def f(x: Any) -> Any:
        if isinstance(OTHERS[name], (dict, tuple)):
            assert x[name] == OTHERS[name]
        else:
            assert x[name] is OTHERS[name]
        return np.sum(x["W"] ** 2, axis=-1) * x["b"]

    found = ng.numerical_gradient(f, x, **{"h": 1e-3, **options})
    np.testing.assert_allclose(found["W"], 4 * a(), rtol=1e-5)
    np.testing.assert_allclose(found["b"], 14, rtol=1e-5)
    assert list(found) == list(x)
    if name == "empty":
        assert found[name].shape == (0, 3)
    elif name == "inside":
        assert found[name] == {"deep": (None, None)}
    elif name == "nothing":
        assert found[name] == {}
    else:
        assert found[name] is None


@pytest.mark.parametrize("name", OTHERS)
def test_claims_may_leave_out_what_is_not_nudged(name: str) -> None:
    x = {"W": a(), name: OTHERS[name], "b": np.array(2.0)}

    def f(x: Any) -> Any:
        return np.sum(x["W"] ** 2) * x["b"]

    right = {"W": 4 * a(), "b": np.array(14.0)}
    for claimed in (right, {**right, name: None}, {**right, name: OTHERS[name]}):
        report = ng.check(f, x, claimed)
        assert report.passed
        assert list(report.parameters) == ["W", "b"]
    if name != "nothing":
        (note,) = report.notes
        assert note.startswith("passed to f as they are, and not checked: ")
        assert name in note
    with pytest.raises(ParameterError, match=r"gradients must have the entries W, b.*missing: b"):
        ng.check(f, x, {"W": 4 * a()})
    masked = ng.check(f, x, right, mask={"W": a() > 1, "b": np.array(False)})
    assert masked.checked == 2


def test_sequences_with_something_else_in_them() -> None:
    x = (a(), 3, [a(), "name"])

    def f(x: Any) -> Any:
        return x[1] * np.sum(x[0]) + np.sum(x[2][0] ** 2)

    right = (3 * np.ones(3), None, [2 * a(), None])
    assert ng.check(f, x, right).passed
    assert ng.check(f, x, (right[0], [2 * a()])).passed
    assert ng.numerical_gradient(f, x)[1] is None


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            {"n": 3, "text": "a"},
            r"must hold at least one array of floats, got n \(int\), text",
        ),
        ([], "must hold at least one array of floats, got \\[\\]"),
        ({"a": {"b": ()}}, "must hold at least one array of floats"),
        ({"W": np.ones(3, int)}, r"x\['W'\] must hold floats, got int64"),
        ({"W": np.empty((0, 2))}, r"x\['W'\] must not be empty, got shape \(0, 2\)"),
        ({"W": np.ones(3, int), "b": np.ones(2, bool)}, r"W \(int64 array\), b \(bool array\)"),
        (Mutable(np.ones(3, int), None), r"at least one array of floats, got W \(int64 array\)"),
        (3, "x must be a NumPy array.*got int"),
        (None, "x must be a NumPy array.*got NoneType"),
        ("text", "x must be a NumPy array.*got str"),
    ],
)
def test_nothing_to_nudge(x: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ng.numerical_gradient(lambda _: 0.0, x)
    with pytest.raises(ParameterError, match=message.replace("x", "params", 1)
                       if message.startswith("x") else "must"):  # fmt: skip
        ng.check(lambda _: 0.0, x, x)


@pytest.mark.parametrize("value", [1.0, np.float64(1), [1.0, 2.0], np.array([1.0, None], object)])
def test_floats_that_are_not_arrays_are_not_left_out_silently(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"x\['b'\] must (be a NumPy array|hold floats)"):
        ng.numerical_gradient(lambda _: 0.0, {"W": a(), "b": value})


def test_names_that_would_be_the_same() -> None:
    for x, names in (
        ({"a.b": a(), "a": {"b": a()}}, ("['a.b']", "['a']['b']")),
        ({1: a(), "1": a(), "c": a()}, ("[1]", "['1']", "c")),
        ({"": a(), "x": a()}, ("['']", "x")),
        ({"p": Fields(a(), a()), "p.W": a()}, ("['p'].W", "p.b", "['p.W']")),
        ({"a": [a()], "a.0": a()}, ("['a'][0]", "['a.0']")),
    ):
        assert flatten(x).names == names

        def f(x: Any) -> Any:
            return sum((k + 1) * np.sum(one**2) for k, one in enumerate(flatten(x).arrays))

        found = flatten(ng.numerical_gradient(f, x))
        for k, slope in enumerate(found.arrays):
            np.testing.assert_allclose(slope, (k + 1) * 2 * a(), rtol=1e-6)
        report = ng.check(f, x, ng.numerical_gradient(f, x), rtol=1e-6)
        assert tuple(report.parameters) == names
        assert report.checked == 3 * len(names)
        for name in names:  # brackets mean something in a glob, too
            assert ng.check(f, x, x, only=name).checked == 3


def test_the_order_of_a_mapping_does_not_matter() -> None:
    x = {1: a(), "1": 2 * a()}

    def f(x: Any) -> Any:
        return np.sum(x[1] ** 2) + np.sum(x["1"])

    assert ng.check(f, x, {"1": np.ones(3), 1: 2 * a()}).passed
    assert not ng.check(f, x, {1: np.ones(3), "1": 2 * a()}).passed


def test_structure_comes_before_names() -> None:
    x = flatten({"a.b": np.ones(1), "a": {"b": np.zeros(2)}})
    first, second = matching(x, {"a": {"b": [3, 4]}, "a.b": [5]}, "mask")
    np.testing.assert_array_equal(first, [5])
    np.testing.assert_array_equal(second, [3, 4])
    nested = flatten({"a": {"b": np.zeros(2)}, "c": np.ones(())})
    for other in (
        {"c": 1.0, "a": {"b": np.ones(2)}},
        {"a.b": np.ones(2), "c": np.ones(())},  # by the names in a report
        MappingProxyType({"a": MappingProxyType({"b": (1, 1)}), "c": 1}),
    ):
        assert [one.shape for one in matching(nested, other, "mask")] == [(2,), ()]
    rows = flatten([np.zeros((2, 2)), np.zeros(2)])
    assert [one.shape for one in matching(rows, ([[1, 2], [3, 4]], [1, 2]), "mask")] == [
        (2, 2), (2,),
    ]  # fmt: skip


KEYS = st.one_of(
    st.text("ab.'1[", max_size=3), st.integers(0, 2), st.tuples(st.integers(0, 1)), st.none()
)
TREES = st.recursive(
    st.just("leaf"),
    lambda inside: st.dictionaries(KEYS, inside, max_size=4) | st.lists(inside, max_size=3),
    max_leaves=9,
)


def planted(tree: Any, count: list[int]) -> Any:
    if tree == "leaf":
        count[0] += 1
        return np.full(2, float(count[0]))
    if isinstance(tree, dict):
        return {key: planted(value, count) for key, value in tree.items()}
    return [planted(value, count) for value in tree]


@given(TREES)
def test_no_leaf_is_ever_lost(tree: Any) -> None:
    count = [0]
    x = planted(tree, count)
    if not count[0]:
        return
    leaves = flatten(x)
    assert len(leaves.names) == len(set(leaves.names)) == count[0]
    back = matching(leaves, leaves.rebuild(leaves.arrays), "mask")
    for k, (one, other) in enumerate(zip(leaves.arrays, back, strict=True)):
        assert one[0] == other[0] == k + 1
    by_name = dict(zip(leaves.names, leaves.arrays, strict=True))
    if count[0] > 1 and all("." not in name and "[" not in name for name in by_name):
        for k, one in enumerate(matching(leaves, by_name, "mask")):
            assert one[0] == k + 1
