"""Fixtures for all tests."""

import numpy as np
import pytest
from hypothesis import settings

import nudgegrad as ng
from tests.networks import Case

# Machines differ in speed, and no test here is about time.
settings.register_profile("nudgegrad", deadline=None, max_examples=60)
settings.load_profile("nudgegrad")


@pytest.fixture(scope="session")
def lesson_batch() -> Case:
    """The lesson's network and a mini-batch of MNIST."""
    dataset = ng.data.load("mnist")
    x = ng.data.as_inputs(dataset.x_train[:100], np.dtype("float64"))
    return ng.TwoLayerNet(784, 100, 10, seed=0), x, dataset.t_train[:100]
