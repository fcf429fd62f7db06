"""The lesson's script: a two-layer network learns MNIST, one visible step after another.

`nudgegrad.train` does the same in one call. Here the loop is written out, as in the lesson, with
the loss after the update in the list of losses.
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import nudgegrad as ng

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--iterations", type=int, default=10_000)
parser.add_argument("--plot", default="train_two_layer_net.png", help="where the plot goes")
arguments = parser.parse_args()

# float32 halves the memory of 70,000 images, and numerical differentiation does not mind.
(x_train, t_train), (x_test, t_test) = ng.load_mnist(
    normalize=True, one_hot_label=True, dtype="float32"
)
network = ng.TwoLayerNet(input_size=784, hidden_size=100, output_size=10, dtype="float32", seed=0)

train_size = x_train.shape[0]
batch_size = 100
learning_rate = 0.1
iter_per_epoch = -(-train_size // batch_size)  # a whole number, rounded up

train_loss_list = []
train_acc_list = []
test_acc_list = []
rng = np.random.default_rng(0)

for i in range(arguments.iterations):
    batch_mask = rng.choice(train_size, batch_size)
    x_batch = x_train[batch_mask]
    t_batch = t_train[batch_mask]

    grad = network.numerical_gradient(x_batch, t_batch)
    # grad = network.gradient(x_batch, t_batch)  # backpropagation: the same, to rounding and O(h²)

    for key in ("W1", "b1", "W2", "b2"):
        network.params[key] -= learning_rate * grad[key]

    train_loss_list.append(network.loss(x_batch, t_batch))

    if i % iter_per_epoch == 0:
        train_acc_list.append(network.accuracy(x_train, t_train))
        test_acc_list.append(network.accuracy(x_test, t_test))
        print(f"train acc, test acc | {train_acc_list[-1]:.4f}, {test_acc_list[-1]:.4f}")

figure = Figure()
axes = figure.add_subplot()
axes.plot(train_acc_list, label="train acc")
axes.plot(test_acc_list, label="test acc", linestyle="--")
axes.set(xlabel="epochs", ylabel="accuracy", ylim=(0, 1.0))
axes.legend(loc="lower right")
figure.savefig(arguments.plot)
