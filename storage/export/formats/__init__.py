"""The formats a story can leave in. To add one: a module here with the names of `Format`, and a word in FORMATS.

A format writes rows it is given and knows neither the database nor who may have what; that is the gate's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from storage.export.formats import csv, jsonl

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from storage.export.formats.columns import Row


class Format(Protocol):
    """What a format module offers."""

    NAME: str
    """What people ask for: `csv`. Also the ending of the file's name."""
    TITLE: str
    """What people read: `Spreadsheet (CSV)`."""
    HINT: str
    """What somebody who chooses it should know; empty if nothing."""
    CONTENT_TYPE: str

    def write(self, rows: Iterable[Row], stream: BinaryIO) -> int:
        """Write the rows as they come, holding no more than a few in memory; returns how many are not whole.

        The stream stays open.
        """
        ...


FORMATS: tuple[Format, ...] = (csv, jsonl)
