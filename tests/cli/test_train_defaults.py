"""What ``nudgegrad train`` takes by itself: recipes, the dtype, compiled kernels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nudgegrad.training import History
from nudgegrad.training.configuration import RECIPES
from tests.cli.processes import Answer, call, run

QUICK = ("--hidden-size", 5, "--batch-size", 10, "--iterations", 45)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_recipe_and_what_is_given_beside_it(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    options = ("--recipe", "best", "--iterations", 6, "--optimizer", "sgd", "--hidden-size", 3)
    done = call(capsys, "train", "--data", data, *options, "--out", folder, "--quiet")
    assert done == Answer(0, "", "")
    config = load(folder / "config.json")
    assert config["hidden_sizes"] == [3]
    assert (config["iterations"], config["optimizer"]) == (6, "sgd")
    rest = {name: value for name, value in RECIPES["best"].items() if name not in
            ("hidden_sizes", "iterations", "optimizer")}  # fmt: skip
    assert rest.items() <= config.items()
    layers = History.load(folder / "history.json").settings["layers"]
    assert layers == ["Affine(16, 3)", "ReLU()", "Affine(3, 4)"]
    assert call(capsys, "train", "--resume", folder, "--quiet").code == 0
    done = call(capsys, "train", "--recipe", "bst", "--data", data, "--out", tmp_path / "other")
    assert done.code == 2
    assert "recipe must be one of best, got 'bst'; did you mean 'best'?" in done.err


def test_the_best_of_a_deeper_model_is_its_own(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--model", "multi-layer", "--recipe", "best", "--iterations", 1)
    done = call(capsys, "train", "--data", data, *options, "--out", tmp_path / "run", "--quiet")
    assert done == Answer(0, "", "")
    config = load(tmp_path / "run" / "config.json")
    assert (config["model"], config["hidden_sizes"]) == ("multi-layer", [100] * 6)


def test_float32_ends_as_float64_does(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = []
    for dtype in ("float32", "float64"):
        folder = tmp_path / dtype
        call(capsys, "train", "--data", data, *QUICK, "--dtype", dtype, "--out", folder, "--quiet")
        losses.append(History.load(folder / "history.json").train_loss)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0] != losses[1]


def test_the_first_start_says_that_it_compiles(tmp_path: Path, data: Path) -> None:
    told = []
    for k in range(2):
        done = run(
            "train", "--data", data, *QUICK, "--out", f"run{k}", cwd=tmp_path,
            NUMBA_CACHE_DIR=str(tmp_path / "cache"),
        )  # fmt: skip
        told.append(done.stdout.count("compiling kernels, once"))
    assert told == [1, 0]


def test_weight_decay_schedule_and_early_stopping(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    options = (
        "--decay", "step", "--decay-every", 40, "--warm-up", 5, "--weight-decay", 0.001,
        "--validation-fraction", 0.25, "--patience", 1, "--min-delta", 10, "--monitor", "loss",
    )  # fmt: skip
    done = call(capsys, "train", "--data", data, *QUICK, *options, "--out", folder)
    assert done.code == 0
    assert (
        "SGD at 0.1, warm-up over 5, step decay, weight decay 0.001, 25% of the training samples "
        "held out\n"
    ) in done.out
    assert "epoch 1, iteration 15; held out: loss " in done.out
    history = History.load(folder / "history.json")
    assert history.iterations == 15  # nothing improves by 10
    assert (history.settings["train_samples"], history.settings["validation_samples"]) == (150, 50)
    assert history.settings["schedule"] == {
        "name": "StepDecay", "warm_up": 5, "every": 40, "by": 0.1,
    }  # fmt: skip
    facts = load(folder / "summary.json")
    assert facts["outcome"] == "completed"
    assert facts["message"].startswith("stopped early: the validation loss has not improved for 1 ")
    assert facts["best_iteration"] == history.best_iteration
    kept = next(r for r in history.epochs if r.iteration == history.best_iteration)
    assert facts["validation_loss"] == kept.validation_loss
    assert "the best by those held out" in " ".join(done.out.split())
    again = call(capsys, "train", "--resume", folder, "--json")
    assert again.code == 0
    assert json.loads(again.out)["iterations"] == 15


def test_wrong_options_are_told(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for options, told in (
        (("--patience", 3), "validation_fraction must be above 0 where patience is told"),
        (("--weight-decay", -1), "weight_decay must be a finite number, at least 0"),
        (("--decay", "cosin"), "did you mean 'cosine'?"),
    ):
        done = call(capsys, "train", "--data", data, *options, "--out", tmp_path / "run")
        assert done.code == 2
        assert told in done.err
