"""Histories: files and figures."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from nudgegrad.files import FileError
from nudgegrad.training import EpochRecord, History
from nudgegrad.validation import ParameterError
from tests.training.small import make_trainer


@pytest.fixture
def history() -> History:
    return History(
        method="node",
        outcome="diverged",
        message="the loss became nan",
        train_loss=[1.5, 1.25, math.nan],
        epochs=[
            EpochRecord(0, 0, 0.1, 0.2),
            EpochRecord(1, 2, 0.5, 0.4, 0.75, 0.25),
            EpochRecord(1.5, 3, None, None),
        ],
        seconds=2.5,
        step_seconds=1.5,
        loss_evaluations=4200,
        settings={"h": 1e-4, "layers": ["Affine(6, 5)"]},
    )


def test_round_trip(history: History, tmp_path: Path) -> None:
    history.save(tmp_path / "history.json")
    again = History.load(tmp_path / "history.json")
    assert again.train_loss[:2] == [1.5, 1.25]
    assert math.isnan(again.train_loss[2])
    again.train_loss = history.train_loss
    assert again == history


def test_json_fields(history: History, tmp_path: Path) -> None:
    history.save(tmp_path / "history.json")
    document = json.loads((tmp_path / "history.json").read_text(encoding="utf-8"))
    assert document["outcome"] == "diverged"
    assert document["message"] == "the loss became nan"
    assert document["method"] == "node"
    assert document["iterations"] == 3
    assert document["seconds"] == 2.5
    assert document["step_seconds"] == 1.5
    assert document["loss_evaluations"] == 4200
    assert document["train_loss"] == [1.5, 1.25, None]
    assert document["epochs"][1] == {
        "epoch": 1,
        "iteration": 2,
        "train_accuracy": 0.5,
        "test_accuracy": 0.4,
        "validation_loss": 0.75,
        "validation_accuracy": 0.25,
    }
    assert set(document) == {"version", *document} == {"version", "iterations", *vars(history)}


def test_json_of_a_real_run_is_exact(tmp_path: Path) -> None:
    history = make_trainer().run(12)
    history.save(tmp_path / "history.json")
    assert History.load(tmp_path / "history.json") == history


def test_properties(history: History) -> None:
    assert history.iterations == 3
    assert (history.epochs.pop().test_accuracy, history.test_accuracy) == (None, 0.4)
    assert history.train_accuracy == 0.5
    assert "diverged, method='node', iterations=3, last loss nan" in repr(history)
    empty = History("node")
    assert (empty.train_accuracy, empty.test_accuracy, empty.iterations) == (None, None, 0)
    assert "last loss none" in repr(empty)


WRONG: dict[str, Any] = {
    "outcome": "fine",
    "method": "guess",
    "seconds": "long",
    "step_seconds": -1,
    "loss_evaluations": 1.5,
    "epochs": [{"epoch": 0}],
    "train_loss": ["x"],
}


@pytest.mark.parametrize("key", WRONG)
def test_malformed_fields(history: History, tmp_path: Path, key: str) -> None:
    path = tmp_path / "history.json"
    document = json.loads(json.dumps(history.to_dict()))
    for wrong in (WRONG[key], None):
        path.write_text(json.dumps({**document, key: wrong}), encoding="utf-8")
        with pytest.raises(FileError, match=r"history\.json: does not hold a history"):
            History.load(path)
    del document[key]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(FileError, match=key):
        History.load(path)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"3", b'{"method": "node"}', b"{", b"\xff\xfe", b"[" * 100_000]
)
def test_malformed_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(content)
    with pytest.raises(FileError, match="does not hold a history"):
        History.load(path)


@pytest.mark.parametrize(
    "record", [("x", 0, None, None), (0, 1.5, None, None), (0, 0, "0.5", None), (0, -1, 0.5, 0.5)]
)
def test_malformed_records(record: Any) -> None:
    with pytest.raises(ParameterError):
        EpochRecord(*record)


def test_csv(history: History, tmp_path: Path) -> None:
    history.to_csv(tmp_path / "history.csv")
    assert (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines() == [
        "iteration,train_loss,epoch,train_accuracy,test_accuracy,validation_loss,"
        "validation_accuracy",
        "0,,0,0.1,0.2,,",
        "1,1.5,,,,,",
        "2,1.25,1,0.5,0.4,0.75,0.25",
        "3,nan,1.5,,,,",
    ]


def test_csv_keeps_every_digit(tmp_path: Path) -> None:
    history = make_trainer().run(12)
    history.to_csv(tmp_path / "history.csv")
    text = (tmp_path / "history.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["train_loss"]) for row in rows[1:]] == history.train_loss
    assert [int(row["iteration"]) for row in rows if row["epoch"]] == [0, 6, 12]


def test_accuracy_plot(history: History) -> None:
    axes = history.plot().axes[0]
    train, test = axes.get_lines()
    assert (train.get_label(), train.get_linestyle()) == ("train acc", "-")
    assert (test.get_label(), test.get_linestyle()) == ("test acc", "--")
    np.testing.assert_array_equal(train.get_xdata(), [0, 1, 1.5])
    np.testing.assert_array_equal(np.asarray(train.get_ydata()), [0.1, 0.5, np.nan])
    np.testing.assert_array_equal(np.asarray(test.get_ydata()), [0.2, 0.4, np.nan])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epochs", "accuracy")
    assert axes.get_ylim() == (0, 1)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["train acc", "test acc"]
    assert legend._loc == 4  # type: ignore[attr-defined]  # "lower right"; no public way to ask
    assert to_hex(train.get_color()) != to_hex(test.get_color())


def test_loss_plot() -> None:
    losses = [2 + math.sin(i) for i in range(400)]
    axes = History("node", train_loss=losses).plot(kind="loss").axes[0]
    batches, means = axes.get_lines()
    np.testing.assert_array_equal(batches.get_xdata(), np.arange(1, 401))
    np.testing.assert_array_equal(batches.get_ydata(), losses)
    assert means.get_label() == "mean of 4"
    x, y = np.asarray(means.get_xdata()), np.asarray(means.get_ydata())
    assert len(x) == len(y) == 397
    np.testing.assert_allclose(y[0], np.mean(losses[:4]))
    assert x[0] == 3  # in the middle of iterations 1 to 4
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("iterations", "training loss")
    assert axes.get_ylim()[0] == 0


@pytest.mark.parametrize(
    "losses",
    [[], [math.nan], [math.inf], [1.0, 1e308, math.inf], [-1.0, 2.0], [2.0] * 500 + [math.nan]],
)
@pytest.mark.parametrize("kind", ["loss", "accuracy"])
def test_plots_of_odd_histories_give_no_warning(
    losses: list[float], kind: str, tmp_path: Path
) -> None:
    figure = History("node", train_loss=losses).plot(tmp_path / "figure.png", kind)
    assert len(figure.axes) == 1
    assert (tmp_path / "figure.png").stat().st_size > 0


@pytest.mark.parametrize("kind", ["loss", "accuracy"])
def test_png_is_a_picture(history: History, kind: str, tmp_path: Path) -> None:
    history.plot(tmp_path / "figure.png", kind)
    with Image.open(tmp_path / "figure.png") as image:
        image.load()
        assert image.format == "PNG"
        assert min(image.size) > 300
        colours = image.convert("RGB").getcolors(maxcolors=2**24)
    assert colours is not None
    assert len(colours) > 20
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


def test_svg_and_pdf(history: History, tmp_path: Path) -> None:
    history.plot(tmp_path / "figure.svg")
    assert "<svg" in (tmp_path / "figure.svg").read_text(encoding="utf-8")
    history.plot(str(tmp_path / "figure.PDF"), "loss")
    assert (tmp_path / "figure.PDF").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["figure.txt", "figure", ".png"])
def test_wrong_suffix(history: History, tmp_path: Path, name: str) -> None:
    with pytest.raises(ParameterError, match=r"a figure's file must end in .*png.*, got "):
        history.plot(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_wrong_kind(history: History) -> None:
    with pytest.raises(ParameterError, match="kind must be one of accuracy, loss, got 'time'"):
        history.plot(kind="time")
