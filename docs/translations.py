"""Bring the gettext catalogues in step with the code: extract, update, compile.

Run it after every change of a text in ``_("…")`` or of a .po file::

    python docs/translations.py

It rewrites ``src/nudgegrad/locale``: the template ``nudgegrad.pot`` from the code, each
language's .po from the template, and each .mo from its .po. Texts that wait for a translator are
listed, and the exit code is then 1. Nothing in the files depends on the day or the machine.
"""

from __future__ import annotations

import copy
import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from nudgegrad.messages import DOMAIN, LANGUAGES, LOCALE_FOLDER

SOURCE = LOCALE_FOLDER.parent
TEMPLATE = LOCALE_FOLDER / f"{DOMAIN}.pot"


class Texts(Catalog):  # type: ignore[misc, unused-ignore]
    """A catalogue whose header has what gettext needs, and no dates, names or versions."""

    def __init__(self, language: str | None = None) -> None:
        self.language = language
        name = "template" if language is None else LANGUAGES[language]
        super().__init__(
            locale=language, header_comment=f"# The texts of {DOMAIN}: {name}.", fuzzy=False
        )

    @property  # type: ignore[misc, unused-ignore]  # no setter
    def mime_headers(self) -> list[tuple[str, str]]:
        """The lines of the header."""
        language = [("Language", self.language)] if self.language else []
        return [
            *language,
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit\n"),  # the header ends with an end of line
        ]


def po_file(language: str) -> Path:
    """Return where a language's texts are."""
    return LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def extract() -> Texts:
    """Return a catalogue of the texts in the code."""
    template = Texts()
    found = extract_from_dir(SOURCE, method_map=[("**.py", "python")], keywords={"_": None})
    for file, _line, text, comments, context in found:
        template.add(text, locations=[(file, 0)], auto_comments=comments, context=context)
    return template


def read(language: str) -> Texts:
    """Read a language's .po file; one that is not there yet has no texts."""
    texts = Texts(language)
    if po_file(language).exists():
        with po_file(language).open("rb") as stream:
            for message in read_po(stream, abort_invalid=True):
                if message.id:
                    texts[message.id] = message
    return texts


def update(texts: Texts, template: Texts) -> None:
    """Give a catalogue the texts of the template, no more and no fewer; English says the same."""
    # A copy, because update() takes over the template's own message objects.
    texts.update(copy.deepcopy(template), no_fuzzy_matching=True, update_header_comment=False)
    if texts.language == "en":
        for message in texts:
            message.string = message.id or message.string


def po_text(texts: Texts) -> bytes:
    """Return a catalogue as a .po file. No line numbers: they would change with every edit."""
    stream = io.BytesIO()
    write_po(
        stream, texts, width=100, sort_by_file=True, include_lineno=False, ignore_obsolete=True
    )
    return stream.getvalue()


def mo_bytes(texts: Texts) -> bytes:
    """Return a catalogue compiled, as gettext reads it."""
    stream = io.BytesIO()
    write_mo(stream, texts)
    return stream.getvalue()


def main() -> int:
    """Rewrite all catalogues; return 1 if a text has no translation."""
    template = extract()
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(po_text(template))
    missing = 0
    for language in LANGUAGES:
        texts = read(language)
        update(texts, template)
        path = po_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(po_text(texts))
        path.with_suffix(".mo").write_bytes(mo_bytes(texts))
        for message in texts:
            if message.id and not message.string:
                print(f"{language}: no translation of {message.id!r}")
                missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
