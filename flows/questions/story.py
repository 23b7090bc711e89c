"""`story`: any number of messages, until DONE, a button or a quiet gap; each part is kept whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import JsonValue

from flows.language.keywords.recognise import normalise
from flows.model.effects import Option, Say
from flows.model.signals import Chose, Edited, Quiet, Said, Signal, Unsealed
from flows.questions.question import Interpretation, QuestionContext, Step, Unclear, Understood, Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.model.effects import Draft

Parts = tuple[tuple[str, str], ...]
"""Pairs (provider's message id, text), in the order they came."""


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
        parts = parts_of(context)
        asked = bool(context.conversation.scratch.get("asked_all"))
        if isinstance(signal, Unsealed):  # what came before the yes is only the beginning; they may go on
            opening = Say(text=context.common("held_used"), options=_finish(context))
            held = {**_scratch((*parts, *signal.parts)), "alive": True}
            return Waiting(scratch=held, effects=(opening,), quiet=self.quiet)
        if isinstance(signal, Chose):
            return told(parts) if parts else Unclear()
        if isinstance(signal, Quiet):
            return self._quiet(context, parts, asked=asked)
        if isinstance(signal, Said) and signal.text.strip():
            reply = normalise(signal.text.replace(",", " "))
            if asked and parts and reply in _words(context, "that_is_all"):
                return told(parts)
            if asked and parts and reply in _words(context, "there_is_more"):
                return Waiting(scratch=self._with(context, parts), quiet=self.quiet * 4)
            scratch = self._with(context, with_part(parts, signal))
            return Waiting(scratch=scratch, quiet=self._gap(context, scratch))
        return Unclear()

    def gap(self, context: QuestionContext) -> int | None:
        """Return the seconds of silence after which something is said during a story."""
        return self._gap(context, context.conversation.scratch) if parts_of(context) else None

    def _gap(self, context: QuestionContext, scratch: Mapping[str, JsonValue]) -> int:
        if scratch.get("asked_all"):
            return self.enough
        if scratch.get("resting"):
            return self.rest
        return self.alive if context.look.short and not scratch.get("alive") else self.quiet

    @staticmethod
    def _with(context: QuestionContext, parts: Parts) -> dict[str, JsonValue]:
        """Return the scratch data: the parts, and whether a "still here" was sent."""
        alive = {"alive": True} if context.conversation.scratch.get("alive") else {}
        return {**_scratch(parts), **alive}

    def _quiet(self, context: QuestionContext, parts: Parts, *, asked: bool) -> Interpretation:
        if asked and parts:
            return told(parts)
        if not parts:
            return Waiting(scratch=context.conversation.scratch)
        if context.look.short and not context.conversation.scratch.get("alive"):
            alive = (Say(text=context.common("first_part")),)
            return Waiting(scratch={**_scratch(parts), "alive": True}, says=alive, quiet=self.quiet)
        question = Say(text=context.common("is_that_all"), options=_finish(context))
        scratch = {**self._with(context, parts), "asked_all": True}
        return Waiting(scratch=scratch, effects=(question,), quiet=self.enough)

    def finish(self, context: QuestionContext) -> Interpretation:
        """Return the answer for DONE: the story, if there is one."""
        parts = parts_of(context)
        return told(parts) if parts else Unclear()


def told(parts: Parts) -> Understood:
    """Return the finished story as an answer."""
    value: list[JsonValue] = [list(part) for part in parts]
    return Understood(value=value, label=joined(parts))


def joined(parts: Parts) -> str:
    """Return the parts as one text, each unchanged."""
    return "\n".join(text for _, text in parts)


def parts_of(context: QuestionContext) -> Parts:
    """Return the parts collected so far at the current question."""
    return as_parts(context.conversation.scratch.get("parts"))


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


def _scratch(parts: Parts) -> dict[str, JsonValue]:
    kept: list[JsonValue] = [list(part) for part in parts]
    return {"parts": kept}


def _finish(context: QuestionContext) -> tuple[Option, ...]:
    return () if not context.look.buttons else (Option(value="done", label=context.common("done_button"), key=""),)


def _words(context: QuestionContext, key: str) -> frozenset[str]:
    return frozenset(normalise(word) for word in context.common(key).split(","))
