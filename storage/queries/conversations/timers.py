"""Named questions about conversations that time moves on: quiet gaps, nudges, expiry. Never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, or_, select, update

from flows.model.conversation import DueKind, Status
from storage import tables
from storage.queries.conversations.turn_queries import Stored

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

CONVERSATION = tables.Conversation.__table__


class DueConversation(NamedTuple):
    """A conversation whose time has come. The turn reads it again under the person's lock and looks at the due time."""

    id: str
    contributor_id: int
    address_id: int
    due_kind: DueKind
    due_at: datetime


def due(
    connection: Connection, now: datetime, surely: datetime | None = None, limit: int = 200
) -> list[DueConversation]:
    """Return conversations that are due, longest overdue first.

    `surely` is the time that has passed for sure: only a quiet gap, which ends nothing, is held against `now`.
    """
    rows = connection.execute(
        select(
            CONVERSATION.c.id, CONVERSATION.c.contributor_id, CONVERSATION.c.address_id, CONVERSATION.c.due_kind,
            CONVERSATION.c.due_at,
        )
        .where(
            CONVERSATION.c.due_at <= now,
            or_(CONVERSATION.c.due_at <= (surely or now), CONVERSATION.c.due_kind == DueKind.QUIET),
        )
        .order_by(CONVERSATION.c.due_at)
        .limit(limit)
    ).all()  # fmt: skip
    return [DueConversation(*row) for row in rows]


def earlier(connection: Connection, contributor_id: int, *, but: str, limit: int = 20) -> list[Stored]:
    """Return a person's other conversations, newest first."""
    rows = connection.execute(
        select(*(CONVERSATION.c[name] for name in Stored._fields))
        .where(CONVERSATION.c.contributor_id == contributor_id, CONVERSATION.c.id != but)
        .order_by(CONVERSATION.c.started_at.desc(), CONVERSATION.c.id)
        .limit(limit)
    )
    return [Stored(*row) for row in rows]


def parted(connection: Connection, contributor_id: int) -> datetime | None:
    """Return when a person's latest conversation ended with nothing told; None if it did not end so."""
    last = (
        select(CONVERSATION.c.status, CONVERSATION.c.updated_at)
        .where(CONVERSATION.c.contributor_id == contributor_id)
        .order_by(CONVERSATION.c.started_at.desc(), CONVERSATION.c.id)
        .limit(1)
    )
    row = connection.execute(last).first()
    return row.updated_at if row is not None and row.status == Status.PARTED else None


def postpone(connection: Connection, conversation_id: str, until: datetime) -> None:
    """Look at a conversation that cannot go on no earlier than `until`; its state is left as it is."""
    connection.execute(
        update(CONVERSATION)
        .where(CONVERSATION.c.id == conversation_id, CONVERSATION.c.due_at < until)
        .values(due_at=until)
    )


def count_open(connection: Connection) -> int:
    """Return how many conversations are open."""
    return connection.execute(
        select(func.count()).select_from(CONVERSATION).where(CONVERSATION.c.status == Status.OPEN)
    ).scalar_one()
