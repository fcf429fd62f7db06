"""Each benchmark runs, and its JSON has what the report needs. No time is asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nudgegrad

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(nudgegrad.__file__).resolve().parents[1]
NAMES = (
    "steps",
    "ladder",
    "scaling",
    "memory",
    "cold-start",
    "dtypes",
    "checkers",
    "vectors",
    "check-speed",
    "page",
    "models",
)
CHECKERS = (
    "PyTorch gradcheck, slow",
    "JAX check_grads",
    "SciPy check_grad",
    "Autograd check_grads",
)
PATIENCE = 300  # seconds after which a process is taken to hang
TRAINING = {  # of the accuracies, which have a test of their own
    "name": "node, SGD", "library": "nudgegrad", "version": "0", "kind": "numerical gradient",
    "network": "784-4-10 ReLU", "settings": {}, "accuracy": {"0.5": 0.5, "30": 0.9}, "steps": 2,
    "seconds": 31.0, "curve": [[0.5, 0.5], [31.0, 0.9]],
}  # fmt: skip


def command(*args: Any, code: str | None = None) -> subprocess.CompletedProcess[str]:
    start = ["-m", "benchmarks"] if code is None else ["-c", code]
    paths = [str(ROOT), str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, *start, *map(str, args)], capture_output=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a quick run of each benchmark."""
    folder = tmp_path_factory.mktemp("results")
    for name in NAMES:
        done = command(name, "--quick", "--out", folder)
        assert done.returncode == 0, done.stderr
        assert "written to" in done.stdout
    return folder


