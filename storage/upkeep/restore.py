"""A restored database: applies what happened since the copy, and sends nothing until somebody has looked (ADR 21).

Part of the caller's transaction. Messages that waited in the copy may have been sent since, so they are cancelled;
later ones wait until a person releases them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select, update

from flows.model.vocabulary.delivery import MessageState
from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.db.prepared_statement import Statement
from storage.db.writer import note
from storage.privacy import vacuum
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.delivery.outbox import WAITS
from storage.queries.team import members
from storage.upkeep import departed_members, refusals_list

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.privacy.vacuum import Erased

INSTALLATION = tables.Installation.__table__
ITEM = tables.TeamItem.__table__
OUTBOX = tables.Outbox.__table__

RESTORED = "restored"
"""The error code of a message that is not sent because it may have been sent already."""


class Done(NamedTuple):
    """What was applied to a restored database."""

    stories: int
    people: int
    stops: int
    uses: int
    messages: int
    left: int
    """Members who had left."""


_FENCED = Statement(select(INSTALLATION.c.restored_at))


def fenced(connection: Connection) -> bool:
    """Return True if sending is held back because nobody has looked at a restored database yet."""
    row = _FENCED.one(connection)
    return row is not None and row[0] is not None


def last_copy(connection: Connection) -> datetime | None:
    """Return when the last good copy was made."""
    made: datetime | None = connection.execute(select(INSTALLATION.c.backed_up_at)).scalar()
    return made


def hold(connection: Connection, lines: list[Erased], now: datetime) -> Done:
    """Apply what people did since the copy, cancel the messages that waited, and hold back sending. Safe to repeat."""
    again = vacuum.again(connection, lines, now)
    held = refusals_list.hold(connection, lines, now)
    left = departed_members.hold(connection, lines, now)
    waited = connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.state.in_(WAITS))
        .values(state=MessageState.CANCELLED, payload=None, lease_until=None, error=RESTORED)
    ).rowcount
    connection.execute(update(INSTALLATION).values(restored_at=now))
    raise_item(connection, kind=ItemKind.PUT_BACK, now=now)
    return Done(again.stories, again.people, held.stops, held.uses, waited, left)


def waiting(connection: Connection) -> int:
    """Return how many messages wait to be sent."""
    return connection.execute(select(func.count()).where(OUTBOX.c.state.in_(WAITS))).scalar_one()


def release(connection: Connection, now: datetime, who: str, *, drop: bool) -> int | None:
    """Allow sending again. Returns how many messages wait now; None if sending was not held back.

    `drop`: cancel what waits first, so that people get only what is written from now on.
    """
    if not fenced(connection):
        return None
    if drop:
        connection.execute(
            update(OUTBOX)
            .where(OUTBOX.c.state.in_(WAITS))
            .values(state=MessageState.CANCELLED, payload=None, lease_until=None, error=RESTORED)
        )
    connection.execute(update(INSTALLATION).values(restored_at=None))
    connection.execute(
        update(ITEM).where(ITEM.c.kind == ItemKind.PUT_BACK.value, ITEM.c.closed_at.is_(None)).values(closed_at=now)
    )
    members.record(connection, at=now, who=who, act="sending.released", object_kind="installation")
    note(connection, "outbox")
    return waiting(connection)
