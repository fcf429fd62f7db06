"""The tab *Nudge*: one weight, the loss along it, and what a nudge of it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nudgegrad.app.nudging.panel import Panel
from nudgegrad.app.nudging.view_changes import build_changes
from nudgegrad.app.nudging.view_choose import build_choose
from nudgegrad.app.nudging.view_curve import build_curve
from nudgegrad.app.nudging.view_errors import build_errors
from nudgegrad.app.nudging.view_move import build_move

if TYPE_CHECKING:
    from nudgegrad.app.context import Context
    from nudgegrad.app.session import Session

__all__ = ["build"]


def build(context: Context) -> None:
    """Build the tab here."""
    panel = Panel(context)
    for part in (build_choose, build_curve, build_move, build_changes, build_errors):
        part(panel)
    context.on_change(panel.refresh, of=_weights)
    context.on_dark(lambda: panel.refresh(now=True))


def _weights(session: Session) -> object:
    """Tell weights apart; asking for the network has new ones fetched."""
    track = session.main
    return session.version, None if track is None else track.network
