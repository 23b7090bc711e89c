"""Continue or start again: asked after a break, and when somebody begins anew in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.interruption import Interruption
from flows.interruptions.retell import RETELL, Retell, so_far
from flows.interruptions.telling import add_words, is_telling, pending_parts, set_pending
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.conversation import Status
from flows.model.effects import Begin, DropStory, HoldSealed, PurgeSealed
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import Said
from flows.questions.story import telling_of

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal

RESUME = "resume"


class Resume(Interruption):
    """Words that are no answer go to the flow's waiting question."""

    name: ClassVar[str] = RESUME
    values: ClassVar[tuple[str, ...]] = ("continue", "again")
    safe: ClassVar[str] = "continue"

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Take "I have finished" for what it says: whoever has told something need not say first that they go on."""
        if isinstance(signal, Said) and not turn.conversation.pending and _finishes(turn, signal.text):
            self.close(turn)
            return False
        return super().hear(turn, signal)

    def unclear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Ask once more; what is told meanwhile waits with what was told before it."""
        if isinstance(signal, Said) and turn.conversation.tries == 0 and is_telling(turn, signal.text):
            if turn.consented:
                set_pending(turn, signal)
            else:
                turn.effects.append(HoldSealed(text=signal.text, ref=signal.ref))
                turn.set(held=turn.conversation.held + 1)
        return super().unclear(turn, signal)

    def given_up(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Hand words on to the flow, after those that came first; anything else means to go on."""
        if isinstance(signal, Said):
            pending, parts = turn.conversation.pending, pending_parts(turn)
            self.close(turn)
            if is_telling(turn, pending) and not _add(turn, parts):
                if is_telling(turn, signal.text):
                    set_pending(turn, signal)
                return True  # no story is asked for yet: the engine hands on what was told
            turn.set(pending="")
            return False
        return super().given_up(turn, signal)

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Go on with what waited, or drop it and begin anew."""
        pending, parts = turn.conversation.pending, pending_parts(turn)
        self.close(turn)
        turn.set(pending="")
        if value == "again" and is_telling(turn, pending):
            _add(turn, parts)
        if value == "again" and so_far(turn):  # nothing told goes without saying so first (design rule 5)
            turn.open(OpenInterruption(kind=RETELL))
            turn.ask(Retell().ask(turn))
        elif value == "again":
            turn.effects += [DropStory(), *([PurgeSealed()] if turn.conversation.held else [])]
            turn.finish(Status.PARTED)
            turn.effects.append(Begin(flow=turn.release.flow.id))
        elif pending:
            turn.set(pending=pending)  # the engine hands these words to the waiting question
        elif turn.step is not None and turn.step.tells and so_far(turn):
            turn.tell("held_used")  # or it would look as if nothing had been told yet
        else:
            turn.ask_again()


def _finishes(turn: TurnBuilder, text: str) -> bool:
    state, step = turn.conversation, turn.step
    if not turn.consented or step is None or not step.tells or not telling_of(state).parts:
        return False
    word = recognise(text, language=state.language, channel=state.channel)
    return word is not None and word.word is Keyword.DONE and word.whole


def _add(turn: TurnBuilder, parts: tuple[tuple[str, str], ...]) -> bool:
    added = [add_words(turn, text, ref) for ref, text in parts]
    return all(added)
