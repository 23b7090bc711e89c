"""What words are that come after a story was kept: more of it, a new one, or neither. They wait sealed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.interruption import Interruption
from flows.interruptions.telling import is_telling
from flows.language.keywords.recognise import normalise
from flows.model.effects import AddToStory, Begin, HoldSealed, PurgeSealed, Unseal
from flows.model.signals import Said, Unsealed

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.effects import Say
    from flows.model.signals import Signal
    from flows.questions.question import Choice

AFTER = "after"


class After(Interruption):
    """An unclear answer is no "neither": the words wait, and go when no answer comes in time (design rule 2)."""

    name: ClassVar[str] = AFTER
    values: ClassVar[tuple[str, ...]] = ("add", "another", "neither")

    def ask(self, turn: TurnBuilder) -> Say:
        """Return the question; after a signpost somebody may read the words, so it does not say that nobody does."""
        say = super().ask(turn)
        return replace(say, text=turn.common("after_looked_at")) if turn.signposted else say

    def chosen(self, turn: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice; "new" names one as well."""
        choice = super().chosen(turn, signal)
        if choice is None and isinstance(signal, Said):
            wanted = {normalise(word) for word in turn.common("after_new").split(",")}
            if normalise(signal.text) in wanted:
                return next(one for one in self.choices(turn) if one.option.value == "another")
        return choice

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Hear the choice, then the words themselves once they are unsealed."""
        if isinstance(signal, Unsealed):
            self._unsealed(turn, signal)
            return True
        return super().hear(turn, signal)

    def unclear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Put more words of the same kind aside as well: whoever goes on telling has not answered yet."""
        if isinstance(signal, Said) and is_telling(turn, signal.text):
            turn.effects.append(HoldSealed(text=signal.text, ref=signal.ref))
            turn.set(held=turn.conversation.held + 1, tries=0)
            turn.ask(self.ask(turn))
            return True
        return super().unclear(turn, signal)

    def given_up(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Ask again; only a plain answer destroys what somebody wrote."""
        turn.ask(self.ask(turn))
        return True

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Ask for the sealed words, or destroy them."""
        if value == "neither":
            self.close(turn)
            if turn.conversation.held:
                turn.effects.append(PurgeSealed())
            turn.set(held=0)
            turn.tell("not_kept")
            return
        turn.set(pending=value, tries=0)
        turn.effects.append(Unseal())

    def _unsealed(self, turn: TurnBuilder, unsealed: Unsealed) -> None:
        value = turn.conversation.pending
        self.close(turn)
        turn.set(pending="", held=0)
        if value == "add":
            turn.effects += [AddToStory(text=text, ref=ref) for ref, text in unsealed.parts]
            turn.tell("added")
        else:
            (ref, text), *more = unsealed.parts or (("", ""),)
            turn.effects.append(Begin(flow=turn.release.flow.id, text=text, ref=ref, more=tuple(more)))
