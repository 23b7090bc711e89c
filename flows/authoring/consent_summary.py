"""What a person agreed to, in a sentence for each decision: the receipt that they read at the end (rule 52). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.authoring.release import Release
    from flows.model.conversation import Conversation


def agreed(release: Release, conversation: Conversation) -> str:
    """Return the sentences in the person's language; empty if nothing was decided yet."""
    sentences = [release.text(f"everywhere/{key}.text", conversation) for key in _keys(conversation.consents)]
    if place := _place(release, conversation):
        sentences.insert(0, release.text("everywhere/agreed_place.text", conversation, place=place))
    return " ".join(sentences)


def _place(release: Release, conversation: Conversation) -> str:
    """Return the place as it is kept, so that its teller has seen it (design rule 12)."""
    steps = release.flow.steps
    said = [one.label for name, one in conversation.answers.items() if name in steps and steps[name].type == "place"]
    return next(filter(None, said), "") if conversation.kept else ""


def _keys(consents: Mapping[str, str]) -> Iterator[str]:
    use = consents.get("use")
    if use == "publish":
        yield f"agreed_publish_{consents.get('naming', 'none')}"
    elif use is not None:
        yield f"agreed_{use}"
    for purpose in ("contact", "invite"):
        if consents.get(purpose) == "yes":
            yield f"agreed_{purpose}"
