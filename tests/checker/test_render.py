"""Reports as text, rich, HTML, JSON and pictures."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nudgegrad.checker.reason import Reason
from nudgegrad.checker.report import Report
from nudgegrad.checker.report import plot as plots
from nudgegrad.checker.report.content import pair
from nudgegrad.checker.verdict import Verdict
from tests.checker.made_up import Taylor, draw, make_check, make_report

NASTY = "[b]x[/b] <script>&amp;</script> $x_1$ :smile:"


@pytest.fixture
def report() -> Report:
    big, bias = draw(30, 40), draw(12)
    wrong = big.copy()
    wrong[3, 17] += 1e-7
    lost = bias.copy()
    lost[2] = np.nan
    verdict = np.where(wrong == big, Verdict.OK, Verdict.WRONG)
    verdict[0] = Verdict.UNCHECKED
    verdict[1, :3] = Verdict.KINK, Verdict.NOISY, Verdict.UNRESOLVED
    numeric = np.where(verdict == Verdict.UNCHECKED, np.nan, big)
    return make_report(
        make_check("encoder.0.weight", numeric, wrong, verdict=verdict),
        make_check(NASTY, bias, lost),
        make_check("scale", 0.5, 0.5),
        make_check("conv", draw(2, 3, 3, 3), draw(2, 3, 3, 3)),
        noise=1e-12,
        notes=("a sample of <the> entries [red]was[/red] taken",),
        taylor=Taylor(),
    )


def rich_text(report: Report, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=True).print(report)
    return stream.getvalue()


def test_text(report: Report) -> None:
    text = str(report)
    lines = text.splitlines()
    assert " ".join(lines).startswith(report.outcome)
    assert max(len(line) for line in lines[:-1]) <= 100
    assert not any(line.endswith(" ") for line in lines)
    for part in ("central differences", "1,234 in 500 ms", "Taylor test  order 2.00", NASTY,
                 "encoder.0.weight", "scale", "scalar", "(3, 17)", "nan", "2×3×3×3",
                 *report.notes):  # fmt: skip
        assert part in text
    order = ("not passed", "diagnosis", "method", "parameter", "the worst entries", "notes",
             " · nudgegrad ")  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_text_of_a_pass_has_no_worst_entries() -> None:
    text = str(make_report(make_check("W", draw(3, 4), draw(3, 4))))
    assert "worst" not in text
    assert "wrong" not in text
    assert "diagnosis" not in text


def test_each_wrong_parameter_has_an_entry_in_the_table() -> None:
    many = make_check("many", draw(50), 2 * draw(50))
    one = draw(4, 4)
    single = one.copy()
    single[1, 2] += 1e-7
    text = str(make_report(many, make_check("one", one, single)))
    assert "one        (1, 2)  wrong" in text
    assert "and 40 more: records('wrong')" in text


def test_long_names_are_whole_and_many_good_parameters_are_not_listed() -> None:
    names = [f"encoder.layers.{i}.self_attention.output_projection.parametrizations" * 2
             for i in range(40)]  # fmt: skip
    g = draw(5)
    checks = [make_check(name, g, g + (i == 33)) for i, name in enumerate(names)]
    report = make_report(*checks)
    for text in (str(report), rich_text(report, 200)):
        assert names[33] in text
        assert "and 39 more parameters, every checked entry ok" in text
        assert names[0] not in text


@given(
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) > 1e-300),
    st.floats(1e-13, 1),
)
def test_two_numbers_can_be_told_apart(x: float, relative: float) -> None:
    y = x * (1 + relative)
    first, second = pair(x, y)
    if x != y and math.isfinite(y):
        assert first != second


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_rich(report: Report, width: int) -> None:
    text = rich_text(report, width)
    assert "\x1b[31m" in text
    together = "".join(line.strip() for line in text.splitlines())
    for part in ("[b]x[/b]", ":smile:", "(3, 17)", "encoder.0.weight"):
        assert part in together
    if width >= 100:
        assert NASTY in text
        assert "…" not in text


def test_control_characters_do_not_reach_the_terminal() -> None:
    report = make_report(make_check("a\x1b[2Jb\n", [1.0], [2.0]))
    assert "\x1b" not in str(report)
    assert "a\\x1b[2Jb\\n" in str(report)


class Reader(HTMLParser):
    """Collects text and tags, and fails where tags do not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in ("meta", "img", "source"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_notebook(report: Report) -> None:
    reader = Reader(report._repr_html_())
    assert {"script", "i", "b"}.isdisjoint(reader.tags)
    for part in (NASTY, report.outcome, report.notes[0], *report.diagnosis):
        assert part in reader.text


def test_page(report: Report, tmp_path: Path) -> None:
    report.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    reader = Reader(page)
    assert "script" not in reader.tags
    assert NASTY in reader.text
    assert "prefers-color-scheme: dark" in page
    assert page.count("data:image/png;base64,") == 2
    assert "http" not in page
    make_report().to_html(tmp_path / "empty.html")
    assert Reader((tmp_path / "empty.html").read_text(encoding="utf-8"))


def test_the_diagnosis_comes_right_after_the_outcome(report: Report) -> None:
    for text in (str(report), rich_text(report, 100), Reader(report._repr_html_()).text):
        assert text.index("not passed") < text.lower().index("diagnosis") < text.index("method")


def test_what_was_checked_when_and_with_what(report: Report, tmp_path: Path) -> None:
    named = replace(report, target="loss(p) in <model>.py", created="2026-02-03T04:05:06+09:00",
                    versions={"nudgegrad": "0.1", "NumPy": "2.0"})  # fmt: skip
    line = "loss(p) in <model>.py · 2026-02-03 04:05:06+09:00 · nudgegrad 0.1, NumPy 2.0"
    assert str(named).splitlines()[-1] == line
    assert line in rich_text(named, 100).splitlines()[-1]
    assert line in Reader(named._repr_html_()).text
    named.to_html(tmp_path / "report.html")
    page = Reader((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.text.strip().endswith(line)
    assert "Gradient check of loss(p) in <model>.py: not passed" in page.text
    document = json.loads(named.to_json())
    assert document["target"] == named.target
    assert document["created"] == named.created
    assert document["versions"] == {"nudgegrad": "0.1", "NumPy": "2.0"}


def test_claimed_and_numeric_are_the_two_words(report: Report, tmp_path: Path) -> None:
    figure = report.plot()
    labels = [axes.get_xlabel() for axes in figure.get_axes()] + [
        axes.get_ylabel() for axes in figure.get_axes()
    ]
    assert {"numeric", "claimed"} <= set(labels)
    report.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    shown = [str(report), rich_text(report, 200), page, report.to_json(), *labels]
    assert not [text for text in shown if "analytic" in text or "measured" in text]


def test_what_could_not_be_verified(tmp_path: Path) -> None:
    check = make_check("W", draw(300, 300), draw(300, 300), verdict=1)
    unverified = np.zeros((300, 300), bool)
    unverified[7, :3] = True
    verdict = np.where(unverified, Verdict.UNRESOLVED, check.verdict)
    reason = np.where(unverified, Reason.TOO_COARSE, Reason.NONE)
    made = make_report(replace(check, verdict=verdict, unverified=unverified, reason=reason))
    sentence = (
        "not passed: 3 of 90,000 entries could not be verified, W[7, 0], [7, 1] and [7, 2]: the "
        "parameter's dtype cannot be nudged finely enough; 89,997 verified"
    )
    assert made.outcome == sentence
    assert " ".join(str(made).split()).startswith(sentence)
    assert sentence in " ".join(Reader(made._repr_html_()).text.split())
    for text in (str(made), rich_text(made, 120)):
        assert "(7, 1)  unresolved  too coarse" in text
    document = json.loads(made.to_json())
    assert (document["unverified"], document["reasons"]) == (3, {"too_coarse": 3})
    assert document["worst"][0]["reason"] == "too_coarse"
    labels = [axes.get_ylabel() for axes in made.plot(tmp_path / "plot.png").get_axes()]
    assert "|claimed − numeric|, in tolerances; amber: not verified" in labels


def test_json(report: Report, tmp_path: Path) -> None:
    text = report.to_json(tmp_path / "report.json")
    document = json.loads(text)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == document
    assert document["outcome"] == report.outcome
    assert document["passed"] is False
    assert document["counts"] == report.counts
    assert document["coverage"] == report.coverage
    assert document["notes"] == list(report.notes)
    assert document["diagnosis"] == report.diagnosis
    assert document["noise"] == 1e-12
    assert document["h"] == dict.fromkeys(report.parameters, 1e-4)
    assert document["taylor"]["remainders"] == [0.01, None]
    assert document["summary"][2]["shape"] == []
    assert document["summary"][1]["relative_error"] is None
    (lost,) = [e for e in document["worst"] if e["parameter"] == NASTY and e["verdict"] == "wrong"]
    assert (lost["index"], lost["claimed"], lost["ratio"]) == ([2], None, None)
    assert lost["numeric"] == draw(12)[2]
    assert json.loads(make_report().to_json())["worst"] == []


def test_plot(report: Report, tmp_path: Path) -> None:
    figure = report.plot(tmp_path / "report.png")
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")
    titles = [axes.get_title() for axes in figure.get_axes()]
    assert f"{NASTY}  12" in [" ".join(title.split("\n")) for title in titles]
    assert "encoder.0.weight  30×40" in titles
    assert any("1 not finite" in title for title in titles)
    report.plot(tmp_path / "report.svg")


@pytest.mark.parametrize(
    "made",
    [
        make_report(),
        make_report(make_check("W", [1.0], [1.0], verdict=0)),
        make_report(make_check("s", 0.0, 0.0)),
        make_report(make_check("W", np.zeros((0, 3)), np.zeros((0, 3)))),
        make_report(make_check("W", [np.nan], [1.0], verdict=5)),
        make_report(make_check("W", [1.0, 2.0], [np.nan, np.inf])),
        make_report(*(make_check(f"W{i}", draw(3), draw(3)) for i in range(9))),
        make_report(make_check("W", np.exp(8 * draw(500)), np.exp(8 * draw(500)))),
    ],
)
def test_unusual_reports_can_be_shown(made: Report, tmp_path: Path) -> None:
    made.plot(tmp_path / "plot.png")
    made.to_html(tmp_path / "page.html")
    json.loads(made.to_json())
    assert " ".join(str(made).split()).startswith(made.outcome)
    assert made.outcome in rich_text(made, 200)


def test_thinning_keeps_every_wrong_entry() -> None:
    verdict = np.full(50_000, Verdict.OK, dtype=np.int8)
    verdict[::7] = Verdict.WRONG
    keep = plots._thinned(verdict, np.ones(verdict.size, dtype=bool))
    assert keep[verdict == Verdict.WRONG].all()
    assert keep[verdict == Verdict.OK].sum() == plots.POINTS


def test_a_map_never_loses_an_entry() -> None:
    matrix = np.zeros((1001, 730))
    matrix[777, 313] = 5.0
    matrix[0, :] = np.nan
    small = plots._pooled(matrix)
    assert max(small.shape) <= plots.CELLS
    assert np.nanmax(small) == 5.0


def test_the_report_brings_in_no_rich_and_no_matplotlib() -> None:
    code = "import sys, nudgegrad.checker.report; print([m for m in ('rich', 'matplotlib') " \
           "if m in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_extreme_numbers_warn_of_nothing(tmp_path: Path) -> None:
    check = make_check("W", [np.inf, -1e308, 1e-310, 1.0], [np.inf, 1e308, 2e-310, 1.0],
                       verdict=[2, 2, 1, 1])  # fmt: skip
    report = make_report(check)
    assert report.worst()[0].ratio == np.inf
    assert report.diagnosis
    assert str(report)
    json.loads(report.to_json())
