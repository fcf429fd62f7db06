"""What is said where scikit-learn is not installed, and that nothing else needs it."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
sys.modules["sklearn"] = None  # importing it fails, as if it were not installed
import nudgegrad, nudgegrad.training, nudgegrad.cli
try:
    import nudgegrad.sklearn
except ImportError as error:
    print(error)
"""


def test_the_error_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == (
        "nudgegrad.sklearn needs scikit-learn, which could not be imported; "
        'pip install "nudgegrad[sklearn]"'
    )
    assert done.stderr == ""


def test_nudgegrad_does_not_import_it() -> None:
    script = "import sys, nudgegrad.training.run; print('sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "False"
