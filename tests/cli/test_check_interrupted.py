"""``nudgegrad check``, interrupted: what was seen until then is reported."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from nudgegrad.cli.check_progress import CheckProgress
from tests.cli.processes import PATIENCE, call, start, wait_for_line

STOPS = """
import numpy as np
from nudgegrad.checker.case import Case

def interrupts():
    import signal
    seen = []
    def f(w):
        seen.append(1)
        if len(seen) == 600:
            signal.raise_signal(signal.SIGINT)
        return float((w**2).sum())
    return Case(f, np.ones(1000), lambda w: 2 * w)

def interrupts_network():
    import signal
    import nudgegrad as ng
    class Slow(ng.Layer):
        elementwise = True
        calls = 0
        def forward(self, x):
            return x
        def difference(self, x, y, d):
            Slow.calls += 1
            if Slow.calls == 3:
                signal.raise_signal(signal.SIGINT)
            return d
        def backward(self, x, y, dy):
            return dy
    net = ng.Network([ng.Affine(4, 3), ng.BatchNorm(3), Slow(), ng.Affine(3, 2)], seed=0)
    return Case(net, np.ones((2, 4)), np.array([0, 1]), net.gradient(np.ones((2, 4)), [0, 1]))

def interrupts_itself():
    raise KeyboardInterrupt

held = Case(lambda w: float((w**2).sum()), np.ones(3), lambda w: 2 * w)
"""


@pytest.fixture(autouse=True)
def stops(here: Path) -> None:
    """Cases that stop, in the current folder."""
    (here / "stops.py").write_text(STOPS, encoding="utf-8")


def test_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", "stops:interrupts", "stops:held")
    assert (done.code, done.err) == (130, "Interrupted.\n")
    assert "- the check was stopped before its end" in done.out
    assert "held" not in done.out
    done = call(capsys, "check", "stops:interrupts", "--json")
    document = json.loads(done.out)
    assert (done.code, document["passed"]) == (130, False)
    assert 0 < document["checks"][0]["checked"] < 1000


def test_interrupted_in_a_network(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", "stops:interrupts_network", "stops:held", "--json")
    document = json.loads(done.out)
    assert (done.code, done.err, document["passed"]) == (130, "Interrupted.\n", False)
    (found,) = document["checks"]
    assert "the check was stopped before its end" in found["notes"]
    assert 0 <= found["checked"] < found["entries"] == 29
    done = call(capsys, "check", "stops:interrupts_network")
    assert (done.code, done.err) == (130, "Interrupted.\n")
    assert "- the check was stopped before its end" in done.out


def test_interrupted_in_the_demo(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(self: CheckProgress, done: int, total: int) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(CheckProgress, "progress", pressed)
    done = call(capsys, "check", "--demo")
    assert (done.code, done.err) == (130, "Interrupted.\n")
    assert "planted bug" not in done.out


def test_interrupted_in_the_users_code(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", "stops:held", "stops:interrupts_itself", "--json")
    document = json.loads(done.out)
    assert (done.code, document["passed"]) == (130, False)
    assert [found["passed"] for found in document["checks"]] == [True]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\nimport numpy as np\nseen = []\n"
        "def f(w):\n"
        "    seen.append(1)\n"
        "    if len(seen) == 500:\n"
        "        print('begun', flush=True)\n"
        "    time.sleep(0.001)\n"
        "    return float((w**2).sum())\n"
        "def case():\n"
        "    return f, np.ones(100_000), lambda w: 2 * w\n",
        encoding="utf-8",
    )
    process = start("check", "slow.py", cwd=tmp_path)
    wait_for_line("begun", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "of 100,000 entries verified" in out
    assert "not checked" in out
    assert err.splitlines()[-1] == "Interrupted."
