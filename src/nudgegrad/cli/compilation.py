"""The line that says why a first start takes a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["tell_of_compilation"]


@contextmanager
def tell_of_compilation(console: Console, method: str) -> Iterator[None]:
    """While the block runs, say once if kernels are compiled; `naive` has none."""
    if method == "naive":
        yield
        return
    from nudgegrad.gradient.kernels.jit import on_compilation

    told: list[bool] = []

    def tell() -> None:
        if not told:
            told.append(True)
            console.print("compiling kernels, once: they are kept for the next runs")

    with on_compilation(tell):
        yield
