"""``nudgegrad check``: gradients written by hand, held against numerical differentiation."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from nudgegrad.checker.report import Report
    from nudgegrad.cli.check_targets import Raised, Target

__all__ = ["check"]


class Nudge(click.ParamType):  # type: ignore[type-arg]  # not in every click
    """A number, or a word, which `Options` checks."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Return a float where it is one."""
        try:
            return float(value)
        except ValueError:
            return str(value)


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--only", multiple=True, metavar="GLOB", help="Parameters by name; repeat.")
@click.option("--sample", type=int, metavar="K", help="At most so many entries of each parameter.")
@click.option("--seed", type=int, help="Of the sample.")
@click.option("--max-seconds", type=float, help="Check as many entries as that allows.")
@click.option("--factor", type=float, help="Error bars that an entry may be off.")
@click.option("--rtol", type=float, help="Relative tolerance, in the place of error bars.")
@click.option("--atol", type=float, help="Absolute tolerance, likewise.")
@click.option("--h", type=Nudge(), metavar="H", help="The nudge, a number or auto.")
@click.option("--taylor", is_flag=True, help="Measure the Taylor remainder too.")
@click.option(
    "--html", type=click.Path(dir_okay=False), metavar="FILE", help="Write the report as a page."
)
@click.option(
    "--plot", type=click.Path(dir_okay=False), metavar="FILE", help="Draw it: .png, .svg, .pdf."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
@click.option("--demo", is_flag=True, help="Check a right and a wrong gradient of a small layer.")
def check(
    targets: tuple[str, ...], html: str | None, plot: str | None, as_json: bool, demo: bool,
    **settings: Any,
) -> int:  # fmt: skip
    """Check every entry of a gradient against numerical differentiation.

    A TARGET is module:callable or path/to/file.py:callable. The callable takes no argument and
    returns a nudgegrad.checker.Case, or a tuple of the arguments of nudgegrad.check. Without
    :callable, all functions of the module or file are checked whose names start with case.
    Options given here come before those of a case.

    Ctrl-C ends a check with a report of what has been seen. The exit code is 0 if all checks
    pass, and 1 if one does not.

    \b
    Examples:
      nudgegrad check --demo
      nudgegrad check layers.py:case_softmax
      nudgegrad check layers.py package.attention --sample 100
      nudgegrad check layers.py --only 'W*' --html report.html
    """
    given = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in settings.items()
        if value is not None and value is not False and value != ()
    }
    if demo == bool(targets):
        raise click.UsageError("Give a TARGET, or --demo without one.")
    _validate(given, {"--html": html, "--plot": plot})
    run = Run(given, html, plot, as_json)
    from nudgegrad.cli.check_targets import importable

    # With --json what the user's code prints must not get between.
    aside = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    try:
        with importable(), aside:
            code = run.demo() if demo else run.targets(targets)
    except KeyboardInterrupt:  # in the user's code, or a second time
        run.interrupted = True
        run.end()
        raise
    run.end()
    return code


def _validate(given: dict[str, Any], files: dict[str, str | None]) -> None:
    """Find what is wrong with the options before a long check."""
    from nudgegrad.checker.engine import Options
    from nudgegrad.validation import ParameterError, check_integer

    Options(**given)
    for name, low in (("sample", 1), ("seed", 0)):
        if name in given:
            check_integer(name, given[name], low)
    for option, file in files.items():
        if file is not None and not Path(file).absolute().parent.is_dir():
            raise ParameterError(
                f"{option} must name a file in a folder that exists, got {file}; create the folder"
            )
    if files["--plot"] is not None:
        from nudgegrad.plotting import check_figure_file

        check_figure_file(files["--plot"])


