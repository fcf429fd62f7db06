"""Settings as fields of a form give them."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from typing import Any

from nudgegrad.app.session import DEFAULTS, Session
from nudgegrad.models import check_model
from nudgegrad.training.configuration import MODEL_SETTINGS, Configuration, settings_of_recipe
from nudgegrad.training.optimizers import OPTIMIZERS
from nudgegrad.validation import ParameterError, check_integer, check_real

__all__ = [
    "RATE_RANGE",
    "applies",
    "change",
    "learning_rate",
    "reached",
    "read_sizes",
    "rule",
    "slide",
    "unslide",
    "use_best",
    "use_lesson",
    "use_model",
    "write_sizes",
]

MOST_LAYERS, MOST_UNITS = 8, 4096
RATE_RANGE = (-5.0, 1.0)
"""Powers of ten between which the learning rate is dragged."""
REACHED = {"two-layer": 98, "multi-layer": 98, "simple-convnet": 99}
"""Percent of MNIST's test images: docs/training.md and docs/benchmarks.md have the decimals."""
MAY_BE_EMPTY = ("train_limit", "classes", "decay_every", "patience")


def read_sizes(text: str) -> tuple[int, ...]:
    """Return hidden sizes from a text such as ``100`` or ``50, 50``.

    Raises
    ------
    ParameterError
        If it is something else, or more than a page should ask for.
    """
    parts = [part for part in re.split(r"[\s,;，、]+", text or "") if part]
    if not 1 <= len(parts) <= MOST_LAYERS or not all(re.fullmatch(r"\d{1,9}", p) for p in parts):
        raise ParameterError(
            f"hidden sizes must be 1 to {MOST_LAYERS} whole numbers such as 100 or 50, 50, "
            f"got {text!r}"
        )
    return tuple(check_integer("hidden_size", int(part), 1, MOST_UNITS) for part in parts)


def write_sizes(sizes: tuple[int, ...]) -> str:
    """Return hidden sizes as `read_sizes` takes them."""
    return ", ".join(map(str, sizes))


def learning_rate(settings: Configuration) -> float:
    """Return the learning rate, the optimizer's own where none is set."""
    if settings.learning_rate is not None:
        return settings.learning_rate
    return OPTIMIZERS[settings.optimizer].default_learning_rate


def slide(rate: float) -> float:
    """Return where a learning rate stands on its logarithmic slider."""
    low, high = RATE_RANGE
    return min(max(math.log10(rate), low), high)


def unslide(position: float) -> float:
    """Return the learning rate at a place of the slider, in two digits."""
    return float(f"{10**position:.2g}")


def rule(settings: Configuration) -> str:
    """Return what the choice of starting weights says: ``"default"``, a rule, or a number."""
    std = settings.weight_init_std
    return "default" if std is None else str(std)


def applies(name: str, settings: Configuration) -> bool:
    """Tell whether a setting matters beside the others."""
    match name:
        case "decay_every":
            return settings.decay == "step"
        case "patience" | "monitor" | "min_delta":
            return settings.validation_fraction > 0
        case _:
            return True


def change(session: Session, name: str, value: Any) -> None:
    """Change one setting by what its field holds.

    Raises
    ------
    ParameterError
        If the value is not allowed; the settings stay.
    """
    if value is None and name not in MAY_BE_EMPTY:
        raise ParameterError(f"{name} must not be empty")
    match name:
        case "hidden_sizes":
            session.change(hidden_sizes=read_sizes(value))
        case "model":
            use_model(session, value)
        case "validation_fraction" if value == 0:  # then there is nothing to be patient with
            session.change(validation_fraction=0.0, patience=None)
        case "batch_size" | "train_limit" | "classes":
            if value is not None:
                check_integer(name, value, 1)
            session.change(**{name: value})
        case "h":
            session.change(h=check_real("h", value, above=0))
        case "optimizer":  # a rate that suits one suits no other
            session.change(optimizer=value, learning_rate=None)
        case "weight_init_std":
            number = None if value == "default" else value
            session.change(weight_init_std=_number_or_text(number))
        case _:
            session.change(**{name: value})


def use_model(session: Session, name: str) -> None:
    """Take a model with the settings that suit it; data and method stay."""
    _use(session, {**MODEL_SETTINGS[check_model(name)], "model": name})


def use_lesson(session: Session) -> None:
    """Take the lesson's settings; data and method stay."""
    _use(session, {})


def use_best(session: Session) -> None:
    """Take the best settings that are known for the model; it, data and method stay."""
    model = session.settings.model
    _use(session, {**settings_of_recipe("best", model), "model": model})


def reached(settings: Configuration) -> int | None:
    """Return the percent of test images that the best settings read, where it was measured."""
    return REACHED[settings.model] if settings.data == "mnist" else None


def _use(session: Session, chosen: dict[str, Any]) -> None:
    """Take some settings, and defaults for the others but data and method."""
    details = ("data_folder", "label", "image_size")
    kept = ("data", "classes", "train_limit", "method", "seed", *details)
    settings = {f.name: getattr(DEFAULTS, f.name) for f in fields(DEFAULTS) if f.name not in kept}
    session.change(**{**settings, **chosen})


def _number_or_text(value: str | None) -> float | str | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return value
