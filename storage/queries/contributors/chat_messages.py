"""Which messages of a chat we know, ours and theirs, so that they can be taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from storage import tables

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

ADDRESS = tables.Address.__table__
INBOUND = tables.Inbound.__table__
OUTBOX = tables.Outbox.__table__

MOST = 1_000
"""Messages of either side that are looked at."""


class ChatMessages(NamedTuple):
    """What is known of a chat since some time."""

    ours: list[str]
    """The provider's ids of our messages; one that went out in several pieces has them with commas between."""
    theirs: list[bytes]
    """Their raw events, sealed. Their message ids stand nowhere else."""


def since(connection: Connection, *, address_id: int, channel: str, after: datetime) -> ChatMessages:
    """Return what was said in a chat after a moment, the newest first; what was erased since is not known any more."""
    ours = connection.execute(
        select(OUTBOX.c.provider_id)
        .where(
            OUTBOX.c.address_id == address_id,
            OUTBOX.c.channel == channel,
            OUTBOX.c.provider_id.is_not(None),
            OUTBOX.c.sent_at > after,
        )
        .order_by(OUTBOX.c.id.desc())
        .limit(MOST)
    ).scalars()
    person = select(ADDRESS.c.contributor_id).where(ADDRESS.c.id == address_id).scalar_subquery()
    theirs = connection.execute(
        select(INBOUND.c.sealed)
        .where(
            INBOUND.c.contributor_id == person,
            INBOUND.c.channel == channel,
            INBOUND.c.sealed.is_not(None),
            INBOUND.c.received_at > after,
        )
        .order_by(INBOUND.c.id.desc())
        .limit(MOST)
    ).scalars()
    return ChatMessages([found for found in ours if found], [bytes(found) for found in theirs if found])
