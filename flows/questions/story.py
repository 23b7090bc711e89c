"""`story`: any number of messages, until DONE, a button or a quiet gap; each part is kept whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from pydantic import JsonValue

from flows.language.keywords.recognise import normalise
from flows.model.effects import Option, Say
from flows.model.partial_answer import PartialAnswer
from flows.model.signals import Chose, Edited, Quiet, Said, Signal, Unsealed
from flows.questions.question import Interpretation, QuestionContext, Step, Unclear, Understood, Waiting

if TYPE_CHECKING:
    from flows.model.conversation import Conversation
    from flows.model.effects import Draft

Parts = tuple[tuple[str, str], ...]
"""Pairs (provider's message id, text), in the order they came."""
TELLING: Final = "telling"


class Telling(PartialAnswer, extra="forbid"):
    """Words of a story, or of a longer answer, that is not finished."""

    kind: Literal["telling"]
    parts: Parts = ()
    alive: bool = False
    """True once a sign of life was given."""
    asked_all: bool = False
    """True while "is that all" waits for an answer."""
    resting: bool = False
    """True once they said that they will go on later."""

    def asked_again(self) -> PartialAnswer:
        """Return all but "is that all"."""
        return self.model_copy(update={"asked_all": False})

    def stopped(self) -> PartialAnswer | None:
        """Return the words."""
        return Telling(kind=TELLING, parts=self.parts) if self.parts else None


NOTHING_TOLD: Final = Telling(kind=TELLING)


class StoryStep(Step):
    """Ask for a story. After `quiet` seconds without a message, the person is asked whether that was all.

    After `enough` more seconds of silence the story counts as finished: many people forget to say so.
    """

    type: Literal["story"] = "story"
    alive: int = 8
    """Seconds after the first text until one "still here" by SMS, unless they are still writing or have finished."""
    quiet: int = 90
    enough: int = 1800
    rest: int = 86_400
    """Seconds without reminders for somebody who said that they will go on later."""

    sensitive: ClassVar[bool] = True
    listens: ClassVar[bool] = True
    own_words: ClassVar[bool] = True
    does: ClassVar[str] = "listens, in as many messages as it takes, until DONE"

    @property
    def tells(self) -> bool:
        """Whether the answer is the story."""
        return True

    @property
    def placeholder(self) -> str:
        """The placeholder for the story."""
        return "story"

    def adds_to(self, draft: Draft, name: str, value: JsonValue) -> Draft:
        """Return the draft with these words after those it has."""
        return with_story(draft, value)

    def ask(self, context: QuestionContext) -> Say:
        """Return the invitation; on Telegram with a button to finish."""
        return Say(text=context.text("text"), options=_finish(context))

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Collect parts; finish on the button or on a yes to "is that all"."""
        telling = telling_of(context.conversation)
        parts, asked = telling.parts, telling.asked_all
        if isinstance(signal, Unsealed):  # what came before the yes is only the beginning; they may go on
            opening = Say(text=context.common("held_used"), options=_finish(context))
            held = Telling(kind=TELLING, parts=(*parts, *signal.parts), alive=True)
            return Waiting(partial=held, effects=(opening,), quiet=self.quiet)
        if isinstance(signal, Chose):
            return told(parts) if parts else Unclear()
        if isinstance(signal, Quiet):
            return self._quiet(context, telling)
        if isinstance(signal, Said) and signal.text.strip():
            reply = normalise(signal.text.replace(",", " "))
            if asked and parts and reply in _words(context, "that_is_all"):
                return told(parts)
            if asked and parts and reply in _words(context, "there_is_more"):
                return Waiting(partial=_with(telling, parts), quiet=self.quiet * 4)
            longer = _with(telling, with_part(parts, signal))
            return Waiting(partial=longer, quiet=self._gap(context, longer))
        return Unclear()

    def gap(self, context: QuestionContext) -> int | None:
        """Return the seconds of silence after which something is said during a story."""
        telling = telling_of(context.conversation)
        return self._gap(context, telling) if telling.parts else None

    def _gap(self, context: QuestionContext, telling: Telling) -> int:
        if telling.asked_all:
            return self.enough
        if telling.resting:
            return self.rest
        return self.alive if context.look.short and not telling.alive else self.quiet

    def _quiet(self, context: QuestionContext, telling: Telling) -> Interpretation:
        parts = telling.parts
        if not parts:
            return Waiting(partial=context.conversation.partial)
        if telling.asked_all:
            return told(parts)
        if context.look.short and not telling.alive:
            alive = (Say(text=context.common("first_part")),)
            return Waiting(partial=Telling(kind=TELLING, parts=parts, alive=True), says=alive, quiet=self.quiet)
        question = Say(text=context.common("is_that_all"), options=_finish(context))
        asked = Telling(kind=TELLING, parts=parts, alive=telling.alive, asked_all=True)
        return Waiting(partial=asked, effects=(question,), quiet=self.enough)

    def finish(self, context: QuestionContext) -> Interpretation:
        """Return the answer for DONE: the story, if there is one."""
        parts = telling_of(context.conversation).parts
        return told(parts) if parts else Unclear()


def told(parts: Parts) -> Understood:
    """Return the finished story as an answer."""
    value: list[JsonValue] = [list(part) for part in parts]
    return Understood(value=value, label=joined(parts))


def joined(parts: Parts) -> str:
    """Return the parts as one text, each unchanged."""
    return "\n".join(text for _, text in parts)


def telling_of(conversation: Conversation) -> Telling:
    """Return what is told so far at the waiting question; nothing, where it keeps something else."""
    partial = conversation.partial
    return partial if isinstance(partial, Telling) else NOTHING_TOLD


def as_parts(value: JsonValue) -> Parts:
    """Return the parts from their JSON form; anything else gives no parts."""
    if not isinstance(value, list):
        return ()
    return tuple((str(item[0]), str(item[1])) for item in value if isinstance(item, list) and len(item) == 2)


def with_story(draft: Draft, value: JsonValue) -> Draft:
    """Return a draft with an answer's parts after those it has."""
    parts = draft.parts + as_parts(value)
    return replace(draft, parts=parts, text=joined(parts))


def with_part(parts: Parts, said: Said) -> Parts:
    """Return the parts with one more at the end."""
    return (*parts, (said.ref, said.text))


def with_edit(parts: Parts, edited: Edited) -> Parts:
    """Return the parts with one of them replaced by its author's own correction."""
    return tuple((ref, edited.text if ref == edited.ref else text) for ref, text in parts)


def _with(telling: Telling, parts: Parts) -> Telling:
    """Return other parts, and whether a sign of life was given."""
    return Telling(kind=TELLING, parts=parts, alive=telling.alive)


def _finish(context: QuestionContext) -> tuple[Option, ...]:
    return () if not context.look.buttons else (Option(value="done", label=context.common("done_button"), key=""),)


def _words(context: QuestionContext, key: str) -> frozenset[str]:
    return frozenset(normalise(word) for word in context.common(key).split(","))
