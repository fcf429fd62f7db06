"""The arguments of a check, held until it is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from nudgegrad.checker.report import Report

__all__ = ["Case"]


class Case:
    """What `nudgegrad.checker.check` takes, to be run later: by `nudgegrad check`, for one.

    Parameters
    ----------
    *arguments, **options
        As for `nudgegrad.checker.check`.
    by : callable, optional
        What checks, in the place of `nudgegrad.checker.check`: `nudgegrad.jax.check`, say.

    Examples
    --------
    >>> case = Case(lambda w: np.sum(w**2), np.ones(3), lambda w: 2 * w)
    >>> case.run(sample=2).checked
    2
    """

    __slots__ = ("arguments", "by", "options")

    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    by: Callable[..., Report] | None

    def __init__(
        self, *arguments: Any, by: Callable[..., Report] | None = None, **options: Any
    ) -> None:
        for name, value in (
            ("arguments", arguments), ("options", MappingProxyType(options)), ("by", by)
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Case does not change; make another one to set {name}")

    def run(self, **more: Any) -> Report:
        """Check, with more options, which come before the case's own."""
        if self.by is not None:
            return self.by(*self.arguments, **{**self.options, **more})
        from nudgegrad.checker.check import check

        return check(*self.arguments, **{**self.options, **more})

    def __repr__(self) -> str:
        kinds = [type(argument).__name__ for argument in self.arguments]
        return f"Case({', '.join([*kinds, *self.options])})"
