"""``nudgegrad compare`` as a user calls it."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from nudgegrad.training import Trainer
from tests.cli.processes import PATIENCE, call, start, wait_for_line

METHODS = ["naive", "weight", "node", "backprop"]
SMALL = ("--hidden-size", 5, "--batch-size", 10, "--repeats", 2, "--sample", 40)


def is_png(path: Path) -> bool:
    with Image.open(path) as image:
        image.load()
        return image.format == "PNG" and len(image.convert("RGB").getcolors(2**24) or []) > 20


def test_table(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "compare", "--data", data, *SMALL)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("TwoLayerNet(") or lines[0].startswith("Network(")
    assert lines[0].endswith("one mini-batch of 10")
    assert lines[1].split("  ")[0] == "method"
    assert [line.split()[0] for line in lines[2:6]] == METHODS
    assert lines[2].split()[1].startswith("~")
    assert re.search(r"naive was timed on (39|4\d) of its weights", lines[6])
    assert "\x1b" not in done.out


def test_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "compare", "--data", data, *SMALL, "--json")
    document = json.loads(done.out)
    assert (done.code, document["batch_size"], document["h"]) == (0, 10, 1e-4)
    ladder = {rung["method"]: rung for rung in document["ladder"]}
    assert list(ladder) == METHODS
    # 16·5 + 5 + 5·4 + 4 = 109 parameters; (5 + 4)·10 = 90 nodes.
    assert [rung["loss_evaluations"] for rung in ladder.values()] == [218, 218, 180, 1]
    assert [rung["estimated"] for rung in ladder.values()] == [True, False, False, False]
    assert ladder["naive"]["timings"] == 1
    assert all(rung["timings"] >= 2 for method, rung in ladder.items() if method != "naive")
    naive = ladder["naive"]
    assert abs(naive["weights_timed"] - 40) <= 4  # about so many: rounded in each parameter
    for rung in ladder.values():
        assert rung["seconds"] > 0
        assert rung["seconds_for_10000_iterations"] == 10_000 * rung["seconds"]
        assert rung["speedup"] == naive["seconds"] / rung["seconds"]
        assert rung["from_naive"] < 1e-8
        assert rung["from_backprop"] < 1e-8
    assert naive["from_naive"] == ladder["backprop"]["from_backprop"] == 0
    # All weights: nothing is estimated.
    done = call(capsys, "compare", "--data", data, *SMALL, "--json", "--sample", 10_000)
    naive = json.loads(done.out)["ladder"][0]
    assert (naive["weights_timed"], naive["estimated"]) == (109, False)


def test_training_and_files(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a" / "ladder"
    options = ("--train", "--iterations", 12, "--method", "node", "--method", "backprop")
    done = call(capsys, "compare", "--data", data, *SMALL, *options, "--out", folder)
    assert (done.code, done.err) == (0, "")
    assert "training by node, 12 iterations, about " in done.out
    assert f"written to {folder}/compare.json and {folder}/compare.png" in done.out
    assert {path.name for path in folder.iterdir()} == {"compare.json", "compare.png"}
    document = json.loads((folder / "compare.json").read_text(encoding="utf-8"))
    node, backprop = (document["trainings"][name] for name in ("node", "backprop"))
    assert list(document["trainings"]) == ["node", "backprop"]
    assert node["outcome"] == backprop["outcome"] == "completed"
    assert node["train_loss"] == pytest.approx(backprop["train_loss"], abs=1e-7)
    assert is_png(folder / "compare.png")


def test_json_with_training_is_all_there_is(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "compare", "--data", data, *SMALL, "--train", "--iterations", 2, "--json",
                "--out", tmp_path / "ladder")  # fmt: skip
    document = json.loads(done.out)
    assert list(document["trainings"]) == ["weight", "node", "backprop"]
    assert document == json.loads((tmp_path / "ladder" / "compare.json").read_text())


def test_figure_without_training(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, "compare", "--data", data, *SMALL, "--out", tmp_path).code == 0
    assert is_png(tmp_path / "compare.png")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--method", "nod", "did you mean 'node'?"),
        ("--sample", 0, "sample must be at least 1, got 0"),
        ("--repeats", 0, "repeats must be at least 1, got 0"),
        ("--iterations", 0, "iterations must be at least 1, got 0"),
        ("--batch-size", 201, "batch_size must be between 1 and 200 training samples, got 201"),
        ("--hidden-size", 0, "hidden_size must be at least 1, got 0"),
        ("--h", "nan", "h must be a finite number, above 0, got nan"),
        ("--h", 1e-30, "h must be large enough"),
        ("--learning-rate", 0, "learning_rate must be"),
        ("--activation", "rlu", "did you mean 'relu'?"),
        ("--dtype", "int", "dtype must be"),
        ("--seed", -1, "seed must be"),
        ("--data", "nowhere", "which does not exist"),
        ("--classes", 0, "classes must be at least 1"),
        ("--sampel", 3, "--sampel"),
    ],
)
def test_wrong_options(
    data: Path, capsys: pytest.CaptureFixture[str], option: str, value: Any, message: str
) -> None:
    done = call(capsys, "compare", "--data", data, *SMALL, option, value)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.splitlines()[-1].startswith("Error: ")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_interrupted(tmp_path: Path, data: Path) -> None:
    options = ("--train", "--iterations", 1_000_000, "--out", "ladder")
    process = start("compare", "--data", data, *SMALL, *options, cwd=tmp_path)
    wait_for_line("training by", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert err.strip() == "Interrupted."


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_code_tells_the_signal(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals, code: int,
) -> None:  # fmt: skip
    step = Trainer.step

    def step_and_signal(trainer: Trainer, **options: Any) -> float:
        loss = step(trainer, **options)
        signal.raise_signal(number)
        return loss

    monkeypatch.setattr(Trainer, "step", step_and_signal)
    done = call(capsys, "compare", "--data", data, *SMALL, "--train")
    assert (done.code, done.err) == (code, "Interrupted.\n")
