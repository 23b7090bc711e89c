"""Back to a story that was told already: add to it, or tell it anew. Nothing goes without saying so first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.confirm import proved
from flows.interruptions.interruption import Interruption
from flows.interruptions.reword import RewordedWords
from flows.interruptions.telling import parts_told, set_parts
from flows.model.effects import Say
from flows.questions.story import Parts, as_parts, joined

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder

RETELL, MORE, ANEW = "retell", "tell_more", "tell_anew"


class Retell(Interruption):
    """What they told is shown, and stays as it is unless they choose otherwise."""

    name: ClassVar[str] = RETELL
    values: ClassVar[tuple[str, ...]] = ("add", "anew", "leave")
    safe: ClassVar[str] = "leave"

    def ask(self, making: TurnBuilder) -> Say:
        """Return the question, with what was told so far."""
        options = tuple(choice.shown for choice in self.choices(making))
        return Say(text=making.common(self.name, story=joined(so_far(making))), options=options, private=True)

    def take(self, making: TurnBuilder, value: str) -> None:
        """Go on with what was told, begin it anew, or leave it."""
        still_telling = bool(_unfinished(making))
        self.close(making)
        if value == "leave":
            self.go_on(making)
        elif still_telling:
            if value == "anew":
                making.set(scratch={})
                making.ask_again()
            else:
                making.tell("held_used")
        elif value == "add":
            More.begin(making, 0)
        else:
            Anew.begin(making, 0)


class More(RewordedWords):
    """Words to be added at the end."""

    name: ClassVar[str] = MORE

    def told(self, making: TurnBuilder, parts: Parts) -> None:
        """Add them, and show the whole."""
        self.close(making)
        _tell(making, (*parts_told(making), *parts))


class Anew(RewordedWords):
    """Words that take the place of the old ones; those stay until the new ones are finished."""

    name: ClassVar[str] = ANEW

    def told(self, making: TurnBuilder, parts: Parts) -> None:
        """Put them in the old ones' place, and show the whole."""
        if making.conversation.kept and not proved(making):
            return
        self.close(making)
        _tell(making, parts)


def so_far(making: TurnBuilder) -> Parts:
    """Return what was told in this conversation, finished or not."""
    return _unfinished(making) or parts_told(making)


def _unfinished(making: TurnBuilder) -> Parts:
    step = making.step
    return as_parts(making.conversation.scratch.get("parts")) if step is not None and step.tells else ()


def _tell(making: TurnBuilder, parts: Parts) -> None:
    set_parts(making, parts)
    if making.conversation.kept:
        making.show_kept()
    if making.conversation.status == "open":
        making.ask_again()
