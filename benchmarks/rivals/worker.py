"""A process that lets one checker look at one case after another, and may be stopped."""

from __future__ import annotations

import math
import multiprocessing
import os
import time
import warnings
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.rivals import Rival

__all__ = ["Worker"]

START_LIMIT = 300.0  # seconds for imports
TOLD = 160  # letters of a checker's message that are kept


class Worker:
    """Runs a checker in a process of its own; in a new one after each case that takes too long.

    Attributes
    ----------
    cases : list of dict
        What is known of each case of the checker's part of the zoo.

    Parameters
    ----------
    rival
        The checker.
    limit
        Seconds a case.

    Raises
    ------
    ImportError
        If the checker is not installed.
    """

    def __init__(self, rival: Rival, limit: float) -> None:
        self._rival, self._limit = rival, limit
        self._process: Any = None
        self._pipe: Any = None
        self.cases: list[dict[str, Any]] = self._start()

    def check(self, name: str) -> dict[str, Any]:
        """Return the verdict on a case: passed, failed, too slow, or could not be run."""
        if self._process is None:
            self._start()
        started = time.perf_counter()
        self._pipe.send(name)
        try:
            if self._pipe.poll(self._limit):
                outcome: dict[str, Any] = self._pipe.recv()
                return outcome
            outcome = _outcome("too slow", self._limit, f"more than {self._limit:g} s")
        except EOFError:
            outcome = _outcome("not run", time.perf_counter() - started, "its process died")
        self.stop()
        return outcome

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def _start(self) -> list[dict[str, Any]]:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._rival), daemon=True)
        self._process.start()
        theirs.close()
        try:
            ready = self._pipe.recv() if self._pipe.poll(START_LIMIT) else "did not start"
        except EOFError:
            ready = "its process died as it started"
        if isinstance(ready, str):
            self.stop()
            raise ImportError(ready)
        cases: list[dict[str, Any]] = ready
        return cases


def _serve(pipe: Connection, rival: Rival) -> None:
    os.environ.update(rival.environment)
    warnings.simplefilter("ignore")  # gradcheck's on float32, and what overflows in the zoo
    try:
        check = rival.load()
        cases = {case.name: case for case in _zoo(rival.zoo)}
    except ImportError as error:
        pipe.send(f"not installed ({error.name or error})")
        return
    pipe.send([_facts(case, rival.zoo) for case in cases.values()])
    warm = False
    while True:
        case = cases[pipe.recv()]
        started = time.perf_counter()
        try:
            if not warm:  # what is compiled or imported at the first call counts for no case
                check(next(iter(cases.values())).build())
            warm = True
            problem = case.build()
            started = time.perf_counter()
            passed, told, number = check(problem)
        except Exception as error:
            seconds = time.perf_counter() - started
            outcome = _outcome("not run", seconds, f"{type(error).__name__}: {error}")
        else:
            seconds = time.perf_counter() - started
            outcome = _outcome("passed" if passed else "failed", seconds, told, number)
        pipe.send(outcome)


def _zoo(name: str) -> Sequence[Any]:
    if name == "PyTorch":
        from tests.zoo.pytorch import torch_cases

        return torch_cases()
    if name == "JAX":
        from tests.zoo.jax_functions import jax_cases

        return jax_cases()
    from tests.zoo import CASES

    return CASES


def _facts(case: Any, zoo: str) -> dict[str, Any]:
    problem = case.build()
    if zoo == "NumPy":
        arrays = list(problem.params.values())
    elif zoo == "PyTorch":
        arrays = [*problem.module.parameters(), *problem.inputs]
    else:
        arrays = list(problem.args)
    return {
        "name": case.name,
        "family": case.family,
        "right": case.right,
        "what": case.what,
        "kink": getattr(case, "kink", False),
        "dtype": str(arrays[0].dtype).removeprefix("torch."),
        "entries": sum(math.prod(array.shape) for array in arrays),
    }


def _outcome(
    verdict: str, seconds: float, told: str = "", number: float | None = None
) -> dict[str, Any]:
    told = " ".join(told.split())
    told = told if len(told) <= TOLD else told[: TOLD - 1] + "…"
    return {"verdict": verdict, "seconds": seconds, "told": told, "number": number}
