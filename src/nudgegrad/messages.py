"""Texts in the reader's language: English, Chinese or Japanese.

The English texts stand in the code, marked by ``_("…")``; the others are gettext catalogues in
``locale/``, which ``docs/translations.py`` keeps in step with the code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from nudgegrad.validation import check_choice

__all__ = ["DOMAIN", "LANGUAGES", "LOCALE_FOLDER", "default_language", "translator"]

DOMAIN = "nudgegrad"
LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "zh_CN": "简体中文", "ja": "日本語"}
"""Language code → what its speakers call it."""


def translator(language: str | None = None) -> Callable[[str], str]:
    """Return the function that turns English texts of this package into a language.

    Parameters
    ----------
    language
        One of `LANGUAGES`; None asks `default_language`.

    Returns
    -------
    function of str to str
        A text that its catalogue does not have comes back as it is.

    Raises
    ------
    ParameterError
        If the language is none of these.

    Examples
    --------
    >>> translator("zh_CN")("gradient of {parameter}")
    '{parameter} 的梯度'
    """
    import gettext

    chosen = default_language() if language is None else language
    check_choice("language", chosen, tuple(LANGUAGES))
    return gettext.translation(DOMAIN, LOCALE_FOLDER, [chosen]).gettext


def default_language(environment: Mapping[str, str] | None = None) -> str:
    """Return the language of the locale, English if it is none of `LANGUAGES`.

    Of LANGUAGE, LC_ALL, LC_MESSAGES and LANG the first that is not empty decides, as it does for
    gettext. LANGUAGE may list several, separated by colons, the dearest first.

    Parameters
    ----------
    environment
        `os.environ` unless told.
    """
    variables = os.environ if environment is None else environment
    names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    wanted = next(filter(None, (variables.get(name) for name in names)), "")
    known = {language[:2]: language for language in LANGUAGES}
    for locale in wanted.split(":"):
        language = locale.replace("-", "_").split(".")[0].split("@")[0].split("_")[0].lower()
        if language in known:
            return known[language]
    return "en"
