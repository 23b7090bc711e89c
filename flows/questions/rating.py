"""`rating`: a number on a short scale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from flows.language.answers.phrase_book import answers_in
from flows.language.keywords.recognise import normalise
from flows.language.normalise import folded
from flows.model.effects import Option, Say
from flows.model.signals import Chose, Said, Signal
from flows.questions.question import Interpretation, QuestionContext, Step, Unclear, Understood

if TYPE_CHECKING:
    from flows.language.answers.phrase_book import AnswerTable


class RatingStep(Step):
    """Ask for a number from `low` to `high`; the text says what each end means."""

    type: Literal["rating"] = "rating"
    low: int = Field(default=1, ge=0, le=1)
    high: int = Field(default=5, ge=3, le=10)

    rates: ClassVar[bool] = True

    @property
    def placeholder(self) -> str:
        """The placeholder for the rating."""
        return "rating"

    @property
    def typed(self) -> str:
        """The lowest number, as an example of an answer."""
        return str(self.low)

    def describe(self) -> str:
        """Return in a few words what it asks for, with both ends of the scale."""
        return f"asks for a number from {self.low} to {self.high}"

    def ask(self, context: QuestionContext) -> Say:
        """Return the question; its options are the bare numbers, which SMS does not list."""
        span = range(self.low, self.high + 1)
        return Say(
            text=context.text("text"), options=tuple(Option(value=str(n), label=str(n), key=str(n)) for n in span)
        )

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Interpret "4", "4/5", "4 out of 5", "four", stars; the words around are kept as a note."""
        if isinstance(signal, Chose):
            number = self.low + signal.index
            return self._number(number, "") if 0 <= signal.index <= self.high - self.low else Unclear()
        if not isinstance(signal, Said):
            return Unclear()
        said = signal.text[:300]
        stars = sum(said.count(star) for star in "⭐★🌟")
        if stars:
            return self._number(stars, "")
        text = normalise(said)
        table = answers_in(context.conversation.language)
        found = re.search(r"(?<![\d.,£$€])(\d{1,2})(?![\d.,]\d|\d)", text)
        if found is not None and not _is_amount(text[found.end() :], table):
            rest = re.sub(rf"^\s*(?:/|out of|of|stars?)?\s*{self.high}?\b[\s.,!]*", "", text[found.end() :], count=1)
            return self._number(
                int(found[1]), " ".join(filter(None, (text[: found.start()].strip(), rest.strip()))), said
            )
        first = text.split()[0] if text else ""
        if table is not None and first in table.cardinals and not _is_amount(text[len(first) :], table):
            return self._number(table.cardinals[first], text[len(first) :].strip(), said)
        return Unclear(kept=signal.text)

    def _number(self, number: int, note: str, said: str = "") -> Interpretation:
        if not self.low <= number <= self.high:
            return Unclear(kept=said)
        return Understood(value=number, label=f"{number}/{self.high}", note=note)


def _is_amount(following: str, table: AnswerTable | None) -> bool:
    """Return True if a number counts something: "2 hours", but not "4 out of 5"."""
    words = folded(following[:40])
    return bool(words) and table is not None and words[0] in table.units - {"of"}
