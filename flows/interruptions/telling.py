"""Words that belong to a story, wherever they are written: told apart from an answer, added to what is kept, shown.

Whatever is added is shown to its teller at once (design rule 12); what is neither an answer nor part of the story is
nowhere.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from flows.language.keywords.recognise import normalise
from flows.language.normalise import word_count
from flows.model.conversation import Answer
from flows.model.effects import Say
from flows.model.receipt_words import read as read_receipt
from flows.questions.options import spaced
from flows.questions.story import as_parts, joined

if TYPE_CHECKING:
    from pydantic import JsonValue

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Said

FEWEST_WORDS = 5
"""Words from which a text with somebody in it tells something; an answer has fewer."""
SURE_WORDS = 12
"""Words from which any text tells something."""
_ASKS = re.compile(r"\?[^\w.!?]*$")
"""A question mark at the end; an emoji or a bracket behind it changes nothing."""


def is_telling(turn: TurnBuilder, text: str) -> bool:
    """Return whether words tell something, rather than answer or ask: a sentence about somebody."""
    words = word_count(text)
    if words < FEWEST_WORDS or _ASKS.search(text):
        return False
    if words >= SURE_WORDS:
        return True
    padded = spaced(normalise(text))
    return any(word in padded for word in _spaced_words(turn.common("telling_words")))


@lru_cache(maxsize=256)
def _spaced_words(text: str) -> tuple[str, ...]:
    return tuple(spaced(normalise(word)) for word in text.split(","))


def tells_of_the_past(turn: TurnBuilder, text: str, fewest: int = FEWEST_WORDS) -> bool:
    """Return whether words, `fewest` at least, tell what somebody did or said, and so decide and name nothing."""
    padded = spaced(normalise(text))
    past = (spaced(normalise(word)) for word in turn.common("past_words").split(","))
    return word_count(text) >= fewest and any(word in padded for word in past)


def names_receipt(turn: TurnBuilder, said: Said) -> bool:
    """Tell whether words are three words as we give them out, which say nothing of how somebody is."""
    return bool(read_receipt(said.text, turn.common("receipt_openings")))


def under_their_name(turn: TurnBuilder, said: Said) -> Said:
    """Mark words that were handed on: in a story they are somebody else's, and they answer and decide nothing.

    A receipt is ours whoever hands it on.
    """
    if names_receipt(turn, said):
        return replace(said, forwarded=False)
    lines = "\n".join(f"> {line}" for line in said.text.split("\n"))
    return replace(said, text=turn.common("forwarded", words=lines))


def story_step(turn: TurnBuilder) -> str | None:
    """Return the name of the answered step that holds the story, or None if nothing was asked for yet."""
    steps = turn.release.flow.steps
    told = [name for name in turn.conversation.answers if name in steps and steps[name].tells]
    return next((name for name in told if turn.conversation.answers[name].value), told[0] if told else None)


def set_parts(turn: TurnBuilder, parts: tuple[tuple[str, str], ...]) -> None:
    """Put these parts in the place of what was told."""
    name = story_step(turn)
    if name is None:
        return
    value: list[JsonValue] = [list(part) for part in parts]
    answers = dict(turn.conversation.answers)
    answers[name] = Answer(value=value, label=joined(parts), ref=answers[name].ref)
    turn.set(answers=answers)


def parts_told(turn: TurnBuilder) -> tuple[tuple[str, str], ...]:
    """Return what was told so far in this conversation, by message."""
    name = story_step(turn)
    return as_parts(turn.conversation.answers[name].value) if name is not None else ()


def set_pending(turn: TurnBuilder, said: Said) -> None:
    """Let words wait beside a question of ours, behind what was told before them."""
    state = turn.conversation
    before = state.pending_parts if is_telling(turn, state.pending) else ()
    parts = (*before, (said.ref, said.text))
    turn.set(pending=joined(parts), pending_parts=parts)


def pending_parts(turn: TurnBuilder) -> tuple[tuple[str, str], ...]:
    """Return what waits, by message."""
    state = turn.conversation
    whole = state.pending == joined(state.pending_parts)
    return state.pending_parts if whole else (("", state.pending),)


def add_words(turn: TurnBuilder, text: str, ref: str = "") -> bool:
    """Add words to the finished story and show that they were; returns False where there is none to add to."""
    if not turn.consented or story_step(turn) is None or not text.strip():
        return False
    set_parts(turn, (*parts_told(turn), (ref, text)))
    if turn.conversation.kept:
        turn.keep()
        turn.effects.append(Say(text=turn.common("added_words", words=text), private=True))
    return True
