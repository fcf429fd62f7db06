"""What a measurement was made on: versions, processor, cores, threads."""

from __future__ import annotations

import importlib
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["PACKAGES", "describe_machine"]

PACKAGES = (
    "nudgegrad", "numpy", "numba", "threadpoolctl", "torch", "jax", "jaxlib", "scikit-learn",
    "scipy", "autograd", "torchzero", "evosax", "polystep",
    "zeroth-learn",
)  # fmt: skip


def describe_machine() -> dict[str, Any]:
    """Return versions, processor, cores and BLAS of this process's machine, for JSON."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "cores_available": _available(),
        "packages": _versions(),
        "blas": _blas(),
        "thread_settings": {
            name: value for name, value in os.environ.items() if name.endswith("_NUM_THREADS")
        },
    }


def _versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"


def _available() -> int | None:
    """Return how many cores this process may use; a container may have fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _blas() -> list[dict[str, Any]]:
    """Return the BLAS libraries that are loaded, with the package that brought each.

    None without threadpoolctl. Where a package did not bring its own, ``"of"`` is a folder's name.
    """
    importlib.import_module("numpy")
    try:
        pools: Any = importlib.import_module("threadpoolctl")
    except ImportError:
        return []
    keys = ("internal_api", "version", "architecture", "num_threads")
    return [
        {"of": Path(library["filepath"]).parent.name.removesuffix(".libs")}
        | {key: library.get(key) for key in keys}
        for library in pools.threadpool_info()
        if library["user_api"] == "blas"
    ]
