"""The part of the form of settings that chooses the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nicegui import run, ui

from nudgegrad.app import widgets
from nudgegrad.app.context import EXPECTED, Context
from nudgegrad.data import available, names
from nudgegrad.training.configuration import Configuration

__all__ = ["DataFields", "has_labels", "may_be_scaled"]

ELSEWHERE = ""
"""What the choice of a name says for a path."""


def has_labels(path: str) -> bool:
    """Tell whether a path is one of a table, of which a column holds the labels."""
    return Path(path).suffix.lower() in (".csv", ".tsv")


def may_be_scaled(path: str) -> bool:
    """Tell whether a path is one of a folder, whose pictures may have to be scaled."""
    return path not in names() and Path(path).is_dir()


def _key(settings: Configuration) -> tuple[Any, ...]:
    """Return those of the settings that are shown here."""
    return settings.data, settings.label, settings.image_size


class DataFields:
    """A choice of names, and fields for a path with what it takes; made here.

    Attributes
    ----------
    elements : list
        What can be used or not.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.filling = False
        self.shown: tuple[Any, ...] | None = None
        _, settings = context._, context.session.settings
        sets = available()
        here = [each.name for each in sets if each.location is not None]
        absent = [each.name for each in sets if each.location is None]
        explained = _(
            "What the network learns from. Those that are on this machine can be chosen, and any "
            "file or folder by its path."
        )
        if absent:
            explained += " " + _(
                "The page downloads nothing; on the command line nudgegrad data --data NAME does, "
                "for {names}."
            ).format(names=", ".join(absent))
        self.name = widgets.select(
            _("Data set"), {**{name: name for name in here}, ELSEWHERE: _("a file or folder …")},
            None, explained=explained, on_change=self._choose,
        )  # fmt: skip
        self.path = self._text(
            _("Path of the data"),
            _(
                "On the machine that serves this page: a folder of IDX files, a folder of pictures "
                "(class/picture.png), a .csv or .tsv table, or an .npz archive."
            ),
        )
        self.label = self._text(
            _("Column of the labels"),
            _(
                "Its name in the table's first line, or its place, the first being 0; empty takes "
                "the one called label, class, target or y."
            ),
        )
        with ui.element("div").classes("w-full") as self.size_row:
            self.size = widgets.number(
                _("Side of the pictures"), settings.image_size, low=1, whole=True,
                explained=_(
                    "To how many pixels on each side pictures are scaled; empty leaves them as "
                    "they are, if all have one size."
                ),
            )  # fmt: skip
        for field in (self.path, self.label, self.size):
            field.without_auto_validation()
            field.on("blur", self._load_path).on("keydown.enter", self._load_path)
        self.name.without_auto_validation()
        self.elements: list[Any] = [self.name, self.path, self.label, self.size]
        self.fill(settings)

    def _text(self, label: str, explained: str) -> ui.input:
        with ui.row().classes("items-center no-wrap gap-1 w-full"):
            field = ui.input(label).classes("col").props("dense outlined autocomplete=off")
            widgets.explanation(label, explained)
        return field

    # What the reader does

    async def _choose(self, name: Any) -> None:
        if self.filling:
            return
        if name == ELSEWHERE:
            self._show_details("")
        elif name is not None:
            await self._load(self.name, data=name, label=None, image_size=None)

    async def _load_path(self) -> None:
        path = (self.path.value or "").strip()
        size = self.size.value
        self._show_details(path)
        if path:
            await self._load(
                self.path, data=path,
                label=(self.label.value or "").strip() or None if has_labels(path) else None,
                image_size=None if size is None or not may_be_scaled(path) else int(size),
            )  # fmt: skip

    async def _load(self, field: Any, **chosen: Any) -> None:
        """Take another data set, once it has been read."""
        session = self.context.session
        before = session.settings
        if all(getattr(before, key) == value for key, value in chosen.items()):
            field.error = None
            self.fill(before, anew=True)
            return
        # The number of classes belongs to the data there were.
        changes = {**chosen, "data_folder": None, "classes": None}
        try:
            await run.io_bound(session.change, **changes)
        except EXPECTED as error:
            for each in self.elements:
                each.error = None
            about_label = str(error).startswith("label ") and self._row(self.label).visible
            (self.label if about_label else field).error = str(error)
        else:
            self.fill(session.settings, anew=True)

    # What is shown

    def fill(self, settings: Configuration, *, anew: bool = False) -> None:
        """Show what the data of some settings are."""
        if _key(settings) == self.shown and not anew:
            return  # what is being typed stays
        self.shown = _key(settings)
        self.filling = True
        try:
            named = settings.data in names()
            if named and settings.data not in self.name.options:
                self.name.set_options({settings.data: settings.data, **dict(self.name.options)})
            self.name.value = settings.data if named else ELSEWHERE
            self.path.value = "" if named else settings.data
            self.label.value = settings.label or ""
            self.size.value = settings.image_size
            for field in self.elements:
                field.error = None
            self._show_details(self.path.value)
        finally:
            self.filling = False

    def _show_details(self, path: str) -> None:
        by_path = self.name.value == ELSEWHERE
        self._row(self.path).visible = by_path
        self._row(self.label).visible = by_path and has_labels(path)
        self.size_row.visible = by_path and may_be_scaled(path)

    @staticmethod
    def _row(field: ui.input) -> ui.element:
        """Return the row of a field and its explanation."""
        assert field.parent_slot is not None
        return field.parent_slot.parent
