"""Columns as many as fit."""

from __future__ import annotations

__all__ = ["grid"]


def grid(width: str, gap: str = "0.75rem") -> str:
    """Return the style of an element whose children stand in columns at least so wide."""
    columns = f"repeat(auto-fit, minmax(min({width}, 100%), 1fr))"
    return f"display: grid; gap: {gap}; grid-template-columns: {columns}"
