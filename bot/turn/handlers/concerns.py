"""Carrying out what words of distress ask for: the team's item, and when the signpost went out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.queries.conversations import turn_queries as store
from storage.queries.team import safeguarding_items

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import RaiseConcern


def raise_concern(turn: HandlerContext, effect: RaiseConcern) -> None:
    """Lay the message before the team, or count it on the item that is open. What was found is not kept (rule 80)."""
    safeguarding_items.raise_concern(
        turn.connection,
        contributor_id=turn.person.contributor_id,
        conversation_id=turn.conversation.id if turn.stored else None,
        inbound_id=turn.trigger.inbound_id,
        now=turn.now,
        staffed=turn.services.staffed,
        level=effect.level,
    )
    if effect.signposted:
        store.signposted(turn.connection, turn.person.contributor_id, turn.now)
        turn.person = turn.person._replace(signposted_at=turn.now)
