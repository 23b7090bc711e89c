"""The base of every question type: the step record, what a question may see, and what it may answer.

A question type is one file in this folder: a `Step` with `ask` (what is said) and `hear` (what was meant). It never
changes the conversation; the engine does, from the `Interpretation` that `hear` returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol

from pydantic import Field, JsonValue

from flows.model.channel_look import LOOKS, ChannelKind
from flows.model.effects import Effect, Option, Say
from flows.model.record import Record

if TYPE_CHECKING:
    from datetime import datetime

    from flows.model.channel_look import ChannelLook
    from flows.model.conversation import Conversation, Status
    from flows.model.effects import Draft
    from flows.model.organisation_facts import OrganisationFacts
    from flows.model.partial_answer import PartialAnswer
    from flows.model.signals import Signal
    from flows.model.vocabulary.consent_answers import Purpose

Tagged = Literal["scale", "actor", "theme"]
"""Dimensions of a story that a contributor's answer can tag."""
Name = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")


class SourceText(NamedTuple):
    """One text of a flow in its source language, with its address in the translations."""

    address: str
    """`share/age.text`, `share/age.options.adult`, `everywhere/help.text_sms`."""
    text: str
    kind: Literal["text", "label", "words"]
    comment: str
    sms: bool | None
    """True: only by SMS; False: never by SMS; None: on every channel."""


class Edge(NamedTuple):
    """One possible next step."""

    by: str
    """What leads there, in words: `next`, `option agree`, `SKIP`, `change place`, `nothing told`."""
    target: str | None
    """The step it leads to; None if the file names none."""
    consents: bool = False
    """True: only a yes to taking part leads here."""
    widens: bool = False
    """True: only an answer that allows more than the narrowest, given after taking part, leads here."""


class PurposeVersion(NamedTuple):
    """Something that people decide about, and the version of what they agree to."""

    name: Purpose
    version: int


class Ending(NamedTuple):
    """How a conversation ends."""

    outcome: Status
    """Ended, or parted if it was refused."""
    closed_for_days: int
    """For this many days this end is said again instead of starting a new conversation."""


class OptionStep(Record):
    """One option of a step."""

    value: str = Name
    label: str = Field(min_length=1, max_length=64)
    label_sms: str | None = None
    next: str | None = None
    words: tuple[str, ...] = ()
    """Other words for this option, in the source language; translators may give their own."""
    when: ChannelKind | None = None
    """Offer this option on this channel only; None: on every channel."""
    sets: Mapping[str, str] = {}
    """Other answers that choosing this option settles as well, by name."""
    tags: Mapping[Tagged, str] = {}
    """What this option says about the story: a value by tag dimension."""

    @property
    def stands_for(self) -> str:
        """The decision that this option makes, such as `yes` or `team`; empty if it makes none."""
        return ""


