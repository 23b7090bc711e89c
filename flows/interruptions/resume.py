"""Continue or start again: asked after a break, and when somebody begins anew in the middle. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.interruption import Interruption
from flows.interruptions.retell import RETELL, Retell, so_far
from flows.interruptions.telling import add_words, is_telling, pending_parts, set_pending
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.effects import Begin, DropStory, HoldSealed, PurgeSealed
from flows.model.signals import Said

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal

RESUME = "resume"


class Resume(Interruption):
    """Words that are no answer go to the flow's waiting question."""

    name: ClassVar[str] = RESUME
    values: ClassVar[tuple[str, ...]] = ("continue", "again")
    safe: ClassVar[str] = "continue"

    def hear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Take "I have finished" for what it says: whoever has told something need not say first that they go on."""
        if isinstance(signal, Said) and not making.conversation.pending and _finishes(making, signal.text):
            self.close(making)
            return False
        return super().hear(making, signal)

    def unclear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Ask once more; what is told meanwhile waits with what was told before it."""
        if isinstance(signal, Said) and making.conversation.tries == 0 and is_telling(making, signal.text):
            if making.consented:
                set_pending(making, signal)
            else:
                making.effects.append(HoldSealed(text=signal.text, ref=signal.ref))
                making.set(held=making.conversation.held + 1)
        return super().unclear(making, signal)

    def given_up(self, making: TurnBuilder, signal: Signal) -> bool:
        """Hand words on to the flow, after those that came first; anything else means to go on."""
        if isinstance(signal, Said):
            pending, parts = making.conversation.pending, pending_parts(making)
            self.close(making)
            if is_telling(making, pending) and not _add(making, parts):
                if is_telling(making, signal.text):
                    set_pending(making, signal)
                return True  # no story is asked for yet: the engine hands on what was told
            making.set(pending="")
            return False
        return super().given_up(making, signal)

    def take(self, making: TurnBuilder, value: str) -> None:
        """Go on with what waited, or drop it and begin anew."""
        pending, parts = making.conversation.pending, pending_parts(making)
        self.close(making)
        making.set(pending="")
        if value == "again" and is_telling(making, pending):
            _add(making, parts)
        if value == "again" and so_far(making):  # nothing told goes without saying so first (design rule 5)
            making.set(aside=RETELL, aside_notes={}, tries=0)
            making.ask(Retell().ask(making))
        elif value == "again":
            making.effects += [DropStory(), *([PurgeSealed()] if making.conversation.held else [])]
            making.finish("parted")
            making.effects.append(Begin(flow=making.release.flow.id))
        elif pending:
            making.set(pending=pending)  # the engine hands these words to the waiting question
        elif making.step is not None and making.step.tells and so_far(making):
            making.tell("held_used")  # or it would look as if nothing had been told yet
        else:
            making.ask_again()


def _finishes(making: TurnBuilder, text: str) -> bool:
    state, step = making.conversation, making.step
    if not making.consented or step is None or not step.tells or not state.scratch.get("parts"):
        return False
    word = recognise(text, language=state.language, channel=state.channel)
    return word is not None and word.word is Keyword.DONE and word.whole


def _add(making: TurnBuilder, parts: tuple[tuple[str, str], ...]) -> bool:
    added = [add_words(making, text, ref) for ref, text in parts]
    return all(added)
