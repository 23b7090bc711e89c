"""Named questions about events that could not be handled: keep them sealed, list them, hand them out again.

Never commits. A failed event is handled again by `turn.claim` with its own channel and id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam as b
from sqlalchemy import exists, func, or_, select, text, update

from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.db.prepared_statement import Statement
from storage.tables.inbound import InboundState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection

INBOUND = tables.Inbound.__table__
ITEM = tables.TeamItem.__table__


class Failed(NamedTuple):
    """An event that was kept and not handled."""

    id: int
    channel: str
    provider_id: str
    received_at: datetime
    state: InboundState
    """failed, or stored (by the fallback route)."""
    error: str | None
    attempts: int
    sealed: bytes | None
    """The raw event, encrypted; None once it was purged."""


_KEEP = Statement(
    lambda insert: (
        insert(INBOUND)
        .values(
            channel=b("channel"), provider_id=b("provider_id"), received_at=b("received_at"), sealed=b("sealed"),
            state=b("state"), error=b("error"), attempts=1,
        )
        .on_conflict_do_update(
            index_elements=["channel", "provider_id"],
            set_={"state": b("state"), "error": b("error"), "attempts": INBOUND.c.attempts + 1},
            where=or_(INBOUND.c.state == InboundState.FAILED, INBOUND.c.state == InboundState.STORED),
        )
        .returning(INBOUND.c.id)
    )
)  # fmt: skip
_UNHANDLED = text("state IN ('failed', 'stored')")


def keep_event(
    connection: Connection,
    *,
    channel: str,
    provider_id: str,
    received_at: datetime,
    sealed: bytes,
    state: InboundState,
    error: str | None = None,
) -> int | None:
    """Keep a raw event that was not handled: `failed` with the class name of its error, or `stored` for later.

    Returns its number, None if it has been handled meanwhile.
    """
    row = _KEEP.one(
        connection, channel=channel, provider_id=provider_id, received_at=received_at, sealed=sealed, state=state,
        error=error,
    )  # fmt: skip
    return None if row is None else int(row[0])


def empty(connection: Connection, inbound_id: int) -> None:
    """Keep nothing of an event but that it came."""
    connection.execute(update(INBOUND).where(INBOUND.c.id == inbound_id).values(sealed=None))


def unhandled(connection: Connection, *, after: int = 0, limit: int = 100) -> list[Failed]:
    """Return events that wait to be handled again, oldest first, from behind the number `after`."""
    rows = connection.execute(
        select(
            INBOUND.c.id, INBOUND.c.channel, INBOUND.c.provider_id, INBOUND.c.received_at, INBOUND.c.state,
            INBOUND.c.error, INBOUND.c.attempts, INBOUND.c.sealed,
        )
        .where(_UNHANDLED, INBOUND.c.id > after)
        .order_by(INBOUND.c.id)
        .limit(limit)
    ).all()  # fmt: skip
    return [Failed(*row) for row in rows]


def count_unhandled(connection: Connection) -> int:
    """Return how many events wait to be handled again."""
    return connection.execute(select(func.count()).select_from(INBOUND).where(_UNHANDLED)).scalar_one()


def close_mended(connection: Connection, now: datetime) -> int:
    """Close what the team was told of failed events once none of that person's is left; returns how many items."""
    left = exists().where(
        INBOUND.c.state == InboundState.FAILED,
        or_(INBOUND.c.id == ITEM.c.inbound_id, INBOUND.c.contributor_id == ITEM.c.contributor_id),
    )
    return connection.execute(
        update(ITEM)
        .where(ITEM.c.kind == ItemKind.FAILED_TURN.value, ITEM.c.closed_at.is_(None), ~left)
        .values(closed_at=now)
    ).rowcount


def unseen(connection: Connection, *, channel: str, provider_ids: Iterable[str]) -> list[str]:
    """Return those of the provider's ids that never reached us, in the order given."""
    wanted = list(provider_ids)
    seen: set[str] = set()
    for start in range(0, len(wanted), 500):
        seen.update(
            connection.execute(
                select(INBOUND.c.provider_id).where(
                    INBOUND.c.channel == channel, INBOUND.c.provider_id.in_(wanted[start : start + 500])
                )
            ).scalars()
        )
    return [provider_id for provider_id in wanted if provider_id not in seen]
