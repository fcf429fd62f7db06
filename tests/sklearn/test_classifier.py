"""The classifier."""

from __future__ import annotations

import pickle
import signal
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from joblib import parallel_backend
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nudgegrad as ng
from nudgegrad.sklearn import NumericalGradientClassifier
from nudgegrad.sklearn.watch import Watch
from nudgegrad.training import EpochRecord
from tests.sklearn.data import blobs, digits

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

QUICK: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 15, "random_state": 0}


def same(first: Any, second: Any) -> bool:
    return all(
        a.tobytes() == b.tobytes()
        for a, b in zip(
            [*first.coefs_, *first.intercepts_],
            [*second.coefs_, *second.intercepts_],
            strict=True,
        )
    )


def test_on_digits_as_good_as_backpropagation() -> None:
    train, test = digits()
    ours = NumericalGradientClassifier(random_state=0).fit(*train)
    theirs = MLPClassifier(random_state=0).fit(*train)
    assert ours.score(*test) > 0.96
    assert theirs.score(*test) > 0.96
    assert abs(ours.score(*test) - theirs.score(*test)) < 0.02
    probabilities = ours.predict_proba(test[0])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.exp(ours.predict_log_proba(test[0])), probabilities)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("shuffle", [True, False])
def test_numerical_gradients_go_where_backpropagation_goes(
    solver: str, nesterov: bool, shuffle: bool
) -> None:
    x, y = blobs()
    settings = {
        **QUICK, "solver": solver, "nesterovs_momentum": nesterov, "shuffle": shuffle,
        "activation": "tanh", "batch_size": 20, "learning_rate_init": 0.01,
    }  # fmt: skip
    models = [
        NumericalGradientClassifier(method=method, **settings).fit(x, y)
        for method in ("naive", "weight", "node", "backprop")
    ]
    for model in models[:-1]:
        np.testing.assert_allclose(model.loss_curve_, models[-1].loss_curve_, rtol=1e-5)
        np.testing.assert_allclose(model.coefs_[0], models[-1].coefs_[0], atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "sgd", "momentum": 0.0},
        {"solver": "sgd", "nesterovs_momentum": False},
        {"solver": "sgd", "nesterovs_momentum": True},
    ],
)
def test_the_same_numbers_as_mlpclassifier(settings: dict[str, Any]) -> None:
    # The same start and order: then alpha, momentum and the learning rate must mean the same.
    # 60 samples make three batches; MLPClassifier has a softmax from three classes on.
    x, y = blobs(60)
    common = {
        "hidden_layer_sizes": (4,), "activation": "tanh", "alpha": 0.5, "batch_size": 20,
        "learning_rate_init": 0.05, "shuffle": False, "random_state": 0, "warm_start": True,
        **settings,
    }  # fmt: skip
    theirs = MLPClassifier(max_iter=1, **common).fit(x, y)
    ours = NumericalGradientClassifier(max_iter=1, method="backprop", **common).fit(x, y)
    for live, weights in zip(
        [*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True
    ):
        live[...] = weights
    ours.set_params(max_iter=10).fit(x, y)
    theirs.set_params(max_iter=10).fit(x, y)
    np.testing.assert_allclose(ours.loss_curve_[1:], theirs.loss_curve_[1:], rtol=1e-10)
    for live, weights in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(live, weights, rtol=1e-9)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), rtol=1e-9)


def test_same_random_state_same_result() -> None:
    x, y = blobs()
    first, second, other = (
        NumericalGradientClassifier(**{**QUICK, "random_state": seed}).fit(x, y)
        for seed in (3, 3, 4)
    )
    assert same(first, second)
    assert first.loss_curve_ == second.loss_curve_
    assert not same(first, other)
    state = np.random.RandomState(3)
    assert same(first, NumericalGradientClassifier(**{**QUICK, "random_state": state}).fit(x, y))


@pytest.mark.parametrize("classes", [["no", "yes"], [-1, 7], [True, False], [0.0, 2.0], ["a"]])
def test_classes_of_any_type(classes: list[Any]) -> None:
    x, numbers = blobs(classes=max(2, len(classes)))
    y = np.array(classes)[numbers % len(classes)]
    model = NumericalGradientClassifier(**{**QUICK, "max_iter": 100}, learning_rate_init=0.02).fit(
        x, y
    )
    assert np.array_equal(model.classes_, np.unique(y))
    assert model.predict(x).dtype == y.dtype
    assert model.score(x, y) > 0.95
    assert model.predict_proba(x).shape == (90, len(classes))
    objects = np.array([f"class {label}" for label in y], dtype=object)
    assert clone(model).fit(x, objects).score(x, objects) > 0.95


@pytest.mark.parametrize("kind", ["csr_matrix", "csr_array", "csc_matrix", "coo_array"])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_sparse_input_is_the_same_as_dense(kind: str, early_stopping: bool) -> None:
    x, y = blobs()
    x[np.abs(x) < 1] = 0
    settings = {**QUICK, "early_stopping": early_stopping}
    dense = NumericalGradientClassifier(**settings).fit(x, y)
    model = NumericalGradientClassifier(**settings).fit(getattr(sparse, kind)(x), y)
    assert same(model, dense)
    for other in (x, sparse.csr_array(x), sparse.csc_array(x)):
        np.testing.assert_array_equal(model.predict_proba(other), dense.predict_proba(x))


