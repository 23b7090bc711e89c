"""What is let go by itself after its time (rule 64). Imports the tables; never commits.

Raw events are emptied after 30 days; the row stays, so that a duplicate is still known for one. Words of conversations
that were never finished go when they expire (`flows.engine`), and payloads of messages once they are sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from storage import tables

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

RAW_DAYS = 30
AT_ONCE = 1000
"""Rows of one run, so that the writer is never held for long; the next run takes the next."""

INBOUND = tables.Inbound.__table__


def empty_raw_events(connection: Connection, now: datetime) -> int:
    """Empty raw events older than 30 days, those too that nobody replayed; returns how many."""
    old = (
        select(INBOUND.c.id)
        .where(INBOUND.c.received_at < now - timedelta(days=RAW_DAYS), INBOUND.c.sealed.is_not(None))
        .order_by(INBOUND.c.id)
        .limit(AT_ONCE)
    )
    ids = connection.execute(old).scalars().all()
    if ids:
        connection.execute(update(INBOUND).where(INBOUND.c.id.in_(ids)).values(sealed=None))
    return len(ids)
