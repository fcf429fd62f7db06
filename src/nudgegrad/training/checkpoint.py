"""Checkpoints: one npz file with every array and a readable JSON document, written whole."""

from __future__ import annotations

import math
import os
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad._version import __version__
from nudgegrad.files import FileError, read_npz, write_npz
from nudgegrad.network import Network
from nudgegrad.storage.parameters import check_arrays, fill, kept_arrays
from nudgegrad.training.early_stopping import EarlyStopping
from nudgegrad.training.history import EpochRecord, History
from nudgegrad.training.optimizers import Optimizer
from nudgegrad.training.schedules import LinearDecay
from nudgegrad.validation import check_integer, check_real

__all__ = ["Draws", "load_parameters", "read_history", "restore_checkpoint", "save_checkpoint"]

FORMAT = 1
ADDED = {
    "weight_decay": 0.0, "schedule": None, "validation_samples": 0, "monitor": "loss",
    "patience": None, "min_delta": 0.0,
}  # fmt: skip
"""Settings that the first checkpoints of this format lack, as they were then."""

BEST, OPTIMIZER = "best.", "optimizer."
"""What the names of arrays begin with."""


class Draws(NamedTuple):
    """What is drawn by the seed.

    Attributes
    ----------
    rng : numpy.random.Generator
        As it is before the next batch.
    order : array of int64
        That of the epoch under way when sampling is ``"shuffle"``, or empty.
    held_out : array of int64
        The samples that are not trained on, in ascending order.
    """

    rng: np.random.Generator
    order: NDArray[np.int64]
    held_out: NDArray[np.int64]


def save_checkpoint(
    path: str | os.PathLike[str],
    network: Network,
    optimizer: Optimizer,
    history: History,
    draws: Draws,
    stopping: EarlyStopping | None = None,
) -> None:
    """Write all that the rest of a run depends on.

    `stopping` has the best parameters so far, and the latest where the network has the best.
    """
    latest = {**network.params, **network.buffers, **(stopping.latest if stopping else {})}
    arrays = {
        "order": draws.order,
        "train_loss": np.array(history.train_loss, dtype=np.float64),
        **{name: latest[name.partition(".")[2]] for name in kept_arrays(network)},
        **{OPTIMIZER + name: array for name, array in optimizer.state.items()},
    }
    watched: dict[str, Any] = {}
    if stopping is not None:
        arrays["held_out"] = draws.held_out
        arrays.update({BEST + name: array for name, array in stopping.parameters.items()})
        watched = {
            "best_iteration": history.best_iteration,
            "best": {
                "value": stopping.value if stopping.parameters else None,
                "iteration": stopping.iteration,
                "waited": stopping.waited,
            },
        }
    document = {
        "format": FORMAT,
        "version": __version__,
        "arrays": list(arrays),
        "iteration": history.iterations,
        "settings": history.settings,  # those of the start: a learning rate may change
        "learning_rate": float(optimizer.learning_rate),
        "seconds": history.seconds,
        "step_seconds": history.step_seconds,
        "loss_evaluations": history.loss_evaluations,
        "epochs": [asdict(record) for record in history.epochs],
        "random_state": draws.rng.bit_generator.state,
        **watched,
    }
    write_npz(path, arrays, document)


def restore_checkpoint(
    path: str | os.PathLike[str], network: Network, optimizer: Optimizer, history: History,
    stopping: EarlyStopping | None = None,
) -> Draws:  # fmt: skip
    """Put a saved state into what was made with the same settings; return what was drawn.

    Everything is read before anything is taken over: a damaged file changes nothing.
    """
    arrays, document = _read(path)
    try:
        _check_settings(path, document["settings"], history.settings)
        check_arrays(path, network, arrays)
        best = None if stopping is None else _read_best(path, network, arrays, document)
        state = _optimizer_state(path, network, arrays)
        learning_rate = check_real("learning_rate", document["learning_rate"])
        rng = np.random.default_rng()
        rng.bit_generator.state = document["random_state"]
        losses, order = arrays["train_loss"], arrays["order"]
        if losses.ndim != 1 or losses.dtype != np.float64:
            raise FileError(f"{path}: train_loss must be a row of float64")
        _check_order(path, order, history.settings, len(losses))
        held_out = arrays.get("held_out", np.empty(0, dtype=np.int64))
        _check_held_out(path, held_out, history.settings)
        restored = {
            "train_loss": losses.tolist(),
            "seconds": check_real("seconds", document["seconds"], low=0),
            "step_seconds": check_real("step_seconds", document["step_seconds"], low=0),
            "loss_evaluations": check_integer("loss_evaluations", document["loss_evaluations"], 0),
            "epochs": [EpochRecord(**record) for record in document["epochs"]],
            "best_iteration": document.get("best_iteration"),
        }
        if restored["best_iteration"] is not None:
            check_integer("best_iteration", restored["best_iteration"], 0)
    except FileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FileError(f"{path}: is not a complete checkpoint ({error!r})") from error
    fill(network, arrays)
    optimizer.state, optimizer.learning_rate = state, learning_rate
    if stopping is not None and best is not None:
        stopping.parameters, stopping.value, stopping.iteration, stopping.waited = best
        stopping.latest = {}
    for name, value in restored.items():
        setattr(history, name, value)
    return Draws(rng, order, held_out)


