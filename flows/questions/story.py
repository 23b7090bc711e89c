"""`story`: as many messages as it takes, until DONE, a button or a quiet gap; each part is kept whole. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import JsonValue

from flows.language.keywords.recognise import normalise
from flows.model.effects import Option, Say
from flows.model.signals import Chose, Edited, Quiet, Said, Signal, Unsealed
from flows.questions.question import Interpretation, QuestionContext, Step, Unclear, Understood, Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

Parts = tuple[tuple[str, str], ...]
"""(provider's message id, text), in the order they came."""


class StoryStep(Step):
    """Ask for a story. `quiet` seconds without a word, the person is asked whether that was all.

    After `enough` more seconds of silence it is taken as told: whoever forgets to say so has told it all the same.
    """

    type: Literal["story"] = "story"
    alive: int = 8
    """Seconds after the first text until one sign of life, by SMS, unless they are still writing or have finished."""
    quiet: int = 90
    enough: int = 1800
    rest: int = 86_400
    """Seconds for which somebody who said that they will go on later is left in peace."""

    sensitive: ClassVar[bool] = True

    @property
    def tells(self) -> bool:
        """Whether what is written here is the story."""
        return True

    def ask(self, scene: QuestionContext) -> Say:
        """Return the invitation; on Telegram with a button to finish."""
        return Say(text=scene.text("text"), options=_finish(scene))

    def hear(self, scene: QuestionContext, signal: Signal) -> Interpretation:
        """Collect parts; finish on the button or on a yes to "is that all"."""
        parts = parts_of(scene)
        asked = bool(scene.conversation.scratch.get("asked_all"))
        if isinstance(signal, Unsealed):  # what came before the yes is an opening; they may go on
            opening = Say(text=scene.common("held_used"), options=_finish(scene))
            held = {**_scratch((*parts, *signal.parts)), "alive": True}
            return Waiting(scratch=held, effects=(opening,), quiet=self.quiet)
        if isinstance(signal, Chose):
            return told(parts) if parts else Unclear()
        if isinstance(signal, Quiet):
            return self._quiet(scene, parts, asked=asked)
        if isinstance(signal, Said) and signal.text.strip():
            reply = normalise(signal.text.replace(",", " "))
            if asked and parts and reply in _words(scene, "that_is_all"):
                return told(parts)
            if asked and parts and reply in _words(scene, "there_is_more"):
                return Waiting(scratch=self._with(scene, parts), quiet=self.quiet * 4)
            scratch = self._with(scene, with_part(parts, signal))
            return Waiting(scratch=scratch, quiet=self._gap(scene, scratch))
        return Unclear()

    def gap(self, scene: QuestionContext) -> int | None:
        """Return after how many seconds of silence something is said while a story is being told."""
        return self._gap(scene, scene.conversation.scratch) if parts_of(scene) else None

    def _gap(self, scene: QuestionContext, scratch: Mapping[str, JsonValue]) -> int:
        if scratch.get("asked_all"):
            return self.enough
        if scratch.get("resting"):
            return self.rest
        return self.alive if scene.sms and not scratch.get("alive") else self.quiet

    @staticmethod
    def _with(scene: QuestionContext, parts: Parts) -> dict[str, JsonValue]:
        """Return the parts, and whether a sign of life was given."""
        alive = {"alive": True} if scene.conversation.scratch.get("alive") else {}
        return {**_scratch(parts), **alive}

    def _quiet(self, scene: QuestionContext, parts: Parts, *, asked: bool) -> Interpretation:
        if asked and parts:
            return told(parts)
        if not parts:
            return Waiting(scratch=scene.conversation.scratch)
        if scene.sms and not scene.conversation.scratch.get("alive"):
            alive = (Say(text=scene.common("first_part")),)
            return Waiting(scratch={**_scratch(parts), "alive": True}, says=alive, quiet=self.quiet)
        question = Say(text=scene.common("is_that_all"), options=_finish(scene))
        scratch = {**self._with(scene, parts), "asked_all": True}
        return Waiting(scratch=scratch, effects=(question,), quiet=self.enough)

    def finish(self, scene: QuestionContext) -> Interpretation:
        """DONE ends the story if there is one."""
        parts = parts_of(scene)
        return told(parts) if parts else Unclear()


def told(parts: Parts) -> Understood:
    """Return the finished story."""
    value: list[JsonValue] = [list(part) for part in parts]
    return Understood(value=value, label=joined(parts))


def joined(parts: Parts) -> str:
    """Return the parts as one text; nothing of a part is changed."""
    return "\n".join(text for _, text in parts)


def parts_of(scene: QuestionContext) -> Parts:
    """Return the parts collected so far at the waiting question."""
    return as_parts(scene.conversation.scratch.get("parts"))


def as_parts(value: JsonValue) -> Parts:
    """Read parts from their JSON form; anything else is no parts."""
    if not isinstance(value, list):
        return ()
    return tuple((str(item[0]), str(item[1])) for item in value if isinstance(item, list) and len(item) == 2)


def with_part(parts: Parts, said: Said) -> Parts:
    """Return the parts with one more at the end."""
    return (*parts, (said.ref, said.text))


def with_edit(parts: Parts, edited: Edited) -> Parts:
    """Return the parts with their author's own change to one of them."""
    return tuple((ref, edited.text if ref == edited.ref else text) for ref, text in parts)


def _scratch(parts: Parts) -> dict[str, JsonValue]:
    kept: list[JsonValue] = [list(part) for part in parts]
    return {"parts": kept}


def _finish(scene: QuestionContext) -> tuple[Option, ...]:
    return () if scene.sms else (Option(value="done", label=scene.common("done_button"), key=""),)


def _words(scene: QuestionContext, key: str) -> frozenset[str]:
    return frozenset(normalise(word) for word in scene.common(key).split(","))
