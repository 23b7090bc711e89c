"""A question about somebody's rights that the carrier did not let through: a person on the team answers instead.

Somebody who said STOP to the carrier alone is blocked before we know it. If what we could not send was our question of
what to delete, or what they asked to see, nothing is deleted unasked, and the request stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.interruptions import CHANGE, CONFIRM, DELETE, OFFERS
from flows.model.conversation import Conversation, UnreadableConversationError
from flows.model.vocabulary.delivery import MessageKind
from flows.model.vocabulary.item_kinds import ItemKind
from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin
from storage.queries.conversations.turn_queries import conversation_by_id, raise_item
from storage.queries.team import requests

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.queries.delivery.outbox import DueMessage

KINDS = {
    DELETE: RequestKind.ERASURE,
    OFFERS: RequestKind.ACCESS,
    CHANGE: RequestKind.CORRECTION,
    CONFIRM: RequestKind.CORRECTION,
}


def note(connection: Connection, due: DueMessage, now: datetime) -> bool:
    """Enter the request, once while it is open; returns whether there was one to enter."""
    stored = conversation_by_id(connection, due.conversation_id or "")
    try:
        opened = Conversation.from_json(stored.state).interrupted_by if stored is not None else ""
    except UnreadableConversationError:
        return False
    kind = KINDS.get(opened)
    return due.kind == MessageKind.REPLY and kind is not None and enter(connection, kind, due.contributor_id, now)


def enter(connection: Connection, kind: RequestKind, contributor_id: int, now: datetime) -> bool:
    """Enter a request that a person follows up, once while it is open; returns whether it is new."""
    if requests.is_open(connection, kind, contributor_id):
        return False
    requests.open_request(
        connection, None, kind=kind, origin=RequestOrigin.CHAT, now=now, contributor_id=contributor_id
    )
    raise_item(connection, kind=ItemKind.REQUEST, now=now, contributor_id=contributor_id)
    return True
