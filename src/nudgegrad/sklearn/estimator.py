"""What classifier and regressor share: parameters, and a fit by `nudgegrad.Trainer`."""

from __future__ import annotations

import math
import signal
import warnings
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from nudgegrad.data import as_inputs
from nudgegrad.losses import Loss
from nudgegrad.network import Network
from nudgegrad.parts import ROWS
from nudgegrad.sklearn.settings import (
    check_parameters,
    make_layers,
    make_optimizer,
    make_schedule,
)
from nudgegrad.sklearn.watch import Watch
from nudgegrad.training import EpochRecord, Trainer
from nudgegrad.training.early_stopping import how_many

__all__ = ["NumericalGradientEstimator"]

SEEDS = 2**31 - 1
"""Where seeds are drawn from a random state."""


class NumericalGradientEstimator(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """The base of `NumericalGradientClassifier`, which describes the parameters."""

    n_outputs_: int
    out_activation_: str

    _monitor = "loss"
    """What of the samples held out decides."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        method: str = "node",
        h: float = 1e-4,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.method = method
        self.h = h

    def __sklearn_tags__(self) -> Any:
        """Say that sparse input is taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def coefs_(self) -> list[NDArray[Any]]:
        """The weights of each layer, (inputs, outputs); the live arrays of `network_`."""
        return self._parameters("W")

    @property
    def intercepts_(self) -> list[NDArray[Any]]:
        """The biases of each layer, (outputs,); the live arrays of `network_`."""
        return self._parameters("b")

    def _parameters(self, own: str) -> list[NDArray[Any]]:
        if "network_" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no weights before it is fitted")
        return [layer.params[own] for layer in self.network_.layers if layer.params]

    # What classifier and regressor say

    @abstractmethod
    def _encode(self, y: Any, *, first: bool, classes: Any) -> NDArray[Any]:
        """Return targets as the loss takes them, and note what they are."""

    @abstractmethod
    def _make_loss(self) -> Loss:
        """Return the loss of what was encoded."""

    @abstractmethod
    def _validation_score(self, trainer: Trainer, record: EpochRecord) -> float:
        """Return how good the samples held out are, higher being better."""

    # What they share

    def _fit(self, X: Any, y: Any, *, incremental: bool = False, classes: Any = None) -> Any:
        check_parameters(self)
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True; leave it False")
        going_on = hasattr(self, "network_") and (incremental or self.warm_start)
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], multi_output=True,
            reset=not going_on,
        )  # fmt: skip
        t = self._encode(y, first=not going_on, classes=classes)
        if not going_on:
            self._begin(X)
        elif not incremental:
            self._random = check_random_state(self.random_state)
        if not (going_on and incremental):
            self.optimizer_ = make_optimizer(self)
        trainer = self._make_trainer(X, t, incremental=incremental)
        self._train(trainer, 1 if incremental else self.max_iter, warn=not incremental)
        return self

    def _begin(self, X: Any) -> None:
        """Make a new network."""
        self._random = check_random_state(self.random_state)
        self.network_ = Network(
            make_layers(self, X.shape[1], self.n_outputs_),
            self._make_loss(),
            seed=int(self._random.randint(SEEDS)),
            dtype=X.dtype,
        )
        self.n_layers_ = len(self.coefs_) + 1
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] | None = [] if self.early_stopping else None
        self.t_ = 0

    def _make_trainer(self, X: Any, t: NDArray[Any], *, incremental: bool) -> Trainer:
        held = self.validation_fraction if self.early_stopping else 0.0
        samples = max(1, len(t) - how_many(len(t), held))
        batch_size = min(200, samples) if self.batch_size == "auto" else int(self.batch_size)
        if batch_size > samples:
            warnings.warn(
                f"batch_size is {batch_size}, of only {samples} training samples; all of them make "
                "one batch",
                stacklevel=4,
            )
            batch_size = samples
        steps = self.max_iter * math.ceil(samples / batch_size)
        return Trainer(
            self.network_,
            ((X, t), (X[:0], t[:0])),
            method=self.method,
            batch_size=batch_size,
            optimizer=self.optimizer_,
            h=self.h,
            sampling="shuffle" if self.shuffle else "ordered",
            schedule=None if incremental else make_schedule(self, steps),
            weight_decay=self.alpha / batch_size,  # MLPClassifier's penalty is a share a sample
            validation_fraction=held,
            monitor=self._monitor,
            min_delta=self.tol,
            seed=int(self._random.randint(SEEDS)),
            measure_training=False,
        )

    def _train(self, trainer: Trainer, epochs: int, *, warn: bool) -> None:
        watch = Watch(self, trainer, lambda record: self._validation_score(trainer, record))
        history = trainer.run(epochs * trainer.iterations_per_epoch, on_epoch=watch)
        if history.outcome == "diverged":
            raise ValueError(
                f"the training diverged: {history.message}; the learning rate is "
                "learning_rate_init. Large inputs should be scaled, by StandardScaler for example"
            )
        self.n_iter_ = len(watch.losses)
        self.t_ += self.n_iter_ * len(trainer.train_samples)
        self.loss_curve_ += watch.losses
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else math.nan
        if self.early_stopping:
            self.validation_scores_ = [*(self.validation_scores_ or []), *watch.scores]
            self.best_validation_score_ = max(self.validation_scores_, default=None)
            self.best_loss_ = None
        else:
            self.best_validation_score_ = None
            self.best_loss_ = min(self.loss_curve_, default=None)
        if trainer.stopped_by is not None:  # Ctrl-C: what was learned stays
            signal.raise_signal(trainer.stopped_by)
        elif warn and not watch.converged:
            warnings.warn(
                f"all {self.max_iter} epochs of max_iter were done, and the training has not "
                "converged yet",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Return the network's predictions, (samples, outputs)."""
        check_is_fitted(self)
        X = validate_data(
            self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False
        )  # fmt: skip
        parts = [
            self.network_.predict(as_inputs(X[k : k + ROWS], self.network_.dtype))
            for k in range(0, X.shape[0], ROWS)
        ]
        return np.concatenate(parts)
