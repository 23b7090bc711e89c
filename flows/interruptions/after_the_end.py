"""What words are that come after a story was kept: more of it, a new one, or neither. They wait sealed. Pure."""

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

    def ask(self, making: TurnBuilder) -> Say:
        """Return the question; after a signpost somebody may read the words, so it does not say that nobody does."""
        say = super().ask(making)
        return replace(say, text=making.common("after_looked_at")) if making.signposted else say

    def chosen(self, making: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice; "new" names one as well."""
        choice = super().chosen(making, signal)
        if choice is None and isinstance(signal, Said):
            wanted = {normalise(word) for word in making.common("after_new").split(",")}
            if normalise(signal.text) in wanted:
                return next(one for one in self.choices(making) if one.option.value == "another")
        return choice

    def hear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Hear the choice, then the words themselves once they are unsealed."""
        if isinstance(signal, Unsealed):
            self._unsealed(making, signal)
            return True
        return super().hear(making, signal)

    def unclear(self, making: TurnBuilder, signal: Signal) -> bool:
        """Put more words of the same kind aside as well: whoever goes on telling has not answered yet."""
        if isinstance(signal, Said) and is_telling(making, signal.text):
            making.effects.append(HoldSealed(text=signal.text, ref=signal.ref))
            making.set(held=making.conversation.held + 1, tries=0)
            making.ask(self.ask(making))
            return True
        return super().unclear(making, signal)

    def given_up(self, making: TurnBuilder, signal: Signal) -> bool:
        """Ask again; only a plain answer destroys what somebody wrote."""
        making.ask(self.ask(making))
        return True

    def take(self, making: TurnBuilder, value: str) -> None:
        """Ask for the sealed words, or destroy them."""
        if value == "neither":
            self.close(making)
            if making.conversation.held:
                making.effects.append(PurgeSealed())
            making.set(held=0)
            making.tell("not_kept")
            return
        making.set(pending=value, tries=0)
        making.effects.append(Unseal())

    def _unsealed(self, making: TurnBuilder, unsealed: Unsealed) -> None:
        value = making.conversation.pending
        self.close(making)
        making.set(pending="", held=0)
        if value == "add":
            making.effects += [AddToStory(text=text, ref=ref) for ref, text in unsealed.parts]
            making.tell("added")
        else:
            (ref, text), *more = unsealed.parts or (("", ""),)
            making.effects.append(Begin(flow=making.release.flow.id, text=text, ref=ref, more=tuple(more)))
