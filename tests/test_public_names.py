"""What is public, and that all of it is described."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import types
from pathlib import Path
from typing import Any

import pytest

import nudgegrad

OPTIONAL = {"torch": "torch", "jax": "jax", "app": "nicegui", "sklearn": "sklearn"}
"""Package → what it needs."""


def can_be_imported(name: str) -> bool:
    part = name.split(".")[1]
    return part not in OPTIONAL or importlib.util.find_spec(OPTIONAL[part]) is not None


MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(nudgegrad.__path__, "nudgegrad.")
    if not module.name.endswith("__main__") and can_be_imported(module.name)
)
SOURCES = sorted(Path(nudgegrad.__path__[0]).rglob("*.py"))


def order(name: str) -> tuple[bool, bool, str]:
    """Sort constants before classes before functions, as ruff sorts ``__all__``."""
    return not name.isupper(), not name[:1].isupper(), name


def test_all_is_exactly_what_is_public() -> None:
    public = {
        name
        for name, value in vars(nudgegrad).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert set(nudgegrad.__all__) == public | {"data", "__version__"}
    assert nudgegrad.__all__ == sorted(nudgegrad.__all__, key=order)


@pytest.mark.parametrize("name", ["nudgegrad", *MODULES])
def test_all_of_each_module(name: str) -> None:
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    assert len(set(names)) == len(names)
    assert all(hasattr(module, item) for item in names)


def objects() -> list[tuple[str, Any]]:
    """Return every public class, function, method and property with its name."""
    found: list[tuple[str, Any]] = []
    for name in ["nudgegrad", *MODULES]:
        module = importlib.import_module(name)
        for item in getattr(module, "__all__", []):
            value = getattr(module, item)
            if inspect.isclass(value):
                found += [
                    (f"{name}.{item}.{key}", member)
                    for key, member in vars(value).items()
                    if not key.startswith("_")
                    and (inspect.isfunction(member) or isinstance(member, (property, classmethod)))
                ]
            # A decorator that click made of an option says what it does in its help.
            ours = getattr(value, "__module__", "").startswith("nudgegrad")
            if ours and (inspect.isclass(value) or inspect.isfunction(value)):
                found.append((f"{name}.{item}", value))
    return found


def test_every_public_object_has_a_docstring() -> None:
    described = dict(objects())
    assert len(described) > 100
    assert [name for name, value in described.items() if not inspect.getdoc(value)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_module_has_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
