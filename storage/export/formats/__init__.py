"""The export formats. To add one: a module here with the names of `Format`, and a word in FORMATS.

A format writes the rows it is given. It knows neither the database nor who may have what; the gate decides that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from storage.export.formats import csv, jsonl

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from storage.export.formats.columns import Row


class Format(Protocol):
    """What a format module provides."""

    NAME: str
    """The name that people type: `csv`. Also the suffix of the file."""
    TITLE: str
    """The name that people read: `Spreadsheet (CSV)`."""
    HINT: str
    """Advice for somebody who chooses it; may be empty."""
    CONTENT_TYPE: str

    def write(self, rows: Iterable[Row], stream: BinaryIO) -> int:
        """Write the rows as they come, with only a few in memory. Returns how many are incomplete.

        The stream stays open.
        """
        ...


FORMATS: tuple[Format, ...] = (csv, jsonl)
