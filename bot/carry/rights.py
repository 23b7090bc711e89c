"""Carrying out what people may ask of us: what is held, and taking it back. Imports storage; used by the turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.told import CHANNEL_NAMES, month_and_year
from flows.signals import Facts, Signal
from storage.erasure import erase_contributor
from storage.queries import turn as store

if TYPE_CHECKING:
    from bot.turn import Turn
    from flows.effects import Erase, TellData


def tell_data(turn: Turn, _effect: TellData) -> Signal:
    """Tell the engine what is held about the person."""
    held = store.facts_about(turn.connection, turn.person.contributor_id)
    language = turn.conversation.language
    return Facts(
        stories=held.stories if held else 0,
        channels=tuple(CHANNEL_NAMES.get(name, name) for name in held.channels) if held else (),
        since=month_and_year(held.since if held else turn.now, language),
    )


def erase(turn: Turn, effect: Erase) -> None:
    """Delete the story told last, or the person with everything of theirs."""
    if effect.scope == "story":
        store.drop_latest_story(turn.connection, turn.person.contributor_id)
        return
    erase_contributor(turn.connection, turn.person.contributor_id, turn.now, farewell=True)
    turn.stored, turn.erased = False, True
