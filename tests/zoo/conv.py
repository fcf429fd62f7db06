"""Convolution and pooling of images: (samples, channels, height, width)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.zoo.case import Array, Params, Problem, normal, right, weighted, wrong

SAMPLES, CHANNELS, FILTERS, HEIGHT = 2, 2, 3, 6


def convolution(
    bug: str = "", *, stride: int = 1, padding: int = 1, kernel: int = 3, dtype: str = "float64"
) -> Problem:
    """Return a convolution with a bias."""
    params = {
        "x": normal(81, SAMPLES, CHANNELS, HEIGHT, HEIGHT, dtype=dtype),
        "k": normal(82, FILTERS, CHANNELS, kernel, kernel, dtype=dtype),
        "b": normal(83, FILTERS, dtype=dtype),
    }
    margins = ((0, 0), (0, 0), (padding, padding), (padding, padding))

    def windows(x: Array, step: int) -> Array:
        found = sliding_window_view(np.pad(x, margins), (kernel, kernel), axis=(2, 3))
        return found[:, :, ::step, ::step]

    def forward(p: Params) -> Array:
        y = np.tensordot(windows(p["x"], stride), p["k"], ((1, 4, 5), (1, 2, 3)))
        return np.asarray((y + p["b"]).transpose(0, 3, 1, 2))

    def backward(p: Params, d: Array) -> Params:
        high, wide = d.shape[2:]
        seen = windows(p["x"], 1 if bug == "stride" else stride)[:, :, :high, :wide]
        dk = np.tensordot(d, seen, ((0, 2, 3), (0, 2, 3)))
        k = p["k"][:, :, ::-1, ::-1] if bug == "not-flipped" else p["k"]
        if bug == "axes-swapped":
            k = k.swapaxes(2, 3)
        padded = np.zeros_like(np.pad(p["x"], margins))
        for i, j in np.ndindex(kernel, kernel):
            part = np.tensordot(d, k[:, :, i, j], ((1,), (0,))).transpose(0, 3, 1, 2)
            rows = slice(i, i + stride * high, stride)
            columns = slice(j, j + stride * wide, stride)
            if bug == "overwritten":
                padded[:, :, rows, columns] = part
            else:
                padded[:, :, rows, columns] += part
        first = padding - 1 if bug == "padding" else padding
        db = d.sum(axis=(0, 2, 3))
        if bug == "bias-not-over-samples":
            db = d[0].sum(axis=(1, 2))
        if bug == "bias-mean":
            db = d.mean(axis=(0, 2, 3))
        return {
            "x": padded[:, :, first : first + HEIGHT, first : first + HEIGHT].copy(),
            "k": dk[:, :, ::-1, ::-1].copy() if bug == "kernel-gradient-flipped" else dk,
            "b": db,
        }

    return weighted(forward, backward, params)


def pooling(kind: str, *, tied: bool = False, dtype: str = "float64") -> Problem:
    """Pool 2 × 2 windows; `kind` says what is pooled and who gets the gradient."""
    x = normal(84, SAMPLES, HEIGHT, HEIGHT, dtype=dtype)
    if tied:
        x = np.maximum(np.round(2 * x) / 2, 0)

    def windows(x: Array) -> Array:
        tiles = x.reshape(SAMPLES, HEIGHT // 2, 2, HEIGHT // 2, 2).transpose(0, 1, 3, 2, 4)
        return np.asarray(tiles.reshape(SAMPLES, HEIGHT // 2, HEIGHT // 2, 4))

    def forward(p: Params) -> Array:
        tiles = windows(p["x"])
        return np.asarray(tiles.mean(axis=-1) if kind.startswith("mean") else tiles.max(axis=-1))

    def backward(p: Params, d: Array) -> Params:
        tiles = windows(p["x"])
        largest = tiles == tiles.max(axis=-1, keepdims=True)
        first = np.arange(4) == tiles.argmax(axis=-1)[..., None]
        share = {
            "mean": np.full(tiles.shape, 0.25),
            "mean, quarter forgotten": np.ones(tiles.shape),
            "max, all tied": largest,
            "max, first": first,
            "max, split": largest / largest.sum(axis=-1, keepdims=True),
            "max, next": np.roll(first, 1, axis=-1),
            "max, as mean": np.full(tiles.shape, 0.25),
        }[kind]
        dt = (d[..., None] * share).reshape(SAMPLES, HEIGHT // 2, HEIGHT // 2, 2, 2)
        dx = dt.transpose(0, 1, 3, 2, 4).reshape(SAMPLES, HEIGHT, HEIGHT)
        return {"x": dx.astype(d.dtype)}

    return weighted(forward, backward, {"x": x}, positive=True)


CASES = (
    wrong("conv/kernel-not-flipped", "the kernel reversed on the way back", convolution,
          "not-flipped"),
    wrong("conv/kernel-gradient-flipped", "the kernel's own gradient reversed", convolution,
          "kernel-gradient-flipped"),
    wrong("conv/padding", "the padding cut off one pixel early", convolution, "padding"),
    wrong("conv/stride", "the kernel's gradient with stride 1", convolution, "stride", stride=2),
    wrong("conv/axes-swapped", "rows and columns of the kernel exchanged", convolution,
          "axes-swapped"),
    wrong("conv/overwritten", "overlapping windows overwrite one another", convolution,
          "overwritten"),
    wrong("conv/bias-not-over-samples", "the bias sums one sample", convolution,
          "bias-not-over-samples"),
    wrong("conv/bias-mean", "the bias takes the mean", convolution, "bias-mean"),
    wrong("conv/float32-padding", "in float32", convolution, "padding", dtype="float32"),
    wrong("conv/max-all-tied", "max pooling: every tied entry gets the whole", pooling,
          "max, all tied", tied=True, kink=True),
    wrong("conv/max-next", "max pooling: the neighbour gets it", pooling, "max, next"),
    wrong("conv/max-as-mean", "max pooling with mean pooling's gradient", pooling, "max, as mean"),
    wrong("conv/mean-quarter", "mean pooling without its ¼", pooling, "mean, quarter forgotten"),
    right("conv/plain", "stride 1, padding 1", convolution),
    right("conv/stride-right", "stride 2: some pixels seen once", convolution, stride=2),
    right("conv/no-padding", "stride 1, padding 0", convolution, padding=0),
    right("conv/stride-no-padding", "stride 2, padding 0: exact zeros", convolution, stride=2,
          padding=0),
    right("conv/one-by-one", "a kernel of one pixel", convolution, kernel=1, padding=0),
    right("conv/float32", "float32", convolution, dtype="float32"),
    right("conv/float32-stride", "float32, stride 2", convolution, dtype="float32", stride=2),
    right("conv/max", "max pooling, no ties", pooling, "max, first"),
    right("conv/max-all", "max pooling, all largest entries, but no ties", pooling,
          "max, all tied"),
    right("conv/max-first-tied", "ties: the first gets it", pooling, "max, first", tied=True,
          kink=True),
    right("conv/max-split-tied", "ties: split evenly", pooling, "max, split", tied=True,
          kink=True),
    right("conv/mean", "mean pooling", pooling, "mean"),
    right("conv/float32-max", "max pooling in float32", pooling, "max, first", dtype="float32"),
)  # fmt: skip
