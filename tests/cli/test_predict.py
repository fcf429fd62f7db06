"""``nudgegrad predict`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import nudgegrad as ng
from nudgegrad.data import as_inputs
from nudgegrad.training.run_folder import RunFolder
from tests.cli.processes import call, run, write_data


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has learnt some MNIST."""
    home = tmp_path_factory.mktemp("predict")
    done = run(
        "train", "--train-limit", 1000, "--iterations", 200, "--dtype", "float32",
        "--learning-rate", 0.5, "--out", "run", "--quiet", cwd=home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return home / "run"


def write_picture(path: Path, number: int) -> int:
    """Draw a test digit, large and dark on light, and return its label."""
    dataset = ng.data.load("mnist")
    image = Image.fromarray(255 - dataset.x_test[number]).resize((140, 140))
    image.save(path)
    return int(dataset.t_test[number])


def surest(trained: Path, label: int) -> int:
    """Return the test sample that the network is surest to be a `label`."""
    images = ng.data.load("mnist").x_test[:1000]
    probabilities = RunFolder.open(trained).network().predict(as_inputs(images, "float32"))
    return int(probabilities[:, label].argmax())


def test_digits(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert write_picture(tmp_path / "zero.png", surest(trained, 0)) == 0
    assert write_picture(tmp_path / "[one].jpg", surest(trained, 1)) == 1
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    names = ["zero.png", "broken.png", "[one].jpg"]
    paths = [tmp_path / name for name in names]
    done = call(capsys, "predict", *paths, "--run", trained)
    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0].startswith(f"{paths[0]}: 0   (probability 0.")
    assert lines[1].startswith("  0: 0.")
    assert lines[2].startswith(f"{paths[2]}: 1   (probability 0.")
    assert len(lines) == 4
    assert done.err.startswith(f"Error: {paths[1]}: ")
    assert done.err.count("\n") == 1

    done = call(capsys, "predict", *paths, "--run", trained, "--json")
    assert done.code == 1
    answers = json.loads(done.out)
    assert [answer["image"] for answer in answers] == [str(paths[0]), str(paths[2])]
    assert [answer["digit"] for answer in answers] == [0, 1]
    for answer in answers:
        assert len(answer["probabilities"]) == 10
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert call(capsys, "predict", paths[0], "--run", trained).code == 0


def test_pictures_of_nothing(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (50, 50), 255).save(tmp_path / "white.png")
    done = call(capsys, "predict", tmp_path / "white.png", "--run", trained)
    assert (done.code, done.out) == (1, "")
    assert "is empty" in done.err
    done = call(capsys, "predict", tmp_path / "white.png", "--run", trained, "--json")
    assert (done.code, json.loads(done.out)) == (1, [])


def test_missing_files(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "predict", tmp_path / "none.png", "--run", trained)
    assert (done.code, done.out) == (2, "")
    assert "none.png' does not exist" in done.err
    write_picture(tmp_path / "digit.png", 0)
    done = call(capsys, "predict", tmp_path / "digit.png", "--run", tmp_path / "none")
    assert (done.code, done.out) == (1, "")
    assert "is not the folder of a run" in done.err
    assert call(capsys, "predict", tmp_path / "digit.png").code == 2
    assert call(capsys, "predict", "--run", trained).code == 2


def test_a_network_for_other_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "data.npz")
    folder = tmp_path / "run"
    call(capsys, "train", "--data", data, "--iterations", 1, "--out", folder, "--quiet")
    write_picture(tmp_path / "digit.png", 0)
    done = call(capsys, "predict", tmp_path / "digit.png", "--run", folder)
    assert (done.code, done.out) == (1, "")
    assert "its network takes 16 features; pictures become 28×28 = 784" in done.err
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for change, message in (
        ({"input_size": 784}, "parameter W1 must be float32 of shape (784, 100)"),
        ({"input_size": None}, "lacks input_size or output_size"),
        ({"dtype": "float64"}, "parameter W1 must be float64"),
        ({"activation": "cube"}, "activation must be one of sigmoid, tanh, relu, got 'cube'"),
    ):
        (folder / "config.json").write_text(json.dumps({**config, **change}), encoding="utf-8")
        done = call(capsys, "predict", tmp_path / "digit.png", "--run", folder)
        assert (done.code, done.out) == (1, "")
        assert message in done.err
