"""Checkpoints: one npz file with every array and a readable JSON document, written whole."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from nudgegrad._version import __version__
from nudgegrad.files import FileError, read_npz, write_npz
from nudgegrad.network import Network
from nudgegrad.training.history import EpochRecord

if TYPE_CHECKING:
    from nudgegrad.training.trainer import Trainer

__all__ = ["load_parameters", "restore_checkpoint", "save_checkpoint"]

FORMAT = 1


def save_checkpoint(path: str | os.PathLike[str], trainer: Trainer) -> None:
    """Write a trainer's whole state."""
    history = trainer.history
    arrays = {
        "order": trainer.order,
        "train_loss": np.array(history.train_loss, dtype=np.float64),
        **{f"parameter.{name}": array for name, array in trainer.network.params.items()},
        **{f"optimizer.{name}": array for name, array in trainer.optimizer.state.items()},
    }
    document = {
        "format": FORMAT,
        "version": __version__,
        "iteration": trainer.iteration,
        "settings": trainer.settings(),
        "learning_rate": trainer.optimizer.learning_rate,
        "seconds": history.seconds,
        "step_seconds": history.step_seconds,
        "loss_evaluations": history.loss_evaluations,
        "epochs": [asdict(record) for record in history.epochs],
        "random_state": trainer.rng.bit_generator.state,
    }
    write_npz(path, arrays, document)


def restore_checkpoint(path: str | os.PathLike[str], trainer: Trainer) -> None:
    """Put a saved state into a trainer made with the same settings."""
    arrays, document = _read(path)
    try:
        saved, present = document["settings"], trainer.settings()
        for name in present:
            if saved.get(name) != present[name]:
                raise FileError(
                    f"{path}: was made with {name} {saved.get(name)!r}, this trainer has "
                    f"{present[name]!r}"
                )
        _fill(path, trainer.network, arrays)
        trainer.optimizer.state = {
            name.removeprefix("optimizer."): array
            for name, array in arrays.items()
            if name.startswith("optimizer.")
        }
        trainer.optimizer.learning_rate = float(document["learning_rate"])
        trainer.order = arrays["order"]
        trainer.rng.bit_generator.state = document["random_state"]
        history = trainer.history
        history.train_loss = arrays["train_loss"].tolist()
        history.seconds = float(document["seconds"])
        history.step_seconds = float(document["step_seconds"])
        history.loss_evaluations = int(document["loss_evaluations"])
        history.epochs = [EpochRecord(**record) for record in document["epochs"]]
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: is not a complete checkpoint ({error!r})") from error


def load_parameters(path: str | os.PathLike[str], network: Network) -> None:
    """Put the parameters of a checkpoint into a network of the same shapes."""
    arrays, _ = _read(path)
    _fill(path, network, arrays)


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays, document = read_npz(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FileError(f"{path}: is not a checkpoint of format {FORMAT}")
    return arrays, document


def _fill(path: str | os.PathLike[str], network: Network, arrays: dict[str, Any]) -> None:
    for name, live in network.params.items():
        saved = arrays.get(f"parameter.{name}")
        if saved is None or saved.shape != live.shape or saved.dtype != live.dtype:
            received = "none" if saved is None else f"{saved.dtype} of shape {saved.shape}"
            raise FileError(
                f"{path}: parameter {name} must be {live.dtype} of shape {live.shape}, the file "
                f"has {received}"
            )
    for name, live in network.params.items():
        live[...] = arrays[f"parameter.{name}"]
