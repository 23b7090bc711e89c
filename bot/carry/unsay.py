"""Carrying out DELETE CHAT: a row in the outbox, so that it comes after what was said before. Imports storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.effects import Say
from flows.messages import Message
from storage import withhold
from storage.queries import turn as store

if TYPE_CHECKING:
    from bot.turn import Turn
    from flows.effects import Unsay


def unsay(turn: Turn, _effect: Unsay) -> None:
    """Have the messages of this chat taken away, and send none that still waits."""
    withhold.from_person(turn.connection, turn.person.contributor_id, "delete_chat")
    store.enqueue(
        turn.connection,
        address_id=turn.person.address_id,
        contributor_id=turn.person.contributor_id,
        conversation_id=None,
        inbound_id=turn.occasion.inbound_id,
        channel=turn.person.channel,
        kind=withhold.UNSAY,  # which messages it takes away is found out when it is its turn
        payload=Message(say=Say(text="")).to_json(),
        due_at=turn.now,
        now=turn.now,
    )
