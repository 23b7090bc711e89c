"""Whether somebody is of age: asked where their words make us wonder, once they have agreed.

Nobody becomes an adult by silence: until it is answered nothing is kept that was not kept before. What they go on to
tell is added meanwhile, and the question comes again when they say that they have finished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.interruption import Interruption
from flows.interruptions.telling import is_telling
from flows.language.answers.ages import age_said
from flows.language.keywords.recognise import Keyword, normalise, recognise
from flows.model.conversation import Status
from flows.model.effects import AskForPerson, DropStory, SetAside, TellTeam
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import Said
from flows.model.vocabulary.item_kinds import ItemKind
from flows.model.vocabulary.request_kinds import RequestKind
from flows.questions.story import telling_of

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

    def is_clear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Return whether a signal is a choice, an age, a yes or a no."""
        return bool(self._answer(turn, signal))

    def _answer(self, turn: TurnBuilder, signal: Signal) -> str:
        choice = self.chosen(turn, signal)
        return choice.option.value if choice is not None else _said(turn, signal)

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Take an age, a choice, a yes or a no; anything else is for the flow, but for the end of the story."""
        if value := self._answer(turn, signal):
            self.take(turn, value)
            return True
        step = turn.step
        tells = step is not None and step.tells and turn.conversation.status == "open"
        if tells and isinstance(signal, Said) and not _finishes(turn, signal) and is_telling(turn, signal.text):
            return False
        turn.ask(self.ask(turn))
        return True

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Go on where they were, or keep nothing and name a line for the young."""
        if value == MINOR and turn_away(turn):
            return
        self.close(turn)
        if telling_of(turn.conversation).parts:
            turn.tell("held_used")
        elif turn.conversation.status == "open":
            turn.ask_again()
        else:
            turn.tell("of_age_thanks")


def ask_age(turn: TurnBuilder) -> None:
    """Ask, and let the team know where something is kept already that may be a child's."""
    if turn.conversation.kept:
        turn.effects.append(TellTeam(kind=ItemKind.PERHAPS_A_CHILD))
    turn.open(OpenInterruption(kind=OF_AGE))
    turn.set(tries=0)
    turn.ask(OfAge().ask(turn))


def way_out(turn: TurnBuilder) -> str | None:
    """Return the step to which a flow turns away whom we may not ask; None if it has none."""
    steps = turn.release.flow.steps.values()
    return next((option.next for step in steps for option in step.choices() if option.value == MINOR), None)


def turn_away(turn: TurnBuilder) -> bool:
    """Thank whoever is too young and name a line for them; nothing of theirs is kept. False if the flow has no way."""
    away = way_out(turn)
    if away is None:
        return False
    state = turn.conversation
    kept_by_text = state.kept and state.look.forgeable  # a sender can be forged: it is out of use, and a person looks
    if kept_by_text:
        turn.effects += [SetAside(here=True), AskForPerson(kind=RequestKind.ERASURE)]
    elif state.kept:
        turn.effects.append(DropStory())
    turn.set(status=Status.OPEN, structure=turn.release.structure, flow=turn.release.flow.id)
    turn.set(answers={}, trail=(), kept=False, interruptions=(), partial=None, pending="")
    turn.go(away)
    if kept_by_text:
        turn.tell("deleted_by_person")
    return True


def _said(turn: TurnBuilder, signal: Signal) -> str:
    """Return which answer words are, empty if none."""
    if not isinstance(signal, Said):
        return ""
    organisation, language = turn.release.organisation, turn.conversation.language
    age = age_said(signal.text, organisation.adult_age, language=language, asked=True, year=turn.now.year)
    if age in {"adult", "young"}:
        return ADULT if age == "adult" else MINOR
    reply = normalise(signal.text)
    for value in (ADULT, MINOR):
        if reply in {normalise(word) for word in turn.common(f"of_age_{value}").split(",")}:
            return value
    return ""


def _finishes(turn: TurnBuilder, said: Said) -> bool:
    state = turn.conversation
    word = recognise(said.text, language=state.language, channel=state.channel, waiting=True, telling=True)
    return word is not None and word.word is Keyword.DONE


__all__ = ["MINOR", "OF_AGE", "OfAge", "ask_age", "turn_away", "way_out"]
