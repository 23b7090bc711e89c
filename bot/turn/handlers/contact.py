"""Carrying out what concerns contact: stopping it, language, telling the team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.queries.conversations import address_holders
from storage.queries.conversations import turn_queries as store
from storage.tables.address import ClosedWhy

if TYPE_CHECKING:
    from bot.turn.handler_context import HandlerContext
    from flows.model.effects import CloseAddress, OptIn, OptOut, SetLanguage, TellTeam


def opt_out(turn: HandlerContext, _effect: OptOut) -> None:
    """Stop all contact; of what waits only the confirmation goes."""
    store.opt_out(turn.connection, turn.person.contributor_id, turn.now, but=turn.answering)


def close_address(turn: HandlerContext, _effect: CloseAddress) -> None:
    """Let the address open nothing any more; whoever writes from it next is a stranger (design rule 13)."""
    address_holders.close(turn.connection, turn.person.address_id, ClosedWhy.WRONG_NUMBER, turn.now, but=turn.answering)


def opt_in(turn: HandlerContext, _effect: OptIn) -> None:
    """Let contact be welcome again; no consent comes back with it (rule 30)."""
    store.opt_in(turn.connection, turn.person.contributor_id, turn.now)


def set_language(turn: HandlerContext, effect: SetLanguage) -> None:
    """Remember the language a person chose."""
    store.set_language(turn.connection, turn.person.contributor_id, effect.language)
    turn.person = turn.person._replace(language=effect.language)


def tell_team(turn: HandlerContext, effect: TellTeam) -> None:
    """Put something on the team's list."""
    store.raise_item(
        turn.connection,
        kind=effect.kind,
        now=turn.now,
        contributor_id=turn.person.contributor_id,
        conversation_id=turn.conversation.id if turn.stored else None,
        inbound_id=turn.trigger.inbound_id,
    )
