"""The team's side of a practice phone: it asks about an edited version, or whether consent goes on. Pure.

Stands in for the rows that hold such a question in the database, so that a transcript can show the whole talk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from flows.model.effects import AnswerFollowUp, Erase, ProposeEdition, ShowFollowUp
from flows.model.signals import AskBackShown, AskBackTaken, AskedBack

if TYPE_CHECKING:
    from flows.model.effects import Effect
    from flows.model.signals import Signal

ANSWER_WITHIN = timedelta(days=14)
"""Without an answer by then an edited version stays with the team."""
REMIND_AFTER = timedelta(days=7)
OUTCOMES: dict[str, Literal["agreed", "kept", "renewed", "narrowed", "taken_back", "later"]] = {
    "agree": "agreed", "keep": "kept", "go_on": "renewed", "team": "narrowed", "back": "taken_back", "later": "later",
}  # fmt: skip
MONTHS = {"renew_publish": 12, "renew_quote": 24, "renew_keep": 24}


@dataclass
class Asker:
    """One question at a time."""

    question: AskBackShown | None = None
    until: datetime | None = None
    asked: int = 0

    def about_version(self, text: str, reason: str, now: datetime) -> AskedBack:
        """Ask whether an edited version may be shared."""
        return self._ask(AskBackShown(id=self.asked + 1, kind="sign_off", text=text, reason=reason), now)

    def about_going_on(
        self, kind: Literal["renew_publish", "renew_quote", "renew_keep"], month: str, now: datetime
    ) -> AskedBack:
        """Ask whether consent goes on."""
        return self._ask(AskBackShown(id=self.asked + 1, kind=kind, month=month, months=MONTHS[kind]), now)

    def _ask(self, question: AskBackShown, now: datetime) -> AskedBack:
        self.asked += 1
        self.question, self.until = question, now + ANSWER_WITHIN
        return AskedBack(id=question.id, until=self.until.isoformat())

    def carry_out(self, effect: Effect, now: datetime) -> Signal | None:
        """Answer what the engine asks about the question."""
        match effect:
            case ShowFollowUp() | ProposeEdition() | AnswerFollowUp():
                question = self.question
                if question is None or question.id != effect.id or self.until is None or now >= self.until:
                    return AskBackTaken(outcome="over")
                return self._heard(effect, question)
            case Erase():
                self.question = None
            case _:
                pass
        return None

    def _heard(self, effect: ShowFollowUp | ProposeEdition | AnswerFollowUp, question: AskBackShown) -> Signal:
        if isinstance(effect, ShowFollowUp):
            return question
        if isinstance(effect, ProposeEdition):
            self.question = AskBackShown(id=question.id, kind="own_words", text=effect.text)
            return self.question
        if effect.answer != "later":
            self.question = None
        return AskBackTaken(outcome=OUTCOMES[effect.answer], here=effect.answer == "back")
