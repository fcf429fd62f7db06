from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudgegrad.data import Dataset, as_inputs, one_hot
from nudgegrad.validation import ParameterError


def make(**changes: Any) -> Dataset:
    arguments: dict[str, Any] = {
        "name": "made",
        "x_train": np.zeros((100, 4, 6), np.uint8),
        "t_train": np.arange(100, dtype=np.uint8) % 10,
        "x_test": np.zeros((20, 4, 6), np.uint8),
        "t_test": np.arange(20) % 10,
        "classes": 10,
        "source": "a test",
    }
    return Dataset(**(arguments | changes))


def test_labels_become_int64() -> None:
    data = make()
    assert data.t_train.dtype == data.t_test.dtype == np.int64


def test_is_frozen() -> None:
    with pytest.raises(AttributeError):
        make().name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("shape", "features", "image_shape"),
    [
        ((4, 6), 24, (4, 6)),
        ((28, 28), 784, (28, 28)),
        ((784,), 784, (28, 28)),
        ((1, 28, 28), 784, (28, 28)),
        ((10,), 10, None),
        ((3, 32, 32), 3072, None),
    ],
)
def test_features_and_image_shape(
    shape: tuple[int, ...], features: int, image_shape: tuple[int, int] | None
) -> None:
    data = make(x_train=np.zeros((100, *shape)), x_test=np.zeros((20, *shape)))
    assert data.features == features
    assert data.image_shape == image_shape


def test_limit_takes_the_first_training_samples() -> None:
    data = make().limit(7)
    assert data.x_train.shape == (7, 4, 6)
    assert data.t_train.tolist() == list(range(7))
    assert len(data.x_test) == 20


@pytest.mark.parametrize("samples", [0, -1, 101, 1.5, True, "7"])
def test_limit_must_be_possible(samples: Any) -> None:
    with pytest.raises(ParameterError, match=r"train_limit must be .*between 1 and 100"):
        make().limit(samples)


def test_counts_must_agree() -> None:
    with pytest.raises(ParameterError, match="t_train has 99 labels, x_train has 100 images"):
        make(t_train=np.zeros(99, int))
    with pytest.raises(ParameterError, match="t_test has 21 labels, x_test has 20 images"):
        make(t_test=np.zeros(21, int))


@pytest.mark.parametrize(
    ("value", "hint"), [(10, "classes=11 or more"), (-1, "labels count from 0")]
)
def test_first_label_out_of_range_is_named(value: int, hint: str) -> None:
    labels = np.zeros(100, int)
    labels[[33, 50]] = value, 77
    with pytest.raises(ParameterError, match=f"t_train .*from 0 to 9, got {value} at index 33; .*"):
        make(t_train=labels)
    with pytest.raises(ParameterError, match=hint):
        make(t_train=labels)


def test_label_beyond_int64_is_named() -> None:
    with pytest.raises(ParameterError, match=f"got {2**64 - 1} at index 0"):
        make(t_test=np.full(20, 2**64 - 1, np.uint64))


@pytest.mark.parametrize("labels", [np.zeros(100), np.zeros((100, 1), int), np.zeros(100, bool)])
def test_labels_must_be_integers_in_one_dimension(labels: Any) -> None:
    with pytest.raises(ParameterError, match="t_train must hold one integer label per sample"):
        make(t_train=labels)


def test_image_shapes_must_agree() -> None:
    with pytest.raises(ParameterError, match=r"one shape, got \(4, 6\) and \(6, 4\)"):
        make(x_test=np.zeros((20, 6, 4), np.uint8))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_floats_must_be_finite(value: float) -> None:
    x = np.zeros((20, 4, 6))
    x[13, 2, 2] = value
    with pytest.raises(ParameterError, match=r"x_test must hold finite numbers, .* in sample 13"):
        make(x_test=x)


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.bool_, np.complex128, np.dtype("U1")])
def test_samples_must_be_bytes_or_floats(dtype: Any) -> None:
    with pytest.raises(ParameterError, match=r"x_train must be of dtype uint8 .*or floating, got"):
        make(x_train=np.zeros((100, 4, 6), dtype))


def test_nothing_may_be_empty() -> None:
    with pytest.raises(ParameterError, match="x_train is empty"):
        make(x_train=np.zeros((0, 4, 6)), t_train=np.zeros(0, int))
    with pytest.raises(ParameterError, match="x_train is empty"):
        make(x_train=np.zeros((100, 0)))
    with pytest.raises(ParameterError, match="t_train is empty"):
        make(t_train=np.zeros(0, int))


def test_samples_need_features() -> None:
    with pytest.raises(ParameterError, match=r"x_train must have samples along its first axis"):
        make(x_train=np.zeros(100))


@pytest.mark.parametrize("classes", [0, -1, 2.5])
def test_classes_must_be_a_count(classes: Any) -> None:
    with pytest.raises(ParameterError, match="classes must be"):
        make(classes=classes)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bytes_become_correctly_rounded_quotients(dtype: type[np.floating[Any]]) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(2, 8, 16)
    inputs = as_inputs(levels, dtype)
    assert inputs.dtype == dtype
    assert inputs.shape == (2, 128)
    assert inputs.ravel().tolist() == [float(dtype(k / 255)) for k in range(256)]


def test_floats_are_cast() -> None:
    x = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    np.testing.assert_array_equal(as_inputs(x, "float32"), x.reshape(2, 12).astype(np.float32))
    assert np.shares_memory(as_inputs(x, np.float64), x)


def test_floats_too_large_for_the_dtype_are_rejected() -> None:
    with pytest.raises(ParameterError, match="too large for float32"):
        as_inputs(np.full((1, 2), 1e300), np.float32)


def test_no_samples_become_no_rows() -> None:
    assert as_inputs(np.zeros((0, 28, 28), np.uint8), np.float32).shape == (0, 784)


def test_inputs_must_be_bytes_or_floats() -> None:
    with pytest.raises(ParameterError, match="x must be of dtype uint8"):
        as_inputs(np.zeros((2, 3), int), np.float64)
    with pytest.raises(ParameterError, match="dtype must be 'float32' or 'float64'"):
        as_inputs(np.zeros((2, 3)), np.float16)


@given(st.lists(st.integers(0, 6), min_size=1))
def test_one_hot_rows_show_their_labels(labels: list[int]) -> None:
    rows = one_hot(labels, 7, np.float32)
    assert rows.dtype == np.float32
    assert rows.shape == (len(labels), 7)
    assert rows.argmax(axis=1).tolist() == labels
    assert (rows.sum(axis=1) == 1).all()
    assert set(np.unique(rows)) <= {0, 1}


def test_one_hot_rejects_other_labels() -> None:
    with pytest.raises(ParameterError, match="labels must hold labels from 0 to 6, got 7"):
        one_hot([0, 7], 7)
    assert one_hot([0], 1).dtype == np.float64
