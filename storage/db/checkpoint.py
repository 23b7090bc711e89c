"""Moves SQLite's write-ahead log into the database file, in a thread of its own.

SQLite would do this inside the commit that fills the log, and that turn would wait: up to a quarter of a second was
measured. Here another thread moves most pages while turns go on; the writer moves the few that came meanwhile, between
two batches, so that the log can start over and stays small under any load.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

PASSIVE = "PRAGMA wal_checkpoint(PASSIVE)"
LOG_BYTES = 8 * 1024 * 1024
"""The log is moved when it is larger than this, and when nothing was written for a while."""


class Checkpointer:
    """Watches the log of one SQLite database from its own thread."""

    def __init__(self, engine: Engine, *, every: float = 0.25, idle: float = 2.0, log_bytes: int = LOG_BYTES) -> None:
        """Check every `every` seconds during writing; move the log after `idle` seconds without writing."""
        self.nearly = False
        """True when the writer should move the last few pages itself, between two batches."""
        self._engine = engine
        self._log = Path(f"{engine.url.database}-wal")
        self._every, self._idle, self._log_bytes = every, idle, log_bytes
        self.written, self._stopping = Event(), Event()
        """`written` is to be set after each commit."""
        self._thread = Thread(target=self._watch, name="earshot-checkpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching and move what is left of the log."""
        self._stopping.set()
        self.written.set()
        self._thread.join()
        self._move()

    def _watch(self) -> None:
        while True:
            self.written.wait()
            if self._stopping.is_set():
                return
            quiet = 0.0
            while quiet < self._idle:
                self.written.clear()
                if self._stopping.wait(self._every):
                    return
                quiet = 0.0 if self.written.is_set() else quiet + self._every
                if self._size() > self._log_bytes:
                    self._move()
                    self.nearly = True
            self._move()

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0

    def _move(self) -> None:
        # A log that could not be moved now is moved the next time; it blocks nobody.
        with contextlib.suppress(Exception), self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute(PASSIVE)
