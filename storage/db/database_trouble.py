"""Names what is wrong with the database: full, locked, read-only, corrupt, away.

A cause contains no content: it comes from the code of an error, never from its message. `Health` remembers how the last
writes went, so that the console, the log and readiness say the same.
"""

from __future__ import annotations

import errno
import logging
import sqlite3
import time
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import TimeoutError as PoolTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)


class Cause(StrEnum):
    """Why the database does not work."""

    FULL = "full"
    LOCKED = "locked"
    READ_ONLY = "read-only"
    CORRUPT = "corrupt"
    AWAY = "away"
    BUSY = "busy"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    DISK = "disk"

    @property
    def passes(self) -> bool:
        """True if the same work may succeed in a moment without anybody doing anything."""
        return self in {Cause.LOCKED, Cause.AWAY, Cause.BUSY}


class Saying(NamedTuple):
    """A cause in words, for the operator."""

    what: str
    advice: str


SAYINGS = {
    Cause.FULL: Saying(
        "The disk is full: nothing new can be kept.",
        "Make room, or give the data folder a larger disk. We go on by ourselves then.",
    ),
    Cause.LOCKED: Saying(
        "The database is locked: another program holds it.",
        "End that program, such as a backup or a database browser. We go on by ourselves then.",
    ),
    Cause.READ_ONLY: Saying(
        "The database is read-only: nothing new can be kept.",
        "Check whose the data folder is and how its disk is mounted; with PostgreSQL, that we reach the main server.",
    ),
    Cause.CORRUPT: Saying(
        "The database is damaged (corrupt).",
        "Stop Earshot, keep a copy of the data folder as it is, then restore the last good backup: earshot db restore.",
    ),
    Cause.AWAY: Saying(
        "The database is away: it does not answer.",
        "Check that PostgreSQL runs and can be reached. We go on by ourselves when it is back.",
    ),
    Cause.BUSY: Saying(
        "The database has no connection left for us.",
        "Raise max_connections in PostgreSQL, or end other programs that use it. We go on by ourselves then.",
    ),
    Cause.REFUSED: Saying(
        "The database refuses us: wrong name or password, or no right to it.",
        "Check EARSHOT_DATABASE_URL, and what that user may do.",
    ),
    Cause.UNREADABLE: Saying(
        "The database file cannot be opened.",
        "Check that the data folder is there and yours, and that this process may open more files (ulimit -n).",
    ),
    Cause.DISK: Saying(
        "The disk of the database reports errors.",
        "Look into the system's log, keep a copy of the data folder, and change the disk.",
    ),
}

_SQLITE = {
    sqlite3.SQLITE_FULL: Cause.FULL,
    sqlite3.SQLITE_BUSY: Cause.LOCKED,
    sqlite3.SQLITE_LOCKED: Cause.LOCKED,
    sqlite3.SQLITE_PROTOCOL: Cause.LOCKED,
    sqlite3.SQLITE_READONLY: Cause.READ_ONLY,
    sqlite3.SQLITE_PERM: Cause.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: Cause.CORRUPT,
    sqlite3.SQLITE_NOTADB: Cause.CORRUPT,
    sqlite3.SQLITE_CANTOPEN: Cause.UNREADABLE,
    sqlite3.SQLITE_IOERR: Cause.DISK,
}
_POSTGRESQL = {
    "53100": Cause.FULL,
    "53200": Cause.BUSY,
    "53300": Cause.BUSY,
    "53400": Cause.BUSY,
    "55P03": Cause.LOCKED,
    "57014": Cause.LOCKED,
    "25006": Cause.READ_ONLY,
    "42501": Cause.REFUSED,
    "3D000": Cause.REFUSED,
    "58030": Cause.DISK,
    "XX001": Cause.CORRUPT,
    "XX002": Cause.CORRUPT,
    "57P01": Cause.AWAY,
    "57P02": Cause.AWAY,
    "57P03": Cause.AWAY,
    "57P05": Cause.AWAY,
    "25P03": Cause.AWAY,
}
_CLASSES = {"08": Cause.AWAY, "28": Cause.REFUSED}
_SAID = (
    ("password authentication failed", Cause.REFUSED),
    ("no password supplied", Cause.REFUSED),
    ("no pg_hba.conf entry", Cause.REFUSED),
    ("does not exist", Cause.REFUSED),
    ("too many clients", Cause.BUSY),
    ("remaining connection slots", Cause.BUSY),
)
_SYSTEM = {
    errno.ENOSPC: Cause.FULL, errno.EDQUOT: Cause.FULL, errno.EFBIG: Cause.FULL, errno.EROFS: Cause.READ_ONLY,
    errno.EMFILE: Cause.UNREADABLE, errno.ENFILE: Cause.UNREADABLE, errno.EIO: Cause.DISK,
}  # fmt: skip


def cause_of(error: BaseException | None) -> Cause | None:
    """Return what is wrong with the database; None if the error does not show that."""
    for each in _chain(error):
        named = getattr(each, "cause", None)
        if isinstance(named, Cause):
            return named
        if isinstance(each, sqlite3.Error):
            code = getattr(each, "sqlite_errorcode", None)
            if code is not None and (found := _SQLITE.get(code & 0xFF)) is not None:
                return found
        elif isinstance(each, PoolTimeoutError):
            return Cause.BUSY
        elif isinstance(each, OSError) and each.errno in _SYSTEM:
            return _SYSTEM[each.errno]
        elif (found := _of_postgresql(each)) is not None:
            return found
    return None


def _of_postgresql(error: BaseException) -> Cause | None:
    if not type(error).__module__.startswith("psycopg"):
        return None
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return _POSTGRESQL.get(state) or _CLASSES.get(state[:2])
    if not _is_a(error, "OperationalError", "InterfaceError"):
        return None
    # An error of a connection that failed or broke has no SQLSTATE, only the server's message.
    said = str(error)
    return next((cause for words, cause in _SAID if words in said), Cause.AWAY)


def _is_a(error: BaseException, *names: str) -> bool:
    return any(kind.__name__ in names for kind in type(error).__mro__)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__


SETTLED_SECONDS = 2.0
"""Seconds after the last failure before a successful write ends the trouble: a full disk still takes small writes."""


class Health:
    """How the last writes went. Safe in any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._gate = Lock()
        self.cause: Cause | None = None
        """What is wrong now; None while all is well."""
        self._failed_at = 0.0
        self._listeners: tuple[Callable[[Cause | None], None], ...] = ()

    def on_change(self, listener: Callable[[Cause | None], None]) -> None:
        """Call `listener` when trouble begins, changes or ends (None). It runs in a writing thread: be quick."""
        self._listeners = (*self._listeners, listener)

    def failed(self, cause: Cause) -> None:
        """Record that a write failed, and why."""
        self._failed_at = self._monotonic()
        self._turn_to(cause)

    def worked(self) -> None:
        """Record that a write succeeded. A damaged database stays damaged, even if some writes succeed."""
        if self.cause is not None and self._monotonic() - self._failed_at >= SETTLED_SECONDS:
            self._turn_to(None)

    def _turn_to(self, cause: Cause | None) -> None:
        with self._gate:
            if cause is self.cause or self.cause is Cause.CORRUPT:
                return
            self.cause = cause
        for listener in self._listeners:
            try:
                listener(cause)
            except Exception as error:  # an error of a listener must not stop the writer
                log.warning("a listener to trouble failed: %s", type(error).__name__)
