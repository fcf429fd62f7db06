"""``nudgegrad check`` as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nudgegrad.checker.cost import Cost
from nudgegrad.cli.check_progress import CheckProgress
from tests.cli.processes import PATIENCE, call, environment, run
from tests.cli.test_compare import is_png

ROOT = Path(__file__).resolve().parents[2]
LAYERS = """
import numpy as np
from nudgegrad.checker.case import Case
from helper import twice

def case_right():
    print("the user prints")
    return Case(lambda w: float((w**2).sum()), np.arange(1.0, 13).reshape(4, 3), twice)

def case_wrong():
    params = {"a": np.arange(1.0, 31), "b": np.ones(3)}
    def gradients(p):
        return {"a": twice(p["a"]) * (np.arange(30) != 7), "b": np.ones(3)}
    return lambda p: float((p["a"]**2).sum() + p["b"].sum()), params, gradients

def case_with_arguments(a):
    raise AssertionError

def _case():
    raise AssertionError

def done():
    return case_right().run()

def sampled():
    return Case(*case_right().arguments, sample=2)

def raises():
    raise RuntimeError("while it is built")

def broken():
    def f(w):
        return 1 / 0
    return Case(f, np.ones(3), np.ones(3))

def shapes():
    return Case(lambda w: float(w.sum()), np.ones(3), np.ones(4))

def misspelt():
    return Case(lambda w: float(w.sum()), np.ones(3), np.ones(3), sampel=3)

def nothing():
    return None

def empty():
    return ()

