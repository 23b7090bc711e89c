"""Greetings and courtesies: words that begin or end a talk and say nothing else. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.letters import normalise

if TYPE_CHECKING:
    from flows.turn import Making


def is_greeting(making: Making, text: str) -> bool:
    """Return whether a text is a greeting and nothing else."""
    return normalise(text) in {normalise(word) for word in making.common("greetings").split(",")}


def is_courtesy(making: Making, text: str) -> bool:
    """Return whether a text is thanks, a goodbye, an emoji, or several of these."""
    plain = normalise(text)
    words = {normalise(word) for word in making.common("courtesies").split(",")}
    return not any(letter.isalnum() for letter in plain) or plain in words or set(plain.split()) <= words


def thank_once(making: Making) -> None:
    """Answer thanks after an end in one line, and only once."""
    if not making.conversation.scratch.get("thanked"):
        making.set(scratch={"thanked": True})
        making.tell("you_are_welcome")