def test_partial_fit() -> None:
    x, y = blobs()
    model = NumericalGradientClassifier(**QUICK, learning_rate_init=0.02)
    with pytest.raises(ValueError, match="classes must be told in the first call of partial_fit"):
        model.partial_fit(x, y)
    first = y < 2
    model.partial_fit(x[first], y[first], classes=[0, 1, 2])
    assert (model.n_iter_, model.t_, len(model.loss_curve_)) == (1, 60, 1)
    updates = int(model.optimizer_.state["updates"])
    for _ in range(60):
        model.partial_fit(x, y)
    assert int(model.optimizer_.state["updates"]) == updates + 60
    assert len(model.loss_curve_) == 61
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[1]
    again = clone(model).partial_fit(x[first], y[first], classes=[0, 1, 2])
    for _ in range(60):
        again.partial_fit(x, y)
    assert same(model, again)
    with pytest.raises(ValueError, match=r"y must hold the classes of the first call, .* also"):
        model.partial_fit(x, y + 1)
    with pytest.raises(ValueError, match="classes must be those of the first call"):
        model.partial_fit(x, y, classes=[0, 1])
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        NumericalGradientClassifier(early_stopping=True).partial_fit(x, y, [0, 1, 2])
    model.fit(x, y == 1)  # a fit begins anew
    assert np.array_equal(model.classes_, [False, True])


def test_warm_start_goes_on() -> None:
    x, y = blobs()
    model = NumericalGradientClassifier(**QUICK, warm_start=True).fit(x, y)
    before = model.loss_
    model.fit(x, y)
    assert model.loss_ < before
    assert (model.n_iter_, len(model.loss_curve_)) == (15, 30)
    with pytest.raises(ValueError, match=r"y must hold the classes of the first call"):
        model.fit(x, y + 1)


def test_early_stopping() -> None:
    x, y = blobs(200)
    model = NumericalGradientClassifier(
        **{**QUICK, "max_iter": 300}, early_stopping=True, learning_rate_init=0.02,
        n_iter_no_change=5, validation_fraction=0.2,
    ).fit(x, y)  # fmt: skip
    assert 5 < model.n_iter_ < 300
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ is None
    assert model.score(x, y) > 0.9
    plain = NumericalGradientClassifier(**QUICK).fit(x, y)
    assert plain.validation_scores_ is None
    assert plain.best_validation_score_ is None
    assert plain.best_loss_ == min(plain.loss_curve_)


def test_it_ends_where_the_loss_falls_no_longer() -> None:
    x, y = blobs()
    settings = {**QUICK, "max_iter": 200, "learning_rate_init": 0.05}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ended = NumericalGradientClassifier(**settings, tol=1e-2, n_iter_no_change=4).fit(x, y)
    assert ended.n_iter_ < 200
    low = np.minimum.accumulate(ended.loss_curve_)
    assert all(ended.loss_curve_[-k] > low[-k - 1] - 1e-2 for k in range(1, 6))
    slower = NumericalGradientClassifier(
        **settings, tol=1e-2, n_iter_no_change=4, learning_rate="adaptive"
    ).fit(x, y)
    assert slower.n_iter_ > ended.n_iter_
    assert slower.optimizer_.learning_rate < 1e-6
    with pytest.warns(ConvergenceWarning, match="all 3 epochs of max_iter were done"):
        NumericalGradientClassifier(max_iter=3).fit(x, y)


@pytest.mark.parametrize("learning_rate", ["linear", "cosine"])
def test_schedules_fall_over_the_fit(learning_rate: str) -> None:
    x, y = blobs()
    model = NumericalGradientClassifier(**QUICK, learning_rate=learning_rate).fit(x, y)
    constant = NumericalGradientClassifier(**QUICK).fit(x, y)
    assert model.loss_curve_[0] == constant.loss_curve_[0]
    assert model.loss_curve_[-1] != constant.loss_curve_[-1]
    assert model.optimizer_.learning_rate == 0.001
    model.partial_fit(x, y)


def test_in_a_pipeline_a_grid_and_several_processes() -> None:
    x, y = blobs()
    pipeline = make_pipeline(StandardScaler(), NumericalGradientClassifier(**QUICK))
    grid = {
        "numericalgradientclassifier__alpha": [1e-4, 1.0],
        "numericalgradientclassifier__activation": ["relu", "tanh"],
    }
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(x, y)
    alone = GridSearchCV(pipeline, grid, cv=3).fit(x, y)
    key = "mean_test_score"
    np.testing.assert_array_equal(search.cv_results_[key], alone.cv_results_[key])
    model = NumericalGradientClassifier(**{**QUICK, "max_iter": 100}, learning_rate_init=0.02)
    scores = cross_val_score(model, x, y, cv=3, n_jobs=2)
    assert scores.min() > 0.9
    np.testing.assert_array_equal(scores, cross_val_score(model, x, y, cv=3))


