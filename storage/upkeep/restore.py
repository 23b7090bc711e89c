"""A database that was put back: held to what happened since, and silent until somebody has looked (ADR 21).

Commits through the caller. What waited in the copy may have gone out since, so none of it is sent; and nothing else is,
until a person says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select, update

from flows.model.delivery import MessageState
from flows.model.item_kinds import ItemKind
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
"""What stands in the row of a message that is not sent because it may have gone out already."""


class Done(NamedTuple):
    """What was done to a database that was put back."""

    stories: int
    people: int
    stops: int
    uses: int
    messages: int
    left: int
    """Of the team."""


_FENCED = Statement(select(INSTALLATION.c.restored_at))


def fenced(connection: Connection) -> bool:
    """Tell whether nothing may be sent, because nobody has looked yet at a database that was put back."""
    row = _FENCED.one(connection)
    return row is not None and row[0] is not None


def last_copy(connection: Connection) -> datetime | None:
    """Return when the last good copy was made."""
    made: datetime | None = connection.execute(select(INSTALLATION.c.backed_up_at)).scalar()
    return made


def hold(connection: Connection, lines: list[Erased], now: datetime) -> Done:
    """Do again what people had done since, send nothing of what waited, and fence the sending. Can be done twice."""
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
    """Return how many messages wait to go out."""
    return connection.execute(select(func.count()).where(OUTBOX.c.state.in_(WAITS))).scalar_one()


def release(connection: Connection, now: datetime, who: str, *, drop: bool) -> int | None:
    """Let messages go out again; returns how many wait now, None if sending was not held back.

    `drop`: what waits is given up first, so that people hear only what is written from now on.
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
