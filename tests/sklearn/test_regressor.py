"""The regressor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nudgegrad as ng
from nudgegrad.sklearn import NumericalGradientRegressor
from nudgegrad.sklearn.loss import HalfSquaredError
from tests.sklearn.data import waves

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

QUICK: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0}


@pytest.mark.parametrize("outputs", [1, 3])
def test_it_learns_waves(outputs: int) -> None:
    x, y = waves(400, outputs)
    model = NumericalGradientRegressor(
        (30,), activation="tanh", learning_rate_init=0.02, max_iter=150, random_state=0
    ).fit(x[:300], y[:300])
    predicted = model.predict(x[300:])
    assert predicted.shape == y[300:].shape
    assert model.score(x[300:], y[300:]) > 0.98
    assert (model.n_outputs_, model.out_activation_) == (outputs, "identity")


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_same_numbers_as_mlpregressor(momentum: float) -> None:
    x, y = waves(60)
    common: dict[str, Any] = {
        "hidden_layer_sizes": (4,), "activation": "tanh", "alpha": 0.5, "batch_size": 20,
        "learning_rate_init": 0.05, "shuffle": False, "random_state": 0, "warm_start": True,
        "solver": "sgd", "momentum": momentum,
    }  # fmt: skip
    theirs = MLPRegressor(max_iter=1, **common).fit(x, y)
    ours = NumericalGradientRegressor(max_iter=1, method="backprop", **common).fit(x, y)
    numerical = NumericalGradientRegressor(max_iter=1, **common).fit(x, y)
    for model in (ours, numerical):
        for live, weights in zip(
            [*model.coefs_, *model.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True
        ):
            live[...] = weights
    for any_model in (theirs, ours, numerical):
        any_model.set_params(max_iter=10).fit(x, y)
    np.testing.assert_allclose(ours.loss_curve_[1:], theirs.loss_curve_[1:], rtol=1e-10)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-8)
    np.testing.assert_allclose(numerical.predict(x), theirs.predict(x), rtol=1e-4)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 99), st.sampled_from([1e-4, 0.3]))
def test_half_of_the_squared_error(samples: int, outputs: int, seed: int, h: float) -> None:
    rng = np.random.default_rng(seed)
    half, whole = HalfSquaredError(), ng.MeanSquaredError()
    y, t, d = rng.normal(size=(3, samples, outputs))
    assert half.value(y, t) == pytest.approx(whole.value(y, t) / 2)
    moved = half.samples(y + h * d, t) - half.samples(y, t)
    np.testing.assert_allclose(half.difference(y, t, h * d), moved, atol=1e-13)
    assert (half.magnitude(y, t, np.abs(d)) > 0).all()
    network = ng.Network([ng.Affine(3, 4), ng.Tanh(), ng.Affine(4, outputs)], half, seed=seed)
    x = rng.normal(size=(samples, 3))
    exact = network.gradient(x, t)
    for method in ("naive", "weight", "node"):
        numerical = network.numerical_gradient(x, t, method=method)
        for name, slope in exact.items():
            np.testing.assert_allclose(numerical[name], slope, atol=1e-7)


def test_early_stopping_scores_by_r2() -> None:
    x, y = waves(300)
    model = NumericalGradientRegressor(
        (20,), activation="tanh", learning_rate_init=0.05, max_iter=400, early_stopping=True,
        validation_fraction=0.25, n_iter_no_change=5, random_state=0,
    ).fit(x, y)  # fmt: skip
    assert model.n_iter_ < 400
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_) > 0.95
    # 75 samples are held out; the weights that the fit keeps are those of the best score.
    assert r2_score(y, model.predict(x)) == pytest.approx(model.best_validation_score_, abs=0.05)


def test_partial_fit_goes_on() -> None:
    x, y = waves()
    model = NumericalGradientRegressor((8,), random_state=0, learning_rate_init=0.02)
    for _ in range(100):
        model.partial_fit(x, y)
    assert len(model.loss_curve_) == 100
    assert model.score(x, y) > 0.8
    with pytest.raises(ValueError, match="y must have 1 outputs, as in the first call, got 2"):
        model.partial_fit(x, np.stack([y, y], axis=1))
    with pytest.raises(ValueError, match="X has 3 features"):
        model.partial_fit(np.ones((4, 3)), y[:4])


def test_sparse_input_a_pipeline_and_several_processes() -> None:
    x, y = waves()
    x[np.abs(x) < 0.5] = 0
    dense = NumericalGradientRegressor(**QUICK).fit(x, y)
    model = NumericalGradientRegressor(**QUICK).fit(sparse.csr_matrix(x), y)
    np.testing.assert_array_equal(model.predict(sparse.csc_array(x)), dense.predict(x))
    pipeline = make_pipeline(StandardScaler(), NumericalGradientRegressor(**QUICK))
    grid = {"numericalgradientregressor__solver": ["adam", "sgd"]}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2).fit(x, y)
    alone = GridSearchCV(pipeline, grid, cv=2).fit(x, y)
    key = "mean_test_score"
    np.testing.assert_array_equal(search.cv_results_[key], alone.cv_results_[key])
    scores = cross_val_score(pipeline, x, y, cv=3, n_jobs=2)
    np.testing.assert_array_equal(scores, cross_val_score(pipeline, x, y, cv=3))
