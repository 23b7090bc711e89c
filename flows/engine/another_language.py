"""Words in a language that we do not speak: kept or held as they are, marked for the team, and a human being is named.

Said once in a conversation; nothing else changes, so that nobody is sent away for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.language.detect_language import language_of
from flows.language.spoken_where import reach_sentence
from flows.model.effects import Say, TellTeam
from flows.model.vocabulary.item_kinds import ItemKind

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder


def name_a_person(turn: TurnBuilder, text: str) -> None:
    """Say whom to reach, in their language where a checked sentence exists, when words come that we do not speak."""
    state = turn.conversation
    if state.writes_in or state.opted_out:
        return
    code = language_of(text)
    if code is None or code in turn.release.languages:
        return
    turn.set(writes_in=code)
    turn.effects.append(TellTeam(kind=ItemKind.OTHER_LANGUAGE))
    sentence, in_that_language = reach_sentence(code)
    if in_that_language:
        turn.effects.append(Say(text=sentence.replace("{contact}", turn.release.organisation.contact)))
    else:
        turn.tell("other_language")
