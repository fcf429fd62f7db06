"""PyTorch's contenders, on one thread and on all."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.checks import repeated
from benchmarks.paired import Contender, thread_suffix

__all__ = ["thread_choices", "with_threads"]

torch: Any = importlib.import_module("torch")


def thread_choices() -> list[int]:
    """Return one, and as many as there are cores."""
    return sorted({1, os.cpu_count() or 1})


def with_threads(name: str, work: Callable[[], Any], note: str) -> list[Contender]:
    """Return a contender for each number of threads."""
    return [
        Contender(
            name + thread_suffix(threads), repeated(work), 1, threads=threads,
            enter=partial(torch.set_num_threads, threads), note=note,
        )
        for threads in thread_choices()
    ]  # fmt: skip
