"""evosax: `Open_ES`, set up as in the library's example on MNIST, a perceptron for its CNN."""

from __future__ import annotations

from typing import Any, ClassVar

from benchmarks.peers import Peer, Task

__all__ = ["PEERS"]


class OpenES(Peer):
    """A generation a step, compiled whole; fitness is the loss of one batch for all members.

    As in the example, Adam's learning rate and the noise fall exponentially over the run. Its 256
    members and batches of 1024 are for a GPU; smaller ones reach more in the time of a benchmark.
    """

    name = "evosax OpenES, Adam"
    library = "evosax"
    distribution = "evosax"
    kind = "evolution"
    scheduled = True
    population: ClassVar[int] = 64
    batch_size: ClassVar[int] = 256
    learning_rate: ClassVar[tuple[float, float]] = (0.01, 0.001)
    deviation: ClassVar[tuple[float, float]] = (0.05, 0.01)

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        import flax.linen as nn
        import jax
        import jax.numpy as jnp
        import optax
        from evosax.algorithms import Open_ES
        from evosax.problems.networks import MLP, identity_output_fn

        self.jax: Any = jax
        x_train = jnp.asarray(task.inputs("train", standardize=True))
        t_train = jnp.asarray(task.labels("train"), dtype=jnp.int32)
        x_test = jnp.asarray(task.inputs("test", standardize=True))
        t_test = jnp.asarray(task.labels("test"), dtype=jnp.int32)
        self.network = MLP(
            layer_sizes=(task.hidden, task.data.classes),
            activation=nn.relu,
            output_fn=identity_output_fn,
        )
        self.sample = x_train[:1]
        optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=self.learning_rate[0])
        self.strategy = Open_ES(
            self.population,
            self.network.init(jax.random.key(0), self.sample),
            optimizer=optimizer,
            std_schedule=optax.constant_schedule(self.deviation[0]),
        )
        self.params = self.strategy.default_params

        def fitness(solution: Any, x: Any, t: Any) -> Any:
            losses = optax.softmax_cross_entropy_with_integer_labels(
                self.network.apply(solution, x), t
            )
            return losses.mean()

        # The data are arguments: as constants of the program they would be kept twice.
        def generation(key: Any, state: Any, done: Any, x_train: Any, t_train: Any) -> Any:
            key, key_ask, key_batch, key_tell = jax.random.split(key, 4)
            state = state.replace(std=between(self.deviation, done))
            state.opt_state.hyperparams["learning_rate"] = between(self.learning_rate, done)
            population, state = self.strategy.ask(key_ask, state, self.params)
            rows = jax.random.randint(key_batch, (self.batch_size,), 0, len(x_train))
            losses = jax.vmap(fitness, (0, None, None))(population, x_train[rows], t_train[rows])
            state, _ = self.strategy.tell(key_tell, population, losses, state, self.params)
            return key, state

        def accuracy(state: Any, x_test: Any, t_test: Any) -> Any:
            output = self.network.apply(self.strategy.get_mean(state), x_test)
            return (output.argmax(axis=1) == t_test).mean()

        self.train, self.test = (x_train, t_train), (x_test, t_test)
        self.generation, self.measure = jax.jit(generation), jax.jit(accuracy)

    def settings(self) -> dict[str, Any]:
        """Return what it is run with."""
        return {
            "population": self.population,
            "optimizer": "Adam",
            "learning_rate": list(self.learning_rate),
            "std": list(self.deviation),
            "decay": "exponential",
            "batch_size": self.batch_size,
        }

    def reset(self) -> None:
        """Start from new weights."""
        key, key_network, key_state = self.jax.random.split(self.jax.random.key(self.task.seed), 3)
        solution = self.network.init(key_network, self.sample)
        self.key, self.state = key, self.strategy.init(key_state, solution, self.params)

    def step(self, done: float) -> int:
        """Do one generation."""
        self.key, self.state = self.generation(self.key, self.state, done, *self.train)
        self.jax.block_until_ready(self.state)
        return 1

    def accuracy(self) -> float:
        """Return the test accuracy of the population's mean."""
        return float(self.measure(self.state, *self.test))


def between(ends: tuple[float, float], done: Any) -> Any:
    """Return what falls exponentially from the first to the second."""
    return ends[0] * (ends[1] / ends[0]) ** done


PEERS: tuple[type[Peer], ...] = (OpenES,)
