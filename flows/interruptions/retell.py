"""Back to a story that was told already: add to it, or tell it anew. Nothing goes without saying so first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from flows.interruptions.confirm import proved
from flows.interruptions.interruption import Interruption
from flows.interruptions.reword import Gathers, RewordedWords
from flows.interruptions.telling import parts_told, set_parts
from flows.model.effects import Say
from flows.questions.story import Parts, joined, telling_of

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder

RETELL: Final = "retell"
MORE: Final = "tell_more"
ANEW: Final = "tell_anew"


class Retell(Interruption):
    """What they told is shown, and stays as it is unless they choose otherwise."""

    name: ClassVar[str] = RETELL
    values: ClassVar[tuple[str, ...]] = ("add", "anew", "leave")
    safe: ClassVar[str] = "leave"

    def ask(self, turn: TurnBuilder) -> Say:
        """Return the question, with what was told so far."""
        options = tuple(choice.shown for choice in self.choices(turn))
        return Say(text=turn.common(self.name, story=joined(so_far(turn))), options=options, private=True)

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Go on with what was told, begin it anew, or leave it."""
        still_telling = bool(_unfinished(turn))
        self.close(turn)
        if value == "leave":
            self.go_on(turn)
        elif still_telling:
            if value == "anew":
                turn.set(partial=None)
                turn.ask_again()
            else:
                turn.tell("held_used")
        elif value == "add":
            More.begin(turn, 0)
        else:
            Anew.begin(turn, 0)


class More(RewordedWords):
    """Words to be added at the end."""

    name: ClassVar[Gathers] = MORE

    def told(self, turn: TurnBuilder, parts: Parts) -> None:
        """Add them, and show the whole."""
        self.close(turn)
        _tell(turn, (*parts_told(turn), *parts))


class Anew(RewordedWords):
    """Words that take the place of the old ones; those stay until the new ones are finished."""

    name: ClassVar[Gathers] = ANEW

    def told(self, turn: TurnBuilder, parts: Parts) -> None:
        """Put them in the old ones' place, and show the whole."""
        if turn.conversation.kept and not proved(turn):
            return
        self.close(turn)
        _tell(turn, parts)


def so_far(turn: TurnBuilder) -> Parts:
    """Return what was told in this conversation, finished or not."""
    return _unfinished(turn) or parts_told(turn)


def _unfinished(turn: TurnBuilder) -> Parts:
    step = turn.step
    return telling_of(turn.conversation).parts if step is not None and step.tells else ()


def _tell(turn: TurnBuilder, parts: Parts) -> None:
    set_parts(turn, parts)
    if turn.conversation.kept:
        turn.show_kept()
    if turn.conversation.status == "open":
        turn.ask_again()