held = Case(lambda w: float((w**2).sum()), np.ones(3), twice)
number = 3
"""


@pytest.fixture(autouse=True)
def project(here: Path) -> None:
    """Layers in the current folder."""
    (here / "my_layers.py").write_text(LAYERS, encoding="utf-8")
    (here / "helper.py").write_text("def twice(w):\n    return 2 * w\n", encoding="utf-8")


@pytest.mark.parametrize(
    "target", ["my_layers:case_right", "my_layers.py:case_right", "./my_layers.py:case_right",
               "my_layers:held", "my_layers.py:done"],
)  # fmt: skip
def test_passed(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", target)
    assert (done.code, done.err) == (0, "")
    assert "passed: " in done.out
    assert "not passed" not in done.out
    assert "\x1b" not in done.out


def test_not_passed(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", "my_layers:case_wrong")
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("not passed: 1 of 33 entries is wrong; 32 verified\n")
    assert "a          (7)    wrong" in done.out
    assert done.out.splitlines()[-1].startswith("my_layers:case_wrong · 2")


@pytest.mark.parametrize("target", ["my_layers", "my_layers.py"])
def test_all_cases_of_a_module(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", target)
    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    assert [line.split(" · ")[0] for line in lines if line.startswith(target)] == [
        *[f"{target}:case_right"] * 2, *[f"{target}:case_wrong"] * 2  # a heading, and the last line
    ]  # fmt: skip
    assert lines[-1] == "1 of 2 passed"


def test_files_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        folder = tmp_path / "far" / name
        folder.mkdir(parents=True)
        (folder / "case_file.py").write_text(
            f"from beside_{name} import f\nimport numpy as np\n"
            "def case():\n    return f, np.ones(2), 2 * np.ones(2)\n"
        )
        (folder / f"beside_{name}.py").write_text("def f(w):\n    return float((w**2).sum())\n")
    done = call(capsys, "check", tmp_path / "far/one/case_file.py", "far/two/case_file.py:case")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "2 of 2 passed"


def test_a_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "__init__.py").touch()
    (tmp_path / "my_package" / "layer.py").write_text("from my_layers import case_right as made\n")
    assert call(capsys, "check", "my_package.layer:made").code == 0
    done = call(capsys, "check", "my_package.layer")
    assert done.code == 2
    assert "must have functions without arguments whose names start with 'case'" in done.err


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", "my_layers:case_right", "--json")
    document = json.loads(done.out)
    assert (done.code, done.err, document["passed"]) == (0, "the user prints\n", True)
    (found,) = document["checks"]
    assert found["target"] == "my_layers:case_right"
    assert (found["checked"], found["counts"]["ok"], found["unverified"]) == (12, 12, 0)
    assert {"nudgegrad", "Python", "NumPy"} <= set(found["versions"])
    done = call(capsys, "check", "my_layers", "my_layers:raises", "--json")
    document = json.loads(done.out)
    assert (done.code, document["passed"]) == (1, False)
    assert [found["passed"] for found in document["checks"]] == [True, False, False]
    assert document["checks"][2]["error"] == "RuntimeError: while it is built"


def test_options(capsys: pytest.CaptureFixture[str]) -> None:
    def check(*options: Any) -> dict[str, Any]:
        done = call(capsys, "check", "my_layers:case_wrong", "--json", *options)
        assert done.code in (0, 1), done.err
        found: dict[str, Any] = json.loads(done.out)["checks"][0]
        return found

    assert check("--only", "b")["checked"] == 3
    assert check("--only", "b", "--only", "[ax]")["checked"] == 33
    assert check("--sample", 2, "--seed", 0)["checked"] == 4
    assert check("--factor", 5.5)["factor"] == 5.5
    found = check("--rtol", 0.01, "--atol", 0)
    assert (found["rtol"], found["atol"]) == (0.01, 0)
    assert check("--h", 0.5)["h"] == {"a": 0.5, "b": 0.5}
    assert check("--h", "auto")["h"]["a"] != 0.5
    assert check("--taylor")["taylor"]["passed"] is False
    assert check()["taylor"] is None
    assert check("--max-seconds", 60)["coverage"] == 1
    # A case's own options hold where the command says nothing.
    done = call(capsys, "check", "my_layers:sampled", "--json")
    assert json.loads(done.out)["checks"][0]["checked"] == 2
    done = call(capsys, "check", "my_layers:sampled", "--json", "--sample", 3)
    assert json.loads(done.out)["checks"][0]["checked"] == 3


def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", "my_layers", "--html", "r.html", "--plot", tmp_path / "p.png")
    assert done.code == 1
    assert f"\nwritten to r.html and {tmp_path / 'p.png'}\n" in done.out
    assert f"\nwritten to r-2.html and {tmp_path / 'p-2.png'}\n" in done.out
    assert "passed: 12 of 12" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "not passed: 1 of 33" in (tmp_path / "r-2.html").read_text(encoding="utf-8")
    assert is_png(tmp_path / "p.png")
    assert is_png(tmp_path / "p-2.png")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("my_layers:case_rihgt", "my_layers must have a callable 'case_rihgt', got none; did you "
                                 "mean 'case_right'?"),
        ("my_layers:zzz", "my_layers must have a callable 'zzz', got none\n"),
        ("my_layers:number", "my_layers:number must be a function that returns"),
        ("my_layers:case_with_arguments", "must take no arguments, but needs a; write"),
        ("my_layers:nothing", "got NoneType; write return Case(f, params, gradients)"),
        ("my_layers:empty", "got an empty tuple"),
        ("my_layers:shapes", "my_layers:shapes: gradients of params must have its shape (3,)"),
        ("my_layers:misspelt", "unexpected option 'sampel'; did you mean 'sample'?"),
        ("my_layer:case", "there is no module my_layer here or among the installed ones"),
        ("my_layers.more:case", "there is no module"),
        ("none.py:case", "got none.py, which does not exist in "),
        ("none/none.py", "got none/none.py, which does not exist in "),
        ("a b", "TARGET must be module:callable or path/to/file.py:callable, got 'a b'"),
        ("json", "json must have functions without arguments whose names start with 'case'"),
    ],
)  # fmt: skip
def test_wrong_targets(target: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", target, "--json")
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.splitlines()[-1].startswith("Error: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "Give a TARGET, or --demo without one."),
        (("my_layers", "--demo"), "Give a TARGET, or --demo without one."),
        (("my_layers", "--sample", 0), "sample must be at least 1, got 0"),
        (("my_layers", "--seed", -1), "seed must be at least 0, got -1"),
        (("my_layers", "--factor", 0.5), "factor must be a finite number, at least 1, got 0.5"),
        (("my_layers", "--rtol", -1), "rtol must be"),
        (("my_layers", "--atol", "nan"), "atol must be"),
        (("my_layers", "--max-seconds", 0), "max_seconds must be"),
        (("my_layers", "--h", "atuo"), "h must be one of auto, got 'atuo'; did you mean 'auto'?"),
        (("my_layers", "--h", 0), "h must be a finite number, above 0"),
        (("my_layers", "--only", "x*"), "only must match a name among params, got 'x*'"),
        (("my_layers", "--html", "none/r.html"), "--html must name a file in a folder that exists"),
        (("my_layers:done", "--sample", 1), "my_layers:done must return a Case for --sample, got"),
        (("my_layers", "--sampel", 1), "--sampel"),
    ],
)
def test_wrong_options(
    options: tuple[Any, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "check", *options)
    assert done.code == 2
    assert message in done.err
    assert done.err.splitlines()[-1].startswith("Error: ")


def test_a_file_without_its_suffix(capsys: pytest.CaptureFixture[str]) -> None:
    Path("my-file.py").touch()
    done = call(capsys, "check", "my-file:case")
    assert done.code == 2
    assert "got 'my-file'; did you mean my-file.py?" in done.err


@pytest.mark.parametrize("target", ["my_layers:broken", "my_layers.py:broken"])
def test_the_users_code_raises(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", target, "my_layers:held")
    assert done.code == 1
    lines = done.err.splitlines()
    assert lines[0] == f"{target} raised"
    assert lines[1] == "Traceback (most recent call last):"
    assert "my_layers.py" in lines[2]  # nothing of this package comes before
    assert lines[2].endswith("in f")
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert done.out.splitlines()[-1] == "1 of 2 passed"


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("import none_of_that", "ModuleNotFoundError: No module named 'none_of_that'"),
        ("def f(:", "SyntaxError: invalid syntax"),
        ("raise OSError('mine')", "OSError: mine"),
        ("import sys; sys.exit(3)", 'under if __name__ == "__main__"'),
    ],
)
@pytest.mark.parametrize("target", ["my_bad", "my_bad.py:case"])
def test_modules_that_raise(
    target: str, code: str, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("my_bad.py").write_text(code, encoding="utf-8")
    done = call(capsys, "check", target)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"{target} raised\n")
    assert done.err.splitlines()[-1].endswith(last)
    assert "importlib" not in done.err


def test_demo(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "check", "--demo")
    assert (done.code, done.err) == (0, "")
    right, wrong = done.out.split("demo, a planted bug: ", maxsplit=1)
    assert "passed: 24 of 24" in right
    assert "not passed: 4 of 24" in wrong
    assert done.out.endswith("\nthe right gradient passed, and the planted bug was found\n")
    document = json.loads(call(capsys, "check", "--demo", "--json").out)
    assert [found["passed"] for found in document["checks"]] == [True, False]
    # If the bug is not looked at, it is not found.
    assert call(capsys, "check", "--demo", "--only", "W").code == 1


def test_a_figure_that_cannot_be_drawn_is_told_before_the_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = call(capsys, "check", "my_layers:case_right", "--plot", "errors.xyz")
    assert (done.code, done.out) == (2, "")
    assert "a figure's file must end in" in done.err


def test_long_checks_are_announced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def show(cost: Cost) -> str:
        capsys.readouterr()
        with CheckProgress() as progress:
            progress.progress(0, 100)
            progress.announce(cost)
            progress.progress(50, 100)
        return capsys.readouterr().err

    text = "about 40,000 evaluations and 12.0 s, more if many entries are in doubt"
    assert show(Cost(40_000, 12, None)) == f"{text}; --max-seconds or --sample checks a part\n"
    assert show(Cost(40_000, 12, 3)) == f"{text}; a part of them within 3.0 s\n"
    assert show(Cost(40_000, 12, 30)) == f"{text}\n"
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "50/100" in show(Cost(100, 12, 30))
    capsys.readouterr()
    with CheckProgress() as progress:
        progress.announce(Cost(100, 12, None))
        progress.announce(Cost(300, 36, None))
    assert "about 300 evaluations and 36.0 s" in capsys.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    assert show(Cost(40_000, 12, 30)) == f"{text}\n"


def test_the_example(tmp_path: Path) -> None:
    example = ROOT / "examples" / "check_numpy_layer.py"
    done = run("check", f"{example}:case", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("passed: 18 of 18 entries verified\n")
    script = subprocess.run(
        [sys.executable, str(example)], cwd=tmp_path, env=environment(), capture_output=True,
        encoding="utf-8", timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert script.stdout.startswith("passed: 18 of 18 entries verified\n")
