"""Go on, pause or stop: asked together with the signpost, once in 24 hours (rule 78). Pure.

The message that words of distress stood in has been handled already, as the answer or the part of a story it was. What
was to be asked in that turn was not shown; it is asked once the person goes on. The notes hold where they were: `under`
the aside that waits, with its own `notes`; `tries` of the question; `unseen` if the question was not shown yet; `start`
if nothing of the flow was; `paused` once they wanted a break.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from flows.interruptions.interruption import Interruption
from flows.language.keywords.recognise import normalise
from flows.language.normalise import is_told
from flows.model.effects import HoldSealed, OptOut, Say
from flows.model.signals import Said
from flows.questions.story import StoryStep

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal

CARE = "care"
LINES = ("crisis_line", "text_line", "health_line", "youth_line")
"""Whom the signpost names after the emergency number, in this order; each only where the house has it."""


def signpost(making: TurnBuilder) -> str:
    """Return who can be reached. It neither names what was written nor promises anything: others may read it too."""
    house = making.release.house
    known = [line for line in LINES if getattr(house, line) not in {"", house.emergency}]
    texts = [making.common(CARE), *(making.common(f"{CARE}_{line}") for line in known)]
    return (" " if making.conversation.channel == "sms" else "\n").join(texts)


class Care(Interruption):
    """An unclear answer goes on, and is heard as what it is."""

    name: ClassVar[str] = CARE
    values: ClassVar[tuple[str, ...]] = ("go_on", "pause", "stop")
    safe: ClassVar[str] = "go_on"

    def ask(self, making: TurnBuilder) -> Say:
        """Return the signpost with the three ways to choose from."""
        return replace(super().ask(making), text=signpost(making))

    def take(self, making: TurnBuilder, value: str) -> None:
        """Go on, leave them in peace until they write, or stop all contact."""
        if value == "pause":
            making.set(aside_notes={**making.conversation.aside_notes, "paused": True}, tries=0)
            making.tell("care_paused")
            return
        notes = uncover(making)
        if value == "stop":
            making.stop()
            making.tell("care_stopped")
            making.effects.append(OptOut())
        elif not making.conversation.aside:
            _go_on(making, notes)

    def unclear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Go on with whatever it is: nobody has to answer us first."""
        if not isinstance(signal, Said):
            return False
        notes = uncover(making)
        if making.conversation.aside:
            return bool(notes.get("unseen"))
        if making.conversation.status != "open":
            return False
        if notes.get("paused") and _is_ready(making, signal.text):
            _go_on(making, notes)
            return True
        if not notes.get("unseen") or (isinstance(making.step, StoryStep) and making.consented):
            return False
        _keep_for_later(making, signal)
        _go_on(making, notes)
        return True


def cover(making: TurnBuilder, *, unseen: bool, start: bool = False, paused: bool = False) -> None:
    """Lay the question over whatever waits, with no reminder and no quiet gap running meanwhile."""
    state = making.conversation
    notes = {
        "under": state.aside, "notes": state.aside_notes, "tries": state.tries,
        "unseen": unseen, "start": start, "paused": paused,
    }  # fmt: skip
    making.set(
        aside=CARE,
        aside_notes={name: value for name, value in notes.items() if value},
        tries=0,
        nudges=max(state.nudges, making.release.flow.nudges),
    )
    making.quiet = None


def uncover(making: TurnBuilder) -> dict[str, Any]:
    """Take the question away again and return its notes."""
    notes: dict[str, Any] = dict(making.conversation.aside_notes)
    making.set(aside=notes.get("under", ""), aside_notes=notes.get("notes", {}), tries=notes.get("tries", 0))
    return notes


def _go_on(making: TurnBuilder, notes: dict[str, Any]) -> None:
    """Ask what was not shown or, in the middle of a story, only say that they can go on."""
    state = making.conversation
    if state.status != "open":
        making.tell("care_on")
    elif notes.get("start"):
        if state.held:
            making.tell("held_looked_at")
        making.go(making.release.flow.start)
    elif state.scratch.get("parts") and not notes.get("unseen"):
        making.tell("care_on")
    else:
        making.ask_again()


def _keep_for_later(making: TurnBuilder, said: Said) -> None:
    """Keep words that came before their question was shown: they decide nothing, and are not lost."""
    state = making.conversation
    if making.consented:
        noted = state.scratch.get("unclear")
        kept = [*(noted if isinstance(noted, list) else []), said.text]
        making.set(scratch={**state.scratch, "unclear": kept})
    elif is_told(said.text):
        making.effects.append(HoldSealed(text=said.text, ref=said.ref))
        making.set(held=state.held + 1)


def _is_ready(making: TurnBuilder, text: str) -> bool:
    return normalise(text) in {normalise(word) for word in making.common("care_ready").split(",")}
