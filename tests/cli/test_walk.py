"""``nudgegrad walk`` as a user calls it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from nudgegrad.cli.walk import _wrap, walk
from nudgegrad.files import FileError
from nudgegrad.messages import LANGUAGES
from nudgegrad.validation import ParameterError


def run(*args: str, **environment: str) -> Result:
    return CliRunner().invoke(walk, args, env={"LANGUAGE": "en", **environment})


def in_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, *args: str) -> str:
    """Run the command as if it wrote to a terminal; colours are taken out."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("nudgegrad.cli.console.is_plain", lambda: False)
    result = run(*args)
    assert result.exit_code == 0, result.output
    return re.sub(r"\x1b\[[0-9;]*m", "", result.output)


def test_lesson_on_mnist() -> None:
    result = run("--batch-size", "20", "--hidden-size", "8")
    assert result.exit_code == 0, result.output
    headings = re.findall(r"^Step (\d+): \S", result.output, flags=re.MULTILINE)
    assert headings == [str(number) for number in range(11)]
    assert "  inputs x: (20, 784)\n" in result.output
    assert "  x·W1 + b1: (20, 784) → (20, 8)\n" in result.output
    assert "  training data, 1000 samples: 0." in result.output
    assert "\x1b" not in result.output
    assert run("--batch-size", "20", "--hidden-size", "8").output == result.output
    assert run("--batch-size", "20", "--hidden-size", "8", "--seed", "1").output != result.output


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "Step 10: The accuracy"),
        ("zh_CN", "第 10 步：准确率"),
        ("ja", "ステップ 10：認識精度"),
    ],
)
def test_languages(language: str, heading: str) -> None:
    assert heading in run("--small", "--lang", language).output.splitlines()
    assert heading in run("--small", LANGUAGE=f"{language}.UTF-8").output.splitlines()


def test_lang_offers_every_language() -> None:
    (option,) = (param for param in walk.params if param.name == "lang")
    assert list(getattr(option.type, "choices")) == list(LANGUAGES)  # noqa: B009 — of Choice alone
    assert run("--lang", "de").exit_code == 2


def test_small_shows_numbers_to_check_by_hand() -> None:
    output = run("--small", "--parameter", "W2", "--index", "0,1").output
    assert "  data set: an example to check by hand\n" in output
    assert "  inputs x: (2, 3)  [1, 0, 2], [0, 1, 1]\n" in output
    assert "  the value we follow: W2[0, 1] = -0.3\n" in output


@pytest.mark.parametrize("option", ["--batch-size", "--hidden-size", "--seed", "--data"])
def test_small_refuses_what_it_would_ignore(option: str) -> None:
    result = run("--small", option, "5")
    assert result.exit_code == 2
    assert f"--small comes with its own network and batch, got {option} too" in result.output


def test_json() -> None:
    document: dict[str, Any] = json.loads(run("--small", "--json", "--lang", "ja").output)
    assert document["language"] == "ja"
    assert [step["number"] for step in document["steps"]] == list(range(11))
    slope = document["steps"][7]
    assert slope["title"] == "2 つの誤差から微分を求める"
    assert slope["function"] == "nudgegrad.gradient.compute_gradient"
    assert {"label": "W1 の勾配"}.items() <= slope["facts"][-1].items()


@pytest.mark.parametrize("index", ["a", "1,b", ""])
def test_index_that_is_no_numbers(index: str) -> None:
    result = run("--small", "--index", index)
    assert result.exit_code == 2
    assert "must be whole numbers with commas between, such as 3,5" in result.output


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (["--small", "--index", "3,0"], ParameterError, "between 0 and 2, got 3"),
        (["--small", "--index", "1"], ParameterError, "one for each axis of W1"),
        (["--small", "--parameter", "W3"], ParameterError, "one of W1, b1, W2, b2, got 'W3'"),
        (["--small", "--h", "0"], ParameterError, "h must be a finite number, above 0"),
        (["--data", "no-such-data"], ParameterError, "data must be 'mnist'"),
    ],
)
def test_wrong_values_are_left_to_the_main_program(
    args: list[str], error: type[Exception], message: str
) -> None:
    result = run(*args)
    assert isinstance(result.exception, error)
    assert message in str(result.exception)


def test_damaged_data_is_left_to_the_main_program(tmp_path: Any) -> None:
    (tmp_path / "broken.npz").write_bytes(b"nothing")
    assert isinstance(run("--data", str(tmp_path / "broken.npz")).exception, FileError)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_panels_fit_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, language: str
) -> None:
    lines = in_terminal(monkeypatch, columns, "--small", "--lang", language).splitlines()
    assert {cell_len(line) for line in lines} == {columns}
    assert sum(line.startswith("╭") for line in lines) == 11


def test_plain_where_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert run("--small", NO_COLOR="1").output.startswith("Step 0: ")


def test_wrapping_keeps_words_and_closing_marks() -> None:
    text = "损失函数和一个参数（这里是 W1）。参数中的每个值都会依次处理，我们跟踪其中一个。"
    for width in range(10, 90):
        lines = _wrap(text, width).split("\n")
        assert all(cell_len(line) <= width for line in lines)
        assert not any(line[0] in "、。，）" or line.endswith("（") for line in lines)
        assert "W1" in "".join(lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert _wrap("one two  three", 8) == "one two\nthree"


def test_help_has_examples() -> None:
    output = run("--help").output
    assert "Examples:\n    nudgegrad walk\n" in output


def test_data_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "flowers.csv"
    rows = [f"{n / 10},{n % 7},{'ab'[n % 2]}" for n in range(10)]
    path.write_text("\n".join(["length,width,kind", *rows]), encoding="utf-8")
    output = run("--data", str(path), "--label", "kind", "--batch-size", "4").output
    assert "  data set: flowers\n" in output
    assert "  inputs x: (4, 2)\n" in output
    assert "  labels t: (4, 2)\n" in output
    assert "got --label too" in run("--small", "--label", "kind").output
