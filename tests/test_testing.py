"""``assert_gradient``, by itself and in a run of pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nudgegrad.testing import WrongGradient, assert_gradient
from nudgegrad.validation import ParameterError
from tests.cli.processes import environment


def square(w: Any) -> float:
    return float((w**2).sum())


def test_right() -> None:
    report = assert_gradient(square, np.arange(4.0), lambda w: 2 * w, sample=3)
    assert report.passed
    assert report.checked == 3


def test_wrong() -> None:
    with pytest.raises(AssertionError, match=r"not passed: 1 of 4 entries is wrong") as caught:
        assert_gradient(square, np.arange(4.0), [0, 2, 5, 6])
    assert isinstance(caught.value, WrongGradient)
    assert "(2)    wrong" in str(caught.value)


def test_arguments_that_fit_nothing() -> None:
    with pytest.raises(ParameterError):
        assert_gradient(3)


def test_what_pytest_shows(tmp_path: Path) -> None:
    (tmp_path / "test_layer.py").write_text(
        "import numpy as np\n"
        "from nudgegrad.testing import assert_gradient\n\n\n"
        "def test_layer():\n"
        "    w = np.arange(6.0).reshape(2, 3)\n"
        "    claimed = 2 * w\n"
        "    claimed[1, 2] = 7\n"
        "    assert_gradient(lambda p: float((p['W'] ** 2).sum()), {'W': w}, {'W': claimed})\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_layer.py"], cwd=tmp_path,
        env=environment(), capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    lines = [line.removeprefix("E").strip() for line in done.stdout.splitlines()]
    assert any("not passed: 1 of 6 entries is wrong" in line for line in lines)
    worst = [line.split() for line in lines if line.startswith("W          (1, 2)")]
    assert worst
    assert worst[0][3:6] == ["wrong", "7", "10"]
    # The last line of code that is shown is the test's own.
    assert ">       assert_gradient(lambda p:" in done.stdout
    assert "raise WrongGradient" not in done.stdout
    assert "test_layer.py:9: WrongGradient" in done.stdout
