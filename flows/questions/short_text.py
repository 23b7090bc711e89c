"""`short_text`: one answer in own words; the parts of a long SMS are joined before going on (rule 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from flows.model.signals import Quiet, Said, Signal, Unsealed
from flows.questions.question import Interpretation, QuestionContext, Step, Unclear, Understood, Waiting
from flows.questions.story import TELLING, Telling, as_parts, joined, telling_of, with_part, with_story

if TYPE_CHECKING:
    from pydantic import JsonValue

    from flows.model.effects import Draft

PART = 140
"""An SMS with at least this many characters may be the first part of a longer text that the carrier split."""


class ShortTextStep(Step):
    """Ask for a sentence or two. `story = true` makes the answer the text of the story."""

    type: Literal["short_text"] = "short_text"
    story: bool = False
    quiet: int = 75
    """Seconds to wait for further parts of a long SMS."""

    sensitive: ClassVar[bool] = True
    own_words: ClassVar[bool] = True
    does: ClassVar[str] = "asks for a few words"

    @property
    def tells(self) -> bool:
        """Whether the answer is the story."""
        return self.story

    @property
    def placeholder(self) -> str:
        """`story` if the answer is the story; else empty."""
        return "story" if self.story else ""

    def adds_to(self, draft: Draft, name: str, value: JsonValue) -> Draft:
        """Return the draft with these words added: as the story, or as one text among the answers."""
        if self.story:
            return with_story(draft, value)
        return super().adds_to(draft, name, joined(as_parts(value)))

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Take the words as they are; wait for the rest if a long SMS may go on."""
        if isinstance(signal, Quiet):
            parts = telling_of(context.conversation).parts
            return _told(parts) if parts else Waiting(partial=context.conversation.partial)
        if isinstance(signal, Unsealed):
            return _told(signal.parts)
        if not isinstance(signal, Said) or not signal.text.strip():
            return Unclear()
        parts = with_part(telling_of(context.conversation).parts, signal)
        if context.look.short and len(signal.text) >= PART:
            return Waiting(partial=Telling(kind=TELLING, parts=parts), quiet=self.quiet)
        return _told(parts)

    def gap(self, context: QuestionContext) -> int | None:
        """Return the seconds to wait for the rest of a long SMS; None if nothing is awaited."""
        return self.quiet if telling_of(context.conversation).parts else None

    def finish(self, context: QuestionContext) -> Interpretation:
        """Return the answer for DONE: the wait for further parts is over."""
        parts = telling_of(context.conversation).parts
        return _told(parts) if parts else Unclear()


def _told(parts: tuple[tuple[str, str], ...]) -> Understood:
    return Understood(value=[list(part) for part in parts], label=joined(parts))
