"""The corpus is what it says: published numbers are right, truths are true, values near to them."""

import numpy as np
import pytest

from tests.vectors import VECTORS, Vector, regression_data, regressions
from tests.vectors.regression_data import Regression
from tests.vectors.truths import truth

BY_NAME = {vector.name: vector for vector in VECTORS}
REGRESSIONS = {
    name.lower(): value for name, value in vars(regression_data).items()
    if isinstance(value, Regression)
}  # fmt: skip


def test_there_are_many_with_names_of_their_own() -> None:
    assert len(BY_NAME) == len(VECTORS)
    sizes = [len(vector.start) for vector in VECTORS]
    realistic = [v for v in VECTORS if v.family not in ("least-squares", "regression")]
    assert sum(2 <= len(vector.start) <= 10 for vector in realistic) >= 70
    assert max(sizes) <= 20
    assert len({vector.name for vector in VECTORS if vector.family == "least-squares"}) == 35


def test_scales_span_fifty_orders() -> None:
    entries = np.abs(np.concatenate([vector.x() for vector in VECTORS]))
    assert entries[entries > 0].min() < 1e-30
    assert entries.max() > 1e19


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_values_are_of_the_dtype_and_near_the_true_ones(vector: Vector) -> None:
    assert len(vector.start) == len(vector.scales) == len(vector.kinks)
    for dtype in vector.dtypes:
        x = vector.x(dtype)
        before = x.copy()
        value = vector(x)
        assert type(value) is np.dtype(dtype).type
        assert value == vector(x)
        np.testing.assert_array_equal(x, before)
        true = truth(vector, dtype)
        assert np.isfinite(true.gradient).all()
        assert abs(value - true.value) <= 2 * true.rounding
        assert true.rounding <= 0.03 * max(abs(true.value), 1e-3)


@pytest.mark.parametrize(
    ("name", "gradient"),
    [
        ("magnitudes/million-and-thousandth", [2e-6, 540.302306]),
        ("magnitudes/logarithm-of-billions", [5.4e-12, 6.02983]),
        ("magnitudes/logarithms", [1.0, 1e6]),
        ("magnitudes/logistic-growth", [3.543437e-7, -4.575685, -0.6863527]),
        ("magnitudes/fast-sine", [-99936.08]),
        ("magnitudes/squares-and-a-decay", [2.0, 4.0, 6.0, -3.678794]),
        ("magnitudes/rastrigin", [39.131637, 39.131637]),
        ("magnitudes/product-and-exponential", [135.42768, 41.085537, 15.0]),
        ("magnitudes/least-squares-solved", [0.0, 0.0, 0.0]),
        ("piecewise/weighted-relu", [0.0, 0.0, 0.0, 4.0, 5.0]),
        ("least-squares/1-rosenbrock", [-215.6, -88.0]),
        ("least-squares/4-brown-badly-scaled", [-1999998.0 - 2.0, -4e-6]),
    ],
)
def test_truths_worked_by_hand(name: str, gradient: list[float]) -> None:
    np.testing.assert_allclose(truth(BY_NAME[name]).gradient, gradient, rtol=1e-6, atol=1e-50)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_the_published_residual_is_reached_at_the_published_solution(name: str) -> None:
    given = REGRESSIONS[name]
    start: Vector = getattr(regressions, name)[0]
    residual = start(np.array(given.certified))
    if given.whole:
        assert residual == pytest.approx(given.residual, rel=1e-9)
    else:  # some of the observations have their share of it
        assert 0 < residual < given.residual


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("1-rosenbrock", 24.2),
        ("2-freudenstein-roth", 400.5),
        ("5-beale", 14.203125),
        ("6-jennrich-sampson", 4171.306),
        ("7-helical-valley", 2500.0),
        ("8-bard", 41.68170),
        ("10-meyer", 1.693608e9),
        ("13-powell-singular", 215.0),
        ("14-wood", 19192.0),
        ("16-brown-dennis", 7926693.3),
        ("17-osborne-1", 0.8790263),
        ("18-biggs", 0.7790701),
        ("19-osborne-2", 2.0934195),
        ("20-watson", 30.0),
        ("30-broyden-tridiagonal", 21.0),
        ("31-broyden-banded", 360.0),
    ],
)
def test_values_at_the_standard_starts(name: str, value: float) -> None:
    vector = BY_NAME[f"least-squares/{name}"]
    assert vector(vector.x()) == pytest.approx(value, rel=1e-6)
