"""The draft of a story: what the read-back shows and what is kept, gathered from a conversation's answers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.effects import Draft
from flows.questions.choice import ChoiceStep
from flows.questions.consent import ConsentStep
from flows.questions.credit import CreditStep
from flows.questions.many import ManyStep
from flows.questions.place import PlaceStep
from flows.questions.rating import RatingStep
from flows.questions.read_back import ReadBackStep
from flows.questions.short_text import ShortTextStep
from flows.questions.story import StoryStep, as_parts, joined

if TYPE_CHECKING:
    from pydantic import JsonValue

    from flows.conversation import Conversation
    from flows.definition import Flow


def draft_of(flow: Flow, conversation: Conversation) -> Draft:
    """Return what would be kept now. Consent decisions are kept apart and are not part of it."""
    parts: tuple[tuple[str, str], ...] = ()
    answers: dict[str, JsonValue] = {}
    tags: list[tuple[str, str]] = []
    place = {"id": "", "label": "", "words": ""}
    for name, answer in conversation.answers.items():
        step = flow.steps.get(name)
        if isinstance(step, ConsentStep | CreditStep | ReadBackStep):
            continue
        if isinstance(step, StoryStep) or (isinstance(step, ShortTextStep) and step.story):
            parts += as_parts(answer.value)
        elif isinstance(step, ShortTextStep):
            answers[name] = {"value": joined(as_parts(answer.value)), "note": answer.note}
        else:
            if isinstance(step, PlaceStep) and isinstance(answer.value, dict):
                place = {key: str(answer.value.get(key, "")) for key in place}
            if isinstance(step, ChoiceStep | ManyStep) and step.tag is not None:
                values = answer.value if isinstance(answer.value, list) else [answer.value]
                tags += [(step.tag, str(value)) for value in values if value is not None]
            answers[name] = {"value": answer.value, "note": answer.note}
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


def is_empty(flow: Flow, conversation: Conversation) -> bool:
    """Return whether nothing was told that could be kept: no words and no rating."""
    rated = any(
        isinstance(flow.steps.get(name), RatingStep) and answer.value is not None
        for name, answer in conversation.answers.items()
    )
    return not rated and not draft_of(flow, conversation).text
