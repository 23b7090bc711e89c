"""Whether somebody is of age: asked where their words make us wonder, once they have agreed. Pure.

Nobody becomes an adult by silence: until it is answered nothing is kept that was not kept before. What they go on to
tell is added meanwhile, and the question comes again when they say that they have finished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.interruption import Interruption
from flows.interruptions.telling import is_telling
from flows.language.answers.ages import age_said
from flows.language.keywords.recognise import Keyword, normalise, recognise
from flows.model.effects import AskForPerson, DropStory, SetAside, TellTeam
from flows.model.item_kinds import ItemKind
from flows.model.signals import Said

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal

OF_AGE = "of_age"
ADULT, MINOR = "adult", "minor"
"""The answers; `MINOR` is also the option by which a flow turns away whom we may not ask."""


class OfAge(Interruption):
    """What is no answer goes on with the story; finishing it asks again."""

    name: ClassVar[str] = OF_AGE
    values: ClassVar[tuple[str, ...]] = (ADULT, MINOR)

    def is_clear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Return whether a signal is a choice, an age, a yes or a no."""
        return bool(self._answer(making, signal))

    def _answer(self, making: TurnBuilder, signal: Signal) -> str:
        choice = self.chosen(making, signal)
        return choice.option.value if choice is not None else _said(making, signal)

    def hear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Take an age, a choice, a yes or a no; anything else is for the flow, but for the end of the story."""
        if value := self._answer(making, signal):
            self.take(making, value)
            return True
        step = making.step
        tells = step is not None and step.tells and making.conversation.status == "open"
        if tells and isinstance(signal, Said) and not _finishes(making, signal) and is_telling(making, signal.text):
            return False
        making.ask(self.ask(making))
        return True

    def take(self, making: TurnBuilder, value: str) -> None:
        """Go on where they were, or keep nothing and name a line for the young."""
        if value == MINOR and turn_away(making):
            return
        self.close(making)
        if making.conversation.scratch.get("parts"):
            making.tell("held_used")
        elif making.conversation.status == "open":
            making.ask_again()
        else:
            making.tell("of_age_thanks")


def ask_age(making: TurnBuilder) -> None:
    """Ask, and let the team know where something is kept already that may be a child's."""
    if making.conversation.kept:
        making.effects.append(TellTeam(kind=ItemKind.PERHAPS_A_CHILD))
    making.set(aside=OF_AGE, aside_notes={}, tries=0)
    making.ask(OfAge().ask(making))


def way_out(making: TurnBuilder) -> str | None:
    """Return the step to which a flow turns away whom we may not ask; None if it has none."""
    steps = making.release.flow.steps.values()
    return next((option.next for step in steps for option in step.choices() if option.value == MINOR), None)


def turn_away(making: TurnBuilder) -> bool:
    """Thank whoever is too young and name a line for them; nothing of theirs is kept. False if the flow has no way."""
    away = way_out(making)
    if away is None:
        return False
    state = making.conversation
    kept_by_text = state.kept and state.channel == "sms"  # a sender can be forged: it is out of use, and a person looks
    if kept_by_text:
        making.effects += [SetAside(here=True), AskForPerson(kind="erasure")]
    elif state.kept:
        making.effects.append(DropStory())
    making.set(status="open", structure=making.release.structure, flow=making.release.flow.id)
    making.set(answers={}, trail=(), kept=False, aside="", aside_notes={}, scratch={}, pending="")
    making.go(away)
    if kept_by_text:
        making.tell("deleted_by_person")
    return True


def _said(making: TurnBuilder, signal: Signal) -> str:
    """Return which answer words are, empty if none."""
    if not isinstance(signal, Said):
        return ""
    house, language = making.release.house, making.conversation.language
    age = age_said(signal.text, house.adult_age, language=language, asked=True, year=making.now.year)
    if age in {"adult", "young"}:
        return ADULT if age == "adult" else MINOR
    reply = normalise(signal.text)
    for value in (ADULT, MINOR):
        if reply in {normalise(word) for word in making.common(f"of_age_{value}").split(",")}:
            return value
    return ""


def _finishes(making: TurnBuilder, said: Said) -> bool:
    state = making.conversation
    word = recognise(said.text, language=state.language, channel=state.channel, waiting=True, telling=True)
    return word is not None and word.word is Keyword.DONE


__all__ = ["MINOR", "OF_AGE", "OfAge", "ask_age", "turn_away", "way_out"]
