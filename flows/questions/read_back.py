"""`read_back`: shows the person what will be kept, before it is kept: keep, change one thing, or drop (rule 69)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flows.language.keywords.recognise import Keyword, recognise
from flows.model.effects import DropStory, Option, Say
from flows.model.partial_answer import PartialAnswer, only_noted
from flows.model.signals import Chose, Said, Signal
from flows.questions.options import choose, offered, pressed
from flows.questions.question import (
    Choice,
    Edge,
    Interpretation,
    OptionStep,
    QuestionContext,
    Step,
    Unclear,
    Understood,
    Waiting,
    offered_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.model.channel_look import ChannelKind

SHOWN_BY_SMS = 200
"""Characters of the story that the SMS read-back shows; MORE sends all of it."""


class Changing(PartialAnswer, extra="forbid"):
    """It was asked what is to be changed."""

    kind: Literal["read_back"]

    @property
    def leads_back(self) -> bool:
        """BACK shows the whole again."""
        return True

    def asked_again(self) -> PartialAnswer | None:
        """Return only words that came too early: the whole is shown again."""
        return only_noted(self)


class ReadBackStep(Step):
    """Show what will be kept. The engine keeps the draft when `keep` is chosen."""

    type: Literal["read_back"] = "read_back"
    options: tuple[OptionStep, ...] = Field(min_length=3, max_length=3)
    change: tuple[OptionStep, ...] = Field(min_length=1, max_length=8)
    """What can be changed: `value` is the step to ask again."""
    change_text: str = Field(min_length=1)

    skippable: ClassVar[bool] = False
    sensitive: ClassVar[bool] = True
    decides: ClassVar[bool] = True
    asks_to_keep: ClassVar[bool] = True
    asked_first: ClassVar[bool] = True
    shows_told: ClassVar[bool] = True
    hears_more: ClassVar[bool] = True
    saved: ClassVar[bool] = False
    text_fields: ClassVar[frozenset[str]] = Step.text_fields | {"change_text"}
    does: ClassVar[str] = "shows what would be kept"

    @model_validator(mode="after")
    def _has_the_three(self) -> Self:
        if {option.value for option in self.options} != {"keep", "change", "drop"}:
            raise ValueError("a read_back needs exactly the options keep, change and drop")
        return self

    def choices(self) -> tuple[OptionStep, ...]:
        """Return keep, change and drop in the order of the file."""
        return self.options

    def targets(self) -> Iterator[tuple[str, str]]:
        """Yield the steps after keeping and dropping, and every step that can be changed."""
        yield from Step.targets(self)
        for item in self.change:
            yield f"change {item.value}", item.value

    def texts(self) -> Iterator[tuple[str, str, Literal["text", "label", "words"], bool | None]]:
        """Yield the step's texts, and those of the list of things to change."""
        yield from Step.texts(self)
        yield "change_text", self.change_text, "text", None
        for item in self.change:
            yield f"options.{item.value}", item.label, "label", None

    def changeable(self) -> tuple[OptionStep, ...]:
        """Return what the file says can be changed."""
        return self.change

    def way(self, option: OptionStep) -> Edge | None:
        """Return the edge after keeping or dropping; CHANGE first asks what is to be changed."""
        return None if option.value == "change" else super().way(option)

    def further_ways(self, channel: ChannelKind) -> Iterator[Edge]:
        """Yield the edges to what can be changed, and the one for when nothing was told."""
        yield from (Edge(f"change {item.value}", item.value) for item in offered_options(self.change, channel))
        yield Edge("nothing told", self.nothing_told)

    @property
    def nothing_told(self) -> str | None:
        """The step after dropping."""
        return next((option.next for option in self.options if option.value == "drop"), None) or self.next

    def ask(self, context: QuestionContext) -> Say:
        """Return the draft in the person's own words, with the three options."""
        return Say(text=self._filled(context, whole=not context.look.short), options=self._shown(context), private=True)

    def _filled(self, context: QuestionContext, *, whole: bool) -> str:
        fills = told_so_far(context)
        story = fills["story"]
        if not whole and len(story) > SHOWN_BY_SMS:
            cut = story[:SHOWN_BY_SMS].rsplit(" ", 1)[0]
            fills["story"] = f"{cut}... {context.common('more_of_it')}"
        return context.text("text", **fills)

    def _shown(self, context: QuestionContext) -> tuple[Option, ...]:
        return tuple(choice.shown for choice in offered(context, self.options))

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Interpret keep, change (and what), drop; MORE shows the whole story by SMS."""
        changing = isinstance(context.conversation.partial, Changing)
        choices = offered(context, self.change if changing else self.options)
        if isinstance(signal, Chose):
            choice = pressed(choices, signal.index)
            return Unclear() if choice is None else self._chosen(context, choice, changing=changing)
        if not isinstance(signal, Said):
            return Unclear()
        state = context.conversation
        found = recognise(signal.text, language=state.language, channel=state.channel)
        word = found.word if found is not None else None
        if word is Keyword.MORE:
            whole = Say(text=self._filled(context, whole=True), options=self._shown(context), private=True)
            return Waiting(effects=(whole,))
        if word is Keyword.SKIP:  # SKIP decides nothing: the whole is shown again
            again = (
                self.ask(context)
                if changing
                else Say(text=context.common("nothing_kept_yet"), options=self._shown(context))
            )
            return Waiting(effects=(again,))
        if word is Keyword.CHANGE and not changing:
            return self._what_to_change(context)
        match = choose(signal.text, choices)
        return Unclear(kept=signal.text) if match is None else self._chosen(context, match.choice, changing=changing)

    def _what_to_change(self, context: QuestionContext) -> Interpretation:
        shown = tuple(choice.shown for choice in offered(context, self.change))
        return Waiting(
            partial=Changing(kind="read_back"), effects=(Say(text=context.text("change_text"), options=shown),)
        )

    def _chosen(self, context: QuestionContext, choice: Choice, *, changing: bool) -> Interpretation:
        value = choice.option.value
        if changing:
            return Understood(value="change", next=value, back_to=context.name)
        if value == "change":
            return self._what_to_change(context)
        if value == "drop":
            return Understood(value="drop", label=choice.shown.label, next=choice.option.next, before=(DropStory(),))
        return Understood(value="keep", label=choice.shown.label, next=choice.option.next, keep=True)


def told_so_far(context: QuestionContext) -> dict[str, str]:
    """Return what a read-back shows, by placeholder: `story`, `place`, `scale`, `actor` and `rating`."""
    blank = context.common("left_out")
    fills = {"story": blank, "place": blank, "scale": blank, "actor": blank, "rating": blank}
    for name, answer in context.conversation.answers.items():
        step = context.release.flow.steps.get(name)
        if step is None or not answer.label:
            continue
        if step.placeholder in fills:
            fills[step.placeholder] = answer.label
    return fills
