"""Copies of an SQLite database: made while it runs, checked before they count, and encrypted with the key.

A copy is a sequence of chunks, each encrypted with AES-256-GCM under a key for this copy alone, derived from the
installation's key and a salt. The nonce holds a chunk's number and whether it is the last, so chunks that were altered,
left out, reordered or cut off cannot be decrypted.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from errno import ENOENT
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from storage.db.engine import is_empty
from storage.protection.crypto import PREFIX_BYTES, Keyring, SealBrokenError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MAGIC = b"earshot copy 1\n"
SALT_BYTES = 16
PIECE_BYTES = 1024 * 1024
TAG_BYTES = 16
PAGES_AT_ONCE = 2_000
"""Pages copied before other writers get a turn."""
COPYING, RESTORING = ".copying", ".restoring"
"""Suffixes of a database's name in the data folder, while a copy is made or restored."""

BEFORE = ".before-restore"
"""Suffix of the previous database after a restore, until an operator deletes it."""


class DamagedError(ValueError):
    """A database, or a copy of one, is damaged or not ours. Nothing was written; the message says which."""


def make(source: Path, out: Path, keyring: Keyring | None) -> None:
    """Write a whole copy of a live database to a new file, readable by its owner only; without keys it is not
    encrypted.

    Raises DamagedError, and leaves no file, if the database is damaged; FileExistsError instead of replacing a copy;
    FileNotFoundError if the folder does not exist.
    """
    if out.exists():
        raise FileExistsError(str(out))
    if not out.parent.is_dir():
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(out.parent))
    if is_empty(source):
        raise DamagedError("it has no content at all: something has emptied it")
    draft, part = Path(f"{source}{COPYING}"), out.with_name(f"{out.name}.part")
    try:
        copy(source, draft)
        must_be_whole(draft)
        with draft.open("rb") as plain, _new(part) as written:
            for piece in _sealed(plain, keyring) if keyring is not None else _pieces(plain):
                written.write(piece)
            written.flush()
            os.fsync(written.fileno())
        os.link(part, out)  # appears whole or not at all, and never replaces another
    finally:
        for left in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm"), part):
            left.unlink(missing_ok=True)


def open_copy(file: Path, out: Path, keyring: Keyring | None) -> None:
    """Write the database inside a copy to `out`, readable by its owner only, once it is known to be whole.

    Raises DamagedError or SealBrokenError; `out` is deleted then.
    """
    try:
        with file.open("rb") as read, _new(out) as written:
            for piece in _opened(read, keyring) if is_locked(file) else _pieces(read):
                written.write(piece)
            written.flush()
            os.fsync(written.fileno())
        must_be_whole(out)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def is_locked(file: Path) -> bool:
    """Return True if a file is an encrypted copy of ours."""
    with file.open("rb") as read:
        return read.read(len(MAGIC)) == MAGIC


def copy(source: Path, out: Path) -> None:
    """Copy a live database into a new file that only its owner can read, and flush it to the disk."""
    out.unlink(missing_ok=True)
    out.touch(mode=0o600)
    try:
        with contextlib.closing(sqlite3.connect(source)) as read, contextlib.closing(sqlite3.connect(out)) as written:
            read.backup(written, pages=PAGES_AT_ONCE)
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"{source}: {error}") from None
    with out.open("rb") as file:
        os.fsync(file.fileno())


def must_be_whole(file: Path) -> None:
    """Raise DamagedError unless a file is a database of ours in which every page and every row is sound."""
    if not file.is_file():
        raise DamagedError(f"there is no file {file}")
    if is_empty(file):
        raise DamagedError("it has no content at all")
    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as found:
            said = found.execute("PRAGMA integrity_check(1)").fetchone()[0]
            ours = found.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise DamagedError(str(error)) from None
    if said != "ok":
        raise DamagedError(said.splitlines()[-1])
    if not ours:
        raise DamagedError("it is a database, and none of ours")


def clear_up(database: Path, before: float) -> None:
    """Delete what a command that was killed left beside the database; `before` is in seconds since 1970."""
    for behind in (COPYING, RESTORING):
        for ending in ("", "-wal", "-shm"):
            left = Path(f"{database}{behind}{ending}")
            if left.exists() and left.stat().st_mtime < before:
                left.unlink(missing_ok=True)


def _new(path: Path) -> BinaryIO:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _pieces(read: BinaryIO, size: int = PIECE_BYTES) -> Iterator[bytes]:
    while piece := read.read(size):
        yield piece


def _sealed(plain: BinaryIO, keyring: Keyring) -> Iterator[bytes]:
    head = MAGIC + keyring.prefix + os.urandom(SALT_BYTES)
    yield head
    cipher = keyring.of_copy(head[len(MAGIC) :])
    piece, number = plain.read(PIECE_BYTES), 0
    while True:
        after = plain.read(PIECE_BYTES)
        yield cipher.encrypt(_nonce(number, last=not after), piece, head)
        if not after:
            return
        piece, number = after, number + 1


def _opened(read: BinaryIO, keyring: Keyring | None) -> Iterator[bytes]:
    if keyring is None:
        raise SealBrokenError("this copy is locked, and there is no key to open it with")
    head = read.read(len(MAGIC) + PREFIX_BYTES + SALT_BYTES)
    if len(head) < len(MAGIC) + PREFIX_BYTES + SALT_BYTES:
        raise DamagedError("it is cut off")
    cipher = keyring.of_copy(head[len(MAGIC) :])
    piece, number = read.read(PIECE_BYTES + TAG_BYTES), 0
    while True:
        after = read.read(PIECE_BYTES + TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, last=not after), piece, head)
        except InvalidTag:
            raise DamagedError("it was altered or cut off after it was made") from None
        if not after:
            return
        piece, number = after, number + 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
