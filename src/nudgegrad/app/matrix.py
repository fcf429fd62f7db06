"""A matrix of counts whose cells are chosen by mouse, finger or keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui.element import Element

__all__ = ["MATRIX_STYLE", "Matrix"]

MATRIX_STYLE = """
.ng-matrix-frame { width: 100%; overflow-x: auto; }
.ng-matrix { width: 100%; border-collapse: separate; border-spacing: 2px; table-layout: fixed;
  font-size: clamp(0.65rem, 2.8vw, 0.9rem); font-variant-numeric: tabular-nums; }
.ng-matrix th { font-weight: 600; padding: 2px 0; overflow-wrap: normal; }
.ng-long th:first-child { width: 5.5rem; text-align: right; padding-right: 0.3rem;
  font-weight: 500; overflow-wrap: anywhere; line-height: 1.1; }
.ng-long thead th { height: 6.5rem; vertical-align: bottom; font-weight: 500; }
.ng-long thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 6.5rem;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ng-matrix td { text-align: center; padding: 0; height: 2.1rem; border-radius: 3px;
  cursor: pointer; overflow-wrap: normal; background: #8881; }
.ng-matrix td[aria-selected=true] { outline: 2px solid currentColor; outline-offset: -2px; }
.ng-matrix td:focus-visible { outline: 3px solid #f0a030; outline-offset: 0; }
.ng-matrix .ng-none { color: #636363; } .body--dark .ng-matrix .ng-none { color: #a8a8a8; }
"""


class Matrix(Element, component="matrix.js"):  # type: ignore[misc, call-arg, unused-ignore]
    """A confusion matrix.

    Parameters
    ----------
    label
        What it is, for those who do not see it.
    cell
        A cell in words, with ``{row}``, ``{column}`` and ``{count}``.
    on_choose
        Called with the row and the column of a cell.
    """

    def __init__(
        self, *, label: str, cell: str, on_choose: Callable[[int, int], Awaitable[None]]
    ) -> None:
        super().__init__()
        self._props.update(label=label, cell=cell, counts=[], chosen=[], names=[])

        async def choose(event: Any) -> None:
            row, column = event.args
            await on_choose(int(row), int(column))

        self.on("choose", choose)

    def show(
        self, counts: list[list[int]], names: Sequence[str], chosen: tuple[int, int] | None
    ) -> None:
        """Draw counts of classes that are called so, with a cell marked."""
        self._props.update(counts=counts, names=list(names), chosen=list(chosen or ()))
        self.update()
