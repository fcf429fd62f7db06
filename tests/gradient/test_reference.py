"""The lesson's whole gradient, all 79,510 entries, computed once by the plain algorithm."""

from pathlib import Path

import numpy as np

import nudgegrad as ng


def test_weight_and_node_equal_the_plain_algorithm() -> None:
    archive = np.load(Path(__file__).with_name("naive_gradient_at_start.npz"), allow_pickle=False)
    dataset = ng.data.load("mnist")
    x = ng.data.as_inputs(dataset.x_train[archive["rows"]], np.dtype("float64"))
    t = dataset.t_train[archive["rows"]]
    net = ng.TwoLayerNet(784, 100, 10)
    for name in net.params:
        net.params[name] = archive[f"param_{name}"]

    weight = net.numerical_gradient(x, t, method="weight")
    node = net.numerical_gradient(x, t, method="node", error_bars=True)
    assert abs(weight.loss - archive["loss"]) < 1e-14
    assert sum(array.size for array in weight.values()) == 79_510
    assert node.errors is not None
    for name in net.params:
        reference = archive[f"grad_{name}"]
        assert np.abs(weight[name] - reference).max() < 1e-10
        assert np.all(np.abs(node[name] - reference) <= node.errors[name] + 1e-10)
        # The reference's own rounding hides a zero; ours is one.
        untouched = weight[name] == 0
        assert np.abs(reference[untouched]).max(initial=0) < 1e-10
