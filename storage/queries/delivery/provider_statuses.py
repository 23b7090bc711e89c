"""What providers say of messages that they took: kept, in whatever order it comes, and applied. Never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, select, update
from sqlalchemy import bindparam as b

from flows.model.vocabulary.delivery import MessageState
from storage import tables
from storage.db.prepared_statement import Statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from flows.model.vocabulary.delivery import MessageKind

EVENT = tables.DeliveryEvent.__table__
OUTBOX = tables.Outbox.__table__

STATUSES: Mapping[str, MessageState] = {
    "accepted": MessageState.SENT,
    "scheduled": MessageState.SENT,
    "queued": MessageState.SENT,
    "sending": MessageState.SENT,
    "sent": MessageState.SENT,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
    "undelivered": MessageState.UNDELIVERED,
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
}
"""What a provider's words for a message it took come to; words not listed are kept and change nothing."""
RANKS = {
    MessageState.QUEUED: 0,
    MessageState.SENDING: 0,
    MessageState.UNKNOWN: 0,
    MessageState.SENT: 1,
    MessageState.FAILED: 2,
    MessageState.UNDELIVERED: 3,
    MessageState.DELIVERED: 4,
}
"""Statuses may come in any order: the highest rank wins, so that every order ends the same (rule 17)."""


_KNOWN_EVENT = Statement(
    lambda insert: (
        insert(EVENT)
        .values(channel=b("channel"), provider_id=b("provider_id"), status=b("status"), error=b("error"), at=b("now"))
        .on_conflict_do_nothing()
    )
)

_EARLY = Statement(
    select(EVENT.c.channel, EVENT.c.provider_id, EVENT.c.status, EVENT.c.error)
    .join_from(OUTBOX, EVENT, and_(OUTBOX.c.channel == EVENT.c.channel, OUTBOX.c.provider_id == EVENT.c.provider_id))
    .where(OUTBOX.c.id == b("message"))
)


class Early(NamedTuple):
    """A provider's word that came before we knew the id that it speaks of."""

    channel: str
    provider_id: str
    status: str
    error: str | None


def apply_status(
    connection: Connection, *, channel: str, provider_id: str, status: str, error: str | None, now: datetime
) -> bool:
    """Apply a provider's status callback; returns whether it changed the state of a message (rule 17).

    Late, repeated and out-of-order ones do no harm. One that comes before `mark_sent` is kept and applied then; one for
    a message we never sent is kept until retention.
    """
    if not _KNOWN_EVENT.run(connection, channel=channel, provider_id=provider_id, status=status, error=error, now=now):
        return False
    return _raise_to(connection, channel, provider_id, status, error)


def _raise_to(connection: Connection, channel: str, provider_id: str, status: str, error: str | None) -> bool:
    state = STATUSES.get(status)
    if state is None:
        return False
    lower = [name for name, rank in RANKS.items() if rank < RANKS[state]]
    result = connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.provider_id == provider_id, OUTBOX.c.channel == channel, OUTBOX.c.state.in_(lower))
        .values(state=state, error=error, payload=None)
    )
    return result.rowcount > 0


def catch_up(connection: Connection, messages: Iterable[int]) -> list[Early]:
    """Apply what was said of these messages before their ids were known; returns what of it changed one."""
    early = (Early(*row) for message in messages for row in _EARLY.all(connection, message=message))
    return [one for one in early if _raise_to(connection, *one)]


class Addressee(NamedTuple):
    """Whom a message went to."""

    address_id: int
    contributor_id: int
    kind: MessageKind


def addressee(connection: Connection, *, channel: str, provider_id: str) -> Addressee | None:
    """Return whom the message with this provider's id went to; None if we know no such message."""
    row = connection.execute(
        select(OUTBOX.c.address_id, OUTBOX.c.contributor_id, OUTBOX.c.kind).where(
            OUTBOX.c.provider_id == provider_id, OUTBOX.c.channel == channel
        )
    ).first()
    return None if row is None else Addressee(*row)


def failed_before(connection: Connection, *, channel: str, provider_id: str) -> bool:
    """Tell whether a provider has said of a message that it did not arrive, whatever it said since."""
    lost = [status for status, state in STATUSES.items() if state in {MessageState.FAILED, MessageState.UNDELIVERED}]
    event = select(EVENT.c.status).where(
        EVENT.c.channel == channel, EVENT.c.provider_id == provider_id, EVENT.c.status.in_(lost)
    )
    return connection.execute(event.limit(1)).first() is not None


def recorded(connection: Connection, *, channel: str, provider_ids: Collection[str]) -> set[str]:
    """Return those of the provider's ids that belong to messages we know."""
    rows = connection.execute(
        select(OUTBOX.c.provider_id).where(OUTBOX.c.channel == channel, OUTBOX.c.provider_id.in_(provider_ids))
    )
    return set(rows.scalars())
