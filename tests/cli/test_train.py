"""``nudgegrad train`` as a user calls it."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nudgegrad.files import read_npz
from nudgegrad.training import History, Trainer
from tests.cli.processes import (
    COMMAND,
    FILES,
    PATIENCE,
    Answer,
    call,
    environment,
    run,
)

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

QUICK = ("--hidden-size", 5, "--batch-size", 10, "--iterations", 45)


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def without_compilation(text: str) -> list[str]:
    """Return the lines, less the one that a first start prints."""
    return [line for line in text.splitlines() if not line.startswith("compiling kernels")]


def test_a_run(tmp_path: Path, data: Path) -> None:
    done = run("train", "--data", data, *QUICK, "--out", "run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = without_compilation(done.stdout)
    assert lines.pop(0) == (
        f"training 16-5-4 (sigmoid, float32) on {data} by node: 45 mini-batches of 10, SGD at 0.1"
    )
    assert lines[0].startswith("kernels: Numba, float32; gradient and update fused; ")
    assert [line.partition("(")[2] for line in lines[1:5]] == [
        "epoch 0, iteration 0)",
        "epoch 1, iteration 20)",
        "epoch 2, iteration 40)",
        "epoch 2.25, iteration 45)",
    ]
    pattern = re.compile(r"train acc, test acc \| [01]\.\d{4}, [01]\.\d{4}   \(")
    assert all(pattern.match(line) for line in lines[1:5])
    assert lines[5].split() == ["outcome", "completed"]
    # A network smaller than the sample: every weight is timed, and no more are claimed.
    assert "(estimate: 109 of the weights timed here)" in done.stdout
    assert "\x1b" not in done.stdout
    folder = tmp_path / "run"
    assert {path.name for path in folder.iterdir()} == FILES

    history = History.load(folder / "history.json")
    assert (history.outcome, history.method, history.iterations) == ("completed", "node", 45)
    assert history.loss_evaluations == 45 * 2 * 9 * 10
    summary = load(folder / "summary.json")
    assert summary["outcome"] == "completed"
    assert summary["test_accuracy"] == history.test_accuracy
    assert summary["naive_weights_timed"] == 109
    config = load(folder / "config.json")
    assert (config["input_size"], config["output_size"]) == (16, 4)
    assert config["data"] == str(data)
    with (folder / "history.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["train_loss"]) for row in rows[1:]] == history.train_loss
    for name in ("accuracy.png", "loss.png"):
        with Image.open(folder / name) as image:
            image.load()


def test_json_is_all_there_is(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    done = call(capsys, "train", "--data", data, *QUICK, "--out", folder, "--json")
    assert (done.code, done.err) == (0, "")
    facts = json.loads(done.out)
    assert facts == load(folder / "summary.json")
    assert facts["iterations"] == 45
    assert facts["run"] == str(folder)


def test_quiet(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "train", "--data", data, *QUICK, "--out", tmp_path / "run", "--quiet")
    assert done == Answer(0, "", "")
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES


def test_naive_tells_its_time_before_it_starts(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--method", "naive", "--hidden-size", 5, "--batch-size", 10, "--iterations", 2)
    done = call(capsys, "train", "--data", data, *options, "--out", tmp_path / "run")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[1].startswith(
        "array lines of NumPy, as naive recomputes everything; BLAS 1 thread"
    )
    assert re.fullmatch(
        r"naive needs about .+ a step: .+ in all \(estimated from 109 of the weights\)", lines[2]
    )
    assert lines[3].startswith("train acc, test acc | ")


def test_new_folders_in_runs(tmp_path: Path, data: Path) -> None:
    for _ in range(2):
        assert run("train", "--data", "data.npz", *QUICK, "--quiet", cwd=tmp_path).returncode == 0
    folders = list((tmp_path / "runs").iterdir())
    assert len(folders) == 2
    assert all(re.match(r"\d{8}-\d{6}-node-5", folder.name) for folder in folders)
    assert load(folders[0] / "config.json")["data"] == str(data.resolve())


def test_paths_are_shown_as_they_are(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("[red]run", "a[/b]run"):
        done = call(capsys, "train", "--data", data, *QUICK, "--out", tmp_path / name)
        assert done.code == 0
        assert f"{tmp_path / name}" in done.out


@posix
@pytest.mark.parametrize("no_color", ["", "1"])
def test_on_a_terminal(tmp_path: Path, data: Path, no_color: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "train", "--data", str(data), *map(str, QUICK), "--out", "run"],
        cwd=tmp_path, stdout=theirs, stderr=theirs,
        env=environment(NO_COLOR=no_color, TERM="xterm-256color", COLUMNS="120"),
    )  # fmt: skip
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 65536):
            output += piece
    except OSError:  # how Linux tells that the other end is closed
        pass
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    assert (b"\x1b[" in output) is (not no_color)
    assert output.count(b"train acc, test acc | ") == 4
    assert b"completed" in output


METHODS = "naive, weight, node, backprop"
WRONG: list[tuple[str, Any, str]] = [
    ("--method", "nod", f"method must be one of {METHODS}, got 'nod'; did you mean 'node'?"),
    ("--hidden-size", 0, "hidden_size must be at least 1, got 0"),
    ("--hidden-size", "x", "'x' is not a valid integer"),
    ("--activation", "sigmod", "did you mean 'sigmoid'?"),
    ("--weight-init-std", -1, "weight_init_std must be a finite number, at least 0, got -1.0"),
    ("--weight-init-std", "nan", "weight_init_std must be a finite number, at least 0, got nan"),
    ("--iterations", 0, "iterations must be at least 1, got 0"),
    ("--iterations", "1.5", "'1.5' is not a valid integer"),
    ("--batch-size", 0, "batch_size must be between 1 and 200 training samples, got 0"),
    ("--batch-size", 201, "batch_size must be between 1 and 200 training samples, got 201"),
    ("--learning-rate", 0, "learning_rate must be a finite number, above 0, got 0.0"),
    ("--learning-rate", "inf", "learning_rate must be a finite number, above 0, got inf"),
    ("--optimizer", "adma", "did you mean 'adam'?"),
    ("--h", 0, "h must be a finite number, above 0, got 0.0"),
    ("--h", "abc", "'abc' is not a valid float"),
    ("--sampling", "shufle", "did you mean 'shuffle'?"),
    ("--dtype", "float16", "dtype must be 'float32' or 'float64', got 'float16'"),
    ("--seed", -1, "seed must be at least 0, got -1"),
    ("--data", "nowhere", "nowhere', which does not exist"),
    ("--data", "mnits", "did you mean 'mnist'?"),
    ("--classes", 0, "classes must be at least 1, got 0"),
    ("--train-limit", 0, "train_limit must be between 1 and 200, got 0"),
    ("--train-limit", 201, "train_limit must be between 1 and 200, got 201"),
    ("--checkpoint-every", 0, "checkpoint_every must be at least 1, got 0"),
    ("--checkpoint-seconds", 0, "checkpoint_seconds must be a finite number, above 0, got 0.0"),
    ("--itertions", 5, "--itertions"),
]


@pytest.mark.parametrize(("option", "value", "message"), WRONG, ids=lambda it: str(it)[:20])
def test_wrong_options(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], option: str, value: Any,
    message: str,
) -> None:  # fmt: skip
    folder = tmp_path / "run"
    done = call(capsys, "train", "--data", data, *QUICK, "--out", folder, option, value)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.splitlines()[-1].startswith("Error: ")
    assert not folder.exists()


def test_wrong_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"garbage")
    (tmp_path / "empty").mkdir()
    for path in (bad, tmp_path / "empty"):
        done = call(capsys, "train", "--data", path, "--out", tmp_path / "run")
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(rf"Error: {re.escape(str(path))}: .+\n", done.err)
    assert not (tmp_path / "run").exists()


def test_wrong_folders(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "train", "--data", data, *QUICK, "--out", data / "run")
    assert done.code == 1
    assert re.fullmatch(r"Error: .+/run: cannot be written to \(.+\)\n", done.err)
    done = call(capsys, "train", "--data", data, *QUICK, "--out", data)
    assert done.code == 2
    assert "is a file" in done.err
    done = call(capsys, "train", "--resume", tmp_path)
    assert done.code == 1
    assert "is not the folder of a run, config.json is missing" in done.err
    done = call(capsys, "train", "--resume", tmp_path / "none")
    assert done.code == 1


def test_a_folder_holds_one_run(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    assert call(capsys, "train", "--data", data, *QUICK, "--out", folder).code == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = call(capsys, "train", "--data", data, *QUICK, "--out", folder)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"Error: {folder}: holds a run already; go on with --resume {folder}, or choose another "
        "folder with --out\n"
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_run_that_could_not_be_begun_is_none(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"

    def full(trainer: Trainer, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", full)
        done = call(capsys, "train", "--data", data, *QUICK, "--out", folder)
    assert (done.code, done.err) == (
        1,
        f"Error: {folder}/checkpoint.npz: No space left on device\n",
    )
    assert call(capsys, "train", "--data", data, *QUICK, "--out", folder).code == 0


@pytest.mark.parametrize(
    "option", ["--iterations", "--method", "--seed", "--data", "--out", "--checkpoint-every"]
)
def test_resume_takes_no_other_options(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    done = call(capsys, "train", "--resume", tmp_path / "run", option, 7)
    assert (done.code, done.out) == (2, "")
    assert f"so {option} cannot be given" in done.err


def test_damaged_runs(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    assert call(capsys, "train", "--data", data, *QUICK, "--out", folder).code == 0
    for name, content in (
        ("checkpoint.npz", b"PK"),
        ("config.json", b"{"),
        ("config.json", b"[" * 100_000),
        ("config.json", b'{"seed": 0}'),
    ):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        done = call(capsys, "train", "--resume", folder)
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(rf"Error: {re.escape(str(folder / name))}: .+\n", done.err)
        (folder / name).write_bytes(whole)
    config = load(folder / "config.json")
    (folder / "config.json").write_text(json.dumps({**config, "method": "backprop"}))
    done = call(capsys, "train", "--resume", folder)
    assert done.code == 1
    assert "was made with method 'node', this trainer has 'backprop'" in done.err


def test_resuming_a_run_that_is_complete(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    call(capsys, "train", "--data", data, *QUICK, "--out", folder)
    before = History.load(folder / "history.json")
    done = call(capsys, "train", "--resume", folder)
    assert done.code == 0
    assert "resumed after iteration 45" in done.out
    after = History.load(folder / "history.json")
    assert (after.train_loss, after.epochs) == (before.train_loss, before.epochs)


def test_a_run_that_diverges(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    options = ("--dtype", "float32", "--h", 1e200, "--checkpoint-every", 1)
    done = call(capsys, "train", "--data", data, *QUICK, *options, "--out", folder)
    assert (done.code, done.err) == (1, "")
    assert "diverged: the loss became nan at iteration" in done.out
    assert load(folder / "summary.json")["outcome"] == "diverged"
    assert load(folder / "history.json")["train_loss"][-1] is None
    assert {path.name for path in folder.iterdir()} == FILES


def test_a_nudge_too_small_for_naive_alone(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--dtype", "float32", "--h", 1e-11)
    done = call(capsys, "train", "--data", data, *QUICK, *options, "--out", tmp_path / "node")
    assert (done.code, done.err) == (0, "")
    assert "naive would take" not in done.out
    done = call(capsys, "train", "--data", data, *QUICK, *options, "--out", tmp_path / "naive",
                "--method", "naive")  # fmt: skip
    assert done.code == 2
    assert "h must be large enough" in done.err


def test_too_little_memory(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "train", "--data", data, "--hidden-size", 10**13, "--out", tmp_path / "r")
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"Error: not enough memory \(.+\)\n", done.err)


# Runs that are stopped. A step takes some milliseconds, so that a run of 300 lasts long after the
# first checkpoint, which the tests wait for.


def test_resume_in_another_folder(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(capsys, "train", "--data", "data.npz", *QUICK, "--out", "run").code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert call(capsys, "train", "--resume", "../run", "--quiet") == Answer(0, "", "")


@pytest.mark.parametrize("method", ["weight", "backprop"])
@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_options_reach_the_run(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], method: str, optimizer: str
) -> None:
    folder = tmp_path / "run"
    options = (
        "--method", method, "--optimizer", optimizer, "--hidden-size", 5, "--hidden-size", 4,
        "--activation", "tanh", "--dtype", "float32", "--sampling", "shuffle", "--h", 0.001,
        "--learning-rate", 0.02, "--train-limit", 50, "--batch-size", 20, "--iterations", 6,
        "--weight-init-std", 0.3, "--seed", 8, "--classes", 6, "--decay", "linear",
    )  # fmt: skip
    done = call(capsys, "train", "--data", data, *options, "--out", folder)
    assert done.code == 0
    settings = History.load(folder / "history.json").settings
    assert settings["layers"][0].startswith("Affine(16, 5")
    assert settings["layers"][-1].startswith("Affine(4, 6")
    assert settings["layers"][1] == settings["layers"][3] == "Tanh()"
    expected = {
        "dtype": "float32", "method": method, "h": 0.001, "batch_size": 20,
        "sampling": "shuffle", "train_samples": 50, "test_samples": 80,
        "schedule": {"name": "LinearDecay", "warm_up": 0, "iterations": 6},
    }  # fmt: skip
    assert expected.items() <= settings.items()
    assert settings["optimizer"]["learning_rate"] == 0.02
    assert settings["optimizer"]["name"].lower() == optimizer
    assert [line.split("(")[-1] for line in without_compilation(done.out)[2:5]] == [
        "epoch 0, iteration 0)",
        "epoch 1, iteration 3)",
        "epoch 2, iteration 6)",
    ]
    arrays, _ = read_npz(folder / "checkpoint.npz")
    assert arrays["parameter.W3"].shape == (4, 6)
    assert arrays["parameter.W3"].dtype == np.float32


def test_the_module_runs_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from nudgegrad.cli import main; main()", "--version"],
        cwd=tmp_path, env=environment(), capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stdout == run("--version", cwd=tmp_path).stdout
