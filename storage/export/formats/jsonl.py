"""JSON Lines: one story per line, UTF-8, lists as lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from storage.export.formats.columns import Row

NAME = "jsonl"
TITLE = "For programs (JSON Lines)"
HINT = "Every story whole; numbers, lists and true or false as such"
CONTENT_TYPE = "application/jsonl; charset=utf-8"


def write(rows: Iterable[Row], stream: BinaryIO) -> int:
    """Write one line for each story. Returns 0, because every line is complete."""
    stream.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    return 0