def read(results: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
    return document


def is_spread(value: dict[str, Any]) -> bool:
    return bool(0 < value["min"] <= value["median"] <= value["max"])


@pytest.mark.parametrize("name", NAMES)
def test_a_document_says_what_where_and_when(results: Path, name: str) -> None:
    document = read(results, name)
    assert document["benchmark"] == name
    assert document["quick"] is True
    assert document["date"].startswith("20")
    machine = document["machine"]
    assert {"python", "system", "processor", "cores", "cores_available", "blas"} <= set(machine)
    assert {"nudgegrad", "numpy"} <= set(machine["packages"])
    assert document["measures"] or (name == "page" and document["skipped"])
    for measure in document["measures"].values():
        assert measure["min"] <= measure["median"] <= measure["max"]
    assert (results / f"{name}.png").stat().st_size > 1000


def test_steps(results: Path) -> None:
    document = read(results, "steps")
    contenders, skipped = document["contenders"], document["skipped"]
    assert set(skipped) <= {"PyTorch", "scikit-learn", "JAX"}
    for name in ("node float32", "node float64", "node float32 deep"):
        assert len(contenders[name]["all_seconds"]) == document["repeats"]
    for name, facts in contenders.items():
        assert is_spread(facts["seconds"])
        assert (facts["test_accuracy"] is None) == name.startswith("floor")
    for peer in ("PyTorch", "scikit-learn", "JAX"):
        assert (peer in skipped) != any(name.startswith(peer) for name in contenders)
        assert (peer in skipped) != (f"node float32 / {peer}" in document["measures"])
    for name in ("node float64 / lesson's NumPy backprop", "node float32 / floor"):
        assert is_spread(document["measures"][name])


def test_ladder(results: Path) -> None:
    document = read(results, "ladder")
    for dtype, rungs in document["ladder"].items():
        assert [rung["method"] for rung in rungs] == ["naive", "weight", "node", "backprop"]
        assert 0 < rungs[0]["weights_timed"] < rungs[0]["loss_evaluations"]
        assert all(is_spread(rung["seconds"]) for rung in rungs)
        for method in ("weight", "node", "backprop"):
            assert is_spread(document["measures"][f"naive / {method}, {dtype}"])


def test_scaling(results: Path) -> None:
    document = read(results, "scaling")
    for axis in ("width", "batch", "inputs"):
        for dtype in ("float32", "float64"):
            assert len(document["growth"][f"{axis}, {dtype}"]) == len(document["factors"])
            assert f"exponent of {axis}, {dtype}" in document["measures"]
    for depths in document["depth"].values():
        assert all(is_spread(facts["ratio"]) for facts in depths.values())


def test_models(results: Path) -> None:
    document = read(results, "models")
    for model in ("two-layer", "multi-layer", "simple-convnet"):
        assert document["runs"][model]["loss_evaluations"] > 0
        assert is_spread(document["measures"][f"seconds of {model}"])
    assert is_spread(document["measures"]["naive / node, simple-convnet"])


def test_memory_and_cold_start(results: Path) -> None:
    peaks, seconds = read(results, "memory")["measures"], read(results, "cold-start")["measures"]
    assert is_spread(peaks["peak of nudgegrad train"])
    for name in ("python", "import nudgegrad", "nudgegrad --help", "nudgegrad train"):
        assert is_spread(seconds[name])


def test_dtypes(results: Path) -> None:
    document = read(results, "dtypes")
    assert [run["dtype"] for run in document["runs"]] == ["float64", "float32"] * 2
    assert all(0 <= run["test_accuracy"] <= 1 for run in document["runs"])
    assert document["measures"]["difference over scatter"]["median"] >= 0


def test_checkers(results: Path) -> None:
    document = read(results, "checkers")
    numpy = document["zoos"]["NumPy"]
    for checker in CHECKERS:
        assert (f"{checker}, NumPy" in document["skipped"]) != (checker in numpy["checkers"])
    assert all("not installed" in reason for reason in document["skipped"].values())
    names = {case["name"] for case in numpy["cases"]}
    assert {case["right"] for case in numpy["cases"]} == {True, False}
    for zoo in document["zoos"].values():
        for outcomes in zoo["checkers"].values():
            assert set(outcomes) == {case["name"] for case in zoo["cases"]}
    for case in numpy["cases"]:
        outcome = numpy["checkers"]["nudgegrad"][case["name"]]
        assert outcome["verdict"] == ("passed" if case["right"] else "failed")
        assert outcome["seconds"] > 0
    assert names
    assert document["measures"]["bugs found by nudgegrad"]["median"] == 1


def test_vectors(results: Path) -> None:
    document = read(results, "vectors")
    assert list(document["parts"]) == ["float64", "float32", "float64-noisy"]
    assert set(document["skipped"]) <= {"SciPy", "numdifftools"}
    for part in document["parts"].values():
        verdicts = part["verdicts"]
        assert 0 < verdicts["asked"] <= verdicts["entries"]
        assert verdicts["found"] <= verdicts["mistakes"]
        for name in ("central", "five-point", "richardson", "forward"):
            assert part["gradients"][f"nudgegrad {name}"]["calls"] > 0
        for name in ("SciPy 2-point", "SciPy 3-point", "numdifftools"):
            assert (name.split()[0] in document["skipped"]) != (name in part["gradients"])
    for measure in ("mistakes found", "right gradients passed", "entries within 1 %, central"):
        assert is_spread(document["measures"][measure])


def test_a_case_that_takes_too_long_is_given_up() -> None:
    done = command(
        code="""if True:
            from benchmarks.rivals import RIVALS
            from benchmarks.rivals.worker import Worker
            if __name__ == "__main__":
                worker = Worker(RIVALS[0], 1e-6)
                name = worker.cases[0]["name"]
                assert worker.check(name)["verdict"] == "too slow"
                assert worker.check(name)["verdict"] == "too slow"
                worker.stop()
            """
    )
    assert done.returncode == 0, done.stderr


def test_verdicts_are_counted() -> None:
    done = command(
        code="""if True:
            from benchmarks.rivals.tally import best_threshold, examples, mistakes, tally
            def outcome(verdict, number):
                return {"verdict": verdict, "seconds": 1.0, "told": "", "number": number}
            cases = [
                {"name": str(k), "family": "ab"[k > 2], "right": k % 2 == 0, "what": ""}
                for k in range(6)
            ]
            outcomes = {
                "0": outcome("passed", 1e-8), "1": outcome("passed", 0.2),
                "2": outcome("failed", 0.1), "3": outcome("failed", 3.0),
                "4": outcome("failed", 0.3), "5": outcome("too slow", None),
            }
            counts = tally(cases, outcomes)
            assert (counts.bugs, counts.found, counts.right, counts.passed) == (3, 1, 3, 1), counts
            assert (counts.false_alarms, counts.not_run, counts.seconds) == (2, 1, 6.0), counts
            assert [case["name"] for case in mistakes(cases, outcomes, right=True)] == ["2", "4"]
            assert [case["name"] for case in examples(cases, 3)] == ["0", "3", "1"]
            threshold, judged = best_threshold(cases, outcomes)
            assert threshold in (0.1, 0.3), threshold
            assert tally(cases, judged).not_run == 1
            assert best_threshold(cases[:1], {"0": outcome("passed", None)}) is None
            """
    )
    assert done.returncode == 0, done.stderr


def test_check_speed(results: Path) -> None:
    document = read(results, "check-speed")
    assert set(document["skipped"]) <= {"sequential", "residual", "rosenbrock", "plain"}
    for part in document["parts"]:
        assert all(is_spread(facts["seconds"]) for facts in part["contenders"].values())
    for part, measure in (
        ("sequential", "gradcheck slow / nudgegrad, Sequential"),
        ("residual", "gradcheck slow / nudgegrad, residual"),
        ("rosenbrock", "nudgegrad / SciPy, central differences"),
        ("rosenbrock", "nudgegrad / SciPy, forward differences"),
        ("plain", "nudgegrad / SciPy, plain function"),
    ):
        assert (part in document["skipped"]) != (measure in document["measures"])
    for dtype in ("float64", "float32"):
        assert is_spread(document["measures"][f"seconds of a check of a Network, {dtype}"])


@pytest.mark.parametrize("name", ["node, Adam", "weight, SGD", "scikit-learn MLPClassifier"])
def test_accuracy_for_time(name: str) -> None:
    done = command(
        code=f"""if True:
            from benchmarks.accuracy_for_time import measure
            if __name__ == "__main__":
                document = measure([0.05, 0.1], True, [{name!r}])
                for contender in document["contenders"]:
                    assert set(contender["accuracy"]) == {{"0.05", "0.1"}}, contender
                    assert contender["steps"] > 0
                    assert contender["curve"]
                assert len(document["contenders"]) + len(document["skipped"]) == 1
                assert all("not installed" in why for why in document["skipped"].values())
            """
    )
    assert done.returncode == 0, done.stderr


def test_the_report_is_made_of_the_documents_alone(results: Path, tmp_path: Path) -> None:
    accuracies = {
        **read(results, "memory"), "benchmark": "accuracy-for-time", "marks": [0.5, 30.0],
        "contenders": [TRAINING], "skipped": {"another": "not installed"},
        "measures": {
            "test accuracy after 30 s": {"median": 0.9, "min": 0.9, "max": 0.9, "over": "node, SGD"}
        },
    }  # fmt: skip
    (results / "accuracy-for-time.json").write_text(json.dumps(accuracies), encoding="utf-8")
    (tmp_path / "checker.md").write_text(
        "before\n<!-- zoo table -->\nwhat was here before\n<!-- /zoo table -->\nafter\n",
        encoding="utf-8",
    )
    before = {path: path.stat().st_mtime_ns for path in results.glob("*.json")}
    done = command("report", "--out", results, "--docs", tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in results.glob("*.json")} == before
    page = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert page.startswith("# Benchmarks\n")
    assert "| what | bar | aim | measured | met |" in page
    assert "quick run" in page
    assert "| ≥ 97.50% |  | 90.00% | no |" in page
    checker = (tmp_path / "checker.md").read_text(encoding="utf-8")
    assert checker.startswith("before\n<!-- zoo table -->\n> **Some")
    assert checker.endswith("|\n<!-- /zoo table -->\nafter\n")
    assert "| nudgegrad | NumPy | 3 of 3 | 3 of 3 | 0 | 0 |" in checker
    assert "what was here before" not in checker
    for name in (*NAMES, "accuracy-for-time"):
        assert f"(images/bench-{name}.png)" in page
        assert (tmp_path / "images" / f"bench-{name}.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "no such file"),
        ("no marks", "must have one line '<!-- zoo table -->'"),
        ("<!-- /zoo table -->\n<!-- zoo table -->\n", "after it one line '<!-- /zoo table -->'"),
    ],
)
def test_a_page_without_its_block_is_an_error(text: str | None, told: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "checker.md").write_text(text, encoding="utf-8")
    done = command("report", "--out", tmp_path, "--docs", tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path / 'checker.md'} must" in done.stderr
    assert told in done.stderr
    assert not (tmp_path / "benchmarks.md").exists()


