"""Layers: each with its forward pass, its difference rule and its backward pass.

The **difference rule** is what the library rests on. Given the input x, the output y = f(x) and a
nudge d of the input, of any size, it returns the exact change f(x + d) − f(x), written so that no
two nearly equal numbers are subtracted (a calculus of finite differences: T. Reps and L. Rall,
*Computational divided differencing and divided-difference arithmetics*, 2003). Nothing in it is a
derivative or a limit. Rounding errors then scale with the change and not with the values, which
is why these differences work in float32.

In all rules `x` and `y` broadcast against `d`: samples first, features last, and in `d` any number
of axes of nudges between them. Pictures are rows too, channel by channel and line by line; a layer
that sees pictures in them learns their shape when the network is made.
"""

from nudgegrad.layers.activations import GELU, LeakyReLU, ReLU, Sigmoid, Tanh
from nudgegrad.layers.affine import Affine
from nudgegrad.layers.chain import connect_layers, named_buffers, named_parameters
from nudgegrad.layers.convolution import Conv2D
from nudgegrad.layers.dropout import Dropout
from nudgegrad.layers.flatten import Flatten
from nudgegrad.layers.initializers import INITIALIZERS, standard_deviation
from nudgegrad.layers.layer import Layer, Shape
from nudgegrad.layers.normalization import BatchNorm
from nudgegrad.layers.pooling import MaxPool2D

__all__ = [
    "GELU",
    "INITIALIZERS",
    "Affine",
    "BatchNorm",
    "Conv2D",
    "Dropout",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "MaxPool2D",
    "ReLU",
    "Shape",
    "Sigmoid",
    "Tanh",
    "connect_layers",
    "named_buffers",
    "named_parameters",
    "standard_deviation",
]
