"""``nudgegrad.jax`` where JAX is not installed."""

from __future__ import annotations

import importlib
import sys

import pytest


def test_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[:2] == ["nudgegrad", "jax"]]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError, match=r'pip install "nudgegrad\[jax\]"'):
        importlib.import_module("nudgegrad.jax")
