"""The way of a standard story in two texts (`two_texts.toml`) through any flow, answer by answer."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from flows.model.vocabulary.consent_answers import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flows.authoring.definition import Flow
    from flows.model.channel_look import ChannelLook
    from flows.model.conversation import Conversation
    from flows.model.effects import Effect
    from flows.questions.question import OptionStep, Step

_STEPS: Final = 60
"""Answers after which a way that has no end is given up."""
_FILE = Path(__file__).with_name("two_texts.toml")


class Answering(Protocol):
    """Who goes the way: the engine alone, or a simulated phone."""

    @property
    def look(self) -> ChannelLook:
        """How messages look."""

    @property
    def state(self) -> Conversation:
        """Where the conversation stands."""

    def say(self, text: str, /) -> tuple[Effect, ...]:
        """Type a message; returns what it caused."""

    def choose(self, index: int, /) -> tuple[Effect, ...]:
        """Choose an option of the question that waits."""

    def wait(self, time: timedelta, /) -> tuple[Effect, ...]:
        """Let time pass."""


@cache
def standard_story() -> dict[str, Any]:
    """Return what is told and answered: texts, place, words."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


class StoryWalk:
    """One way through a flow. Somebody who allows the least goes one way, somebody who publishes another."""

    def __init__(
        self, who: Answering, flow: Flow, *, wide: bool = False, decisions: Mapping[str, str] | None = None
    ) -> None:
        """`wide`: they agree to the most, else to the least; `decisions` are their answers to some purposes."""
        self.who, self.flow, self.wide, self.decisions = who, flow, wide, decisions or {}

    def go(self) -> Iterator[tuple[Step | None, tuple[Effect, ...]]]:
        """Yield each step that waited with what its answer caused, until the end; first the opening, without a step."""
        yield None, self.who.say(self.who.look.opening)
        for _ in range(_STEPS):
            state = self.who.state
            if state.status != "open" or state.step is None:
                break
            step = self.flow.steps[state.step]
            yield step, tuple(self._answer(step))

    def _answer(self, step: Step) -> Iterator[Effect]:
        who, story = self.who, standard_story()
        if step.listens:
            first, second = story["texts"]
            yield from who.say(first)
            yield from who.wait(timedelta(seconds=30))
            yield from who.say(second)
            yield from who.say("DONE")
        elif step.tells:
            waiting = who.state.step
            yield from who.say(" ".join(story["texts"]))
            if who.state.step == waiting:
                yield from who.say("DONE")
        elif step.asks_place:
            yield from who.say(story["place"])
        elif step.typed:
            waiting = who.state.step
            yield from who.say(step.typed)
            if who.state.step == waiting:
                yield from who.say("DONE")
        elif step.choices():
            options = [option for option in step.choices() if option.when in {None, who.look.name}]
            values = [option.value for option in options]
            yield from who.choose(values.index(self._wanted(step, options)))
        else:
            yield from who.say("SKIP" if step.can_skip else story["words"])

    def _wanted(self, step: Step, options: Sequence[OptionStep]) -> str:
        if not step.asks_consent:
            return options[0].value
        if step.about == Purpose.TAKE_PART:
            return next((option.value for option in options if option.stands_for == "yes"), "")
        if step.about is not None and step.about in self.decisions:
            return self.decisions[step.about]
        further = [option for option in options if option.value != step.least]
        if not self.wide or not further:
            return step.least
        return next((option for option in further if option.next not in {None, step.next}), further[0]).value
