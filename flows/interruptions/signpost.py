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

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal

CARE = "care"
LINES = ("crisis_line", "text_line", "health_line", "youth_line")
"""Whom the signpost names after the emergency number, in this order; each only where the organisation has it."""


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
            turn.set(aside_notes={**turn.conversation.aside_notes, "paused": True}, tries=0)
            turn.tell("care_paused")
            return
        notes = pop_signpost(turn)
        if value == "stop":
            turn.stop()
            turn.tell("care_stopped")
            turn.effects.append(OptOut())
        elif not turn.conversation.aside:
            _go_on(turn, notes)

    def unclear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Go on with whatever it is: nobody has to answer us first."""
        if not isinstance(signal, Said):
            return False
        notes = pop_signpost(turn)
        if turn.conversation.aside:
            return bool(notes.get("unseen"))
        if turn.conversation.status != "open":
            return False
        if notes.get("paused") and _is_ready(turn, signal.text):
            _go_on(turn, notes)
            return True
        if not notes.get("unseen") or (turn.step is not None and turn.step.listens and turn.consented):
            return False
        _keep_for_later(turn, signal)
        _go_on(turn, notes)
        return True


def push_signpost(turn: TurnBuilder, *, unseen: bool, start: bool = False, paused: bool = False) -> None:
    """Lay the question over whatever waits, with no reminder and no quiet gap running meanwhile."""
    state = turn.conversation
    notes = {
        "under": state.aside, "notes": state.aside_notes, "tries": state.tries,
        "unseen": unseen, "start": start, "paused": paused,
    }  # fmt: skip
    turn.set(
        aside=CARE,
        aside_notes={name: value for name, value in notes.items() if value},
        tries=0,
        nudges=max(state.nudges, turn.release.flow.nudges),
    )
    turn.quiet = None


def pop_signpost(turn: TurnBuilder) -> dict[str, Any]:
    """Take the question away again and return its notes."""
    notes: dict[str, Any] = dict(turn.conversation.aside_notes)
    turn.set(aside=notes.get("under", ""), aside_notes=notes.get("notes", {}), tries=notes.get("tries", 0))
    return notes


def _go_on(turn: TurnBuilder, notes: dict[str, Any]) -> None:
    """Ask what was not shown or, in the middle of a story, only say that they can go on."""
    state = turn.conversation
    if state.status != "open":
        turn.tell("care_on")
    elif notes.get("start"):
        if state.held:
            turn.tell("held_looked_at")
        turn.go(turn.release.flow.start)
    elif state.scratch.get("parts") and not notes.get("unseen"):
        turn.tell("care_on")
    else:
        turn.ask_again()


def _keep_for_later(turn: TurnBuilder, said: Said) -> None:
    """Keep words that came before their question was shown: they decide nothing, and are not lost."""
    state = turn.conversation
    if turn.consented:
        noted = state.scratch.get("unclear")
        kept = [*(noted if isinstance(noted, list) else []), said.text]
        turn.set(scratch={**state.scratch, "unclear": kept})
    elif is_told(said.text):
        turn.effects.append(HoldSealed(text=said.text, ref=said.ref))
        turn.set(held=state.held + 1)


def _is_ready(turn: TurnBuilder, text: str) -> bool:
    return normalise(text) in {normalise(word) for word in turn.common("care_ready").split(",")}
