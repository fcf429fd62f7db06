"""What a check found: for every entry the claimed and the numeric gradient, and the verdict."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nudgegrad.checker.reason import Reason
from nudgegrad.checker.report.parameter import REASONS, Entry, ParameterCheck
from nudgegrad.checker.report.provenance import now, versions
from nudgegrad.checker.verdict import Verdict
from nudgegrad.validation import check_choice, check_integer

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

__all__ = ["Entry", "ParameterCheck", "Report", "WrongGradient"]


class WrongGradient(AssertionError):
    """A check did not pass. Its message is the report."""


@dataclass(frozen=True, eq=False)
class Report:
    """The result of a check.

    Attributes
    ----------
    parameters : dict of str to ParameterCheck
    method : str
        How the numeric gradient came about, and why that way: one sentence.
    loss : float
        The function's value at the point that was checked.
    evaluations : int
        How many times it was evaluated, or what that would have been.
    seconds : float
        Time taken.
    noise : float or None
        Size of the function's own noise (standard deviation), where it was measured.
    deterministic : bool
        Whether two evaluations at one point gave the same.
    factor : float
        How many error bars an entry may be off.
    rtol, atol : float or None
        Tolerances given in the place of error bars.
    notes : tuple of str
        What the reader should know besides the numbers.
    taylor : TaylorTest or None
    target : str
        What was checked: a function and its file, or a network.
    created : str
        When the report was made, in ISO 8601 with the zone.
    versions : dict of str to str
        The libraries that took part, and their versions.
    """

    parameters: dict[str, ParameterCheck]
    method: str
    loss: float
    evaluations: int
    seconds: float
    noise: float | None = None
    deterministic: bool = True
    factor: float = 1.0
    rtol: float | None = None
    atol: float | None = None
    notes: tuple[str, ...] = ()
    taylor: Any = None
    target: str = ""
    created: str = field(default_factory=now)
    versions: dict[str, str] = field(default_factory=versions)

    @property
    def passed(self) -> bool:
        """Whether something was verified, and nothing is wrong.

        No entry is wrong, none is `unverified`, every claimed value that was checked is finite,
        at least one entry is ok, and the Taylor test, if there was one, did not fail.
        """
        return (
            self.counts["wrong"] == 0
            and self.counts["ok"] > 0
            and self.unverified == 0
            and not any(check.not_finite for check in self.parameters.values())
            and (self.taylor is None or bool(self.taylor.passed))
        )

    def __bool__(self) -> bool:
        return self.passed

    @cached_property
    def outcome(self) -> str:
        """Whether the check passed, why, and how much was verified: one sentence."""
        from nudgegrad.checker.report.outcome import outcome

        return outcome(self)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many entries are ok, wrong, kink, noisy and unresolved."""
        names = [str(verdict) for verdict in Verdict if verdict]
        return {
            name: sum(check.counts[name] for check in self.parameters.values()) for name in names
        }

    @cached_property
    def unverified(self) -> int:
        """How many entries could not be verified though a mistake in them would matter."""
        return sum(int(np.count_nonzero(check.unverified)) for check in self.parameters.values())

    @cached_property
    def reasons(self) -> dict[Reason, int]:
        """Why entries are `unverified`, and how many of them for each reason, the most first."""
        found = np.zeros(len(Reason), dtype=int)
        for check in self.parameters.values():
            found += np.bincount(check.reason[check.unverified], minlength=len(Reason))
        present = [(reason, int(found[reason])) for reason in Reason if reason and found[reason]]
        return dict(sorted(present, key=lambda pair: -pair[1]))

    @property
    def entries(self) -> int:
        """How many entries the parameters have together."""
        return sum(check.verdict.size for check in self.parameters.values())

    @property
    def checked(self) -> int:
        """How many of them were checked."""
        return sum(self.counts.values())

    @property
    def coverage(self) -> float:
        """Share of the entries that were checked, 0 to 1."""
        return self.checked / self.entries if self.entries else 0.0

    @cached_property
    def diagnosis(self) -> list[str]:
        """The pattern that the errors follow, in words, where it is plain."""
        from nudgegrad.checker.diagnosis import diagnose

        return diagnose(self)

    def worst(self, n: int = 10) -> list[Entry]:
        """Return the `n` worst entries that were checked: wrong ones first, then by ratio."""
        check_integer("n", n, 0)
        entries = [entry for check in self.parameters.values() for entry in check.worst(n)]
        entries.sort(key=lambda entry: entry.rank, reverse=True)
        return entries[:n]

    def records(self, verdict: str | None = None) -> list[dict[str, Any]]:
        """Return every entry that was checked, or all of one verdict, as `pandas` takes them."""
        names = [str(one) for one in Verdict]
        if verdict is not None:
            check_choice("verdict", str(verdict), names)
        rows: list[dict[str, Any]] = []
        for check in self.parameters.values():
            wanted = check.checked
            if verdict is not None:
                wanted = check.verdict == Verdict[str(verdict).upper()]
            indices: Iterable[tuple[int, ...]] = zip(
                *(axis.tolist() for axis in np.nonzero(np.atleast_1d(wanted))), strict=True
            )
            if wanted.ndim == 0:
                indices = [()] if wanted else []
            arrays = (
                check.analytic, check.numeric, check.error, check.ratio, check.verdict,
                check.unverified, check.reason,
            )  # fmt: skip
            columns = zip(*(array[wanted].tolist() for array in arrays), strict=True)
            for index, (claimed, numeric, error, ratio, code, unverified, reason) in zip(
                indices, columns, strict=True
            ):
                rows.append({
                    "parameter": check.name, "index": index, "claimed": claimed,
                    "numeric": numeric, "error": error, "ratio": ratio, "verdict": names[code],
                    "unverified": unverified, "reason": REASONS[reason],
                })  # fmt: skip
        return rows

    def summary(self) -> list[dict[str, Any]]:
        """Return a row a parameter: sizes, counts, the largest relative error, and h.

        The relative error is the largest of the wrong entries; if none is wrong, of those that are
        ok.
        """
        return [
            {
                "parameter": check.name,
                "shape": tuple(check.verdict.shape),
                "entries": check.verdict.size,
                "checked": sum(check.counts.values()),
                **check.counts,
                "unverified": int(np.count_nonzero(check.unverified)),
                "relative_error": check.relative_error,
                "h": check.h,
            }
            for check in self.parameters.values()
        ]

    def raise_if_wrong(self) -> Report:
        """Return the report if it passed.

        Raises
        ------
        WrongGradient
            If it did not. The message is the whole report.
        """
        if not self.passed:
            raise WrongGradient(str(self))
        return self

    def __repr__(self) -> str:
        return f"Report({self.outcome})"

    def __str__(self) -> str:
        from nudgegrad.checker.report.text import as_text

        return as_text(self)

    def __rich__(self) -> RenderableType:
        from nudgegrad.checker.report.terminal import as_rich

        return as_rich(self)

    def _repr_html_(self) -> str:
        from nudgegrad.checker.report.html import as_fragment

        return as_fragment(self)

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write a page that needs nothing else: the report and its plot, light and dark."""
        from nudgegrad.checker.report.html import as_page
        from nudgegrad.files import write_atomically

        page = as_page(self).encode()
        with write_atomically(path) as stream:
            stream.write(page)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the report as JSON, and write it if there is a path; NaN becomes null."""
        from nudgegrad.checker.report.json import as_json
        from nudgegrad.files import write_atomically

        text = as_json(self)
        if path is not None:
            with write_atomically(path) as stream:
                stream.write(text.encode() + b"\n")
        return text

    def plot(self, path: str | os.PathLike[str] | None = None) -> Figure:
        """Draw claimed against numeric, and a map of the errors; write it if there is a path."""
        from nudgegrad.checker.report.plot import plot_report
        from nudgegrad.plotting import save_figure

        figure = plot_report(self)
        if path is not None:
            save_figure(figure, path)
        return figure
