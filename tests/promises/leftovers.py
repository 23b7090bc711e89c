"""Looking for somebody's words and numbers in bytes: in every file a database writes, and in the data folder."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Engine


def forms(word: str) -> set[bytes]:
    """Return how a word may stand in bytes: plain, in UTF-16, in hexadecimal, in base64 at any of three offsets."""
    plain = word.encode()
    found = {
        plain,
        plain.title(),
        plain.upper(),
        word.encode("utf-16-le"),
        word.encode("utf-16-be"),
        plain.hex().encode(),
    }
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain)
        found.add(encoded[4 if offset else 0 : -4])  # what stands beside it changes the ends
    return {form for form in found if len(form) >= 6}


def number_forms(number: str) -> set[str]:
    """Return a phone number as it may be written; a chat id only as it is."""
    if not number.startswith("+44"):
        return {number}
    return {number, number[1:], number[3:], "0" + number[3:], f"%2B{number[1:]}"}


def files_of(engine: Engine) -> list[Path]:
    """Return every file in which a database keeps anything, once all that was committed stands in them.

    PostgreSQL may hold the newest part of its log in memory, as the tests' server does not wait for the disk. One
    commit that does wait brings all before it there; a checkpoint would do as well, but could take a log away that we
    look for.
    """
    if engine.dialect.name == "sqlite":
        main = Path(str(engine.url.database))
        return [path for path in main.parent.iterdir() if path.name.startswith(main.name)]
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL synchronous_commit = on"))
        # A commit waits only if its transaction wrote to the log (RecordTransactionCommit): so this one writes.
        connection.execute(text("SELECT pg_logical_emit_message(true, 'earshot', 'all of it')"))
    with engine.connect() as connection:
        folder = Path(str(connection.execute(text("SHOW data_directory")).scalar_one()))
    return [path for path in folder.rglob("*") if path.is_file()]


def leftovers(files: Iterable[Path], words: Iterable[str]) -> dict[str, list[str]]:
    """Return by word the names of files in which it stands in some form."""
    wanted = {word: forms(word) for word in words}
    found: dict[str, list[str]] = {}
    for path in files:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # the server took it away meanwhile
            continue
        for word, in_bytes in wanted.items():
            if any(form in content for form in in_bytes):
                found.setdefault(word, []).append(path.name)
    return found
