"""Blocks of a page written by hand that are made from measurements.

A block stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``, each on a line of its own.
"""

from __future__ import annotations

from pathlib import Path

import click

from nudgegrad.files import write_atomically

__all__ = ["find_block", "replace_block"]


def find_block(page: Path, name: str) -> tuple[str, str]:
    """Return a page's text up to a block and after it, its marks included.

    Raises
    ------
    click.ClickException
        If there is no such page, or not exactly one such block in it.
    """
    if not page.is_file():
        raise click.ClickException(
            f"{page} must hold the block {name!r}, but there is no such file"
        )
    text = page.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise click.ClickException(
            f"{page} must have one line {start.strip()!r} and after it one line {end!r}"
        )
    return text[: text.index(start) + len(start)], text[text.index(end) :]


def replace_block(page: Path, name: str, content: str) -> None:
    """Write other content into a page's block; raises what `find_block` does."""
    before, after = find_block(page, name)
    with write_atomically(page) as stream:
        stream.write(f"{before}{content}\n{after}".encode())
