"""`choice`: one of several options, chosen by button, number, label or first letters."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flows.language.answers.ages import Age, age_said
from flows.language.answers.agreement import Reply, read_reply
from flows.language.answers.phrase_book import answers_in
from flows.language.normalise import normalise
from flows.model.effects import Say
from flows.model.signals import Chose, Said, Signal
from flows.questions.options import choose, leaves, offered, pressed, strictly
from flows.questions.question import (
    Choice,
    Interpretation,
    OptionStep,
    QuestionContext,
    Step,
    Tagged,
    Unclear,
    Understood,
)

OTHER = "other"
"""The value of the option for people to whom no other option applies."""
AGES = ("adult", "minor")
"""The option values of a question about age; a reply to it may give an age in years."""


class ChoiceStep(Step):
    """Ask for one option. `tag` makes the answer a tag of that dimension."""

    type: Literal["choice"] = "choice"
    options: tuple[OptionStep, ...] = Field(min_length=2, max_length=9)
    tag: Literal["scale", "actor", "theme"] | None = None
    required: bool = False
    """True: it cannot be skipped, as the question about age before anything else (rule 57)."""

    does: ClassVar[str] = "asks for one answer"

    @property
    def dimension(self) -> Tagged | None:
        """The tag dimension that the flow file gives; None if the answer is no tag."""
        return self.tag

    @property
    def can_skip(self) -> bool:
        """Whether SKIP passes over this question."""
        return not self.required

    def choices(self) -> tuple[OptionStep, ...]:
        """Return the options in the order of the file."""
        return self.options

    def ask(self, context: QuestionContext) -> Say:
        """Return the question with its options."""
        return Say(text=context.text("text"), options=tuple(choice.shown for choice in offered(context, self.options)))

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Interpret a press or words; words around the choice are kept as a note."""
        choices = offered(context, self.options)
        if isinstance(signal, Chose):
            choice = pressed(choices, signal.index)
            return Unclear() if choice is None else _understood(choice, "")
        if not isinstance(signal, Said):
            return Unclear()
        if {choice.option.value for choice in choices} == set(AGES):
            return self._age(context, signal.text, choices)
        left = leaves(signal.text, choices)
        if left == "none" and (other := next((each for each in choices if each.option.value == OTHER), None)):
            return _understood(other, "")
        if left and self.can_skip:
            return Understood(value=None)
        match = choose(signal.text, choices)
        return Unclear(kept=signal.text) if match is None else _understood(match.choice, match.note)

    def _age(self, context: QuestionContext, said: str, choices: tuple[Choice, ...]) -> Interpretation:
        """Interpret a reply about age. A bare option number, or a reply that could mean both, makes nobody an adult."""
        state = context.conversation
        age = age_said(
            said, context.release.organisation.adult_age, language=state.language, asked=True, year=context.now.year
        )
        adult, young = (next(choice for choice in choices if choice.option.value == value) for value in AGES)
        if age is None:
            table = answers_in(state.language)
            age = (
                _yes_or_no(read_reply(said, table, context.release.organisation.adult_age))
                if table is not None
                else None
            )
        if age is not None:
            return _understood(adult if age == "adult" else young, "")
        match = strictly(said, choices)
        if match is None or match.note or (match.choice is adult and normalise(said) not in adult.forms):
            return Unclear(kept=said)
        return _understood(match.choice, "")


def _yes_or_no(reply: Reply) -> Age | None:
    """Return the age group that a yes or no to "are you of age?" means; None for "ok", or a no with more words."""
    kinds = set(reply.kinds) - {"polite", "thanks"}
    if reply.unknown or reply.asks or not kinds:
        return None
    return "adult" if kinds <= {"bare_yes", "yeah"} else "young" if kinds == {"no"} else None


def _understood(choice: Choice, note: str) -> Understood:
    return Understood(
        value=choice.option.value, label=choice.shown.label, note=note, next=choice.option.next, sets=choice.option.sets
    )
