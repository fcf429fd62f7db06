"""Diagnoses: each mistake is named, once, and where there is no pattern none is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nudgegrad as ng
from tests.checker.made_up import draw, make_check, make_report

G = draw(20, 20)
V = draw(20, 20, seed=1)
K = draw(4, 6, 3, 3)


def diagnosis(numeric: Any, analytic: Any, **settings: Any) -> list[str]:
    return make_report(make_check("W", numeric, analytic, **settings)).diagnosis


def changed(place: Any, change: Callable[[Any], Any], of: Any = G) -> Any:
    array = of.copy()
    array[place] = change(array[place])
    return array


def other(array: Any) -> Any:
    return draw(*array.shape, seed=9)


@pytest.mark.parametrize(
    ("numeric", "analytic", "says"),
    [
        (G, 2 * G, "every entry of W is 2.000× too large: a doubled term, or a missing 1/2?"),
        (G, G / 2, "every entry of W is 2.000× too small: a term counted once that counts twice"),
        (G, 20 * G, "20.00× too large: a sum over 20 where the loss has a mean? (20 is a dimension"
                    " of W)"),
        (G, G / 32, "32.00× too small: a mean over 32 where the loss has a sum?"),
        (G, G / 20**0.5, "4.472× too small: a factor √20 (20 is a dimension of W)?"),
        (G, -G, "every entry of W is of the wrong sign"),
        (G, -2 * G, "2.000× too large and of the wrong sign"),
        (G, 1.7312 * G, "every entry of W is 1.731× too large"),
        (G, 0 * G, "every entry of W is zero and should not be"),
        (0 * G, G, "every entry of W is claimed to matter, though the function does not change"),
        (G, G.T, "the gradient of W is transposed"),
        (G[:5], G[:5].T.reshape(5, 20), "in another memory order: transposed, then reshaped?"),
        (G, np.roll(G, 1, axis=1), "the gradient of W is rolled by +1 along axis 1"),
        (G, G[::-1], "the gradient of W is reversed along axis 0"),
        (K, K[:, :, ::-1, ::-1], "reversed along axes 2 and 3: is a kernel flipped on one side"),
        (K, np.swapaxes(K, 2, 3), "the gradient of W is transposed: axes 2 and 3 exchanged"),
        (G, changed([3, 5], lambda rows: rows[::-1]), "rows 3 and 5 of W are in each other's"),
        (G, changed(3, np.zeros_like), "row 3 of W is zero and should not be"),
        (G, changed(np.s_[:, 2:5], lambda part: 2 * part), "columns 2, 3 and 4 of W are 2.000×"),
        (G, changed(np.s_[::2], other), "rows 0 to 18 in steps of 2 of W are wrong"),
        (K, changed(np.s_[:, 1], np.zeros_like, K), "slice [:, 1, :, :] of W is zero"),
        (K, changed(np.s_[:, 1:3], other, K), "slices 1 and 2 along axis 1 of W are wrong"),
        (G, changed((3, 17), other), "entry (3, 17) of W alone is wrong, all else in it is right"),
        (G, changed(([3, 4], [1, 9]), other), "entries (3, 1) and (4, 9) of W alone are wrong"),
        (G, changed(np.s_[3:6, 4:9], other), "block [3:6, 4:9] of W is wrong"),
        (G, G + np.diag(draw(20)), "the entries of W on the diagonal are wrong"),
        (G, G + np.triu(other(G), 1), "the entries of W above the diagonal are wrong"),
        (G, G + 0.01, "every entry of W is off by one constant, +0.01"),
        (G, np.clip(G, -1, 1), "W whose slope's size is above 1 are cut off at ±1"),
        (G, abs(G), "the entries of W whose numeric slope is negative are of the wrong sign"),
        (G, np.where(V > 0, G, -G), "entries of W are of the wrong sign"),
        (G, np.where(V > 0, G, 0), "entries of W are zero and should not be"),
        (G, G * np.linspace(1.5, 3, 20)[:, None], "a factor of its own for every row, 1.5 to 3:"),
        (G, G - G.mean(0), "off by a constant of its own for every column: a mean that only one"),
        (G, G * (1 + 3e-7 * V), "rtol=1e-06 accepts it"),
        (5.0, 10.0, "W is 2.000× too large: a doubled term"),
    ],
)  # fmt: skip
def test_one_mistake_one_sentence(numeric: Any, analytic: Any, says: str) -> None:
    (line,) = diagnosis(numeric, analytic)
    assert says in line


@pytest.mark.parametrize(
    ("analytic", "value", "says"),
    [
        (G + 0.01 * V, V, "+0.01 × the parameter's value: weight decay on one side only, λ = 0.01"),
        (G - 0.1 * np.sign(V), V, "-0.1 × the sign of its value: an L1 penalty on one side only"),
        (np.where(V < 0, 0, G), V, "the entries of W whose value is negative are zero"),
        (np.where(V > 0.8, other(G), G), V, "the entries of W whose value is above 0.8 are wrong"),
        (np.where(np.abs(V) < 0.1, 2 * G, G), V, "whose value's size is below 0.1 are 2.000×"),
    ],
)
def test_by_the_parameter(analytic: Any, value: Any, says: str) -> None:
    (line,) = diagnosis(G, analytic, value=value)
    assert says in line


def one_triangle(symmetric: Any, upper: bool) -> Any:
    """Return the gradient by the entries of one triangle, of a function that reads no other."""
    triangle = np.triu if upper else np.tril
    return triangle(2 * symmetric) - np.eye(symmetric.shape[-1]) * symmetric


S = G + G.T


@pytest.mark.parametrize("symmetric", [S, S[:2, :2], np.stack([S, V + V.T]), np.ones((3, 3))])
@pytest.mark.parametrize("upper", [False, True])
def test_one_triangle_of_a_symmetric_matrix(symmetric: Any, upper: bool) -> None:
    (line,) = diagnosis(one_triangle(symmetric, upper), symmetric)
    name = "upper" if upper else "lower"
    assert line.startswith(
        f"the claimed gradient of W is symmetric, but f reads the {name} triangle alone: check f of"
    )


def test_triangles_of_other_kinds() -> None:
    lower = one_triangle(S, False)
    for numeric, analytic in (
        (lower, lower.T), (lower, 2 * lower), (lower, S + S), (lower, np.tril(S)), (S, lower),
        (np.tril(G), G), (lower, G),
    ):  # fmt: skip
        assert not any("triangle alone" in line for line in diagnosis(numeric, analytic))


@pytest.mark.parametrize("uplo", ["L", "U"])
def test_eigenvalues_and_cholesky_factors(uplo: Any) -> None:
    draws = draw(4, 4)
    a = draws @ draws.T + 4 * np.eye(4)

    def largest(a: Any) -> Any:
        vectors = np.linalg.eigh(a)[1]
        return np.outer(vectors[:, -1], vectors[:, -1])

    report = ng.check(lambda a: np.linalg.eigvalsh(a, uplo)[-1], a, largest)
    name = "upper" if uplo == "U" else "lower"
    assert any(f"f reads the {name} triangle alone" in line for line in report.diagnosis)
    symmetric = ng.check(lambda a: np.linalg.eigvalsh((a + a.T) / 2)[-1], a, largest)
    assert symmetric.passed
    report = ng.check(
        lambda a: 2 * np.sum(np.log(np.diag(np.linalg.cholesky(a)))), a, np.linalg.inv
    )
    assert any("f reads the lower triangle alone" in line for line in report.diagnosis)


def test_ties() -> None:
    value = changed(np.s_[:3, ::2], lambda part: np.full_like(part, 0.25), V)
    (line,) = diagnosis(G, np.where(value == 0.25, other(G), G), value=value)
    assert "whose value is tied with another's are wrong" in line


def test_one_cause_of_several_parameters_is_told_once() -> None:
    b = draw(20)
    checks = [make_check("W1", G, 2 * G), make_check("b1", b, 2 * b), make_check("W2", V, 2 * V)]
    (line,) = make_report(*checks[:2]).diagnosis
    assert line.startswith("every entry of W1 and b1 is 2.000× too large")
    (line,) = make_report(*checks).diagnosis
    assert line.startswith("every entry of every parameter is 2.000× too large")
    many = [make_check(f"layers.{i}", draw(9), draw(9), verdict=1) for i in range(9)]
    lines = make_report(*checks[:2], *many).diagnosis
    assert lines[0].startswith("every entry of W1 and b1 is")


def test_which_parameters() -> None:
    names = {"W1": G, "b1": draw(9), "W2": V, "b2": draw(8)}

    def lines(*wrong: str) -> list[str]:
        return make_report(
            *(make_check(name, g, other(g) if name in wrong else g) for name, g in names.items())
        ).diagnosis

    assert lines("b1", "b2") == [
        "the one-dimensional parameters (biases?) are wrong, all others are right"
    ]
    assert lines("W1", "W2")[0].startswith("the weights are wrong")
    assert lines("W1", "b1")[0].startswith("all up to b1 is wrong, all from W2 on is right")
    assert lines("W1", "b2") == lines("W1") == lines() == []


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([np.nan], "entry (0, 0) of W is NaN: "),
        ([np.nan, np.inf], "entries (0, 0) and (0, 1) of W are NaN or infinite: "),
        ([-np.inf] * 4, "4 entries of W are infinite: an overflow, or a division by zero?"),
        ([np.nan] * 20, "20 entries of W are NaN: "),
    ],
)
def test_not_finite(values: list[float], says: str) -> None:
    analytic = G.copy()
    analytic[0, : len(values)] = values
    (line,) = diagnosis(G, analytic)
    assert line.startswith(says)


def test_not_finite_hides_no_other_pattern() -> None:
    first, second = diagnosis(G, changed((0, 0), lambda _: np.nan, 2 * G))
    assert "entry (0, 0) of W is NaN" in first
    assert "2.000× too large" in second


def test_hints() -> None:
    lines = diagnosis([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], verdict=[3, 3, 4, 5])
    assert lines == [
        "2 entries are at kinks, where the slopes on the two sides differ: check at a point away "
        "from ties and thresholds",
        "the function's values scatter, far more than by rounding: a solver's tolerance, lower "
        "precision inside, or large terms that cancel?",
        "no difference is sharp enough to tell: use float64, give h=, or check at another point",
    ]
    assert diagnosis([1.0, 2.0], [1.0, 2.0], verdict=[1, 3])[0].startswith("1 entry is at a kink")


@given(st.integers(0, 2**32 - 1), st.sampled_from([(3,), (7,), (4, 4), (20, 20), (3, 2, 3, 3)]))
def test_no_pattern_is_seen_in_noise(seed: int, shape: tuple[int, ...]) -> None:
    assert diagnosis(draw(*shape, seed=seed), draw(*shape, seed=seed + 1)) == []


@given(st.integers(0, 2**32 - 1), st.floats(1.2, 50))
def test_no_factor_is_seen_within_the_tolerance(seed: int, c: float) -> None:
    numeric = draw(10, 10, seed=seed)
    assert diagnosis(numeric, c * numeric, tolerance=100.0, verdict=2) == []


@given(st.integers(0, 2**32 - 1), st.sampled_from([2.0, 0.5, -1.0, 10.0]))
def test_a_factor_is_seen_through_error_bars(seed: int, c: float) -> None:
    numeric = draw(10, 10, seed=seed)
    tolerance = 1e-4
    measured = numeric + tolerance / 3 * np.clip(draw(10, 10, seed=seed + 1), -1, 1)
    (line,) = diagnosis(measured, c * numeric, tolerance=tolerance)
    assert line.startswith("every entry of W is")
    assert ("of the wrong sign" if c < 0 else "×") in line


def test_a_sample_is_enough() -> None:
    rng = np.random.default_rng(3)
    verdict = np.where(rng.random((20, 20)) < 0.3, 2, 0)
    numeric = np.where(verdict == 2, G, np.nan)
    verdict[np.isclose(G, G.T) & (verdict == 2)] = 1
    assert diagnosis(numeric, G.T, verdict=verdict) == ["the gradient of W is transposed"]


def test_names_are_shown_as_they_are() -> None:
    (line,) = make_report(make_check("\x1b[31m{x}", G, -G)).diagnosis
    assert line == "every entry of \\x1b[31m{x} is of the wrong sign"
