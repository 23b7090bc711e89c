"""Messages that are not to go out after all: what waits for somebody is cancelled (design rule 11). Never commits.

What is queued, was taken and not handed over yet, or may or may not have arrived, is cancelled. What the provider has
in its hands this moment cannot be stopped; its text goes, so that it is never tried again. Every change here is
looked at once more when a message is handed over (`storage.queries.delivery.outbox.hand_over`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, null, or_, select, text, update

from flows.model.vocabulary.delivery import MessageKind, MessageState
from storage import tables
from storage.db.writer import note

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection

OUTBOX = tables.Outbox.__table__
ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__

WAITING = text("outbox.state IN ('queued', 'sending', 'unknown')")
ON_THE_WIRE = and_(OUTBOX.c.state == MessageState.SENDING, OUTBOX.c.handed_at.is_not(None))


def from_person(
    connection: Connection,
    contributor_id: int,
    reason: str,
    *,
    but: Collection[int] = (),
    conversation_id: str = "",
    private: bool = False,
) -> int:
    """Cancel what waits for a person, on every address; returns how many messages.

    `reason` is for whoever looks at the row later: opted_out, deleted, delete_chat. `but` are the numbers of messages
    that go all the same, such as the confirmation. With `private` only what repeats the person's words, with
    `conversation_id` only what belongs to one conversation.
    """
    addresses = select(ADDRESS.c.id).where(ADDRESS.c.contributor_id == contributor_id)
    more = [OUTBOX.c.conversation_id == conversation_id] if conversation_id else []
    more += [OUTBOX.c.private] if private else []
    theirs = OUTBOX.c.address_id.in_(addresses), OUTBOX.c.kind != MessageKind.CHAT_DELETION
    return _withhold(connection, reason, *theirs, OUTBOX.c.id.not_in(but), *more)


def before_deletion(connection: Connection, contributor_id: int, *, but: Collection[int] = ()) -> int:
    """Cancel what repeats a person's words, and every answer that waits, before they are asked what to delete.

    What names somebody to talk to goes all the same: it was written in the turn that signposted them.
    """
    signposted_at = select(CONTRIBUTOR.c.signposted_at).where(CONTRIBUTOR.c.id == contributor_id).scalar_subquery()
    addresses = select(ADDRESS.c.id).where(ADDRESS.c.contributor_id == contributor_id)
    answers = and_(OUTBOX.c.kind == MessageKind.REPLY, OUTBOX.c.created_at.is_distinct_from(signposted_at))
    return _withhold(
        connection, "deleted", OUTBOX.c.address_id.in_(addresses), OUTBOX.c.id.not_in(but),
        or_(OUTBOX.c.private, answers),
    )  # fmt: skip


def from_address(connection: Connection, address_id: int, reason: str, *, but: Collection[int] = ()) -> int:
    """Cancel what waits for an address that nothing can reach, or that is not its owner's; returns how many."""
    return _withhold(connection, reason, OUTBOX.c.address_id == address_id, OUTBOX.c.id.not_in(but))


def _withhold(connection: Connection, reason: str, *which: Any) -> int:
    result = connection.execute(
        update(OUTBOX)
        .where(WAITING, OUTBOX.c.kind != MessageKind.ALERT, *which)
        .values(
            state=case((ON_THE_WIRE, MessageState.SENDING.value), else_=MessageState.CANCELLED.value),
            lease_until=case((ON_THE_WIRE, OUTBOX.c.lease_until), else_=null()),
            payload=None,
            error=reason,
        )
    )
    if result.rowcount:
        note(connection, "outbox")  # a later message may have waited for one of these
    return result.rowcount
