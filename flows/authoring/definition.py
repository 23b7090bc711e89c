"""A flow as its author wrote it: a named set of steps, and which parts of it make up its structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field

from flows.model.record import Record
from flows.model.vocabulary.story_states import StoryKind
from flows.questions import QUESTIONS
from flows.questions.question import SourceText, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    AnyStep = Step
else:
    AnyStep = Annotated[Union[QUESTIONS], Field(discriminator="type")]  # noqa: UP007 - built from the tuple

BY_TYPE: dict[str, type[Step]] = {str(question.model_fields["type"].default): question for question in QUESTIONS}
"""Every question type, by the word that a flow file uses for it."""

_TEXT_KEYS = frozenset().union(*(question.text_fields for question in QUESTIONS))


class Flow(Record):
    """One conversation definition: `flows/content/<id>.toml`."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1)
    source_language: str = Field(default="en", pattern=r"^[a-z]{2,3}$")
    start: str
    gathers: StoryKind = StoryKind.STORY
    words: tuple[str, ...] = ()
    """Words that start this flow if they are the whole message."""
    sensitive: bool = True
    """True: people may tell of their worst days, so the flow must say how to reach a person."""
    nudges: int = Field(default=1, ge=0, le=2)
    """How many reminders somebody gets who stops answering, 48 hours apart (rule 100)."""
    questions_after: int = Field(default=9, ge=1, le=9)
    """Most questions after the story; further ones that are marked `bonus` are left out."""
    expires_after_days: int = Field(default=7, ge=1, le=30)
    """Days for which an unfinished conversation can be continued (rule 73)."""
    steps: dict[str, AnyStep]

    def texts(self) -> Iterator[SourceText]:
        """Yield every text of the flow with its address in the translations."""
        for name, step in self.steps.items():
            for part, text, kind, sms in step.texts():
                yield SourceText(f"{self.id}/{name}.{part}", text, kind, step.note, sms)

    def structure(self) -> dict[str, Any]:
        """Return what a running conversation depends on: steps, options and targets, without their texts."""
        stripped = _without_texts(self.model_dump(mode="json", exclude={"title", "words"}))
        if not isinstance(stripped, dict):  # pragma: no cover - a model always dumps to a dict
            raise TypeError(stripped)
        return stripped


def _without_texts(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_texts(item) for key, item in value.items() if key not in _TEXT_KEYS}
    if isinstance(value, list):
        return [_without_texts(item) for item in value]
    return value
