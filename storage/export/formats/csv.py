"""CSV as RFC 4180 has it, with a mark that tells Excel it is UTF-8. Imports the standard library only.

A cell that a spreadsheet would run as a formula gets an apostrophe in front (rule 94): a story that begins with "="
must not be able to do anything on the computer of whoever opens the file.
"""

from __future__ import annotations

import csv
import json
from io import TextIOWrapper
from typing import TYPE_CHECKING

from storage.export.columns import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from pydantic import JsonValue

    from storage.export.columns import Row

NAME = "csv"
TITLE = "Spreadsheet (CSV)"
CONTENT_TYPE = "text/csv; charset=utf-8"

BYTE_ORDER_MARK = "\ufeff"
BETWEEN = " | "
"""Between the values of a list. Not a comma or a semicolon: some spreadsheets split cells there."""
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠|%")
"""First characters that some spreadsheet takes for the start of a formula or a command."""
UNSEEN = " \u00a0\u200b\u200c\u200d\u2060\ufeff"
"""Characters a spreadsheet may drop before it looks at the first one."""


def write(rows: Iterable[Row], stream: BinaryIO) -> None:
    """Write a heading and one line for each story."""
    text = TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="", write_through=True)
    try:
        text.write(BYTE_ORDER_MARK)
        writer = csv.writer(text)
        writer.writerow(NAMES)
        for row in rows:
            writer.writerow([cell(row[name]) for name in NAMES])
    finally:
        text.detach()


def cell(value: JsonValue) -> str:
    """Return a value as the text of a cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = BETWEEN.join(str(one) for one in value)
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    elif isinstance(value, int | float):
        return str(value)
    seen = value.lstrip(UNSEEN)
    return f"'{value}" if seen[:1] in FORMULA_STARTS and seen else value
