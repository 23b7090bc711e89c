"""A release: one frozen, published version of a flow with its texts in every language, and how they are rendered.

A conversation stays on its release's structure (design rule 4); texts may follow a newer release of that structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property, partial
from hashlib import sha256
from typing import TYPE_CHECKING

from pydantic import Field

from flows.authoring.consent_summary import agreed
from flows.authoring.definition import Flow
from flows.model.channel_look import LOOKS, ChannelKind
from flows.model.organisation_facts import OrganisationFacts
from flows.model.record import Record

if TYPE_CHECKING:
    from flows.model.conversation import Conversation
    from flows.model.vocabulary.consent_answers import Purpose
    from flows.questions.question import Choice, OptionStep

PLACEHOLDERS = frozenset(
    {
        "organisation", "contact", "privacy_url", "emergency", "crisis_line", "age",  # from the organisation
        "text_line", "health_line", "youth_line", "more_line", "gas_line",
        "receipt", "agreed", "words", "story", "place", "scale", "actor", "rating",  # from the conversation
        "question", "languages", "stories", "since", "channels", "reach",
        "lines", "link", "month", "progress", "code",  # from stored stories and links
        "reason", "months",  # from follow-up questions
    }
)  # fmt: skip
"""Every placeholder that a text may contain in braces."""

_BRACES = re.compile(r"\{([a-z_]+)\}")


class Release(Record):
    """Everything needed to hold a conversation. `texts`: language to address to text, checked translations only."""

    flow: Flow
    texts: Mapping[str, Mapping[str, str]]
    organisation: OrganisationFacts
    structure: str = Field(pattern=r"^[0-9a-f]{64}$")
    whole: str = Field(pattern=r"^[0-9a-f]{64}$")

    @cached_property
    def rendered(self) -> dict[tuple[str, str, str], str]:
        """Cache of texts with the organisation's facts filled in, by address, language and channel."""
        return {}

    @cached_property
    def offered(self) -> dict[tuple[str, str, str, int, int], tuple[tuple[OptionStep, ...], tuple[Choice, ...]]]:
        """Cache of options with their labels and words, filled by `flows.questions.options`."""
        return {}

    def to_json(self) -> str:
        """Return the release as canonical JSON."""
        return _canonical(self.model_dump(mode="json"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Release:
        """Return a published release from its JSON. Raises pydantic.ValidationError if it is not one."""
        return cls.model_validate_json(text)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages of this release, source language first."""
        source = self.flow.source_language
        return (source, *(language for language in self.texts if language != source))

    def has(self, address: str) -> bool:
        """Return True if the release has a text at this address."""
        return address in self.texts[self.flow.source_language]

    def consent_step(self, purpose: Purpose) -> str | None:
        """Return the name of the step that asks for this decision; None if no step of the flow does."""
        return next(
            (name for name, step in self.flow.steps.items() if step.asks_consent and step.about == purpose),
            None,
        )

    def consent_version(self, purpose: Purpose) -> int:
        """Return the version of what people agree to for this purpose; 1 if the flow does not ask for it."""
        for step in self.flow.steps.values():
            for decided in step.purposes():
                if decided.name == purpose:
                    return decided.version
        return 1

    def text(self, address: str, conversation: Conversation, **fills: str) -> str:
        """Return the text at `address` for this person's language and channel, all placeholders filled.

        By SMS the shorter form is used where there is one. A missing translation falls back to the source language.
        Raises KeyError for an unknown address or placeholder.
        """
        key = (address, conversation.language, conversation.channel)
        ready = self.rendered.get(key)
        if ready is None:
            ready = self.rendered[key] = self.with_organisation(self._find(*key))
        if "{" not in ready:
            return ready
        known = {"receipt": conversation.receipt, **fills}
        if "{agreed}" in ready:
            known["agreed"] = agreed(self.flow.steps, partial(self.text, conversation=conversation), conversation)
        return _BRACES.sub(lambda found: known[found[1]], ready)

    def _find(self, address: str, language: str, channel: ChannelKind) -> str:
        source = self.texts[self.flow.source_language]
        mine = self.texts.get(language, source)
        for texts in (mine, source):
            for name in (f"{address}_sms", address) if LOOKS[channel].short else (address,):
                if name in texts:
                    return texts[name]
        raise KeyError(address)

    def with_organisation(self, text: str) -> str:
        """Return a text with the facts about the organisation filled in; other placeholders stay."""
        facts = self.organisation
        known = {
            "organisation": facts.organisation, "contact": facts.contact, "privacy_url": facts.privacy_url,
            "emergency": facts.emergency, "crisis_line": facts.crisis_line, "youth_line": facts.youth_line,
            "text_line": facts.text_line, "health_line": facts.health_line, "more_line": facts.more_line,
            "gas_line": facts.gas_line or facts.emergency, "age": str(facts.adult_age),
        }  # fmt: skip
        return _BRACES.sub(lambda found: known.get(found[1], found[0]), text)


def compile_release(flow: Flow, texts: Mapping[str, Mapping[str, str]], organisation: OrganisationFacts) -> Release:
    """Return the release of a flow. `texts` must contain the source language; see `flows.authoring.texts.texts_for`."""
    body = {
        "flow": flow.model_dump(mode="json"),
        "texts": {language: dict(sorted(found.items())) for language, found in sorted(texts.items())},
        "house": organisation.model_dump(mode="json"),  # the key is part of stored digests and stays as it was
    }
    structure = sha256(_canonical(flow.structure()).encode()).hexdigest()
    return Release(
        flow=flow,
        texts=texts,
        organisation=organisation,
        structure=structure,
        whole=sha256(_canonical(body).encode()).hexdigest(),
    )


def _canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
