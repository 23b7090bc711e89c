"""Named questions about the processes that send from one database. Never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam as b
from sqlalchemy import delete, select

from storage import tables
from storage.db.prepared_statement import Statement

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.engine import Connection

PROCESS = tables.Process.__table__


class Beat(NamedTuple):
    """A process, and how far its beat has come."""

    id: str
    beat: int
    share: int


_BEAT = Statement(
    lambda insert: (
        insert(PROCESS)
        .values(id=b("id"), beat=1, share=b("share"), seen_at=b("now"))
        .on_conflict_do_update(
            index_elements=["id"], set_={"beat": PROCESS.c.beat + 1, "share": b("share"), "seen_at": b("now")}
        )
    )
)
_ALL = Statement(select(PROCESS.c.id, PROCESS.c.beat, PROCESS.c.share).order_by(PROCESS.c.id))


def beat(connection: Connection, name: str, share: int, now: datetime) -> list[Beat]:
    """Give a sign of life; returns all processes, this one too."""
    _BEAT.run(connection, id=name, share=share, now=now)
    return [Beat(*row) for row in _ALL.all(connection)]


def forget(connection: Connection, names: Collection[str]) -> None:
    """Strike off processes that have ended, or died."""
    connection.execute(delete(PROCESS).where(PROCESS.c.id.in_(names)))


def forget_all(connection: Connection) -> None:
    """Strike off every process, where there can be only one."""
    connection.execute(delete(PROCESS))
