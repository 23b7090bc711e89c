"""What every question type shares: the step record, what a question may see, and what it may answer. Pure.

A question type is one file in this folder: a `Step` with `ask` (what is said) and `hear` (what was meant). It never
changes the conversation; the engine does, from the `Interpretation` it returns.
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
    from flows.model.consent_answers import Purpose
    from flows.model.conversation import Conversation, Status
    from flows.model.effects import Draft
    from flows.model.organisation_facts import OrganisationFacts
    from flows.model.signals import Signal

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


class Edge(NamedTuple):
    """One way on from a step."""

    by: str
    """What leads there, in words: `next`, `option agree`, `SKIP`, `change place`, `nothing told`."""
    target: str | None
    """The step it leads to; None if nothing is written there."""
    consents: bool = False
    """True: only a yes to taking part goes this way."""
    widens: bool = False
    """True: only somebody who allows more than the least, later than at taking part, goes this way."""


class PurposeVersion(NamedTuple):
    """Something that people decide about, and the version of what they agree to."""

    name: Purpose
    version: int


class Ending(NamedTuple):
    """How a conversation is over."""

    outcome: Status
    """Ended, or parted where it was refused."""
    closed_for_days: int
    """For so many days this end is said again instead of beginning anew."""


class OptionStep(Record):
    """One thing to choose at a step."""

    value: str = Name
    label: str = Field(min_length=1, max_length=64)
    label_sms: str | None = None
    next: str | None = None
    words: tuple[str, ...] = ()
    """Other words that mean this option, in the source language; translators may give their own."""
    when: ChannelKind | None = None
    """Offer this option on one channel only."""
    sets: Mapping[str, str] = {}
    """Answers that choosing this option settles as well, by name."""
    tags: Mapping[Tagged, str] = {}
    """What choosing this option says about the story: a value for each dimension it speaks of."""

    @property
    def stands_for(self) -> str:
        """The decision that choosing this option makes, such as `yes` or `team`; empty where it makes none."""
        return ""


class Step(Record):
    """One step of a flow. Subclasses add fields, say how to ask and how to hear, and declare what they are for.

    Whoever works with a step asks it what it can do and never which type it is: everything that is no field here is
    such a declaration, and a new question type overrides those in which it differs.
    """

    type: str
    text: str = Field(min_length=1)
    text_sms: str | None = None
    again: str | None = None
    """The question in other words, for when the answer was not understood."""
    again_sms: str | None = None
    more: str | None = None
    """What MORE tells about this step."""
    next: str | None = None
    when: ChannelKind | None = None
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
    """True: the answer is a decision, which words around it never widen and no draft of a story holds."""
    asks_consent: ClassVar[bool] = False
    """True: each option stands for a decision about `about`, and all that was read here is what people agree to."""
    asks_name: ClassVar[bool] = False
    """True: asks for the name to publish under; words that are no name leave nobody named."""
    asks_place: ClassVar[bool] = False
    """True: the answer is a place, which is looked up or may be shared as a position."""
    asks_to_keep: ClassVar[bool] = False
    """True: leaves it to the person whether what they told is kept."""
    asked_first: ClassVar[bool] = False
    """True: words answer this only right behind the question; after a reminder it is asked once more before them."""
    listens: ClassVar[bool] = False
    """True: takes as many messages as it takes, until DONE."""
    own_words: ClassVar[bool] = False
    """True: any words at all are an answer, just as they stand."""
    rates: ClassVar[bool] = False
    """True: the answer says how it was, and is worth keeping without a word beside it."""
    shows_told: ClassVar[bool] = False
    """True: shows what was told, so its text may hold `{story}`; `nothing_told` comes instead where nothing was."""
    hears_more: ClassVar[bool] = False
    """True: MORE means something of its own here, which the question hears itself."""
    saved: ClassVar[bool] = True
    """False: what is chosen here settles what becomes of the answers, and is none itself."""
    text_fields: ClassVar[frozenset[str]] = frozenset(
        {"text", "text_sms", "again", "again_sms", "more", "note", "label", "label_sms", "words"}
    )
    """Lines that hold words, in a step of this type and in its options: a flow in other words keeps its structure."""
    does: ClassVar[str] = ""
    """What this type of step does, as a script says it behind the step's name: "asks for a place"."""

    @property
    def about(self) -> Purpose | None:
        """What the decision is about that is asked for here; None where none is."""
        return None

    @property
    def least(self) -> str:
        """The value of the option that allows the least, which an unclear decision counts as; empty where none is."""
        return ""

    def purposes(self) -> tuple[PurposeVersion, ...]:
        """Return everything that is decided here, what it is mainly about first."""
        return ()

    def beside(self) -> tuple[Purpose, ...]:
        """Return the further decisions that are asked for in the same SMS, each with a text `also.<name>`."""
        return ()

    @property
    def dimension(self) -> Tagged | None:
        """The dimension of the story in which an answer is a tag; None where it is none."""
        return None

    @property
    def placeholder(self) -> str:
        """The word in braces that stands for the answer where what was told is shown; empty where none does."""
        return self.dimension or ""

    @property
    def topic(self) -> str:
        """What this question is about, as the texts that explain it are called."""
        if any(option.tags for option in self.choices()):
            return "scale"
        return self.about or self.type

    @property
    def typed(self) -> str:
        """An answer that anybody can type, where no option can be pressed for it; empty where there is none."""
        return ""

    @property
    def ending(self) -> Ending | None:
        """How the conversation is over with this step; None where it goes on."""
        return None

    @property
    def nothing_told(self) -> str | None:
        """The step to go to instead where nothing was told; only asked of a step that shows it."""
        return self.next

    def changeable(self) -> tuple[OptionStep, ...]:
        """Return what CHANGE offers here: `value` is a step to ask again. There is a text `change_text` then too."""
        return ()

    def describe(self) -> str:
        """Return what this step does, in a few words."""
        return self.does or (type(self).__doc__ or self.type).partition(".")[0]

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

    def ways(self, channel: ChannelKind) -> Iterator[Edge]:
        """Yield every way on from this step, on a channel that asks it."""
        options = offered_options(self.choices(), channel)
        yield from filter(None, map(self.way, options))
        yield from self.further_ways(channel)
        if not self.waits or not options:
            yield Edge("next", self.next)
        elif self.can_skip:
            yield Edge("SKIP", self.next)

    def way(self, option: OptionStep) -> Edge | None:
        """Return the way on by one of the options; None where choosing it leads to no other step by itself."""
        return Edge(f"option {option.value}", option.next or self.next)

    def further_ways(self, channel: ChannelKind) -> Iterator[Edge]:
        """Yield the ways on that are neither an option nor `next`."""
        yield from ()

    def adds_to(self, draft: Draft, name: str, value: JsonValue) -> Draft:
        """Return the draft of a story with this step's answer in it, filed under the step's name."""
        if self.decides:
            return draft
        tags = tuple(tag for tag in self._tags(value) if tag not in draft.tags)
        return replace(draft, answers={**draft.answers, name: {"value": value}}, tags=draft.tags + tags)

    def _tags(self, value: JsonValue) -> Iterator[tuple[str, str]]:
        """Yield what an answer says about the story: in the step's own dimension, or as the chosen options do."""
        values = [str(one) for one in (value if isinstance(value, list) else [value]) if one is not None]
        for one in values:
            if self.dimension is not None:
                yield self.dimension, one
            for option in self.choices():
                if option.value == one:
                    yield from option.tags.items()

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
        """Return after how many seconds of silence this question has something to say; None for never."""
        return None

    def finish(self, context: QuestionContext) -> Interpretation:
        """Return what DONE means here; by default it is a word like any other."""
        return Unclear()


def offered_options(options: tuple[OptionStep, ...], channel: ChannelKind) -> tuple[OptionStep, ...]:
    """Return the options that this channel shows."""
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
    def organisation(self) -> OrganisationFacts:
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
    def look(self) -> ChannelLook:
        """How messages look to this person, and what follows from it."""
        return self.conversation.look

    def text(self, part: str, **fills: str) -> str:
        """Return one of this step's texts in the contributor's language and the channel's form, placeholders filled."""
        return self.release.text(f"{self.release.flow.id}/{self.name}.{part}", self.conversation, **fills)

    def has(self, part: str) -> bool:
        """Return whether this step has such a text."""
        return self.release.has(f"{self.release.flow.id}/{self.name}.{part}")

    def common(self, key: str, **fills: str) -> str:
        """Return a text that belongs to every flow."""
        return self.release.text(f"everywhere/{key}.text", self.conversation, **fills)
