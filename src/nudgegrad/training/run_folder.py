"""The folder of a run: configuration, checkpoint, history and plots."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nudgegrad.data import Dataset
from nudgegrad.files import FileError
from nudgegrad.network import Network
from nudgegrad.training.checkpoint import load_parameters
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.history import History
from nudgegrad.training.subject import Subject
from nudgegrad.validation import ParameterError

__all__ = ["RunFolder"]


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps its files.

    Attributes
    ----------
    path : Path
        The folder.
    """

    path: Path

    @property
    def config_file(self) -> Path:
        """What the run is made with."""
        return self.path / "config.json"

    @property
    def checkpoint_file(self) -> Path:
        """The last checkpoint."""
        return self.path / "checkpoint.npz"

    @property
    def history_file(self) -> Path:
        """The history, once the run has ended or was interrupted."""
        return self.path / "history.json"

    @property
    def summary_file(self) -> Path:
        """What the command line tells at the end of a run."""
        return self.path / "summary.json"

    @classmethod
    def create(
        cls, path: str | os.PathLike[str] | None, configuration: Configuration,
        dataset: Dataset, *, runs: str | os.PathLike[str] = "runs",
    ) -> RunFolder:  # fmt: skip
        """Make the folder of a new run, a new one in `runs` if no path is given.

        Raises
        ------
        FileError
            If the folder holds a run already, or cannot be made.
        """
        target = _new_path(configuration, Path(runs)) if path is None else Path(path)
        folder = cls(target)
        # Settings alone are of a run that could not be begun, for want of room say.
        if folder.checkpoint_file.exists() or folder.history_file.exists():
            raise FileError(
                f"{target}: holds a run already; go on with --resume {target}, or choose another "
                "folder with --out"
            )
        try:
            target.mkdir(parents=True, exist_ok=True)
            configuration.save(
                folder.config_file,
                input_size=dataset.features,
                output_size=dataset.classes,
                image_shape=dataset.image_shape,
                pictures=dataset.pictures,
                class_names=dataset.class_names,
            )
        except OSError as error:
            raise FileError(f"{target}: cannot be written to ({error.strerror})") from error
        return folder

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """Return an existing run's folder.

        Raises
        ------
        FileError
            If the folder holds no run.
        """
        folder = cls(Path(path))
        for file in (folder.config_file, folder.checkpoint_file):
            if not file.is_file():
                raise FileError(
                    f"{path}: is not the folder of a run, {file.name} is missing; runs are made "
                    "by: nudgegrad train"
                )
        return folder

    def clean(self) -> None:
        """Remove the unfinished files of a process that was killed while it wrote."""
        for unfinished in self.path.glob(".*.tmp"):
            unfinished.unlink(missing_ok=True)

    def configuration(self) -> Configuration:
        """Return what the run is made with."""
        return Configuration.load(self.config_file)[0]

    def network(self) -> Network:
        """Return the network with the parameters of the last checkpoint."""
        configuration, facts = Configuration.load(self.config_file)
        try:
            features, classes = int(facts["input_size"]), int(facts["output_size"])
        except (KeyError, TypeError, ValueError) as error:
            raise FileError(f"{self.config_file}: lacks input_size or output_size") from error
        image_shape = None
        if configuration.model == "simple-convnet":  # which has to know
            image_shape = Subject.of(self.config_file, facts).image_shape
        try:
            network = configuration.build_network(features, classes, image_shape)
        except ParameterError as error:
            raise FileError(f"{self.config_file}: {error}") from error
        load_parameters(self.checkpoint_file, network)
        return network

    def subject(self) -> Subject:
        """Return what the run's samples are, to bring further ones into their form."""
        return Subject.of(self.config_file, Configuration.load(self.config_file)[1])

    def write_results(self, history: History) -> None:
        """Write the history as JSON and CSV, and its plots."""
        history.save(self.history_file)
        history.to_csv(self.path / "history.csv")
        history.plot(self.path / "accuracy.png", "accuracy")
        history.plot(self.path / "loss.png", "loss")


def _new_path(configuration: Configuration, runs: Path) -> Path:
    """Return an unused path in `runs` that says when and what."""
    what = "-".join(map(str, configuration.hidden_sizes)) or "none"
    if configuration.model == "simple-convnet":
        what = configuration.model
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{configuration.method}-{what}"
    number = 1
    path = runs / stem
    while path.exists():
        number += 1
        path = runs / f"{stem}-{number}"
    return path