def test_copies_and_pickles() -> None:
    x, y = blobs()
    model = NumericalGradientClassifier(**QUICK).fit(x, y)
    other = pickle.loads(pickle.dumps(model))
    assert same(model, other)
    assert np.array_equal(other.predict(x), model.predict(x))
    assert other.coefs_[0] is other.network_.params["W1"]
    model.partial_fit(x, y)
    other.partial_fit(x, y)
    assert same(model, other)
    assert "network_" not in vars(clone(model))


def test_what_was_learned() -> None:
    x, y = blobs()
    model = NumericalGradientClassifier((7, 4), max_iter=2, random_state=0, verbose=False).fit(x, y)
    assert isinstance(model.network_, ng.Network)
    assert [w.shape for w in model.coefs_] == [(5, 7), (7, 4), (4, 3)]
    assert [b.shape for b in model.intercepts_] == [(7,), (4,), (3,)]
    assert (model.n_layers_, model.n_outputs_, model.out_activation_) == (4, 3, "softmax")
    assert model.n_features_in_ == 5
    assert model.network_.dtype == np.float64
    single = NumericalGradientClassifier(max_iter=2).fit(x.astype(np.float32), y)
    assert single.coefs_[0].dtype == single.predict_proba(x).dtype == np.float32
    linear = NumericalGradientClassifier((), max_iter=2).fit(x, y)
    assert [w.shape for w in linear.coefs_] == [(5, 3)]
    assert NumericalGradientClassifier(6, max_iter=2).fit(x, y).coefs_[0].shape == (5, 6)
    fresh = NumericalGradientClassifier()
    assert not hasattr(fresh, "coefs_")
    with pytest.raises(NotFittedError):
        fresh.predict(x)


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = blobs()
    NumericalGradientClassifier(max_iter=2, verbose=True, early_stopping=True).fit(x, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0].split(":")[0] for line in lines] == [
        "Iteration 1", "Validation score", "Iteration 2", "Validation score",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"solver": "lbfgs"}, "solver must be one of adam, sgd, got 'lbfgs'"),
        ({"learning_rate": "invscaling"}, "learning_rate must be one of constant, adaptive"),
        ({"hidden_layer_sizes": (5, 0)}, r"such as \(100,\) or \(50, 50\), got \(5, 0\)"),
        ({"activation": "sigmoid"}, "activation must be one of identity, logistic"),
        ({"alpha": -1}, "alpha must be a finite number, at least 0"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"max_iter": 0}, "max_iter must be at least 1"),
        ({"method": "nodes"}, "did you mean 'node'"),
        ({"h": 0}, "h must be a finite number, above 0"),
        ({"momentum": 1}, "momentum must be a finite number, at least 0 and below 1"),
        ({"shuffle": "no"}, "shuffle must be True or False"),
        ({"n_iter_no_change": 0}, "n_iter_no_change must be at least 1"),
    ],
)
def test_parameters_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    x, y = blobs()
    with pytest.raises(ValueError, match=message):
        NumericalGradientClassifier(**settings).fit(x, y)


def test_a_batch_larger_than_the_data_is_all_of_them() -> None:
    x, y = blobs()
    with pytest.warns(UserWarning, match="batch_size is 1000, of only 90 training samples"):
        model = NumericalGradientClassifier(**QUICK, batch_size=1000).fit(x, y)
    assert same(model, NumericalGradientClassifier(**QUICK, batch_size=90).fit(x, y))


def test_divergence_is_told() -> None:
    x, y = blobs()
    model = NumericalGradientClassifier(
        **QUICK, activation="identity", solver="sgd", learning_rate_init=1e200
    )
    with pytest.raises(ValueError, match=r"the training diverged: .*learning_rate_init"):
        model.fit(x, y)


def test_ctrl_c_leaves_what_was_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    note = Watch.__call__

    def interrupt(watch: Watch, record: EpochRecord) -> None:
        note(watch, record)
        if record.epoch == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Watch, "__call__", interrupt)
    x, y = blobs()
    model = NumericalGradientClassifier(**QUICK)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y)
    assert model.n_iter_ == 3
    assert model.predict(x).shape == (90,)


def test_in_threads() -> None:
    x, y = blobs()
    model = NumericalGradientClassifier(**QUICK)
    with parallel_backend("threading"):
        scores = cross_val_score(model, x, y, cv=4, n_jobs=2)
    np.testing.assert_array_equal(scores, cross_val_score(model, x, y, cv=4))


def test_data_frames_give_names() -> None:
    pandas = pytest.importorskip("pandas")
    x, y = blobs()
    frame = pandas.DataFrame(x, columns=[f"f{k}" for k in range(5)])
    model = NumericalGradientClassifier(**QUICK).fit(frame, pandas.Series(y).map(str))
    assert list(model.feature_names_in_) == list(frame.columns)
    assert list(model.classes_) == ["0", "1", "2"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[frame.columns[::-1]])
