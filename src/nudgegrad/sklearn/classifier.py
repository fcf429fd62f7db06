"""A classifier for scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from nudgegrad.losses import CrossEntropy, Loss
from nudgegrad.sklearn.estimator import NumericalGradientEstimator
from nudgegrad.training import EpochRecord, Trainer

__all__ = ["NumericalGradientClassifier"]


class NumericalGradientClassifier(ClassifierMixin, NumericalGradientEstimator):  # type: ignore[misc]
    """A multi-layer perceptron whose gradients are numerical.

    The parameters are named and meant as those of `sklearn.neural_network.MLPClassifier`.

    Parameters
    ----------
    hidden_layer_sizes
        Units of each hidden layer; ``()`` is a linear model.
    activation
        ``"identity"``, ``"logistic"``, ``"tanh"`` or ``"relu"``.
    solver
        ``"adam"``, or ``"sgd"`` with `momentum`.
    alpha
        Weight decay: alpha/2·ΣW² over the batch size is added to the loss.
    batch_size
        Samples a mini-batch; ``"auto"`` is 200, or all if there are fewer.
    learning_rate
        ``"constant"``; ``"adaptive"``, a fifth whenever there was no improvement for
        `n_iter_no_change` epochs; ``"linear"`` or ``"cosine"``, which fall to zero over `max_iter`
        epochs. `partial_fit` knows no end, so that the latter two are constant for it.
    learning_rate_init
        The learning rate at the start.
    max_iter
        The most epochs of a fit.
    shuffle
        Whether each epoch takes the samples in another order.
    random_state
        An integer, a `numpy.random.RandomState` or None. Same integer, same machine, same result.
    tol, n_iter_no_change
        A fit ends where the loss has not fallen by `tol` for more than so many epochs in a row;
        with `early_stopping`, the accuracy on the samples held out has not risen by it.
    verbose
        Whether to print each epoch's loss.
    warm_start
        Whether another fit goes on from the weights there are.
    momentum, nesterovs_momentum
        Of ``solver="sgd"``.
    early_stopping, validation_fraction
        Whether to hold that share of the samples out, drawn by chance. The fit then keeps the
        weights that were the best by them.
    beta_1, beta_2, epsilon
        Of ``solver="adam"``.
    method
        Where gradients come from: ``"node"``, ``"weight"``, ``"naive"`` or ``"backprop"``.
    h
        The nudge.

    Attributes
    ----------
    network_ : nudgegrad.Network
        What was learned; in float32 if X is float32, else in float64.
    coefs_, intercepts_ : list of arrays
        Its weights, (inputs, outputs), and biases, (outputs,), of each layer.
    optimizer_ : nudgegrad.training.Optimizer
    classes_ : array
        What there is to choose from.
    n_outputs_, n_layers_ : int
        Outputs; layers, inputs and outputs included.
    out_activation_ : str
        ``"softmax"``, also for two classes; ``"logistic"`` for several labels a sample.
    n_iter_, t_ : int
        Epochs of the last fit; samples that were learned from in all.
    loss_curve_ : list of float
        The mean loss of each epoch's batches, over all fits that went on from one another.
    loss_, best_loss_ : float
        The last and the least of them; the latter is None with `early_stopping`.
    validation_scores_, best_validation_score_
        Accuracies on the samples held out after each epoch, and the best; None without any.
    n_features_in_, feature_names_in_
        As of every estimator.

    Notes
    -----
    Ctrl-C ends a fit after the step under way; `KeyboardInterrupt` is raised once what was learned
    is in place.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> x, t = load_digits(return_X_y=True)
    >>> model = NumericalGradientClassifier((30,), random_state=0, max_iter=20, tol=0)
    >>> model.fit(x[:1000] / 16, t[:1000]).score(x[1000:] / 16, t[1000:])  # doctest: +SKIP
    """

    _monitor = "accuracy"

    def __sklearn_tags__(self) -> Any:
        """Say that there may be several labels a sample."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any) -> Any:
        """Learn.

        Parameters
        ----------
        X : (samples, features) array, or a sparse one
        y : (samples,) array, or (samples, labels) array of 0 and 1
            Classes, of any type that can be sorted; or which labels a sample has, of which there
            may be several or none.

        Returns
        -------
        self
        """
        return self._fit(X, y)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Any:
        """Learn for one epoch of these samples.

        Parameters
        ----------
        X, y
            As for `fit`.
        classes : array
            All that there will be; needed in the first call only. For several labels a sample,
            their numbers from 0.

        Returns
        -------
        self
        """
        if classes is None and not hasattr(self, "network_"):
            raise ValueError(
                "classes must be told in the first call of partial_fit, got None; they are all "
                "that y may hold, now or later"
            )
        return self._fit(X, y, incremental=True, classes=classes)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each sample, (samples,), or (samples, labels)."""
        probabilities = self._outputs(X)
        predicted: NDArray[Any]
        if self.out_activation_ == "logistic":
            predicted = (probabilities > 0.5).astype(np.int64)
        else:
            predicted = self.classes_[probabilities.argmax(axis=1)]
        return predicted

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return the probability of each class, (samples, classes), in the order of `classes_`.

        Of several labels a sample each has its own, and they do not add up to 1.
        """
        return self._outputs(X)

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Return the logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithms: NDArray[Any] = np.log(self._outputs(X))
        return logarithms

    def _encode(self, y: Any, *, first: bool, classes: Any) -> NDArray[Any]:
        check_classification_targets(y)
        several = type_of_target(y) == "multilabel-indicator"
        if not first and several != (self.out_activation_ == "logistic"):
            raise ValueError("y must be classes, or several labels a sample, as in the first call")
        if several:
            return self._encode_several(y, first=first, classes=classes)
        y = column_or_1d(y, warn=True)
        if first:
            self.classes_ = np.unique(y if classes is None else classes)
            self.n_outputs_ = len(self.classes_)
            self.out_activation_ = "softmax"
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes must be those of the first call, {self.classes_}, got {classes!r}"
            )
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y must hold the classes of the first call, {self.classes_}, got also {unknown}"
            )
        labels: NDArray[np.int64] = np.searchsorted(self.classes_, y).astype(np.int64)
        return labels

    def _encode_several(self, y: Any, *, first: bool, classes: Any) -> NDArray[Any]:
        t = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
        if first:
            self.classes_ = np.arange(t.shape[1])
            self.n_outputs_ = t.shape[1]
            self.out_activation_ = "logistic"
        if t.shape[1] != self.n_outputs_:
            raise ValueError(f"y must have {self.n_outputs_} labels, got {t.shape[1]}")
        if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(
                f"classes must be the labels' numbers, {self.classes_}, got {classes!r}"
            )
        has: NDArray[np.float64] = (t != 0).astype(np.float64)
        return has

    def _make_loss(self) -> Loss:
        if self.out_activation_ == "logistic":
            from nudgegrad.sklearn.several_labels import SummedBinaryCrossEntropy

            return SummedBinaryCrossEntropy()
        return CrossEntropy(epsilon=0)

    def _validation_score(self, trainer: Trainer, record: EpochRecord) -> float:
        assert record.validation_accuracy is not None
        return record.validation_accuracy
