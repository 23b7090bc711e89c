"""A copy of the database: whole or not there, locked with the key, and opened only as it was made."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from storage.protection.crypto import Keyring, SealBrokenError, new_key
from storage.upkeep import backup
from storage.upkeep.backup import PIECE_BYTES, TAG_BYTES, DamagedError

if TYPE_CHECKING:
    from pathlib import Path

KEYS = Keyring.from_setting(new_key())
WORDS = "The bus stop on my road was taken away."


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Path:
    """A database of ours with words in it, large enough for several pieces."""
    path = tmp_path / "earshot.db"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE told (words TEXT)")
        connection.execute("INSERT INTO told VALUES (?)", (WORDS,))
        connection.executemany("INSERT INTO told VALUES (?)", [(os.urandom(5000).hex(),) for _ in range(250)])
    return path


def words(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT words FROM told ORDER BY rowid LIMIT 1").fetchone()[0])


@pytest.mark.parametrize("keys", [KEYS, None], ids=["locked", "plain"])
def test_a_copy_opens_as_it_was_made(database: Path, tmp_path: Path, keys: Keyring | None) -> None:
    out, back = tmp_path / "copy", tmp_path / "back.db"
    backup.make(database, out, keys)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert backup.is_locked(out) == (keys is not None)
    assert (WORDS.encode() in out.read_bytes()) == (keys is None), "what is said to be unreadable is"
    assert b"SQLite format" not in out.read_bytes()[:64] or keys is None
    backup.open_copy(out, back, keys)
    assert words(back) == WORDS
    assert stat.S_IMODE(back.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back.db", "copy", "earshot.db"]


def test_a_copy_is_opened_by_the_key_it_was_locked_with_and_by_no_other(database: Path, tmp_path: Path) -> None:
    out, back = tmp_path / "copy", tmp_path / "back.db"
    old, new = new_key(), new_key()
    backup.make(database, out, Keyring.from_setting(old))
    for keys in (Keyring.from_setting(new), None):
        with pytest.raises(SealBrokenError):
            backup.open_copy(out, back, keys)
        assert not back.exists()
    backup.open_copy(out, back, Keyring.from_setting(f"{new},{old}"))
    assert words(back) == WORDS


PIECE = PIECE_BYTES + TAG_BYTES
HEAD = len(backup.MAGIC) + 21
TWO = HEAD + 2 * PIECE


@pytest.mark.parametrize(
    "harm",
    [
        lambda copy: copy[:-1],
        lambda copy: copy[: HEAD + PIECE],
        lambda copy: copy[:HEAD],
        lambda copy: copy[: HEAD - 3],
        lambda copy: copy + b"x",
        lambda copy: copy[:HEAD] + copy[HEAD + PIECE :],
        lambda copy: copy[:HEAD] + copy[HEAD + PIECE : HEAD + 2 * PIECE] + copy[HEAD : HEAD + PIECE] + copy[TWO:],
        lambda copy: copy[: HEAD + 5000] + bytes([copy[HEAD + 5000] ^ 1]) + copy[HEAD + 5001 :],
        lambda copy: copy[: HEAD - 1] + bytes([copy[HEAD - 1] ^ 1]) + copy[HEAD:],
    ],
    ids=["a byte short", "one piece", "no piece", "half a head", "a byte more", "the first piece gone",
         "two pieces changed about", "a bit turned", "another salt"],
)  # fmt: skip
def test_a_copy_that_was_changed_or_cut_off_is_not_put_back(database: Path, tmp_path: Path, harm: object) -> None:
    out, back = tmp_path / "copy", tmp_path / "back.db"
    backup.make(database, out, KEYS)
    assert out.stat().st_size > HEAD + 2 * PIECE
    out.write_bytes(harm(out.read_bytes()))  # type: ignore[operator]
    with pytest.raises(DamagedError):
        backup.open_copy(out, back, KEYS)
    assert not back.exists()


def test_a_damaged_database_makes_no_copy_and_the_last_good_one_stays(database: Path, tmp_path: Path) -> None:
    good = tmp_path / "good"
    backup.make(database, good, KEYS)
    before = good.read_bytes()
    content = bytearray(database.read_bytes())
    content[60_000:900_000] = os.urandom(840_000)
    database.write_bytes(content)
    with pytest.raises(DamagedError):
        backup.make(database, tmp_path / "bad", KEYS)
    with pytest.raises(FileExistsError):
        backup.make(database, good, KEYS)
    assert good.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["earshot.db", "good"]


def test_what_a_killed_command_left_goes_at_the_next_start(database: Path, tmp_path: Path) -> None:
    left = [tmp_path / f"earshot.db{name}" for name in (".copying", ".copying-wal", ".restoring")]
    for path in left:
        path.write_bytes(b"x")
    now = left[0].stat().st_mtime
    backup.clear_up(database, now - 3600)
    assert all(path.exists() for path in left), "a command may be at work"
    backup.clear_up(database, now + 3600)
    assert not any(path.exists() for path in left)
    assert database.exists()
