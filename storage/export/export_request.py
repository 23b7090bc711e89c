"""Checks the format and the use of an export request. Imports little, so that a typing error is reported at once."""

from __future__ import annotations

from flows.model.vocabulary.consent_answers import USES, Use
from storage.export.formats import FORMATS, Format


class UnknownFormatError(ValueError):
    """There is no such format. Nothing was exported; the message lists those there are."""


class UnknownUseError(ValueError):
    """There is no such use. Nothing was exported; choose team, quote or publish."""


def format_named(name: str) -> Format:
    """Return the format with this name. Raises UnknownFormatError."""
    for known in FORMATS:
        if name == known.NAME:
            return known
    raise UnknownFormatError(f"There is no format {name!r}. Choose one of: {', '.join(one.NAME for one in FORMATS)}.")


def checked_use(use: str) -> Use:
    """Return the use if it exists. Raises UnknownUseError."""
    if use not in USES:
        raise UnknownUseError(f"There is no use {use!r}. Choose one of: {', '.join(USES)}.")
    return Use(use)
