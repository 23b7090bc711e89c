"""What a check receives: one flow, or the shared texts, with translations and the facts about the organisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from flows.authoring.catalogue import Catalogue
from flows.authoring.findings import Finding
from flows.authoring.flow_graph import CHANNELS, Graph
from flows.authoring.release import Release, compile_release
from flows.model.channel_look import LOOKS
from flows.model.conversation import Answer, Conversation, idle
from flows.model.effects import Option, Say
from flows.model.organisation_facts import OrganisationFacts
from flows.model.vocabulary.consent_answers import Purpose
from flows.questions.options import offered
from flows.questions.question import QuestionContext, SourceText, Step, offered_options
from flows.walk.walked_costs import Cost, cost

if TYPE_CHECKING:
    from flows.authoring.definition import Flow
    from flows.model.channel_look import ChannelKind

Severity = Literal["error", "warning"]

NAMES = {
    "cy": "Welsh", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "ga": "Irish",
    "gd": "Scottish Gaelic", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "uk": "Ukrainian", "ur": "Urdu",
}  # fmt: skip
"""English names of languages; a language that is not here is shown by its code."""

BY = {name: look.by for name, look in LOOKS.items()}
AT = {name: f"{by[0].upper()}{by[1:]}" for name, by in BY.items()}
"""The same at the start of a sentence."""

SAMPLE_ORGANISATION = OrganisationFacts(
    organisation="Earshot demo team",
    contact="Sam, 01632 960 001",
    privacy_url="https://listen.example.org/privacy",
    crisis_line="Samaritans, free, any time: 116 123",
    youth_line="Childline, free: 0800 1111",
)
"""Replaces facts that an installation has not set, so that messages are measured at a likely length."""

SAMPLES = {
    "receipt": "amber river stone", "words": "the old library", "question": "Which is closest to it?",
    "languages": "English, Cymraeg, Polski", "stories": "2", "since": "November 2026", "channels": "text message",
    "reach": "12", "story": "...", "place": "Glenboig, North Lanarkshire", "scale": "My own life",
    "actor": "I used it", "rating": "4/5", "age": "18", "code": "4821",
    "agreed": "We may publish it, and name only the place. We may write to you about it. We will not ask you again.",
}  # fmt: skip
"""Likely values of placeholders that a conversation fills in. A read-back is measured without the story itself."""

LONGEST_AGREED = {Purpose.USE: "publish", Purpose.NAMING: "place", Purpose.CONTACT: "yes", Purpose.INVITE: "no"}
"""Answers that make the longest consent summary."""

_THEN = datetime(2026, 1, 1, tzinfo=UTC)


class Shown(NamedTuple):
    """One message as a person would get it."""

    step: str
    part: str
    """Field it comes from: `text`, `again`, `more`, `change_text`."""
    language: str
    channel: ChannelKind
    say: Say
    draft: bool
    """True: in a translation that is not offered yet."""


@dataclass(frozen=True)
class Subject:
    """One file to check. `flow` is None for the file of shared texts, which has no steps."""

    file: str
    flow: Flow | None
    texts: tuple[SourceText, ...]
    """The file's own source texts."""
    everywhere: tuple[SourceText, ...]
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    """Translations by language, for every language that is to be offered."""
    organisation: OrganisationFacts = SAMPLE_ORGANISATION

    @property
    def id(self) -> str:
        """The first part of the addresses of this file's texts."""
        return self.flow.id if self.flow is not None else "everywhere"

    @property
    def language(self) -> str:
        """The language of its source texts."""
        return self.flow.source_language if self.flow is not None else "en"

    @property
    def steps(self) -> Mapping[str, Step]:
        """The flow's steps by name; none for the shared texts."""
        return self.flow.steps if self.flow is not None else {}

    @cached_property
    def graphs(self) -> tuple[Graph, ...]:
        """The flow's graph on each channel; none for the shared texts."""
        if self.flow is None:
            return ()
        return tuple(Graph.of(self.flow, channel) for channel in CHANNELS)

    def finding(self, code: str, step: str, what: str, advice: str, severity: Severity = "error") -> Finding:
        """Return a finding about this file."""
        return Finding(file=self.file, step=step, code=code, severity=severity, what=what, advice=advice)

    def step_of(self, address: str) -> str:
        """Return the step (or text) name and field of a text's address, as findings show it: `age`, `age.again`."""
        name = address.removeprefix(f"{self.id}/")
        return name.removesuffix(".text")

    @cached_property
    def versions(self) -> tuple[tuple[str, bool, Mapping[str, str]], ...]:
        """Every language, whether it is a draft, and its texts by address; source language first.

        A text without a translation is left out.
        """
        mine: list[tuple[str, bool, Mapping[str, str]]] = [
            (self.language, False, {text.address: text.text for text in self.texts})
        ]
        for language, catalogue in self.catalogues.items():
            if language == self.language:
                continue
            entries = [catalogue.entries.get(text.address) for text in self.texts]
            known = [entry for entry in entries if entry is not None and entry.text]
            draft = len(known) < len(entries) or any(entry.fuzzy for entry in known)
            mine.append((language, draft, {entry.address: entry.text for entry in known}))
        return tuple(mine)

    def answers(self, channel: ChannelKind) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each list of answers on this channel: its step (or shared text) and the addresses of its labels.

        A label's shorter form and its other words are at `<address>.sms` and `<address>.words`.
        """
        for name, step in self.steps.items():
            if step.when in {None, channel}:
                at = f"{self.id}/{name}"
                shown = [f"{at}.options.{option.value}" for option in offered_options(step.choices(), channel)]
                if LOOKS[channel].short:
                    shown += [f"{at}.also.{purpose}" for purpose in step.beside()]
                yield name, tuple(dict.fromkeys(shown))
                if changes := step.changeable():
                    yield name, tuple(f"{at}.options.{item.value}" for item in offered_options(changes, channel))
        if self.flow is None:
            common: dict[str, list[str]] = {}
            for text in self.texts:
                name, _, option = text.address.removeprefix("everywhere/").partition(".options.")
                if option:
                    common.setdefault(name, []).append(text.address)
            yield from ((name, tuple(addresses)) for name, addresses in common.items())

    @cached_property
    def release(self) -> Release | None:
        """A release of the flow with all its texts, drafts included, for drawing messages; never sent."""
        if self.flow is None:
            return None
        source = {text.address: text.text for text in (*self.everywhere, *self.texts)}
        texts = {self.language: source}
        for language, _, known in self.versions[1:]:
            common = self.catalogues[language].entries
            shared = {
                text.address: common[text.address].text
                for text in self.everywhere
                if text.address in common and common[text.address].text
            }
            texts[language] = {**shared, **known}
        return compile_release(self.flow, texts, _filled(self.organisation))

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """The flow's cost on each channel in each complete language, drafts included."""
        if self.release is None:
            return ()
        found = (
            cost(self.release, language, channel, draft=draft)
            for language, draft, texts in self.versions
            if len(texts) == len(self.texts)
            for channel in CHANNELS
        )
        return tuple(one for one in found if one is not None)

    def shown(self) -> Iterator[Shown]:
        """Yield every message of the file in every language, on every channel, as it would be sent.

        Messages that cannot be drawn, for example because of an unknown placeholder, are left to the checks that find
        those.
        """
        for language, draft, texts in self.versions:
            for channel in CHANNELS:
                for step, part, say in self._messages(language, channel, texts):
                    yield Shown(step, part, language, channel, say, draft)

    def _messages(
        self, language: str, channel: ChannelKind, texts: Mapping[str, str]
    ) -> Iterator[tuple[str, str, Say]]:
        if self.release is None:
            yield from _common_messages(self.texts, texts, channel, _filled(self.organisation))
            return
        state = self._state(language, channel)
        for name, step in self.steps.items():
            if step.when not in {None, channel} or f"{self.id}/{name}.text" not in texts:
                continue
            context = QuestionContext(name=name, release=self.release, conversation=state, now=_THEN)
            try:
                yield from ((name, part, say) for part, say in _step_messages(step, context))
            except (KeyError, StopIteration):
                continue

    def _state(self, language: str, channel: ChannelKind) -> Conversation:
        answers: dict[str, Answer] = {}
        for name, step in self.steps.items():
            label = SAMPLES.get(step.placeholder, "...")
            options = step.choices()
            if options and step.saved:
                label = max((option.label for option in options), key=len)
            answers[name] = Answer(value="", label=label)
        made = idle(id="", token="", flow=self.id, channel=channel, language=language, now=_THEN)
        return made.model_copy(update={"receipt": SAMPLES["receipt"], "answers": answers, "consents": LONGEST_AGREED})


