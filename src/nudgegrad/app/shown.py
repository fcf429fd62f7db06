"""The network that the page shows, with the data that belong to it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from nudgegrad.app.session import Session
from nudgegrad.data import Dataset
from nudgegrad.network import Network
from nudgegrad.training.configuration import Configuration
from nudgegrad.validation import ParameterError

__all__ = ["Shown", "look_at"]


@dataclass(frozen=True, eq=False)
class Shown:
    """A network that is not changed any more, and where it comes from.

    Attributes
    ----------
    version
        That of the session when the network was asked for, or an earlier one.
    configuration
        What the network is trained with.
    iterations
        About how many it had; new weights are fetched now and then. 0 for the starting weights.
    learning_rate
        The one now, None if nobody chose any.
    """

    network: Network
    data: Dataset
    version: int
    configuration: Configuration
    iterations: int
    learning_rate: float | None


_lock = threading.Lock()
_kept: tuple[tuple[Any, ...], Dataset] | None = None


def look_at(session: Session) -> Shown:
    """Return what the session shows now; it may have to read data, so call it in a thread.

    The settings may name other data by now than the training under way has.

    Raises
    ------
    ParameterError, FileError
        If the data are gone, or are others by now than the network was trained on.
    """
    shown = _look_at(session)
    layers, data = shown.network.layers, shown.data
    takes, gives = layers[0].input_size, layers[-1].output_size
    if (data.features, data.classes) != (takes, gives):
        raise ParameterError(
            f"data must have {takes} inputs and {gives} classes, as these weights do, got "
            f"{data.features} and {data.classes} in {data.name}"
        )
    return shown


def _look_at(session: Session) -> Shown:
    version, track = session.version, session.main
    if track is None:
        settings = session.settings
        return Shown(
            session.initial_network, session.data, version, settings, 0, settings.learning_rate
        )
    iterations, trained = track.iterations, track.network
    data = _data(session, track.configuration)
    if trained is None:
        iterations = 0
        trained = track.configuration.build_network(data.features, data.classes, data.image_shape)
    return Shown(trained, data, version, track.configuration, iterations, track.learning_rate)


def _data(session: Session, configuration: Configuration) -> Dataset:
    global _kept
    key = _key(configuration)
    if key == _key(session.settings):
        return session.data
    with _lock:
        if _kept is None or _kept[0] != key:
            _kept = key, configuration.load_data()
        return _kept[1]


def _key(configuration: Configuration) -> tuple[Any, ...]:
    details = configuration.data_folder, configuration.label, configuration.image_size
    return configuration.data, configuration.classes, configuration.train_limit, *details
