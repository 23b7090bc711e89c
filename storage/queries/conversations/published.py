"""Named questions about published releases of flows. Never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam as b
from sqlalchemy import delete, func, select

from storage import tables
from storage.db.prepared_statement import Statement

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

RELEASE = tables.Release.__table__


class Published(NamedTuple):
    """A release as it is stored; `body` is for the flows package to read."""

    id: int
    flow: str
    title: str
    structure: str
    whole: str
    body: str
    published_at: datetime


_COLUMNS = [RELEASE.c[name] for name in Published._fields]
_PUBLISH = Statement(
    lambda insert: (
        insert(RELEASE)
        .values({column.name: b(column.name) for column in RELEASE.columns if column.name != "id"})
        .on_conflict_do_nothing(index_elements=["whole"])
    )
)


def publish(
    connection: Connection, *, flow: str, title: str, structure: str, whole: str, body: str, now: datetime
) -> bool:
    """Make a release the newest of its flow; returns False if it is that already.

    One that was published before and replaced since (a change that was taken back) becomes the newest again.
    """
    current = newest(connection, flow)
    if current is not None and current.whole == whole:
        return False
    connection.execute(delete(RELEASE).where(RELEASE.c.whole == whole))
    return bool(
        _PUBLISH.run(connection, flow=flow, title=title, structure=structure, whole=whole, body=body, published_at=now)
    )


def newest(connection: Connection, flow: str) -> Published | None:
    """Return the release that new conversations of a flow start with."""
    row = connection.execute(
        select(*_COLUMNS).where(RELEASE.c.flow == flow).order_by(RELEASE.c.id.desc()).limit(1)
    ).first()
    return None if row is None else Published(*row)


def newest_with_structure(connection: Connection, flow: str, structure: str) -> Published | None:
    """Return the newest texts for conversations that stay on `structure`."""
    row = connection.execute(
        select(*_COLUMNS)
        .where(RELEASE.c.flow == flow, RELEASE.c.structure == structure)
        .order_by(RELEASE.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else Published(*row)


def first_published(connection: Connection) -> datetime | None:
    """Return when the first release was stored, which is when this installation was set up; None before that."""
    when: datetime | None = connection.execute(select(func.min(RELEASE.c.published_at))).scalar()
    return when
