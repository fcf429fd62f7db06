"""Series and DataFrames: f gets one again, and so does the caller."""

from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.validation import ParameterError

pd = pytest.importorskip("pandas")


def series() -> Any:
    return pd.Series([1.0, 2.0], index=["rate", "size"], name="theta")


def f(s: Any) -> Any:
    assert isinstance(s, pd.Series)
    assert s.name == "theta"
    return s["rate"] ** 2 * s["size"]


@pytest.mark.parametrize(
    "options", [{}, {"h": "auto"}, {"workers": 2}, {"scheme": "complex-step"}, {"bounds": (1, 2)}]
)
def test_a_series(options: Any) -> None:
    s = series()
    found = ng.numerical_gradient(f, s, **options)
    pd.testing.assert_series_equal(found, pd.Series([4.0, 1.0], s.index, name="theta"), atol=1e-6)
    pd.testing.assert_series_equal(s, series())


def test_a_series_in_a_structure() -> None:
    x = {"s": series(), "W": np.ones(2), "labels": pd.Series(["a", "b"]), "n": pd.Series([1, 2])}

    def g(x: Any) -> Any:
        return f(x["s"]) * np.sum(x["W"] ** 2) + len(x["labels"])

    found = ng.numerical_gradient(g, x, error_bars=True)
    np.testing.assert_allclose(found.gradient["s"], [8, 2], rtol=1e-6)
    assert list(found.errors["s"].index) == ["rate", "size"]
    assert found.gradient["labels"] is None
    assert found.gradient["n"] is None
    report = ng.check(g, x, {"s": pd.Series([8.0, 2.0]), "W": np.full(2, 4.0)})
    assert report.passed
    assert "labels (Series of" in report.notes[0]


def test_a_check_of_a_series() -> None:
    s = series()
    right = pd.Series([4.0, 1.0], s.index)
    for claimed in (right, right.to_numpy(), lambda s: pd.Series({"rate": 4.0, "size": 1.0})):
        assert ng.check(f, s, claimed).passed
    assert ng.check(f, s, 2 * right).counts["wrong"] == 2


def test_a_function_may_write_into_its_series() -> None:
    def writes(s: Any) -> Any:  # it has one of its own
        s["rate"] = s["rate"] ** 2
        return s.sum()

    np.testing.assert_allclose(ng.numerical_gradient(writes, series()), [2, 1], rtol=1e-6)


def test_a_data_frame() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=[5, 6])
    found = ng.numerical_gradient(lambda d: (d["a"] ** 2).sum() + d.loc[6, "b"], frame)
    expected = pd.DataFrame({"a": [2.0, 4.0], "b": [0.0, 1.0]}, index=[5, 6])
    pd.testing.assert_frame_equal(found, expected, atol=1e-6)
    jacobian = ng.numerical_jacobian(lambda d: d.sum().to_numpy(), frame)
    assert jacobian.shape == (2, 2, 2)


def test_what_cannot_be_nudged() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4]})
    for x, kinds in (
        (frame, "DataFrame of float64, int64"),
        (pd.Series([1, 2]), "Series of int64"),
        (pd.Series([1.0, 2.0], dtype="Float64"), "Series of Float64"),
        (pd.Series([], dtype=float), "Series of float64"),
    ):
        with pytest.raises(ParameterError, match=rf"got a {kinds}; pass x.astype\(float\)"):
            ng.numerical_gradient(lambda x: 0.0, x)
    with pytest.raises(ParameterError, match=r"params\['t'\] must hold floats of one NumPy dtype"):
        ng.check(lambda x: 0.0, {"W": np.ones(1), "t": frame}, {})
    with pytest.raises(ParameterError, match="vectorized must be False where x holds a Series"):
        ng.numerical_gradient(f, series(), vectorized=True)