def test_the_lessons_step_is_backpropagation() -> None:
    done = command(
        code="""if True:
            import numpy as np
            import nudgegrad as ng
            from benchmarks.lesson import LessonNet
            rng = np.random.default_rng(0)
            net = ng.TwoLayerNet(6, 5, 4, 1.0, seed=0)
            x, t = rng.normal(size=(7, 6)), rng.integers(0, 4, 7)
            ours = net.copy()
            ours.loss_function = ng.CrossEntropy(epsilon=0.0)
            gradient = LessonNet(dict(net.params)).gradient(x, np.eye(4)[t])
            for name, expected in ours.gradient(x, t).items():
                np.testing.assert_allclose(gradient[name], expected, rtol=0, atol=1e-14)
            """
    )
    assert done.returncode == 0, done.stderr


def test_ratios_take_the_better_variant_and_pair_the_repeats() -> None:
    done = command(
        code="""if True:
            from benchmarks.paired import paired_ratio
            from benchmarks.scaling import fitted_exponent
            times = {"a": [1.0, 4.0], "b, 1": [2.0, 4.0], "b, 2": [9.0, 9.0], "c": []}
            ratio = paired_ratio(times, ["a"], ["b, 1", "b, 2"])
            assert ratio == {
                "median": 0.75, "min": 0.5, "max": 1.0, "over": "a", "under": "b, 1"
            }, ratio
            assert paired_ratio(times, ["a"], ["c", "d"]) is None
            assert abs(fitted_exponent([1, 2, 4], [3.0, 12.0, 48.0]) - 2) < 1e-12
            """
    )
    assert done.returncode == 0, done.stderr


def test_help_and_wrong_names() -> None:
    helped = command("--help")
    assert helped.returncode == 0
    for name in (*NAMES, "accuracy-for-time", "report", "all"):
        assert f"  {name} " in helped.stdout
    wrong = command("ladders")
    assert wrong.returncode == 2
    assert "ladders" in wrong.stderr
