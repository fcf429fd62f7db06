"""Samples as small pictures, or as rows of features, with what a network made of them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nudgegrad.app.looking import Findings, Prediction, is_of_images

__all__ = ["GALLERY_STYLE", "as_grey", "gallery", "picture"]

SHOWN_FEATURES = 8
MOST_BARS = 20

GALLERY_STYLE = """
.ng-gallery { display: grid; gap: 0.5rem; margin: 0; padding: 0; list-style: none; width: 100%;
  grid-template-columns: repeat(auto-fill, minmax(5.75rem, 1fr)); }
.ng-gallery.ng-features { grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); }
.ng-gallery li { border: 1px solid #8885; border-radius: 6px; padding: 0.4rem; min-width: 0;
  display: flex; flex-direction: column; align-items: center; font-size: 0.8rem;
  line-height: 1.35; font-variant-numeric: tabular-nums; }
.ng-gallery img { width: 4rem; height: 4rem; object-fit: contain; image-rendering: pixelated;
  background: #fff; border-radius: 3px; }
.ng-gallery b { font-size: 1rem; }
.ng-gallery.ng-words b { font-size: 0.85rem; }
.ng-gallery b, .ng-gallery span { text-align: center; overflow-wrap: anywhere; max-width: 100%; }
.ng-gallery svg { width: 4rem; height: 1.25rem; margin-top: 0.2rem; }
.ng-gallery .ng-true { fill: #0072b2; } .ng-gallery .ng-predicted { fill: #c25e00; }
.ng-gallery .ng-other { fill: #8a8a8a; }
.body--dark .ng-gallery .ng-true { fill: #56b4e9; }
.body--dark .ng-gallery .ng-predicted { fill: #f0a030; }
"""


def gallery(findings: Findings, indices: Iterable[int], translate: Callable[[str], str]) -> str:
    """Return samples as an HTML list: picture or features, index, classes, probabilities."""
    images = is_of_images(findings.data)
    items = "".join(
        f"<li>{_item(findings, prediction, translate, images=images)}</li>"
        for prediction in findings.predictions(indices)
    )
    kinds = "" if images else " ng-features"
    kinds += " ng-words" if max(map(len, findings.names)) > 3 else ""
    return f'<ul class="ng-gallery{kinds}">{items}</ul>'


def picture(sample: NDArray[Any]) -> str:
    """Return an image as the address of a PNG that holds itself: ink dark on white."""
    stream = io.BytesIO()
    Image.fromarray(255 - as_grey(sample)).save(stream, format="png")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def as_grey(sample: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an image as bytes; floats are stretched to their range."""
    if sample.dtype == np.uint8:
        return sample
    values = sample.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return np.zeros(sample.shape, np.uint8)
    grey: NDArray[np.uint8] = np.rint(255 * ((values - low) / (high - low))).astype(np.uint8)
    return grey


def _item(findings: Findings, found: Prediction, _: Callable[[str], str], *, images: bool) -> str:
    true, predicted = findings.names[found.true], findings.names[found.predicted]
    words = _("sample {index}: true {true}, predicted {predicted}").format(
        index=found.index, true=true, predicted=predicted
    )
    true, predicted = escape(true), escape(predicted)
    sample = findings.data.x_test[found.index]
    if images:
        address = picture(sample.reshape(findings.data.image_shape))
        shown = f'<img src="{address}" alt="{escape(words)}">'
    else:
        shown = f'<span class="sr-only">{escape(words)}</span><span>{_features(sample)}</span>'
    wrong = found.true != found.predicted
    classes = f"{true} → {predicted}" if wrong else true
    lines = [f"p({predicted}) = {_number(found.probability)}"]
    if wrong:
        lines.append(f"p({true}) = {_number(found.probability_of_true)}")
    parts = "".join(f"<span>{line}</span>" for line in lines)
    bars = _bars(findings.probabilities[found.index], found)
    return f"{shown}<b>{classes}</b>{parts}{bars}<span>#{found.index}</span>"


def _features(sample: NDArray[Any]) -> str:
    values = sample.ravel()
    shown = ", ".join(f"{value:.4g}" for value in values[:SHOWN_FEATURES].tolist())
    return f"[{shown}, …]" if len(values) > SHOWN_FEATURES else f"[{shown}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _bars(probabilities: NDArray[Any], found: Prediction) -> str:
    """Return a tiny bar a class; what they say stands beside them in numbers."""
    if len(probabilities) > MOST_BARS:
        return ""
    bars = ""
    for label, value in enumerate(np.nan_to_num(probabilities, nan=0.0).tolist()):
        kind = "predicted" if label == found.predicted else "other"
        kind = "true" if label == found.true else kind
        height = max(1.0, 30 * min(max(value, 0.0), 1.0))
        bars += (
            f'<rect class="ng-{kind}" x="{10 * label + 1}" y="{30 - height:.1f}" width="8" '
            f'height="{height:.1f}"/>'
        )
    size = 10 * len(probabilities)
    return (
        f'<svg viewBox="0 0 {size} 30" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>'
    )
