"""The classifier where a sample may have several labels, or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import make_multilabel_classification
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier

import nudgegrad as ng
from nudgegrad.sklearn import NumericalGradientClassifier
from nudgegrad.sklearn.several_labels import SummedBinaryCrossEntropy

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def labels(samples: int = 120) -> tuple[Any, Any]:
    x, y = make_multilabel_classification(samples, 8, n_classes=4, random_state=0)
    return x / x.max(), y


def test_it_learns_several_labels() -> None:
    x, y = labels(400)
    model = NumericalGradientClassifier((30,), learning_rate_init=0.01, random_state=0)
    model.fit(x[:300], y[:300])
    theirs = MLPClassifier((30,), learning_rate_init=0.01, random_state=0).fit(x[:300], y[:300])
    predicted, probabilities = model.predict(x[300:]), model.predict_proba(x[300:])
    assert predicted.shape == probabilities.shape == (100, 4)
    assert set(np.unique(predicted)) == {0, 1}
    assert np.array_equal(model.classes_, theirs.classes_)
    assert (model.n_outputs_, model.out_activation_) == (4, theirs.out_activation_)
    assert np.mean(predicted == y[300:]) > np.mean(theirs.predict(x[300:]) == y[300:]) - 0.03
    assert model.score(x[300:], y[300:]) == np.mean((predicted == y[300:]).all(axis=1))
    again = NumericalGradientClassifier((30,), learning_rate_init=0.01, random_state=0)
    again.fit(x[:300], sparse.csr_array(y[:300]))
    assert np.array_equal(again.predict_proba(x[300:]), probabilities)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_same_numbers_as_mlpclassifier(momentum: float) -> None:
    x, y = labels(60)
    common: dict[str, Any] = {
        "hidden_layer_sizes": (4,), "activation": "tanh", "alpha": 0.5, "batch_size": 20,
        "learning_rate_init": 0.05, "shuffle": False, "random_state": 0, "warm_start": True,
        "solver": "sgd", "momentum": momentum,
    }  # fmt: skip
    theirs = MLPClassifier(max_iter=1, **common).fit(x, y)
    ours = NumericalGradientClassifier(max_iter=1, **common).fit(x, y)
    for live, weights in zip(
        [*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True
    ):
        live[...] = weights
    for model in (theirs, ours):
        model.set_params(max_iter=10).fit(x, y)
    np.testing.assert_allclose(ours.loss_curve_[1:], theirs.loss_curve_[1:], rtol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), rtol=1e-5)


@given(st.integers(1, 4), st.integers(2, 5), st.integers(0, 99))
def test_the_sum_of_the_outputs_errors(samples: int, outputs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    loss = SummedBinaryCrossEntropy()
    network = ng.Network([ng.Affine(3, 4), ng.Tanh(), ng.Affine(4, outputs)], loss, seed=seed)
    x, t = rng.normal(size=(samples, 3)), rng.integers(0, 2, size=(samples, outputs))
    p = network.predict(x)
    by_hand = -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) / samples
    assert network.loss(x, t) == pytest.approx(by_hand, rel=1e-10)
    exact = network.gradient(x, t)
    for method in ("naive", "weight", "node"):
        numerical = network.numerical_gradient(x, t, method=method)
        for name, slope in exact.items():
            np.testing.assert_allclose(numerical[name], slope, atol=1e-7)


def test_partial_fit_early_stopping_and_folds() -> None:
    x, y = labels()
    model = NumericalGradientClassifier((8,), random_state=0, learning_rate_init=0.02)
    for _ in range(40):
        model.partial_fit(x, y, classes=range(4))
    assert model.loss_curve_[-1] < 0.8 * model.loss_curve_[0]
    with pytest.raises(ValueError, match="y must have 4 labels, got 3"):
        model.partial_fit(x, y[:, :3])
    with pytest.raises(ValueError, match="y must be classes, or several labels a sample, as in"):
        model.partial_fit(x, y[:, 0])
    with pytest.raises(ValueError, match=r"classes must be the labels' numbers, \[0 1 2 3\]"):
        model.partial_fit(x, y, classes=[1, 2])
    early = NumericalGradientClassifier((8,), random_state=0, early_stopping=True, max_iter=20)
    early.fit(x, y)
    assert len(early.validation_scores_ or []) == early.n_iter_
    scores = cross_val_score(early, x, y, cv=3, n_jobs=2)
    np.testing.assert_array_equal(scores, cross_val_score(early, x, y, cv=3))
