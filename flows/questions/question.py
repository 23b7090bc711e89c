"""What every question type shares: the step record, what a question may see, and what it may answer. Pure.

A question type is one file in this folder: a `Step` with `ask` (what is said) and `hear` (what was meant). It never
changes the conversation; the engine does, from the `Interpretation` it returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol

from pydantic import Field, JsonValue

from flows.model.effects import Effect, Option, Say
from flows.model.record import Record

if TYPE_CHECKING:
    from datetime import datetime

    from flows.model.conversation import Conversation
    from flows.model.organisation_facts import OrganisationFacts
    from flows.model.signals import Signal

When = Literal["sms", "telegram"]
Tagged = Literal["scale", "actor", "theme"]
"""Dimensions of a story that a contributor's answer may tag."""
Name = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")


class SourceText(NamedTuple):
    """One text of a flow in its source language, with the address that translations use."""

    address: str
    """`share/age.text`, `share/age.options.adult`, `everywhere/help.text_sms`."""
    text: str
    kind: Literal["text", "label", "words"]
    comment: str
    sms: bool | None
    """True: only by SMS; False: never by SMS; None: on every channel."""


class OptionStep(Record):
    """One thing to choose at a step."""

    value: str = Name
    label: str = Field(min_length=1, max_length=64)
    label_sms: str | None = None
    next: str | None = None
    words: tuple[str, ...] = ()
    """Other words that mean this option, in the source language; translators may give their own."""
    when: When | None = None
    """Offer this option on one channel only."""
    sets: Mapping[str, str] = {}
    """Answers that choosing this option settles as well, by name."""
    tags: Mapping[Tagged, str] = {}
    """What choosing this option says about the story: a value for each dimension it speaks of."""


class Step(Record):
    """One step of a flow. Subclasses add fields and say how to ask and how to hear."""

    type: str
    text: str = Field(min_length=1)
    text_sms: str | None = None
    again: str | None = None
    """The question in other words, for when the answer was not understood."""
    again_sms: str | None = None
    more: str | None = None
    """What MORE tells about this step."""
    next: str | None = None
    when: When | None = None
    """Ask on one channel only; elsewhere the flow goes straight to `next`."""
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
    """True: the answer is a decision, which words around it never widen."""

    @property
    def tells(self) -> bool:
        """Whether what is written here is the story."""
        return False

    @property
    def can_skip(self) -> bool:
        """Whether SKIP leaves this question."""
        return self.skippable

    def choices(self) -> tuple[OptionStep, ...]:
        """Return the options this step offers, if any."""
        return ()

    def targets(self) -> Iterator[tuple[str, str]]:
        """Yield (where it is written, step name) for every step this one can lead to."""
        if self.next is not None:
            yield "next", self.next
        for option in self.choices():
            if option.next is not None:
                yield f"option {option.value}", option.next

    def texts(self) -> Iterator[tuple[str, str, Literal["text", "label", "words"], bool | None]]:
        """Yield (field, source text, kind, sms) for each text a person may see or a translator must give."""
        for name, other in (("text", "text_sms"), ("again", "again_sms")):
            long, short = getattr(self, name), getattr(self, other)
            if long is not None:
                yield name, long, "text", False if short is not None else None
            if short is not None:
                yield other, short, "text", True
        if self.more is not None:
            yield "more", self.more, "text", None
        for option in self.choices():
            sms = None if option.when is None else option.when == "sms"
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
        """Return after how many seconds of silence this question has something to say; None for never."""
        return None

    def finish(self, context: QuestionContext) -> Interpretation:
        """Return what DONE means here; by default it is a word like any other."""
        return Unclear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The answer is clear: keep it and go on. `next` overrides the step's own."""

    value: JsonValue
    label: str = ""
    note: str = ""
    next: str | None = None
    sets: Mapping[str, str] = field(default_factory=dict)
    before: tuple[Effect, ...] = ()
    """Effects to carry out first, such as a consent decision."""
    back_to: str = ""
    """Step to return to once `next` is answered: one thing is being changed."""
    keep: bool = False
    """True: keep the draft as a story now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Not finished: keep `scratch` and wait for more. `quiet`: the gap in seconds after which to ask if that is all."""

    scratch: Mapping[str, JsonValue]
    effects: tuple[Effect, ...] = ()
    """A `Say` among them asks the question anew."""
    says: tuple[Say, ...] = ()
    """Messages that ask nothing, such as a sign of life."""
    quiet: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Not understood. `kept` are words to keep as a note; `counts_as` is what a second unclear answer is taken for.

    `loose`: it sounds like a yes ("ok", "aye go on then"), and only the clear word is missing.
    """

    kept: str = ""
    loose: bool = False
    counts_as: Understood | None = None


Interpretation = Understood | Waiting | Unclear


class Choice(NamedTuple):
    """One option as this contributor sees it, with every form that means it, normalised."""

    option: OptionStep
    shown: Option
    forms: tuple[str, ...]
    language: str = ""
    """Whose table of answers helps to read it; none where our own questions are read by their labels alone."""


class QuestionSet(Protocol):
    """The flow that a question is part of, as far as a question may see it."""

    @property
    def id(self) -> str:
        """The flow's name, with which the addresses of its texts begin."""

    @property
    def steps(self) -> Mapping[str, Step]:
        """Every step by its name."""


class Wording(Protocol):
    """The release that a question is part of, as far as a question may see it; `flows.authoring.release` has it all."""

    @property
    def flow(self) -> QuestionSet:
        """The flow."""

    @property
    def house(self) -> OrganisationFacts:
        """Who asks."""

    @property
    def offered(self) -> dict[tuple[str, str, str, int, int], tuple[tuple[OptionStep, ...], tuple[Choice, ...]]]:
        """Options with their labels and words, as they were first needed."""

    def has(self, address: str) -> bool:
        """Return whether there is a text at this address."""

    def text(self, address: str, conversation: Conversation, **fills: str) -> str:
        """Return the text at an address for this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionContext:
    """What a question may see: its own name and texts, the conversation so far, and the time. Nothing else."""

    name: str
    release: Wording
    conversation: Conversation
    now: datetime

    @property
    def sms(self) -> bool:
        """True where messages are SMS."""
        return self.conversation.channel == "sms"

    def text(self, part: str, **fills: str) -> str:
        """Return one of this step's texts in the contributor's language and the channel's form, placeholders filled."""
        return self.release.text(f"{self.release.flow.id}/{self.name}.{part}", self.conversation, **fills)

    def has(self, part: str) -> bool:
        """Return whether this step has such a text."""
        return self.release.has(f"{self.release.flow.id}/{self.name}.{part}")

    def common(self, key: str, **fills: str) -> str:
        """Return a text that belongs to every flow."""
        return self.release.text(f"everywhere/{key}.text", self.conversation, **fills)
