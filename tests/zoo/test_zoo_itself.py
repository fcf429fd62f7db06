"""The zoo's labels are true: right ones agree with differences, wrong ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.zoo import CASES
from tests.zoo.case import Params, Problem, ZooCase
from tests.zoo.differences import slope

NARROW = bool(np.finfo(np.longdouble).eps > 1e-18)
RIGHT_ENTRIES, WRONG_ENTRIES = 20, 60


def entries(case: ZooCase, size: int) -> list[int]:
    """Return the flat indices to look at."""
    most = RIGHT_ENTRIES if case.right else WRONG_ENTRIES
    drawn = np.random.default_rng(0).permutation(size)[:most] if size < 10**5 else range(3)
    return [*case.entries, *(int(index) for index in drawn)]


def disagreement(case: ZooCase, problem: Problem, gradients: list[Params]) -> str:
    """Return where a gradient is not that of the loss, or nothing."""
    wide = {name: array.astype(np.longdouble) for name, array in problem.params.items()}
    for name, array in problem.params.items():
        single = array.dtype == np.float32
        relative = (2e-5 if single else 1e-9) if case.right else (1e-3 if single else 1e-6)
        for index in entries(case, array.size):
            truth, error = slope(problem.loss, wide, name, index)
            for gradient in gradients:
                given = float(gradient[name].reshape(-1)[index])
                largest = float(np.abs(gradient[name]).max()) if case.right else 0.0
                assert error <= 1e-6 * max(abs(truth), largest) or truth == 0 or not case.right
                allowed = relative * max(abs(truth), largest) + 10 * error
                if not abs(given - truth) <= allowed:
                    return f"{name}[{index}]: {given!r} for {truth!r} ± {error:.1e}"
    return ""


def broken_subgradient(problem: Problem, gradient: Params) -> str:
    """Return where a convex loss falls below its tangent, or nothing."""
    rng = np.random.default_rng(0)
    start = problem.loss(problem.params)
    for trial in range(200):
        size = (1e-3, 0.3)[trial % 2]
        move = {
            name: size * (rng.choice([-1, 1]) if trial < 8 else rng.normal(size=array.shape))
            * np.ones(array.shape)
            for name, array in problem.params.items()
        }  # fmt: skip
        moved = problem.loss({name: array + move[name] for name, array in problem.params.items()})
        tangent = start + sum(float((gradient[name] * move[name]).sum()) for name in move)
        if moved < tangent - 1e-10:
            return f"{moved} below {tangent}"
    return ""


def same(a: Params, b: Params) -> bool:
    return a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a)


@pytest.mark.skipif(NARROW, reason="no wider floats than double")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_label(case: ZooCase) -> None:
    problem = case.build()
    before = {name: array.copy() for name, array in problem.params.items()}
    gradients = []
    for _ in range(2):  # some are wrong at the first call only, or at the second
        given = problem.gradient(problem.params)
        assert given.keys() == problem.params.keys()
        for name, array in problem.params.items():
            assert isinstance(given[name], np.ndarray)
            assert (given[name].shape, given[name].dtype) == (array.shape, array.dtype)
        gradients.append({name: array.copy() for name, array in given.items()})
    found = (
        next(filter(None, (broken_subgradient(problem, g) for g in gradients)), "")
        if case.kink
        else disagreement(case, problem, gradients)
    )
    assert bool(found) != case.right, found or "nothing is wrong with it"
    assert same(problem.params, before)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_building_twice(case: ZooCase) -> None:
    one, other = case.build(), case.build()
    assert same(one.params, other.params)
    assert all(not np.shares_memory(one.params[name], other.params[name]) for name in one.params)
    assert one.loss(one.params) == other.loss(other.params) == one.loss(one.params)
    assert type(one.loss(one.params)) is float
    first = one.gradient(one.params)
    second = other.gradient(other.params)
    assert same(first, second)


def test_names_and_counts() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert sum(case.right for case in CASES) >= 45
    assert sum(not case.right for case in CASES) >= 45
    assert all(case.what and case.family == case.name.split("/")[0] for case in CASES)
