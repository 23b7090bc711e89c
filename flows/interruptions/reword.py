"""A story in other words: the next messages until DONE, shown back once before they take the old ones' place. Pure.

The person agreed that this story is kept, so its new words may wait in the notes; they go with the aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import JsonValue

from flows.interruptions.confirm import proved
from flows.interruptions.interruption import Interruption
from flows.language.keywords.recognise import Keyword, recognise
from flows.model.conversation import Answer
from flows.model.effects import Option, ReplaceStory, Say
from flows.model.signals import Chose, Said
from flows.questions.short_text import ShortTextStep
from flows.questions.story import Parts, StoryStep, as_parts, joined

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal
    from flows.questions.question import Step

REWORD, REWORDED = "reword", "reworded"


class RewordedWords(Interruption):
    """Open words until DONE. What is done with them is the business of the kinds below."""

    open_words: ClassVar[bool] = True

    @classmethod
    def begin(cls, making: TurnBuilder, story: int, **notes: Any) -> None:
        """Invite the words."""
        making.set(aside=cls.name, aside_notes={"story": story, "parts": [], **notes}, tries=0)
        making.ask(cls().ask(making))

    def ask(self, making: TurnBuilder) -> Say:
        """Return the invitation; on a chat with a button to finish."""
        done = Option(value="done", label=making.common("done_button"))
        return Say(
            text=making.common(self.name), options=() if making.conversation.channel == "sms" else (done,)
        )  # fmt: skip

    def is_clear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Return whether there are words, or the button."""
        return isinstance(signal, Said | Chose)

    def hear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Gather words; DONE or the button finishes, BACK and SKIP leave all as it was."""
        if isinstance(signal, Chose):
            self._finish(making)
            return True
        if not isinstance(signal, Said):
            return False
        state = making.conversation
        word = recognise(signal.text, language=state.language, channel=state.channel, waiting=True, telling=True)
        if word is not None and word.word in {Keyword.BACK, Keyword.SKIP} and word.whole:
            self.leave(making)
            return True
        done = word is not None and word.word is Keyword.DONE
        told = word.rest if done and word is not None else signal.text
        if told.strip():
            parts = [list(part) for part in as_parts(state.aside_notes.get("parts"))]
            making.set(aside_notes={**state.aside_notes, "parts": [*parts, [signal.ref, told]]})
        if done:
            self._finish(making)
        return True

    def _finish(self, making: TurnBuilder) -> None:
        parts = as_parts(making.conversation.aside_notes.get("parts"))
        if parts:
            self.told(making, parts)
        elif making.conversation.tries == 0:
            making.set(tries=1)
            making.ask(self.ask(making))
        else:
            self.leave(making)

    def told(self, making: TurnBuilder, parts: Parts) -> None:
        """Do what the words are for."""
        raise NotImplementedError

    @classmethod
    def leave(cls, making: TurnBuilder) -> None:
        """Change nothing."""
        cls.close(making)
        making.tell("left_as_it_is")
        if making.conversation.status == "open":
            making.ask_again()


class Reword(RewordedWords):
    """The new words of a story."""

    name: ClassVar[str] = REWORD
    when_stopped: ClassVar[bool] = True

    def told(self, making: TurnBuilder, parts: Parts) -> None:
        """Show them once."""
        making.set(aside=REWORDED, tries=0)
        making.ask(Reworded().ask(making))


class Reworded(Interruption):
    """Shall these words take the place of the old ones? An unclear answer leaves the old ones."""

    name: ClassVar[str] = REWORDED
    values: ClassVar[tuple[str, ...]] = ("replace", "leave")
    safe: ClassVar[str] = "leave"
    when_stopped: ClassVar[bool] = True

    def ask(self, making: TurnBuilder) -> Say:
        """Return the question, with the words."""
        parts = as_parts(making.conversation.aside_notes.get("parts"))
        options = tuple(choice.shown for choice in self.choices(making))
        return Say(text=making.common(self.name, story=joined(parts)), options=options, private=True)

    def take(self, making: TurnBuilder, value: str) -> None:
        """Put them in the old ones' place, or throw them away."""
        story, parts = story_in(making), as_parts(making.conversation.aside_notes.get("parts"))
        if value != "replace":
            RewordedWords.leave(making)
            return
        if not proved(making):
            return
        if making.conversation.aside_notes.get("here"):
            _answer_anew(making, parts)
        self.close(making)
        making.effects.append(ReplaceStory(story=story, parts=parts))
        making.tell("replaced")
        if making.conversation.status == "open":
            making.ask_again()


def story_in(making: TurnBuilder) -> int:
    """Return the number of the story that is talked about."""
    found = making.conversation.aside_notes.get("story")
    return found if isinstance(found, int) else 0


def _answer_anew(making: TurnBuilder, parts: Parts) -> None:
    """Put the new words into the answers as well, or the next answer would keep the old ones again."""
    state, steps = making.conversation, making.release.flow.steps
    told = [name for name in state.answers if _tells(steps.get(name))]
    value: list[JsonValue] = [list(part) for part in parts]
    fresh = {name: Answer(value=value if name == told[0] else None) for name in told}
    fresh |= {name: one.model_copy(update={"label": joined(parts)}) for name, one in fresh.items() if one.value}
    making.set(answers={name: fresh.get(name, one) for name, one in state.answers.items()})


def _tells(step: Step | None) -> bool:
    return isinstance(step, StoryStep) or (isinstance(step, ShortTextStep) and step.story)
