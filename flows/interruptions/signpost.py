"""Go on, pause or stop: asked together with the signpost, once in 24 hours (rule 78).

The message that words of distress stood in has been handled already, as the answer or the part of a story it was. What
was to be asked in that turn was not shown; it is asked once the person goes on. It is the one question of ours that is
asked over another, which it suspends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from flows.interruptions.interruption import Interruption
from flows.language.keywords.recognise import normalise
from flows.language.normalise import is_told
from flows.model.effects import HoldSealed, OptOut, Say
from flows.model.open_interruption import OpenInterruption
from flows.model.partial_answer import NOTED, PartialAnswer
from flows.model.signals import Said
from flows.questions.story import telling_of

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal

CARE: Final = "care"
LINES = ("crisis_line", "text_line", "health_line", "youth_line")
"""Whom the signpost names after the emergency number, in this order; each only where the organisation has it."""


class WhereTheyWere(OpenInterruption, extra="forbid"):
    """How it stands with the question beneath the signpost, ours or the flow's."""

    kind: Literal["care"]
    tries: int = 0
    """How often the answer to it was not understood."""
    unseen: bool = False
    """True: it was not shown yet."""
    start: bool = False
    """True: nothing of the flow was."""
    paused: bool = False
    """True once they wanted a break."""


def signpost(turn: TurnBuilder) -> str:
    """Return who can be reached. It neither names what was written nor promises anything: others may read it too."""
    organisation = turn.release.organisation
    known = [line for line in LINES if getattr(organisation, line) not in {"", organisation.emergency}]
    texts = [turn.common(CARE), *(turn.common(f"{CARE}_{line}") for line in known)]
    return (" " if turn.conversation.look.short else "\n").join(texts)


class Care(Interruption):
    """An unclear answer goes on, and is heard as what it is."""

    name: ClassVar[str] = CARE
    values: ClassVar[tuple[str, ...]] = ("go_on", "pause", "stop")
    safe: ClassVar[str] = "go_on"

    def ask(self, turn: TurnBuilder) -> Say:
        """Return the signpost with the three ways to choose from."""
        return replace(super().ask(turn), text=signpost(turn))

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Go on, leave them in peace until they write, or stop all contact."""
        if value == "pause":
            turn.note(paused=True)
            turn.set(tries=0)
            turn.tell("care_paused")
            return
        were = pop_signpost(turn)
        if value == "stop":
            turn.stop()
            turn.tell("care_stopped")
            turn.effects.append(OptOut())
        elif not turn.conversation.interruptions:
            _go_on(turn, were)

    def unclear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Go on with whatever it is: nobody has to answer us first."""
        if not isinstance(signal, Said):
            return False
        were = pop_signpost(turn)
        if turn.conversation.interruptions:
            return were.unseen
        if turn.conversation.status != "open":
            return False
        if were.paused and _is_ready(turn, signal.text):
            _go_on(turn, were)
            return True
        if not were.unseen or (turn.step is not None and turn.step.listens and turn.consented):
            return False
        _keep_for_later(turn, signal)
        _go_on(turn, were)
        return True


def push_signpost(turn: TurnBuilder, *, unseen: bool, start: bool = False, paused: bool = False) -> None:
    """Ask it over whatever waits, with no reminder and no quiet gap running meanwhile."""
    state = turn.conversation
    turn.push(WhereTheyWere(kind=CARE, tries=state.tries, unseen=unseen, start=start, paused=paused))
    turn.set(tries=0, nudges=max(state.nudges, turn.release.flow.nudges))
    turn.quiet = None


def pop_signpost(turn: TurnBuilder) -> WhereTheyWere:
    """Take the question away again and return where they were."""
    were = turn.opened(WhereTheyWere)
    turn.pop()
    turn.set(tries=were.tries)
    return were


def _go_on(turn: TurnBuilder, were: WhereTheyWere) -> None:
    """Ask what was not shown or, in the middle of a story, only say that they can go on."""
    state = turn.conversation
    if state.status != "open":
        turn.tell("care_on")
    elif were.start:
        if state.held:
            turn.tell("held_looked_at")
        turn.go(turn.release.flow.start)
    elif telling_of(state).parts and not were.unseen:
        turn.tell("care_on")
    else:
        turn.ask_again()


def _keep_for_later(turn: TurnBuilder, said: Said) -> None:
    """Keep words that came before their question was shown: they decide nothing, and are not lost."""
    state = turn.conversation
    if turn.consented:
        turn.set(partial=(state.partial or PartialAnswer(kind=NOTED)).noting(said.text))
    elif is_told(said.text):
        turn.effects.append(HoldSealed(text=said.text, ref=said.ref))
        turn.set(held=state.held + 1)


def _is_ready(turn: TurnBuilder, text: str) -> bool:
    return normalise(text) in {normalise(word) for word in turn.common("care_ready").split(",")}
