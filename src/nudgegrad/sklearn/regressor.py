"""A regressor for scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import column_or_1d

from nudgegrad.losses import Loss
from nudgegrad.sklearn.estimator import NumericalGradientEstimator
from nudgegrad.sklearn.loss import HalfSquaredError
from nudgegrad.training import EpochRecord, Trainer

__all__ = ["NumericalGradientRegressor"]


class NumericalGradientRegressor(RegressorMixin, NumericalGradientEstimator):  # type: ignore[misc]
    """A multi-layer perceptron for numbers, whose gradients are numerical.

    The parameters are named and meant as those of `sklearn.neural_network.MLPRegressor`, and the
    loss is its own: half of the mean squared error.

    Parameters
    ----------
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init
        As for `NumericalGradientClassifier`, and so are those below.
    max_iter, shuffle, random_state, verbose, warm_start, momentum, nesterovs_momentum
    beta_1, beta_2, epsilon, method, h
    tol, n_iter_no_change
        A fit ends where the loss has not fallen by `tol` for more than so many epochs in a row;
        with `early_stopping`, that of the samples held out.
    early_stopping, validation_fraction
        Whether to hold that share of the samples out, drawn by chance. The fit then keeps the
        weights that were the best by them.

    Attributes
    ----------
    network_, coefs_, intercepts_, optimizer_, n_outputs_, n_layers_, n_iter_, t_
        As for `NumericalGradientClassifier`, and so are those below.
    loss_curve_, loss_, best_loss_, n_features_in_, feature_names_in_
    out_activation_ : str
        ``"identity"``.
    validation_scores_, best_validation_score_
        R² of the samples held out after each epoch, and the best; None without any.
    """

    def __sklearn_tags__(self) -> Any:
        """Say that there may be several numbers a sample."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Any:
        """Learn.

        Parameters
        ----------
        X : (samples, features) array, or a sparse one
        y : (samples,) or (samples, outputs) array of numbers

        Returns
        -------
        self
        """
        return self._fit(X, y)

    def partial_fit(self, X: Any, y: Any) -> Any:
        """Learn for one epoch of these samples; parameters are as for `fit`.

        Returns
        -------
        self
        """
        return self._fit(X, y, incremental=True)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the numbers, (samples,), or (samples, outputs) if there were several in `fit`."""
        y = self._outputs(X)
        return y[:, 0] if y.shape[1] == 1 else y

    def _encode(self, y: Any, *, first: bool, classes: Any) -> NDArray[Any]:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        t = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        if first:
            self.n_outputs_ = t.shape[1]
            self.out_activation_ = "identity"
        elif t.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y must have {self.n_outputs_} outputs, as in the first call, got {t.shape[1]}"
            )
        return t

    def _make_loss(self) -> Loss:
        return HalfSquaredError()

    def _validation_score(self, trainer: Trainer, record: EpochRecord) -> float:
        samples = trainer.validation_samples
        assert samples is not None
        if len(samples) < 2:  # R² is not defined
            return float("nan")
        predicted = trainer.network.predict(samples.take(slice(0, len(samples))))
        return float(r2_score(samples.t, predicted))
