"""Data sets by name, CSV and folders of pictures, as a user of the command line meets them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from nudgegrad import plotting
from nudgegrad.cli import downloads
from nudgegrad.data import fetch, registry
from tests.cli.processes import call
from tests.data.made_up import made_up_set, put
from tests.data.mirror import Mirror, serve


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A small set in place of KMNIST, on a server of this machine."""
    monkeypatch.setenv("NUDGEGRAD_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.chdir(tmp_path)
    with serve(Mirror()) as server:
        entry, server.files = made_up_set(server.address, name="kmnist")
        monkeypatch.setitem(registry.NAMED, "kmnist", entry)
        yield server


def write_iris(path: Path) -> Path:
    """Write three flowers that are easy to tell apart."""
    rng = np.random.default_rng(0)
    rows = ["width,length,species"]
    for number, name in enumerate(("setosa", "versicolor", "virginica")):
        for x, y in rng.normal(3 * number, 0.3, (20, 2)).tolist():
            rows.append(f"{x},{y},{name}")
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_train_on_data_that_are_downloaded(
    mirror: Mirror, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("train", "--data", "kmnist", "--iterations", 2, "--batch-size", 10)
    done = call(capsys, *command, "--out", "a", "--json")
    assert done.code == 0
    assert json.loads(done.out)["outcome"] == "completed"
    told = [line for line in done.err.splitlines() if line.startswith("downloading ")]
    assert len({line.split()[1] for line in told}) == 4
    size = len(mirror.files["train-images-idx3-ubyte.gz"])
    assert f"downloading train-images-idx3-ubyte.gz: {size:,} of {size:,} bytes" in told
    assert len(mirror.asked) == 4

    done = call(capsys, *command, "--out", "b", "--quiet")
    assert (done.code, done.err) == (0, "")
    assert len(mirror.asked) == 4
    config = json.loads((tmp_path / "b" / "config.json").read_text(encoding="utf-8"))
    assert (config["data"], config["pictures"], config["image_shape"]) == (
        "kmnist", "grey", [28, 28],
    )  # fmt: skip
    assert call(capsys, "train", "--resume", "b", "--quiet").code == 0


def test_ctrl_c_keeps_what_has_come(
    mirror: Mirror, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "CHUNK", 1000)
    with monkeypatch.context() as patch:
        patch.setattr(downloads._Lines, "__call__", interrupt)
        done = call(capsys, "data", "--data", "kmnist")
    assert (done.code, done.err.strip()) == (130, "Interrupted.")
    (part,) = (tmp_path / "cache" / "kmnist").iterdir()
    assert part.name == "train-images-idx3-ubyte.gz.part"
    here = part.stat().st_size
    assert here > 0
    done = call(capsys, "data", "--data", "kmnist")
    assert done.code == 0
    assert done.out.count(": verified") == 4
    assert here < 2000
    assert mirror.asked[1][1] == f"bytes={here}-"


def test_a_bar_on_a_terminal(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    with downloads.tell_of_downloads() as on_progress:
        assert on_progress is not None
        assert not isinstance(on_progress, downloads._Lines)
        registry.NAMED["kmnist"].load(None, download=True, on_progress=on_progress)
    assert len(mirror.asked) == 4


def test_a_folder_with_the_files(
    mirror: Mirror, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = put(tmp_path / "mine", mirror.files)
    options = ("--data", "kmnist", "--data-folder", "mine")
    (facts,) = json.loads(call(capsys, "data", *options, "--json").out)
    assert facts["source"] == "mine"
    assert facts["class_names"][0] == "T-shirt/top"
    assert len(facts["sha256"]) == 4
    done = call(
        capsys, "train", *options, "--batch-size", 9, "--iterations", 1, "--out", "a", "--quiet"
    )
    assert done.code == 0
    config = json.loads((tmp_path / "a" / "config.json").read_text(encoding="utf-8"))
    assert config["data_folder"] == str(folder)
    assert mirror.asked == []
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"")
    done = call(capsys, "data", *options)
    assert (done.code, done.out) == (1, "")
    assert "expected" in done.err
    done = call(capsys, "data", "--data", "mnist", "--data-folder", "mine")
    assert (done.code, done.out) == (2, "")


def test_no_mirror_answers(
    mirror: Mirror, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror.files = {}
    done = call(capsys, "train", "--data", "kmnist", "--out", "a")
    assert (done.code, done.out) == (1, "")
    assert "HTTP status 404" in done.err
    assert str(tmp_path / "cache" / "kmnist") in done.err
    assert not (tmp_path / "a").exists()


def test_data_lists_all(mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    lines = call(capsys, "data").out.splitlines()
    (line,) = [line for line in lines if line.startswith("kmnist ")]
    assert line.split(maxsplit=1)[1] == "10 classes, not here; a download of 0 MB"
    (line,) = [line for line in lines if line.startswith("emnist-byclass ")]
    assert line.endswith("62 classes, not here; a download of 562 MB")
    assert mirror.asked == []


def test_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_iris(tmp_path / "iris.csv")
    out = tmp_path / "run"
    train = ("train", "--data", path, "--batch-size", 20, "--iterations", 200)
    done = call(
        capsys, *train, "--learning-rate", 0.5, "--label", "species", "--out", out, "--json"
    )
    assert done.code == 0
    assert json.loads(done.out)["test_accuracy"] == 1
    assert call(capsys, "train", "--resume", out, "--quiet").code == 0
    done = call(capsys, "data", "--data", path, "--label", -1)
    assert "setosa, versicolor, virginica" in done.out
    sheet = ("--contact-sheet", tmp_path / "a.png")
    assert call(capsys, "data", "--data", path, "--label", 2, *sheet).code == 2
    done = call(capsys, *train)
    assert (done.code, done.out) == (2, "")
    assert "label must be one of width, length, species" in done.err
    picture = tmp_path / "a.png"
    Image.new("L", (9, 9)).save(picture)
    done = call(capsys, "predict", picture, "--run", out)
    assert (done.code, done.out) == (1, "")
    assert "its network takes 2 numbers that are no pictures" in done.err


def test_a_folder_of_pictures_and_one_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    for name, grey in (("night", 30), ("day", 220)):
        (tmp_path / "sky" / name).mkdir(parents=True)
        for number in range(10):
            pixels = (grey + rng.integers(-20, 20, (12, 9))).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "sky" / name / f"{number}.png")
    out = tmp_path / "run"
    done = call(
        capsys, "train", "--data", tmp_path / "sky", "--image-size", 6, "--batch-size", 10,
        "--iterations", 100, "--out", out, "--json",
    )  # fmt: skip
    assert done.code == 0
    assert json.loads(done.out)["test_accuracy"] == 1
    Image.new("RGB", (40, 30), (25, 25, 25)).save(tmp_path / "dark.png")
    done = call(capsys, "predict", tmp_path / "dark.png", "--run", out)
    assert done.out.startswith(f"{tmp_path / 'dark.png'}: night   (probability ")
    assert "day: 0." in done.out.splitlines()[1]
    done = call(capsys, "predict", tmp_path / "dark.png", "--run", out, "--json")
    (answer,) = json.loads(done.out)
    assert (answer["digit"], answer["class_name"]) == (1, "night")
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    for change in ({"image_shape": [5, 5]}, {"class_names": ["day"]}, {"image_shape": 3}):
        (out / "config.json").write_text(json.dumps({**config, **change}), encoding="utf-8")
        done = call(capsys, "predict", tmp_path / "dark.png", "--run", out)
        assert (done.code, done.out) == (1, "")
        assert "does not say what the run is about" in done.err


def test_compare_and_walk(mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--data", "kmnist", "--batch-size", 5)
    done = call(capsys, "compare", *options, "--hidden-size", 5, "--sample", 5, "--repeats", 1)
    assert done.code == 0
    assert "downloading" in done.err
    assert call(capsys, "walk", *options, "--hidden-size", 5).code == 0
    assert len(mirror.asked) == 4


@pytest.mark.parametrize(
    ("names", "labels"),
    [(("a", "b"), ["a", "b"]), (("one", "another"), [1, 0]), (("い", "ろ"), [0, 1])],
)
def test_names_on_a_contact_sheet(
    names: tuple[str, str], labels: list[object], tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Names that have no room, or no glyphs in matplotlib's font, are left to be numbers."""
    drawn: list[object] = []

    def plot_samples(_images: object, shown: Iterable[object]) -> Figure:
        drawn.extend(shown)
        return Figure()

    monkeypatch.setattr(plotting, "plot_samples", plot_samples)
    for name in names:
        (tmp_path / "all" / name).mkdir(parents=True)
        for number in range(5):
            Image.new("L", (5, 5), number).save(tmp_path / "all" / name / f"{number}.png")
    sheet = tmp_path / "sheet.png"
    done = call(capsys, "data", "--data", tmp_path / "all", "--contact-sheet", sheet)
    assert done.code == 0
    assert sorted(drawn, key=str) == sorted(labels, key=str)
