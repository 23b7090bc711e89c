"""Greetings and courtesies: words that begin or end a talk and say nothing else."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flows.language.normalise import normalise

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder


@lru_cache(maxsize=256)
def _listed(text: str) -> frozenset[str]:
    return frozenset(normalise(word) for word in text.split(","))


def is_greeting(turn: TurnBuilder, text: str) -> bool:
    """Return whether a text is a greeting and nothing else."""
    return normalise(text) in _listed(turn.common("greetings"))


def is_courtesy(turn: TurnBuilder, text: str) -> bool:
    """Return whether a text is thanks, a goodbye, an emoji, or several of these."""
    plain = normalise(text)
    words = _listed(turn.common("courtesies"))
    return not any(letter.isalnum() for letter in plain) or plain in words or set(plain.split()) <= words


def thank_once(turn: TurnBuilder) -> None:
    """Answer thanks after an end in one line, and only once."""
    if not turn.conversation.thanked:
        turn.set(thanked=True)
        turn.tell("you_are_welcome")
