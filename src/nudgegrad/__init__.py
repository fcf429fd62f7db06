"""Neural networks that learn, and gradients that are checked, by numerical differentiation.

Nudge a weight by ±h, see how the loss moves, and that slope is its gradient.
"""

from nudgegrad import _starting, data  # noqa: F401  # _starting handles Ctrl-C from here on
from nudgegrad._version import __version__
from nudgegrad.checker import Report, check
from nudgegrad.data import load_mnist
from nudgegrad.differentiate import numerical_gradient, numerical_jacobian
from nudgegrad.gradient import Cancelled, Gradient
from nudgegrad.layers import (
    GELU,
    Affine,
    BatchNorm,
    Conv2D,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from nudgegrad.losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from nudgegrad.models import MultiLayerNet, SimpleConvNet, TwoLayerNet
from nudgegrad.network import Network
from nudgegrad.storage import load_network
from nudgegrad.training import SGD, Adam, History, Momentum, Nesterov, Trainer, train

__all__ = [
    "GELU",
    "SGD",
    "Adam",
    "Affine",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Cancelled",
    "Conv2D",
    "CrossEntropy",
    "Dropout",
    "Flatten",
    "Gradient",
    "History",
    "Layer",
    "LeakyReLU",
    "Loss",
    "MaxPool2D",
    "MeanSquaredError",
    "Momentum",
    "MultiLayerNet",
    "Nesterov",
    "Network",
    "ReLU",
    "Report",
    "Sigmoid",
    "SimpleConvNet",
    "Tanh",
    "Trainer",
    "TwoLayerNet",
    "__version__",
    "check",
    "data",
    "load_mnist",
    "load_network",
    "numerical_gradient",
    "numerical_jacobian",
    "train",
]
