"""The draft of a story: what the read-back shows and what is kept, gathered from a conversation's answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flows.model.effects import Draft

if TYPE_CHECKING:
    from flows.authoring.definition import Flow
    from flows.model.conversation import Conversation


def draft_of(flow: Flow, conversation: Conversation) -> Draft:
    """Return what would be kept now. Consent decisions are kept apart and are not part of it."""
    draft = Draft(kind=flow.gathers, text="", parts=())
    for name, answer in conversation.answers.items():
        step = flow.steps.get(name)
        if step is not None:
            draft = step.adds_to(draft, name, answer.value)
        else:  # settled by an option of another step
            draft = replace(draft, answers={**draft.answers, name: {"value": answer.value}})
    return draft


def is_empty(flow: Flow, conversation: Conversation) -> bool:
    """Return whether nothing was told that could be kept: no words and no rating."""
    rated = any(
        name in flow.steps and flow.steps[name].rates and answer.value is not None
        for name, answer in conversation.answers.items()
    )
    return not rated and not draft_of(flow, conversation).text
