"""A story in other words: the next messages until DONE, shown back once before they take the old ones' place.

The person agreed that this story is kept, so its new words may wait in the conversation; they go with the question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import JsonValue

from flows.interruptions.confirm import proved
from flows.interruptions.interruption import Interruption
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.conversation import Answer
from flows.model.effects import Option, ReplaceStory, Say
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import Chose, Said
from flows.questions.story import Parts, joined

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal

REWORD: Final = "reword"
REWORDED: Final = "reworded"
Gathers = Literal["reword", "add", "tell_more", "tell_anew"]
"""Interruptions that gather words."""


class WordsGathered(OpenInterruption, extra="forbid"):
    """New words for a story, as far as they came."""

    kind: Literal["reword", "reworded", "add", "tell_more", "tell_anew"]
    story: int = 0
    """The story that they are for; 0: the one of this conversation."""
    parts: Parts = ()
    here: bool = False
    """True: it was told in this conversation."""

    @property
    def holds_words(self) -> bool:
        """Whether any came."""
        return bool(self.parts)


class RewordedWords(Interruption):
    """Open words until DONE. What is done with them is the business of the kinds below."""

    name: ClassVar[Gathers]
    open_words: ClassVar[bool] = True

    @classmethod
    def begin(cls, turn: TurnBuilder, story: int, *, here: bool = False) -> None:
        """Invite the words."""
        turn.open(WordsGathered(kind=cls.name, story=story, here=here))
        turn.set(tries=0)
        turn.ask(cls().ask(turn))

    def ask(self, turn: TurnBuilder) -> Say:
        """Return the invitation; on a chat with a button to finish."""
        done = Option(value="done", label=turn.common("done_button"))
        return Say(
            text=turn.common(self.name), options=(done,) if turn.conversation.look.buttons else ()
        )  # fmt: skip

    def is_clear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Return whether there are words, or the button."""
        return isinstance(signal, Said | Chose)

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Gather words; DONE or the button finishes, BACK and SKIP leave all as it was."""
        if isinstance(signal, Chose):
            self._finish(turn)
            return True
        if not isinstance(signal, Said):
            return False
        state = turn.conversation
        word = recognise(signal.text, language=state.language, channel=state.channel, waiting=True, telling=True)
        if word is not None and word.word in {Keyword.BACK, Keyword.SKIP} and word.whole:
            self.leave(turn)
            return True
        done = word is not None and word.word is Keyword.DONE
        told = word.rest if done and word is not None else signal.text
        if told.strip():
            turn.note(parts=(*turn.opened(WordsGathered).parts, (signal.ref, told)))
        if done:
            self._finish(turn)
        return True

    def _finish(self, turn: TurnBuilder) -> None:
        parts = turn.opened(WordsGathered).parts
        if parts:
            self.told(turn, parts)
        elif turn.conversation.tries == 0:
            turn.set(tries=1)
            turn.ask(self.ask(turn))
        else:
            self.leave(turn)

    def told(self, turn: TurnBuilder, parts: Parts) -> None:
        """Do what the words are for."""
        raise NotImplementedError

    @classmethod
    def leave(cls, turn: TurnBuilder) -> None:
        """Change nothing."""
        cls.close(turn)
        turn.tell("left_as_it_is")
        if turn.conversation.status == "open":
            turn.ask_again()


class Reword(RewordedWords):
    """The new words of a story."""

    name: ClassVar[Gathers] = REWORD
    when_stopped: ClassVar[bool] = True

    def told(self, turn: TurnBuilder, parts: Parts) -> None:
        """Show them once."""
        turn.note(kind=REWORDED)
        turn.set(tries=0)
        turn.ask(Reworded().ask(turn))


class Reworded(Interruption):
    """Shall these words take the place of the old ones? An unclear answer leaves the old ones."""

    name: ClassVar[str] = REWORDED
    values: ClassVar[tuple[str, ...]] = ("replace", "leave")
    safe: ClassVar[str] = "leave"
    when_stopped: ClassVar[bool] = True

    def ask(self, turn: TurnBuilder) -> Say:
        """Return the question, with the words."""
        parts = turn.opened(WordsGathered).parts
        options = tuple(choice.shown for choice in self.choices(turn))
        return Say(text=turn.common(self.name, story=joined(parts)), options=options, private=True)

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Put them in the old ones' place, or throw them away."""
        words = turn.opened(WordsGathered)
        if value != "replace":
            RewordedWords.leave(turn)
            return
        if not proved(turn):
            return
        if words.here:
            _answer_anew(turn, words.parts)
        self.close(turn)
        turn.effects.append(ReplaceStory(story=words.story, parts=words.parts))
        turn.tell("replaced")
        if turn.conversation.status == "open":
            turn.ask_again()


def _answer_anew(turn: TurnBuilder, parts: Parts) -> None:
    """Put the new words into the answers as well, or the next answer would keep the old ones again."""
    state, steps = turn.conversation, turn.release.flow.steps
    told = [name for name in state.answers if name in steps and steps[name].tells]
    value: list[JsonValue] = [list(part) for part in parts]
    fresh = {name: Answer(value=value if name == told[0] else None) for name in told}
    fresh |= {name: one.model_copy(update={"label": joined(parts)}) for name, one in fresh.items() if one.value}
    turn.set(answers={name: fresh.get(name, one) for name, one in state.answers.items()})