@dataclass
class Run:
    """Checks of some targets, with the command's options."""

    given: dict[str, Any]
    html: str | None
    plot: str | None
    as_json: bool
    checks: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False
    stopped_by: int | None = None
    written: int = 0

    def targets(self, texts: tuple[str, ...]) -> int:
        """Check the targets one after another; return the exit code."""
        from nudgegrad.cli.check_targets import Raised, find_targets

        found: list[Target | Raised] = []
        names: list[str] = []
        for text in texts:
            try:
                targets = find_targets(text)
            except Raised as raised:
                found.append(raised)
                names.append(text)
            else:
                found += targets
                names += [target.name for target in targets]
        for name, target in zip(names, found, strict=True):
            if isinstance(target, Raised):
                self._raised(name, target)
                continue
            if len(found) > 1:
                self._head(name)
            self._check(target)
            if self.stopped_by is not None:
                return self._interrupted(self.stopped_by)
        passed = sum(check["passed"] for check in self.checks)
        if len(found) > 1:
            self._say(f"\n{passed} of {len(found)} passed")
        return 0 if passed == len(found) else 1

    def demo(self) -> int:
        """Check what is known to be right, and wrong; return 0 if that is what is found."""
        from nudgegrad.cli.check_demo import demo_targets

        pairs = demo_targets()
        for target, _ in pairs:
            self._head(target.name)
            self._check(target)
            if self.stopped_by is not None:
                return self._interrupted(self.stopped_by)
        right = [check["passed"] for check in self.checks] == [right for _, right in pairs]
        if right:
            self._say("\nthe right gradient passed, and the planted bug was found")
        return 0 if right else 1

    def end(self) -> None:
        """Print the JSON, if that is wanted."""
        if not self.as_json:
            return
        ended = self.stopped_by is None and not self.interrupted
        passed = ended and all(check["passed"] for check in self.checks)
        document = {"passed": passed, "checks": self.checks}
        click.echo(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))

    def _check(self, target: Target) -> None:
        from nudgegrad.cli.check_targets import Raised

        try:
            report = self._report(target)
        except Raised as raised:
            self._raised(target.name, raised)
            return
        self.checks.append(json.loads(report.to_json()))
        self._show(report)
        self._write(report)

    def _report(self, target: Target) -> Report:
        from nudgegrad.checker.report import Report
        from nudgegrad.cli.check_progress import CheckProgress
        from nudgegrad.cli.check_targets import Raised, is_users
        from nudgegrad.signals import stop_on_signal
        from nudgegrad.validation import ParameterError

        case = target.build()
        if isinstance(case, Report):
            if self.given:
                options = ", ".join(f"--{name.replace('_', '-')}" for name in self.given)
                raise ParameterError(
                    f"{target.name} must return a Case for {options}, got the Report of a check "
                    "that is done; return Case(f, params, gradients)"
                )
            return replace(case, target=target.name)
        with CheckProgress() as progress, stop_on_signal() as request:
            try:
                report = case.run(
                    **self.given, progress=progress.progress, announce=progress.announce,
                    cancel=lambda: bool(request),
                )  # fmt: skip
            except Exception as error:
                if is_users(error):
                    raise Raised(error) from error
                if isinstance(error, (ParameterError, TypeError)):
                    raise ParameterError(f"{target.name}: {error}") from error
                raise
        self.stopped_by = request.signal_number
        return replace(report, target=target.name)

    def _interrupted(self, number: int) -> int:
        click.echo("Interrupted.", err=True)
        return 128 + number

    def _raised(self, name: str, raised: Raised) -> None:
        click.echo(f"{name} raised\n{raised}", err=True)
        if isinstance(raised.error, SystemExit):
            hint = "a module must not leave when it is imported: put what a script does under"
            click.echo(f'{hint} if __name__ == "__main__"', err=True)
        self.checks.append({"target": name, "passed": False, "error": raised.summary})

    def _head(self, name: str) -> None:
        self._say(("\n" if self.checks else "") + name, style="bold underline")
        self._say("")

    def _show(self, report: Report) -> None:
        from nudgegrad.cli.console import is_plain, make_console

        if self.as_json:
            return
        if is_plain():
            click.echo(str(report))
        else:
            make_console().print(report)

    def _say(self, text: str, style: str | None = None) -> None:
        from nudgegrad.cli.console import make_console

        if not self.as_json:
            make_console().print(text, style=style)

    def _write(self, report: Report) -> None:
        """Write the files: the second report into report-2.html."""
        self.written += 1
        paths = []
        for file, write in ((self.html, report.to_html), (self.plot, report.plot)):
            if file is not None:
                path = Path(file)
                if self.written > 1:
                    path = path.with_name(f"{path.stem}-{self.written}{path.suffix}")
                write(path)
                paths.append(str(path))
        if paths:
            self._say(f"\nwritten to {' and '.join(paths)}")
