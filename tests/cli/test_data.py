"""``nudgegrad data`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from nudgegrad.data import names
from tests.cli.processes import call, write_data


def test_bundled(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "data")
    assert (done.code, done.err) == (0, "")
    facts = {line[:14].strip(): line[15:] for line in done.out.splitlines()}
    assert facts["name"] == "mnist"
    assert (facts["train samples"], facts["test samples"]) == ("60000", "10000")
    assert done.out.count(": verified\n") == 4


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    facts, *others = json.loads(call(capsys, "data", "--json").out)
    assert {entry["name"] for entry in others} == set(names()) - {"mnist"}
    assert all(entry["location"] or entry["classes"] for entry in others)
    assert (facts["name"], facts["features"], facts["classes"]) == ("mnist", 784, 10)
    assert sum(facts["train_labels"]) == 60_000
    assert facts["test_labels"] == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert len(facts["sha256"]) == 4
    assert {len(checksum) for checksum in facts["sha256"].values()} == {64}


def test_own_data(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "data", "--data", data, "--classes", 5)
    assert done.code == 0
    assert "no checksums to compare with" in done.out
    (facts,) = json.loads(call(capsys, "data", "--data", data, "--classes", 5, "--json").out)
    assert (facts["name"], facts["source"], facts["sha256"]) == ("data", str(data), None)
    assert (facts["train_samples"], facts["test_samples"], facts["classes"]) == (200, 80, 5)
    assert facts["train_labels"][4] == 0


def test_own_data_of_the_name_of_a_bundled_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "data", "--data", write_data(tmp_path / "mnist.npz"))
    assert "no checksums to compare with" in done.out
    assert "verified" not in done.out


def test_contact_sheet(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.png"
    done = call(capsys, "data", "--contact-sheet", sheet, "--samples", 25)
    assert done.code == 0
    assert str(sheet) in done.out
    with Image.open(sheet) as image:
        image.load()
        assert image.width > image.height
        assert len(image.convert("L").getcolors() or []) > 20
    done = call(capsys, "data", "--data", data, "--contact-sheet", tmp_path / "16.svg")
    assert done.code == 0  # 16 features are 4 × 4


def test_wrong_options(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flat = write_data(tmp_path / "flat.npz", features=7)
    bad = tmp_path / "bad.npz"
    bad.write_bytes(b"")
    for options, code, message in (
        (("--data", "nmist"), 2, "did you mean 'mnist'?"),
        (("--data", bad), 1, f"{bad}: "),
        (("--data", data, "--classes", 3), 1, "--classes"),
        (("--samples", 0), 2, "samples must be between 1 and 10000, got 0"),
        (("--data", flat, "--contact-sheet", tmp_path / "a.png"), 2, "it has 7 features"),
        (("--data", data, "--contact-sheet", tmp_path / "a.txt"), 2, "must end in"),
        (("--data", data, "--contact-sheet", tmp_path / "none" / "a.png"), 1, "none"),
        (("--data", data, "--contact-sheet", tmp_path), 2, "is a directory"),
    ):
        done = call(capsys, "data", *options)
        assert (done.code, done.out) == (code, ""), options
        assert message in done.err
        assert done.err.splitlines()[-1].startswith("Error: ")
