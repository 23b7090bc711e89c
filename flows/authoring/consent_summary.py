"""What a person agreed to, in a sentence for each decision: the receipt that they read at the end (rule 52)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.model.vocabulary.consent_answers import Naming, Purpose, Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Protocol

    from flows.model.conversation import Conversation
    from flows.questions.question import Step

    class Text(Protocol):
        """Returns the text at an address, its placeholders filled."""

        def __call__(self, address: str, /, **fills: str) -> str:
            """Return the text."""


def agreed(steps: Mapping[str, Step], text: Text, conversation: Conversation) -> str:
    """Return the sentences in the person's language; empty if nothing was decided yet.

    `steps` are those of the flow; `text` returns the text at an address, for this conversation.
    """
    sentences = [text(f"everywhere/{key}.text") for key in _keys(conversation.consents)]
    if place := _place(steps, conversation):
        sentences.insert(0, text("everywhere/agreed_place.text", place=place))
    return " ".join(sentences)


def _place(steps: Mapping[str, Step], conversation: Conversation) -> str:
    """Return the place as it is kept, so that its teller has seen it (design rule 12)."""
    said = [one.label for name, one in conversation.answers.items() if name in steps and steps[name].asks_place]
    return next(filter(None, said), "") if conversation.kept else ""


def _keys(consents: Mapping[str, str]) -> Iterator[str]:
    use = consents.get(Purpose.USE)
    if use == Use.PUBLISH:
        yield f"agreed_publish_{consents.get(Purpose.NAMING, Naming.NONE)}"
    elif use is not None:
        yield f"agreed_{use}"
    for purpose in (Purpose.CONTACT, Purpose.INVITE):
        if consents.get(purpose) == "yes":
            yield f"agreed_{purpose}"
