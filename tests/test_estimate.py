import contextlib
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import nudgegrad as ng
from nudgegrad import estimate
from nudgegrad.estimate import faster_blas, time_naive
from nudgegrad.training.preparation import describe, limited_threads


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.mark.parametrize(("one", "every", "limited"), [(0.01, 0.05, True), (0.012, 0.01, False)])
def test_blas_has_the_threads_with_which_a_call_is_faster(
    one: float, every: float, limited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([one, every] * estimate.TRIALS)
    monkeypatch.setattr(estimate, "_seconds", lambda call: next(seconds))
    before = blas_threads()
    with faster_blas(lambda: None)():
        assert blas_threads() == ({1} if limited else before)
    assert blas_threads() == before
    assert next(seconds, None) is None


def test_a_sample_is_timed_and_leaves_the_parameters() -> None:
    net = ng.TwoLayerNet(6, 4, 3, seed=0)
    before = {name: array.copy() for name, array in net.params.items()}
    x, t = np.random.default_rng(0).normal(size=(5, 6)), np.array([0, 1, 2, 0, 1])
    gradient, seconds = time_naive(net, x, t, sample=10)
    assert seconds > 0
    assert gradient.sampled is not None
    exact = net.numerical_gradient(x, t, method="naive")
    for name, mask in gradient.sampled.items():
        np.testing.assert_array_equal(net.params[name], before[name])
        np.testing.assert_allclose(gradient[name][mask], exact[name][mask], rtol=1e-9, atol=1e-12)


def test_naive_trains_with_one_blas_thread_where_products_are_small() -> None:
    x, t = np.random.default_rng(0).normal(size=(5, 6)), np.array([0, 1, 2, 0, 1])
    make = partial(ng.Trainer, data=((x, t), (x, t)), batch_size=5, seed=0)
    trainer = make(ng.TwoLayerNet(6, 4, 3, seed=0), method="naive")
    assert describe(trainer).endswith("naive recomputes everything; BLAS 1 thread, as its products "
                                      "are small")  # fmt: skip
    before = blas_threads()
    with limited_threads(trainer):
        assert blas_threads() == {1}
    plain = make(ng.TwoLayerNet(6, 4, 3, seed=0), method="node", kernels=False)
    assert describe(plain) == "array lines of NumPy"
    for context in (limited_threads(plain), contextlib.nullcontext()):
        with context:
            assert blas_threads() == before
