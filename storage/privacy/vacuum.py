"""Cleans deleted words out of the bytes as well: free pages, logs, and what a backup brings back (rule 60).

A row that is deleted is gone for every question, and its bytes lie about until the database writes over them. Here they
are taken away: SQLite is written anew (`VACUUM`, after which nothing of a deleted row is left) and its write-ahead log
cut to nothing; PostgreSQL writes the tables of people anew (`VACUUM FULL`), and lets its log go where it may.

Beside the database stands a list of what was deleted, in keys that say nothing. When a backup is put back, `again`
deletes the same once more. Commits through the writer only.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from storage import tables
from storage.db.engine import reader
from storage.protection.erasure import erase_contributor, erase_conversation, erase_story
from storage.tables.registry import entries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

log = logging.getLogger(__name__)

ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
CONVERSATION = tables.Conversation.__table__
ERASURE = tables.Erasure.__table__
STORY = tables.Story.__table__

_HASH = re.compile("[0-9a-f]{64}")
LIST = "erased.list"
"""Beside the database, in the data folder. One line each: when, what, and a key that says nothing."""
SMALL_BYTES = 64 * 1024 * 1024
"""A database up to this size is written anew at the next tick: that takes less than a second."""
LARGE_WAITS = timedelta(hours=1)
"""A larger one at most once in this time, since nobody can write meanwhile."""
LOCK_SECONDS = 5
"""How long PostgreSQL waits for a table that is in use; the next tick tries again."""


class Erased(NamedTuple):
    """One line of the list."""

    at: datetime
    kind: str
    token: str

    def line(self) -> str:
        """Return the line as it is written."""
        return f"{self.at.isoformat()} {self.kind} {self.token}"


class Vacuumed(NamedTuple):
    """What one vacuum did."""

    fresh: int
    """Erasures since the one before."""
    clean: bool
    """True: none of their bytes is left in the database and its logs, as far as we may clean them."""


class Again(NamedTuple):
    """What was deleted once more in a backup that was put back."""

    stories: int
    people: int


def vacuum(engine: Engine, writer: Writer, folder: Path, now: datetime, *, patient: bool = True) -> Vacuumed:
    """Put fresh erasures on the list, then take their bytes out of the database. Never call it on an event loop.

    `patient` leaves a large database for later while nothing has waited for an hour. What could not be done is tried
    again at the next call. Raises OSError when the list cannot be written; nothing is marked as done then.
    """
    fresh = _fresh(engine)
    if not fresh:
        return Vacuumed(0, clean=True)
    last = max(number for number, _ in fresh)
    _append(folder / LIST, [erased for _, erased in fresh])
    if patient and _size(engine) > SMALL_BYTES and now - min(erased.at for _, erased in fresh) < LARGE_WAITS:
        return Vacuumed(len(fresh), clean=False)
    if not (_sqlite(engine) if engine.dialect.name == "sqlite" else _postgresql(engine)):
        return Vacuumed(len(fresh), clean=False)

    def done(connection: Connection) -> None:
        mark = update(ERASURE).where(ERASURE.c.id <= last, ERASURE.c.scrubbed_at.is_(None))
        connection.execute(mark.values(scrubbed_at=now))

    writer.run(done)
    return Vacuumed(len(fresh), clean=True)


def unclean(connection: Connection) -> datetime | None:
    """Return since when something deleted waits to be taken out of the bytes; None if nothing does."""
    found: datetime | None = connection.execute(
        select(ERASURE.c.at).where(ERASURE.c.scrubbed_at.is_(None)).order_by(ERASURE.c.id).limit(1)
    ).scalar()
    return found


def read_list(folder: Path) -> list[Erased]:
    """Return the list, in the order in which things were deleted; a line that was cut off is left out."""
    try:
        lines = (folder / LIST).read_text("ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        at, _, rest = line.partition(" ")
        kind, _, token = rest.partition(" ")
        try:
            found.append(Erased(datetime.fromisoformat(at), kind, token))
        except ValueError:
            log.warning("a line of the list of erasures cannot be read")
    return found


def last_said(lines: Iterable[Erased], yes: str, no: str) -> set[str]:
    """Return the tokens of which a line of the kind `yes` was the last, of those that say `yes` or `no`."""
    found: set[str] = set()
    for line in lines:
        if line.kind == yes:
            found.add(line.token)
        elif line.kind == no:
            found.discard(line.token)
    return found


def listed(engine: Engine) -> list[Erased]:
    """Return what a database itself knows of erasures, for when its list got lost."""
    with reader(engine) as connection:
        rows = connection.execute(select(ERASURE.c.at, ERASURE.c.kind, ERASURE.c.token).order_by(ERASURE.c.id)).all()
    return [Erased(*row) for row in rows]


def again(connection: Connection, erased: Iterable[Erased], now: datetime) -> Again:
    """Delete in a backup what was deleted after it was made. What is newer than its line stays."""
    stories = people = 0
    for at, kind, token in erased:
        if kind == "story":
            found = select(STORY.c.id).where(STORY.c.conversation_id == token, STORY.c.changed_at <= at)
            stories += sum(erase_story(connection, story, now) for story in _all(connection, found))
        elif kind == "person":
            found = select(CONVERSATION.c.contributor_id).where(CONVERSATION.c.id == token)
            people += sum(erase_contributor(connection, person, now) for person in _all(connection, found))
        elif kind == "address":
            channel, _, lookup = token.partition(":")
            if not _HASH.fullmatch(lookup):
                continue
            found = (
                select(ADDRESS.c.contributor_id)
                .join(CONTRIBUTOR)
                .where(
                    ADDRESS.c.channel == channel,
                    ADDRESS.c.lookup == bytes.fromhex(lookup),
                    CONTRIBUTOR.c.created_at <= at,
                )
            )
            people += sum(erase_contributor(connection, person, now) for person in _all(connection, found))
        elif kind == "conversation":
            erase_conversation(connection, token, at)
    return Again(stories, people)


def _all(connection: Connection, found: Any) -> list[Any]:
    return list(connection.execute(found).scalars())


def _fresh(engine: Engine) -> list[tuple[int, Erased]]:
    with reader(engine) as connection:
        rows = connection.execute(
            select(ERASURE.c.id, ERASURE.c.at, ERASURE.c.kind, ERASURE.c.token)
            .where(ERASURE.c.scrubbed_at.is_(None))
            .order_by(ERASURE.c.id)
        ).all()
    return [(row.id, Erased(row.at, row.kind, row.token)) for row in rows]


def _append(path: Path, fresh: Iterable[Erased]) -> None:
    """Add lines that are not there yet, and make sure that they are on the disk."""
    known = {(one.kind, one.token) for one in read_list(path.parent)}
    append(path, [one for one in fresh if one.token and (one.kind, one.token) not in known])


def append(path: Path, fresh: Iterable[Erased]) -> None:
    """Add lines to the list, and make sure that they are on the disk."""
    lines = [one.line() for one in fresh]
    if not lines:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _size(engine: Engine) -> int:
    if engine.dialect.name == "sqlite":
        return Path(str(engine.url.database)).stat().st_size
    with reader(engine) as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def _sqlite(engine: Engine) -> bool:
    """Write the file anew and cut its log; False if somebody reads from the log just now."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(f"PRAGMA temp_store={'MEMORY' if _size(engine) <= SMALL_BYTES else 'FILE'}")
            driver.execute("VACUUM")
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            log.info("deleted words are cleaned out later: %s", type(error).__name__)
            return False
        finally:
            driver.execute("PRAGMA temp_store=MEMORY")
    return not busy


def _postgresql(engine: Engine) -> bool:
    """Write the tables of people anew, then let the log go as far as we may; False if a table is in use."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            for table in sorted(name for name, one in entries().items() if one.personal):
                connection.execute(text(f'VACUUM (FULL) "{table}"'))
        except DBAPIError as error:
            log.info("deleted words are cleaned out later: %s", type(error).__name__)
            return False
        finally:
            connection.execute(text("RESET lock_timeout"))
        for step in ("SELECT pg_switch_wal()", "CHECKPOINT"):
            try:
                connection.execute(text(step))
            except DBAPIError:  # only its owner may; it then ages out by itself, as docs/deploy.md says
                break
    return True
