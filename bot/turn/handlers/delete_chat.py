"""Carrying out DELETE CHAT: a row in the outbox, so that it comes after what was said before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.model.effects import Say
from flows.model.messages import Message
from flows.model.vocabulary.delivery import MessageKind
from storage.protection import cancel_waiting
from storage.queries.conversations import turn_queries as store

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import DeleteChat


def delete_chat(turn: HandlerContext, _effect: DeleteChat) -> None:
    """Have the messages of this chat taken away, and send none that still waits."""
    cancel_waiting.from_person(turn.connection, turn.person.contributor_id, "delete_chat")
    store.enqueue(
        turn.connection,
        address_id=turn.person.address_id,
        contributor_id=turn.person.contributor_id,
        conversation_id=None,
        inbound_id=turn.trigger.inbound_id,
        channel=turn.person.channel,
        kind=MessageKind.CHAT_DELETION,  # which messages it takes away is found out when it is its turn
        payload=Message(say=Say(text="")).to_json(),
        due_at=turn.now,
        now=turn.now,
    )
