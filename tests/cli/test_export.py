"""``nudgegrad export`` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.training.run_folder import RunFolder
from tests.cli.processes import call


@pytest.mark.parametrize("name", ["a.npz", "a.safetensors"])
def test_a_run_as_a_file(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    if name.endswith("safetensors"):
        pytest.importorskip("safetensors")
    run, out = tmp_path / "run", tmp_path / name
    done = call(
        capsys, "train", "--data", data, "--iterations", 4, "--batch-size", 5, "--out", run,
        "--quiet",
    )  # fmt: skip
    assert done.code == 0, done.err
    done = call(capsys, "export", "--run", run, "--out", out)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{out}: TwoLayerNet([Affine(")
    network, expected = ng.load_network(out), RunFolder.open(run).network()
    for key, array in expected.params.items():
        np.testing.assert_array_equal(network.params[key], array, strict=True)


def test_what_is_wrong(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "export", "--run", tmp_path, "--out", tmp_path / "a.npz")
    assert done.code == 1
    assert "is not the folder of a run" in done.err
    run = tmp_path / "run"
    call(
        capsys, "train", "--data", data, "--iterations", 4, "--batch-size", 5, "--out", run,
        "--quiet",
    )  # fmt: skip
    done = call(capsys, "export", "--run", run, "--out", tmp_path / "a.pt")
    assert done.code == 2
    assert "path must end in .npz or .safetensors" in done.err
    assert call(capsys, "export", "--run", run).code == 2
