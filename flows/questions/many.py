"""`many`: several options at once: "1 3" by SMS, toggles on Telegram."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flows.model.effects import Option, Say
from flows.model.partial_answer import PartialAnswer
from flows.model.signals import Chose, Said, Signal
from flows.questions.options import leaves, numbers, offered, some
from flows.questions.question import (
    Choice,
    Interpretation,
    OptionStep,
    QuestionContext,
    Step,
    Tagged,
    Unclear,
    Understood,
    Waiting,
)


class Toggles(PartialAnswer, extra="forbid"):
    """Options that are on."""

    kind: Literal["toggles"]
    chosen: tuple[str, ...] = ()

    def stopped(self) -> PartialAnswer:
        """Return what is on."""
        return Toggles(kind="toggles", chosen=self.chosen)


class ManyStep(Step):
    """Ask for one or more options. `tag` makes each chosen one a tag of that dimension."""

    type: Literal["many"] = "many"
    options: tuple[OptionStep, ...] = Field(min_length=2, max_length=9)
    tag: Literal["scale", "actor", "theme"] | None = None

    does: ClassVar[str] = "asks for one answer or more"

    @property
    def dimension(self) -> Tagged | None:
        """The tag dimension that the flow file gives; None if the answer is no tag."""
        return self.tag

    @property
    def typed(self) -> str:
        """The number of the first option, as an example of an answer."""
        return "1"

    def choices(self) -> tuple[OptionStep, ...]:
        """Return the options in the order of the file."""
        return self.options

    def ask(self, context: QuestionContext) -> Say:
        """Return the question; on Telegram the options are toggles and a last button finishes."""
        return self._draw(context, _chosen(context), redraw=False)

    def _draw(self, context: QuestionContext, on: tuple[str, ...], *, redraw: bool) -> Say:
        shown = tuple(choice.shown for choice in offered(context, self.options))
        if context.look.buttons:
            shown += (Option(value="done", label=context.common("done_button"), key=""),)
        return Say(text=context.text("text"), options=shown, toggles=context.look.buttons, toggled=on, redraw=redraw)

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Interpret numbers, labels or toggles."""
        choices = offered(context, self.options)
        on = _chosen(context)
        if isinstance(signal, Chose):
            if signal.index == len(choices):
                return self.finish(context)
            if not 0 <= signal.index < len(choices):
                return Unclear()
            value = choices[signal.index].option.value
            now_on = tuple(item for item in on if item != value) if value in on else (*on, value)
            kept = Toggles(kind="toggles", chosen=now_on)
            return Waiting(partial=kept, effects=(self._draw(context, now_on, redraw=True),))
        if isinstance(signal, Said):
            return self._typed(signal.text, choices)
        return Unclear()

    def finish(self, context: QuestionContext) -> Interpretation:
        """Return the answer for DONE: the options that are toggled on."""
        on = _chosen(context)
        return _all(offered(context, self.options), on, "") if on else Unclear()

    def _typed(self, said: str, choices: tuple[Choice, ...]) -> Interpretation:
        asked = numbers(said)
        if asked is not None:
            by_key = {choice.shown.key: choice for choice in choices}
            if len(asked) == 1 and str(asked[0]) not in by_key:
                asked = tuple(int(digit) for digit in dict.fromkeys(str(asked[0])))
            if all(str(number) in by_key for number in asked):
                return _all(choices, tuple(by_key[str(number)].option.value for number in asked), "")
            return Unclear(kept=said)
        if leaves(said, choices):
            return Understood(value=None)
        picked = some(said, choices)
        if picked is None:
            return Unclear(kept=said)
        return _all(choices, tuple(choice.option.value for choice in picked.choices), picked.note)


def _chosen(context: QuestionContext) -> tuple[str, ...]:
    partial = context.conversation.partial
    return partial.chosen if isinstance(partial, Toggles) else ()


def _all(choices: tuple[Choice, ...], values: tuple[str, ...], note: str) -> Understood:
    order = [choice for choice in choices if choice.option.value in values]
    return Understood(
        value=[choice.option.value for choice in order],
        label="; ".join(choice.shown.label for choice in order),
        note=note,
        next=order[0].option.next if len(order) == 1 else None,
    )