class Step(Record):
    """One step of a flow. Subclasses add fields, `ask` and `hear`, and declare what they are for.

    Other code asks a step what it can do, never which type it is. Every class variable and property here is such a
    declaration; a question type overrides those in which it differs.
    """

    type: str
    text: str = Field(min_length=1)
    text_sms: str | None = None
    again: str | None = None
    """The question in other words, for when the answer was not understood."""
    again_sms: str | None = None
    more: str | None = None
    """What MORE explains about this step."""
    next: str | None = None
    when: ChannelKind | None = None
    """Ask on this channel only; on others the flow goes straight to `next`."""
    note: str = ""
    """For translators and colleagues; never sent."""
    bonus: bool = False
    """True: left out once a person has answered as many questions after their story as the flow allows."""

    waits: ClassVar[bool] = True
    skippable: ClassVar[bool] = True
    sensitive: ClassVar[bool] = False
    """True: must not be reached before a yes to taking part."""
    keeps: ClassVar[bool] = False
    """True: reaching this step keeps the story and shows it."""
    decides: ClassVar[bool] = False
    """True: the answer is a decision; words around it never widen it, and it is not part of the draft."""
    asks_consent: ClassVar[bool] = False
    """True: each option makes a decision about `about`, and the text is what people agree to."""
    asks_name: ClassVar[bool] = False
    """True: asks for the name to publish under; words that are no name leave nobody named."""
    asks_place: ClassVar[bool] = False
    """True: the answer is a place, which is looked up or may be shared as a position."""
    asks_to_keep: ClassVar[bool] = False
    """True: lets the person decide whether what they told is kept."""
    asked_first: ClassVar[bool] = False
    """True: only words sent directly after the question answer it; after a reminder it is asked once more first."""
    listens: ClassVar[bool] = False
    """True: takes any number of messages, until DONE."""
    own_words: ClassVar[bool] = False
    """True: any words are an answer, exactly as written."""
    rates: ClassVar[bool] = False
    """True: the answer is a rating, and worth keeping without any words."""
    shows_told: ClassVar[bool] = False
    """True: shows what was told, so its text may contain `{story}`; `nothing_told` replaces it if nothing was told."""
    hears_more: ClassVar[bool] = False
    """True: the question handles MORE itself."""
    saved: ClassVar[bool] = True
    """False: the choice decides what happens to the answers, and is not stored as one."""
    text_fields: ClassVar[frozenset[str]] = frozenset(
        {"text", "text_sms", "again", "again_sms", "more", "note", "label", "label_sms", "words"}
    )
    """Fields with words, in a step of this type and its options; changing them does not change the flow's structure."""
    does: ClassVar[str] = ""
    """What this type of step does, as scripts print it behind the step's name: "asks for a place"."""

    @property
    def about(self) -> Purpose | None:
        """The purpose that is decided here, such as `take_part`; None if none is."""
        return None

    @property
    def least(self) -> str:
        """The value of the narrowest option, which an unclear decision counts as; empty if there is none."""
        return ""

    def purposes(self) -> tuple[PurposeVersion, ...]:
        """Return all purposes that are decided here, the main one first."""
        return ()

    def beside(self) -> tuple[Purpose, ...]:
        """Return the further purposes asked for in the same SMS, each with a text `also.<name>`."""
        return ()

    @property
    def dimension(self) -> Tagged | None:
        """The tag dimension of the answer; None if it is no tag."""
        return None

    @property
    def placeholder(self) -> str:
        """The word in braces that is replaced by the answer where the story is shown; empty if there is none."""
        return self.dimension or ""

    @property
    def topic(self) -> str:
        """What this question is about: the name under which explanations refer to it."""
        if any(option.tags for option in self.choices()):
            return "scale"
        return self.about or self.type

    @property
    def typed(self) -> str:
        """An example answer that anybody can type, if there is no option to press; empty if there is none."""
        return ""

    @property
    def ending(self) -> Ending | None:
        """How the conversation ends with this step; None if it goes on."""
        return None

    @property
    def nothing_told(self) -> str | None:
        """The step to go to if nothing was told; used only if the step shows the story."""
        return self.next

    def changeable(self) -> tuple[OptionStep, ...]:
        """Return what CHANGE offers here: `value` is a step to ask again. The step then has a `change_text` too."""
        return ()

    def describe(self) -> str:
        """Return what this step does, in a few words."""
        return self.does or (type(self).__doc__ or self.type).partition(".")[0]

    @property
    def tells(self) -> bool:
        """Whether the answer is the story."""
        return False

    @property
    def can_skip(self) -> bool:
        """Whether SKIP passes over this question."""
        return self.skippable

    def choices(self) -> tuple[OptionStep, ...]:
        """Return the options this step offers, if any."""
        return ()

    def ways(self, channel: ChannelKind) -> Iterator[Edge]:
        """Yield every edge from this step, on a channel that asks it."""
        options = offered_options(self.choices(), channel)
        yield from filter(None, map(self.way, options))
        yield from self.further_ways(channel)
        if not self.waits or not options:
            yield Edge("next", self.next)
        elif self.can_skip:
            yield Edge("SKIP", self.next)

    def way(self, option: OptionStep) -> Edge | None:
        """Return the edge of an option; None if choosing it leads to no other step by itself."""
        return Edge(f"option {option.value}", option.next or self.next)

    def further_ways(self, channel: ChannelKind) -> Iterator[Edge]:
        """Yield the edges that belong to no option and are not `next`."""
        yield from ()

    def adds_to(self, draft: Draft, name: str, value: JsonValue) -> Draft:
        """Return the draft with this step's answer added, under the step's name."""
        if self.decides:
            return draft
        tags = tuple(tag for tag in self._tags(value) if tag not in draft.tags)
        return replace(draft, answers={**draft.answers, name: {"value": value}}, tags=draft.tags + tags)

    def _tags(self, value: JsonValue) -> Iterator[tuple[str, str]]:
        """Yield (dimension, value) that an answer gives the story: by the step's dimension or the options' tags."""
        values = [str(one) for one in (value if isinstance(value, list) else [value]) if one is not None]
        for one in values:
            if self.dimension is not None:
                yield self.dimension, one
            for option in self.choices():
                if option.value == one:
                    yield from option.tags.items()

    def targets(self) -> Iterator[tuple[str, str]]:
        """Yield (field, step name) for every step this one can lead to."""
        if self.next is not None:
            yield "next", self.next
        for option in self.choices():
            if option.next is not None:
                yield f"option {option.value}", option.next

    def texts(self) -> Iterator[tuple[str, str, Literal["text", "label", "words"], bool | None]]:
        """Yield (field, source text, kind, sms) for each text that a person may see or a translator must give."""
        for name, other in (("text", "text_sms"), ("again", "again_sms")):
            long, short = getattr(self, name), getattr(self, other)
            if long is not None:
                yield name, long, "text", False if short is not None else None
            if short is not None:
                yield other, short, "text", True
        if self.more is not None:
            yield "more", self.more, "text", None
        for option in self.choices():
            sms = None if option.when is None else LOOKS[option.when].short
            if option.label_sms is not None and sms is None:
                yield f"options.{option.value}", option.label, "label", False
                yield f"options.{option.value}.sms", option.label_sms, "label", True
            else:
                yield f"options.{option.value}", option.label, "label", sms
            if option.words:
                yield f"options.{option.value}.words", ", ".join(option.words), "words", None

    def ask(self, context: QuestionContext) -> Say:
        """Return the message that asks this step; the engine numbers it."""
        return Say(text=context.text("text"))

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Return what a signal means as an answer to this step."""
        raise TypeError(f"a step of type {self.type} does not wait for an answer")

    def gap(self, context: QuestionContext) -> int | None:
        """Return the seconds of silence after which this question says something; None for never."""
        return None

    def finish(self, context: QuestionContext) -> Interpretation:
        """Return what DONE means here; by default it is a word like any other."""
        return Unclear()


def offered_options(options: tuple[OptionStep, ...], channel: ChannelKind) -> tuple[OptionStep, ...]:
    """Return the options that are shown on this channel."""
    return tuple(option for option in options if option.when in {None, channel})


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The answer is clear: keep it and go on. `next` overrides the step's own."""

    value: JsonValue
    label: str = ""
    note: str = ""
    next: str | None = None
    sets: Mapping[str, str] = field(default_factory=dict)
    before: tuple[Effect, ...] = ()
    """Effects to carry out first, such as recording a decision."""
    back_to: str = ""
    """Step to return to once `next` is answered, because one thing is being changed."""
    keep: bool = False
    """True: keep the draft as a story now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Not finished: keep `partial` and wait for more. `quiet`: seconds of silence after which to ask if that is all."""

    partial: PartialAnswer | None = None
    effects: tuple[Effect, ...] = ()
    """Effects; a `Say` among them asks the question again."""
    says: tuple[Say, ...] = ()
    """Messages that ask nothing, such as "still here"."""
    quiet: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Not understood. `kept` are words to keep as a note; `counts_as` is what a second unclear answer counts as.

    `loose`: it sounds like a yes ("ok", "aye go on then"), and only the clear word is missing.
    """

    kept: str = ""
    loose: bool = False
    counts_as: Understood | None = None


Interpretation = Understood | Waiting | Unclear


class Choice(NamedTuple):
    """One option as this contributor sees it, with every normalised form that means it."""

    option: OptionStep
    shown: Option
    forms: tuple[str, ...]
    language: str = ""
    """Language whose table of answers helps to interpret the reply; empty if only the labels count."""


class QuestionSet(Protocol):
    """What a question may see of its flow."""

    @property
    def id(self) -> str:
        """The flow's name, the first part of the addresses of its texts."""

    @property
    def steps(self) -> Mapping[str, Step]:
        """Every step, by name."""


