"""The draft of a story: what the read-back shows and what is kept, gathered from a conversation's answers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.model.effects import Draft
from flows.questions.place import PlaceStep
from flows.questions.rating import RatingStep
from flows.questions.short_text import ShortTextStep
from flows.questions.story import as_parts, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

    from flows.authoring.definition import Flow
    from flows.model.conversation import Conversation
    from flows.questions.question import Step


def draft_of(flow: Flow, conversation: Conversation) -> Draft:
    """Return what would be kept now. Consent decisions are kept apart and are not part of it."""
    parts: tuple[tuple[str, str], ...] = ()
    answers: dict[str, JsonValue] = {}
    tags: list[tuple[str, str]] = []
    place = {"id": "", "label": "", "words": ""}
    for name, answer in conversation.answers.items():
        step = flow.steps.get(name)
        if step is not None and step.decides:
            continue
        if step is not None and step.tells:
            parts += as_parts(answer.value)
        elif isinstance(step, ShortTextStep):
            answers[name] = {"value": joined(as_parts(answer.value))}
        else:
            if isinstance(step, PlaceStep) and isinstance(answer.value, dict):
                place = {key: str(answer.value.get(key, "")) for key in place}
            if step is not None:
                tags += [tag for tag in _tags(step, answer.value) if tag not in tags]
            answers[name] = {"value": answer.value}
    return Draft(
        kind=flow.gathers,
        text=joined(parts),
        parts=parts,
        answers=answers,
        tags=tuple(tags),
        place_id=place["id"],
        place_label=place["label"],
        place_words=place["words"],
    )


def _tags(step: Step, value: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield what an answer says about the story: the step's own dimension, or what the chosen options speak of."""
    values = [str(one) for one in (value if isinstance(value, list) else [value]) if one is not None]
    dimension = getattr(step, "tag", None)
    for one in values:
        if dimension is not None:
            yield str(dimension), one
        for option in step.choices():
            if option.value == one:
                yield from option.tags.items()


def is_empty(flow: Flow, conversation: Conversation) -> bool:
    """Return whether nothing was told that could be kept: no words and no rating."""
    rated = any(
        isinstance(flow.steps.get(name), RatingStep) and answer.value is not None
        for name, answer in conversation.answers.items()
    )
    return not rated and not draft_of(flow, conversation).text
