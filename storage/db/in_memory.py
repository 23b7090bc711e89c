"""A database in memory, for one simulated phone: a copy of a template, gone with its connection."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool, StaticPool

from storage.db.engine import set_up_sqlite
from storage.db.work_queue import NOTED, Submitting

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sqlalchemy import MetaData
    from sqlalchemy.engine import Engine

    from storage.db.work_queue import WorkItem

PRAGMAS = ("foreign_keys=ON", "temp_store=MEMORY")
"""What a file needs besides is about its disk."""


def in_memory(metadata: MetaData) -> Engine:
    """Return an engine of which every connection is a new database with these tables; it takes about a millisecond."""
    template = _open()
    maker = create_engine("sqlite://", creator=lambda: template, poolclass=StaticPool)
    set_up_sqlite(maker, PRAGMAS)
    with maker.begin() as connection:
        metadata.create_all(connection)

    def copied() -> sqlite3.Connection:
        fresh = _open()
        template.backup(fresh)
        return fresh

    engine = create_engine("sqlite://", hide_parameters=True, creator=copied, poolclass=NullPool)
    set_up_sqlite(engine, PRAGMAS)
    return engine


def _open() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False)


class InMemoryWriter(Submitting):
    """The writer of one database in memory: whoever gives it work runs it, at once."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, 1)
        self.connection = engine.connect()
        """The only connection to this database; the database goes when it is closed."""

    def close(self) -> None:
        """See Writer."""
        self._closed = True
        self.connection.close()

    def _put(self, item: WorkItem[Any], _key: Hashable | None, /, *, urgent: bool = False) -> None:
        self._admit(0)
        try:
            with self.connection.begin():
                item.result = item.work(self.connection)
        except Exception as error:
            item.error = error
        item.settle()
        self._tell(self.connection.info.pop(NOTED, None))
