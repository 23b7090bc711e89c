"""What an erasure leaves: keys by which a backup loses the same again, and tokens of addresses that left (rule 61).

None of it can be turned back into a person. Never commits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from flows.model.vocabulary.delivery import AddressState
from storage import tables

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
CONVERSATION = tables.Conversation.__table__
ERASURE = tables.Erasure.__table__
SUPPRESSION = tables.Suppression.__table__


def write_down(connection: Connection, now: datetime | None, *keys: tuple[str, str]) -> None:
    """Remember what was deleted; `now` None is the present, where the caller has no time of its own."""
    at = now or datetime.now(UTC)
    if keys:
        connection.execute(insert(ERASURE), [{"kind": kind, "token": token, "at": at} for kind, token in keys])


def keys_of(connection: Connection, contributor_id: int) -> list[tuple[str, str]]:
    """Return by what a person can be found again in a backup; a key of the second kind may be of an older secret."""
    conversations = connection.execute(
        select(CONVERSATION.c.id).where(CONVERSATION.c.contributor_id == contributor_id)
    ).scalars()
    addresses = connection.execute(
        select(ADDRESS.c.channel, ADDRESS.c.lookup).where(ADDRESS.c.contributor_id == contributor_id)
    ).all()
    return [
        *(("person", conversation) for conversation in conversations),
        *(("address", f"{row.channel}:{bytes(row.lookup).hex()}") for row in addresses),
    ]


def suppress(connection: Connection, contributor_id: int, now: datetime) -> None:
    """Leave a keyed token of each address of a person, so that nobody who left is written to again."""
    rows = connection.execute(
        select(ADDRESS.c.channel, ADDRESS.c.lookup, ADDRESS.c.state, CONTRIBUTOR.c.opted_out)
        .join(CONTRIBUTOR)
        .where(ADDRESS.c.contributor_id == contributor_id, ADDRESS.c.former_lookup.is_(None))
    ).all()
    for channel, lookup, state, opted_out in rows:
        key = (SUPPRESSION.c.channel == channel, SUPPRESSION.c.lookup == lookup)
        connection.execute(delete(SUPPRESSION).where(*key))
        connection.execute(
            insert(SUPPRESSION).values(
                channel=channel, lookup=lookup, opted_out=opted_out or state == AddressState.OPTED_OUT, created_at=now
            )
        )
