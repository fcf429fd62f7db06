"""The page while a training runs: what it costs the training, and how soon it answers."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.figures import linear_bars
from benchmarks.paired import spread
from benchmarks.processes import command_line
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, spread_cells

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "The page"
ABOUT = """\
`nudgegrad app` in Chromium, on the same machine. *Rate* is the iterations of the lesson's network
by `node` in a second of training's own clock, of a run started on the page and watched on it, over
that of `nudgegrad train` right before it. *Answer* is the time from a key on the learning-rate
slider, while `node` trains at full speed, until the number beside it has changed on the page:
through the server and back. *First paint* is the time from asking for the address to the first text
on the screen, with files in the browser's cache."""

RATE, ANSWER, PAINT = "rate on the page / rate of nudgegrad train", "answer", "first paint"
ANSWERS = """
async () => {
  const slider = document.querySelector('.q-slider [tabindex="0"]');
  const label = slider.closest('.q-slider').parentElement.querySelector('.ng-number');
  const press = key => new Promise(done => {
    const started = performance.now(), watch = new MutationObserver(() => {
      watch.disconnect();
      requestAnimationFrame(() => done(performance.now() - started));
    });
    watch.observe(label, {childList: true, characterData: true, subtree: true});
    slider.dispatchEvent(new KeyboardEvent('keydown', {keyCode: key, bubbles: true}));
    slider.dispatchEvent(new KeyboardEvent('keyup', {keyCode: key, bubbles: true}));
  });
  const times = [];
  for (let i = 0; i < 30; i++) {
    times.push(await press(i % 2 ? 39 : 37));
    await new Promise(done => setTimeout(done, 100));
  }
  return times;
}
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def measure(*, quick: bool, say: Say) -> Document:
    """Train from the shell and on the page in turns."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    missing = [name for name in ("nicegui", "playwright") if find_spec(name) is None]
    missing += [] if chromium else ["Chromium"]
    if missing:
        return {"skipped": {"the page": f"{', '.join(missing)} not installed"}, "measures": {}}
    from playwright.sync_api import sync_playwright

    repeats, iterations = (1, 600) if quick else (5, 10_000)
    ratios: list[float] = []
    answers: list[float] = []
    paints: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        _server(Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(locale="en-US", viewport={"width": 1440, "height": 900})
        _open(page, url)
        for repeat in range(repeats):
            say(f"repeat {repeat + 1} of {repeats}")
            page.goto("about:blank")  # the shell's turn
            alone = _rate_of_shell(Path(folder), iterations)
            _open(page, url)
            paints.append(page.evaluate(FIRST_PAINT) / 1000)
            ratios.append(_rate_on_page(page, Path(folder), iterations) / alone)
        say("answers")
        _start(page, 10**7)
        page.get_by_text("Training. The learning rate may").wait_for()
        answers = [milliseconds / 1000 for milliseconds in page.evaluate(ANSWERS)]
        browser.close()
    return {
        "repeats": repeats,
        "iterations": iterations,
        "skipped": {},
        "measures": {RATE: spread(ratios), ANSWER: spread(answers), PAINT: spread(paints)},
    }


def tables(document: Document) -> list[Table]:
    """Return what was measured."""
    table = Table(["what", "median", "lowest", "highest"])
    for name, values in document["measures"].items():
        table.rows.append([name, *spread_cells(values, "" if name == RATE else "s")])
    return [table]


def figure(document: Document) -> Figure:
    """Draw the seconds."""
    seconds = {
        name: values["median"] for name, values in document["measures"].items() if name != RATE
    }
    return linear_bars(seconds or {"not measured": 1.0}, xlabel="seconds")


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """Serve the page from a folder, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command_line(), "app", "--no-open", "--port", str(port)], cwd=folder,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def _open(page: Any, url: str) -> None:
    page.goto(url)
    page.get_by_role("tab").first.wait_for()


def _rate_of_shell(folder: Path, iterations: int) -> float:
    """Train from the shell; return iterations a second."""
    run = folder / "alone"
    command = [*command_line(), "train", "--iterations", str(iterations), "--out", str(run)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    rate = _rate(run)
    shutil.rmtree(run)
    return rate


def _rate_on_page(page: Any, folder: Path, iterations: int) -> float:
    """Train on the page; return iterations a second."""
    _start(page, iterations)
    page.get_by_text("Done: ").wait_for(timeout=300_000)
    (run,) = (folder / "runs").iterdir()
    rate = _rate(run)
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("Ready. Press Start").wait_for()
    shutil.rmtree(run)
    return rate


def _start(page: Any, iterations: int) -> None:
    page.get_by_label("Iterations", exact=True).fill(str(iterations))
    page.get_by_role("button", name="Start", exact=True).click()


def _rate(run: Path) -> float:
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return float(summary["iterations"] / summary["seconds"])
