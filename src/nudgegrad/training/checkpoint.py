"""Checkpoints: one npz file with every array and a readable JSON document, written whole."""

from __future__ import annotations

import math
import os
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad._version import __version__
from nudgegrad.files import FileError, read_npz, write_npz
from nudgegrad.network import Network
from nudgegrad.storage.parameters import check_arrays, fill, kept_arrays
from nudgegrad.training.history import EpochRecord, History
from nudgegrad.training.optimizers import Optimizer
from nudgegrad.validation import check_integer, check_real

__all__ = ["load_parameters", "read_history", "restore_checkpoint", "save_checkpoint"]

FORMAT = 1


def save_checkpoint(
    path: str | os.PathLike[str],
    network: Network,
    optimizer: Optimizer,
    history: History,
    rng: np.random.Generator,
    order: NDArray[np.int64],
) -> None:
    """Write what the rest of a run depends on: parameters, buffers, optimizer, history, randomness.

    `order` is that of the epoch under way when sampling is ``"shuffle"``, or empty.
    """
    arrays = {
        "order": order,
        "train_loss": np.array(history.train_loss, dtype=np.float64),
        **kept_arrays(network),
        **{f"optimizer.{name}": array for name, array in optimizer.state.items()},
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
        "random_state": rng.bit_generator.state,
    }
    write_npz(path, arrays, document)


def restore_checkpoint(
    path: str | os.PathLike[str], network: Network, optimizer: Optimizer, history: History
) -> tuple[np.random.Generator, NDArray[np.int64]]:
    """Put a saved state into what was made with the same settings; return generator and order.

    Everything is read before anything is taken over: a damaged file changes nothing.
    """
    arrays, document = _read(path)
    try:
        _check_settings(path, document["settings"], history.settings)
        check_arrays(path, network, arrays)
        state = _optimizer_state(path, network, arrays)
        learning_rate = check_real("learning_rate", document["learning_rate"])
        rng = np.random.default_rng()
        rng.bit_generator.state = document["random_state"]
        losses, order = arrays["train_loss"], arrays["order"]
        if losses.ndim != 1 or losses.dtype != np.float64:
            raise FileError(f"{path}: train_loss must be a row of float64")
        _check_order(path, order, history.settings, len(losses))
        restored = {
            "train_loss": losses.tolist(),
            "seconds": check_real("seconds", document["seconds"], low=0),
            "step_seconds": check_real("step_seconds", document["step_seconds"], low=0),
            "loss_evaluations": check_integer("loss_evaluations", document["loss_evaluations"], 0),
            "epochs": [EpochRecord(**record) for record in document["epochs"]],
        }
    except FileError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FileError(f"{path}: is not a complete checkpoint ({error!r})") from error
    fill(network, arrays)
    optimizer.state, optimizer.learning_rate = state, learning_rate
    for name, value in restored.items():
        setattr(history, name, value)
    return rng, order


def load_parameters(path: str | os.PathLike[str], network: Network) -> None:
    """Put the parameters and buffers of a checkpoint into a network of the same shapes."""
    arrays, _ = _read(path)
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
    for name, value in present.items():
        if saved.get(name) != value:
            raise FileError(
                f"{path}: was made with {name} {saved.get(name)!r}, this trainer has {value!r}"
            )


def _optimizer_state(
    path: str | os.PathLike[str], network: Network, arrays: dict[str, Any]
) -> dict[str, Any]:
    prefix = "optimizer."
    state = {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
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
