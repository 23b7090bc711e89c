"""CSV as in RFC 4180, with a byte order mark that tells Excel it is UTF-8.

A cell that a spreadsheet would run as a formula gets an apostrophe in front (rule 94), so that a story that begins with
"=" can do nothing on the computer of whoever opens the file. A cell that a spreadsheet would turn into a number or a
date, such as the month 2026-11, gets one as well. A text longer than a cell allows is cut there, and says so.
"""

from __future__ import annotations

import csv
import json
import re
from io import TextIOWrapper
from typing import TYPE_CHECKING

from storage.export.formats.columns import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from pydantic import JsonValue

    from storage.export.formats.columns import Row

NAME = "csv"
TITLE = "Spreadsheet (CSV)"
LONGEST_CELL = 32_767
"""Most characters of a spreadsheet cell, in UTF-16 units, as spreadsheets count."""
HINT = f"A cell ends after {LONGEST_CELL:,} characters, and then says so: JSON Lines holds such a story whole"
CONTENT_TYPE = "text/csv; charset=utf-8"

BYTE_ORDER_MARK = "\ufeff"
BETWEEN = " | "
"""Separator of the values of a list. Not a comma or a semicolon: some spreadsheets split cells there."""
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠|%")
"""First characters that some spreadsheet takes for the start of a formula or a command."""
GOES_ON = " … [it goes on: {left} more characters, which a cell cannot hold; JSON Lines holds them all]"
UNSEEN = " \u00a0\u200b\u200c\u200d\u2060\ufeff"
"""Characters that a spreadsheet may drop before it looks at the first one."""


_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TURNED = re.compile(
    rf"""[\s(]*[£$€]?[\s\d.,:/()+-]*\d[\d.,:/()\s%£$€-]*(?:e[+-]?\d+)?\s*(?:[ap]m?)?\s*
    | \d{{1,4}}[\s/.,-]*{_MONTH}(?:[\s/.,-]*\d{{1,4}})?
    | {_MONTH}[\s/.,-]*\d{{1,4}}(?:[\s/.,-]+\d{{1,4}})?
    | true | false""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that a spreadsheet turns into a number, a date, a time, or true or false."""
_MAY_TURN = 40
"""Most characters of such a word."""


def write(rows: Iterable[Row], stream: BinaryIO) -> int:
    """Write a heading and one line for each story. Returns how many stories do not fit their cells."""
    cut = 0
    text = TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="", write_through=True)
    try:
        text.write(BYTE_ORDER_MARK)
        writer = csv.writer(text)
        writer.writerow(NAMES)
        for row in rows:
            cells = [cell(row[name]) for name in NAMES]
            fitting = [_fitting(one) for one in cells]
            writer.writerow(fitting)
            cut += fitting != cells
    finally:
        text.detach()
    return cut


def cell(value: JsonValue) -> str:
    """Return a value as the text of a cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = BETWEEN.join(str(one) for one in value)
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    elif isinstance(value, int | float):
        return str(value)
    seen = value.lstrip(UNSEEN)
    turned = len(value) <= _MAY_TURN and _TURNED.fullmatch(seen.rstrip(UNSEEN))
    return f"'{value}" if seen and (seen[0] in FORMULA_STARTS or turned) else value


def _fitting(text: str) -> str:
    """Return as much of a text as fits in a cell, followed by how much is missing."""
    if len(text) * 2 <= LONGEST_CELL:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= LONGEST_CELL * 2:
        return text
    room = LONGEST_CELL - len(GOES_ON.format(left=len(text)))
    held = units[: room * 2].decode("utf-16-le", "ignore")
    return held + GOES_ON.format(left=len(text) - len(held))
