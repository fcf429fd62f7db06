"""A child process that trains, seen from the server: start it, command it, hear it."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

from nudgegrad.app.child import work
from nudgegrad.app.protocol import Command, Ended, Job, Report, Stop

__all__ = ["Worker"]


class Worker:
    """One training in a process of its own.

    Parameters
    ----------
    job
        What to train.
    on_report
        Called, in a thread of the worker's own, with every report; `Ended` is the last one, and
        comes even if the process is killed.
    """

    def __init__(self, job: Job, on_report: Callable[[Report], Any]) -> None:
        self.job = job
        self._on_report = on_report
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(
            target=work,
            args=(other, job),
            name=f"nudgegrad-{job.configuration.method}",
            daemon=True,
        )
        with _without_interrupts():
            self._process.start()
        other.close()
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="nudgegrad-reports", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether reports may still come."""
        return self._reader.is_alive()

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return self._process.pid

    def send(self, command: Command) -> None:
        """Give a command; one to a process that has ended is lost."""
        with self._sending:
            try:
                self._connection.send(command)
            except OSError:
                return

    def join(self, seconds: float) -> bool:
        """Wait until the process has ended and its last report is in; tell whether it has."""
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def end(self, seconds: float = 15.0) -> None:
        """Have the work saved and the process ended, by force if it takes longer than this."""
        for _ in range(2):  # the second time without the accuracies of the end
            self.send(Stop())
            if self.join(seconds / 2):
                return
        self._process.terminate()
        if not self.join(2.0):
            self._process.kill()
            self.join(2.0)

    def _read(self) -> None:
        ended = False
        while not ended:
            try:
                report: Report = self._connection.recv()
            except (EOFError, OSError):
                break
            ended = isinstance(report, Ended)
            if not ended:
                self._on_report(report)
        self._process.join()
        self._on_report(report if ended else Ended("failed", self._fate()))
        self._connection.close()

    def _fate(self) -> str:
        code = self._process.exitcode or 0
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            how = f"was ended by the system ({name})"
        else:
            how = f"ended by itself (exit code {code})"
        return f"the process that trained {how}; its last checkpoint is kept, and can be resumed"


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let a process begin deaf to Ctrl-C, until it has set up what to do about it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would lift the block, the first time
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
