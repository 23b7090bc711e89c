"""`choice`: one of several options, by button, number, label or first letters. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flows.effects import Say
from flows.questions.base import OptionStep, Reading, Scene, Step, Unclear, Understood
from flows.questions.options import Choice, choose, offered, pressed
from flows.signals import Chose, Said, Signal


class ChoiceStep(Step):
    """Ask for one option. `tag` makes the answer a tag of that dimension."""

    type: Literal["choice"] = "choice"
    options: tuple[OptionStep, ...] = Field(min_length=2, max_length=9)
    tag: Literal["scale", "actor", "theme"] | None = None
    required: bool = False
    """True: it cannot be skipped, as the question about age before anything else (rule 57)."""

    @property
    def can_skip(self) -> bool:
        """Whether SKIP leaves this question."""
        return not self.required

    def choices(self) -> tuple[OptionStep, ...]:
        """Return the options in the order of the file."""
        return self.options

    def ask(self, scene: Scene) -> Say:
        """Return the question with its options."""
        return Say(text=scene.text("text"), options=tuple(choice.shown for choice in offered(scene, self.options)))

    def hear(self, scene: Scene, signal: Signal) -> Reading:
        """Understand a press or words; words around the choice are kept as a note."""
        choices = offered(scene, self.options)
        if isinstance(signal, Chose):
            choice = pressed(choices, signal.index)
            return Unclear() if choice is None else _understood(choice, "")
        if isinstance(signal, Said):
            match = choose(signal.text, choices)
            return Unclear(kept=signal.text) if match is None else _understood(match.choice, match.note)
        return Unclear()


def _understood(choice: Choice, note: str) -> Understood:
    return Understood(
        value=choice.option.value, label=choice.shown.label, note=note, next=choice.option.next, sets=choice.option.sets
    )