def load_parameters(path: str | os.PathLike[str], network: Network) -> None:
    """Put the parameters that a checkpoint keeps into a network of the same shapes.

    They are the best by the samples held out, where there are such, or else the latest.
    """
    arrays, document = _read(path)
    best = document.get("best")
    kept = isinstance(best, dict) and document.get("best_iteration") == best.get("iteration")
    if kept and any(name.startswith(BEST) for name in arrays):
        arrays = _best_of(network, arrays)
    check_arrays(path, network, arrays)
    fill(network, arrays)


def read_history(path: str | os.PathLike[str]) -> History:
    """Return the course of a run up to its checkpoint; its outcome is ``"running"``.

    Raises
    ------
    FileError
        If the file is no complete checkpoint.
    """
    arrays, document = _read(path)
    try:
        return History.from_dict(
            {
                **document,
                "method": document["settings"]["method"],
                "outcome": "running",
                "message": "",
                "train_loss": arrays["train_loss"].tolist(),
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(f"{path}: is not a complete checkpoint ({error!r})") from error


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays, document = read_npz(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FileError(f"{path}: is not a checkpoint of format {FORMAT}")
    if document.get("arrays") != list(arrays):  # a damaged directory of an archive may skip some
        raise FileError(f"{path}: does not hold the arrays that it was written with")
    return arrays, document


def _check_settings(
    path: str | os.PathLike[str], saved: dict[str, Any], present: dict[str, Any]
) -> None:
    known = {**ADDED, **saved}
    if saved.get("decay_iterations") is not None:  # how a falling learning rate was told at first
        known["schedule"] = LinearDecay(saved["decay_iterations"]).settings()
    for name, value in present.items():
        if known.get(name) != value:
            raise FileError(
                f"{path}: was made with {name} {known.get(name)!r}, this trainer has {value!r}"
            )


def _read_best(
    path: str | os.PathLike[str], network: Network, arrays: dict[str, Any], document: Any
) -> tuple[dict[str, NDArray[Any]], float, int | None, int]:
    """Return what `EarlyStopping` keeps: parameters, value, iteration, waited."""
    best = document["best"]
    waited = check_integer("waited", best["waited"], 0)
    if best["value"] is None:
        return {}, math.inf, None, waited
    kept = _best_of(network, arrays)
    check_arrays(path, network, kept)
    parameters = {name.partition(".")[2]: array for name, array in kept.items()}
    value = check_real("value", best["value"])
    return parameters, value, check_integer("iteration", best["iteration"], 0), waited


def _best_of(network: Network, arrays: dict[str, Any]) -> dict[str, Any]:
    """Return the best parameters and buffers by the names that the latest have."""
    places = {name: BEST + name.partition(".")[2] for name in kept_arrays(network)}
    return {name: arrays[place] for name, place in places.items() if place in arrays}


def _optimizer_state(
    path: str | os.PathLike[str], network: Network, arrays: dict[str, Any]
) -> dict[str, Any]:
    state = {
        name.removeprefix(OPTIMIZER): array
        for name, array in arrays.items()
        if name.startswith(OPTIMIZER)
    }
    for name, array in state.items():
        like = network.params.get(name.partition(".")[2])
        if like is not None and (array.shape, array.dtype) != (like.shape, like.dtype):
            raise FileError(f"{path}: {name} has shape {array.shape}, not {like.shape}")
    return state


def _check_order(
    path: str | os.PathLike[str], order: NDArray[Any], settings: dict[str, Any], iteration: int
) -> None:
    """Raise unless `order` is what "shuffle" needs in the middle of an epoch, or nothing."""
    samples = settings["train_samples"]
    if order.size:
        fits = order.dtype == np.int64 and np.array_equal(np.sort(order), np.arange(samples))
    else:
        between_epochs = iteration % math.ceil(samples / settings["batch_size"]) == 0
        fits = settings["sampling"] != "shuffle" or between_epochs
    if not fits:
        raise FileError(f"{path}: order must be a permutation of the training samples")


def _check_held_out(
    path: str | os.PathLike[str], rows: NDArray[Any], settings: dict[str, Any]
) -> None:
    """Raise unless `rows` are as many training samples as are held out, in ascending order."""
    held = settings["validation_samples"]
    samples = settings["train_samples"] + held
    fits = rows.dtype == np.int64 and rows.shape == (held,) and bool(np.all(np.diff(rows) > 0))
    if not fits or (held and not 0 <= rows[0] <= rows[-1] < samples):
        raise FileError(f"{path}: held_out must be {held} of {samples} training samples")