def called(language: str) -> str:
    """Return a language's English name."""
    return NAMES.get(language, language)


def _filled(organisation: OrganisationFacts) -> OrganisationFacts:
    given = {name: value for name, value in organisation.model_dump().items() if value}
    return SAMPLE_ORGANISATION.model_copy(update=given)


def _step_messages(step: Step, context: QuestionContext) -> Iterator[tuple[str, Say]]:
    asked = step.ask(context) if step.waits else Say(text=context.text("text"))
    yield "text", asked
    if context.has("again"):
        yield "again", Say(text=context.text("again"), options=asked.options, private=asked.private)
    if context.has("more"):
        yield "more", Say(text=context.text("more"))
    if changes := step.changeable():
        options = tuple(choice.shown for choice in offered(context, changes))
        yield "change_text", Say(text=context.text("change_text"), options=options)


def _common_messages(
    sources: tuple[SourceText, ...], texts: Mapping[str, str], channel: ChannelKind, organisation: OrganisationFacts
) -> Iterator[tuple[str, str, Say]]:
    fills = {**SAMPLES, **{key: str(value) for key, value in organisation.model_dump().items()}}
    for source in sources:
        if source.kind != "text" or source.sms not in {None, LOOKS[channel].short} or source.address not in texts:
            continue
        name = source.address.removeprefix("everywhere/").rpartition(".")[0]
        prefix = f"everywhere/{name}.options."
        labels = [
            (other.address.removeprefix(prefix), texts.get(other.address, other.text))
            for other in sources
            if other.address.startswith(prefix)
        ]
        options = tuple(
            Option(value=value, label=label, key=str(number)) for number, (value, label) in enumerate(labels, start=1)
        )
        text = texts[source.address]
        for key, value in fills.items():
            text = text.replace(f"{{{key}}}", value)
        yield name, "text", Say(text=text, options=options)