class Wording(Protocol):
    """What a question may see of its release; `flows.authoring.release` has the rest."""

    @property
    def flow(self) -> QuestionSet:
        """The flow."""

    @property
    def organisation(self) -> OrganisationFacts:
        """The facts about the organisation."""

    @property
    def offered(self) -> dict[tuple[str, str, str, int, int], tuple[tuple[OptionStep, ...], tuple[Choice, ...]]]:
        """Cache of options with their labels and words."""

    def has(self, address: str) -> bool:
        """Return True if there is a text at this address."""

    def text(self, address: str, conversation: Conversation, **fills: str) -> str:
        """Return the text at an address for this person, placeholders filled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionContext:
    """What a question may see: its own name and texts, the conversation so far, and the time."""

    name: str
    release: Wording
    conversation: Conversation
    now: datetime

    @property
    def look(self) -> ChannelLook:
        """How messages look on this person's channel, and what follows from it."""
        return self.conversation.look

    def text(self, part: str, **fills: str) -> str:
        """Return one of this step's texts in the contributor's language and the channel's form, placeholders filled."""
        return self.release.text(f"{self.release.flow.id}/{self.name}.{part}", self.conversation, **fills)

    def has(self, part: str) -> bool:
        """Return True if this step has such a text."""
        return self.release.has(f"{self.release.flow.id}/{self.name}.{part}")

    def common(self, key: str, **fills: str) -> str:
        """Return a text that all flows share."""
        return self.release.text(f"everywhere/{key}.text", self.conversation, **fills)
