"""zeroth-learn: random directions and Adam, set up as in the library's experiments on MNIST."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from benchmarks.peers import Peer, Task, batches

__all__ = ["PEERS"]


class ZerothAdam(Peer):
    """A mini-batch a step: a forward pass along each of so many random directions, and one more.

    Of the 10, 30 and 100 directions in the experiments, 30 reach most in the time of a benchmark.
    """

    name = "zeroth-learn, Adam"
    library = "zeroth-learn"
    distribution = "zeroth-learn"
    kind = "random directions"
    directions: ClassVar[int] = 30
    batch_size: ClassVar[int] = 50

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        from zeroth.losses import CrossEntropy
        from zeroth.utils.activation_functions import ReLU, Softmax
        from zeroth.utils.perturbation_matrices import RademacherMatrix
        from zeroth.zeroth_order import (
            SimultaneousPerturbationConfig,
            ZerothOrderAdamConfig,
            ZerothOrderNeuralNetwork,
        )
        from zeroth.zeroth_order.neural_network.neural_network import NeuralNetworkConfig

        self.loss_function = CrossEntropy()
        self.make_network = ZerothOrderNeuralNetwork
        self.network_config = NeuralNetworkConfig(
            name="network", hidden_dims=[task.hidden], activations=[ReLU(), Softmax()]
        )
        self.estimator_config = SimultaneousPerturbationConfig(
            dA=1e-8,
            nb_perturbations=self.directions,
            get_perturbation_matrix=RademacherMatrix(),
        )
        self.optimizer_config = ZerothOrderAdamConfig(
            learning_rate=0.001, beta1=0.9, beta2=0.99, epsilon=1e-8
        )
        self.x_train = task.inputs("train", standardize=True)
        self.x_test = task.inputs("test", standardize=True)
        self.t_train = task.labels("train")[:, None]
        self.t_test = task.labels("test")

    def settings(self) -> dict[str, Any]:
        """Return what it is run with."""
        return {
            "estimator": f"SimultaneousPerturbation(dA=1e-8, nb_perturbations={self.directions})",
            "optimizer": "Adam",
            "learning_rate": 0.001,
            "beta2": 0.99,
            "batch_size": self.batch_size,
        }

    def reset(self) -> None:
        """Start from new weights; the library draws from NumPy's global stream."""
        np.random.seed(self.task.seed)  # noqa: NPY002
        self.network = self.make_network(
            self.network_config, self.task.data.features, self.task.data.classes
        )
        estimator = self.estimator_config.instantiate(self.network.params.nb_params)
        self.optimizer = self.optimizer_config.instantiate(estimator)
        rng = np.random.default_rng(self.task.seed)
        self.rows = batches(rng, len(self.x_train), self.batch_size)

    def step(self, done: float) -> int:
        """Do one mini-batch."""
        rows = next(self.rows)
        self.optimizer.do_descent(
            self.network, self.loss_function, self.x_train[rows], self.t_train[rows]
        )
        return 1

    def accuracy(self) -> float:
        """Return the test accuracy."""
        return float(np.mean(self.network(self.x_test).argmax(axis=1) == self.t_test))


PEERS: tuple[type[Peer], ...] = (ZerothAdam,)
