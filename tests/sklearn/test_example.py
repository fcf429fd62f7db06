"""The example runs, and both networks learn the digits."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits_with_sklearn.py"


def test_the_example() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE)],
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    accuracies = [float(number) for number in re.findall(r": (0\.\d{4})$", done.stdout, re.M)]
    assert len(accuracies) == 2
    assert min(accuracies) > 0.95
