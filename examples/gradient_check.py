"""The lesson's gradient check (chapter 5): is backpropagation right?

The lesson prints four means. `ng.check` looks at every weight and says what is wrong where.
"""

import numpy as np

import nudgegrad as ng


class TwoLayerNet:
    """784-50-10 as a learner writes it, with backpropagation by hand."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.params = {
            "W1": 0.01 * rng.standard_normal((784, 50)),
            "b1": np.zeros(50),
            "W2": 0.01 * rng.standard_normal((50, 10)),
            "b2": np.zeros(10),
        }

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the hidden units and the probabilities."""
        p = self.params
        hidden = 1 / (1 + np.exp(-(x @ p["W1"] + p["b1"])))
        scores = hidden @ p["W2"] + p["b2"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return hidden, powers / powers.sum(axis=1, keepdims=True)

    def loss(self, x: np.ndarray, t: np.ndarray) -> float:
        """Return the cross-entropy error, with the lesson's 1e-7 inside the logarithm."""
        y = self.forward(x)[1]
        return float(-np.mean(np.log(y[np.arange(len(t)), t] + 1e-7)))

    def gradient(self, x: np.ndarray, t: np.ndarray) -> dict[str, np.ndarray]:
        """Return the gradient by backpropagation."""
        hidden, y = self.forward(x)
        by_scores = (y - np.eye(10)[t]) / len(t)
        by_hidden = by_scores @ self.params["W2"].T
        by_sums = hidden * (1 - hidden) * by_hidden
        return {
            "W1": x.T @ by_sums,
            "b1": by_sums.sum(axis=0),
            "W2": hidden.T @ by_scores,
            "b2": by_scores.sum(axis=0),
        }


def main() -> None:
    """Check by the lesson's four means, and by one call."""
    (x_train, t_train), _ = ng.load_mnist(normalize=True, one_hot_label=False)
    x, t = x_train[:3], t_train[:3]
    net = TwoLayerNet(np.random.default_rng(0))
    backprop = net.gradient(x, t)

    print("the lesson's check, on b1, W2 and b2 alone (W1 would take a minute):")
    for name in ("b1", "W2", "b2"):
        numerical = ng.numerical_gradient(lambda _: net.loss(x, t), net.params[name])
        print(f"{name}: {np.average(np.abs(backprop[name] - numerical))}")

    print("\nevery weight, by one call:\n")
    print(ng.check(lambda _: net.loss(x, t), net.params, backprop))

    print("\nthe library's own network, by exact differences:\n")
    print(ng.check(ng.TwoLayerNet(784, 50, 10, seed=0), x, t))


if __name__ == "__main__":
    main()
