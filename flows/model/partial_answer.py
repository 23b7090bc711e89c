"""What the waiting question of the flow keeps between messages: story parts, toggles, places offered."""

from __future__ import annotations

from typing import Self

from flows.model.variant import Variant

NOTED = "noted"


class PartialAnswer(Variant):
    """An answer that is not finished. Kinds are declared in the file of the question type that keeps them."""

    ref: str = ""
    """The provider's id of the message that is being answered, while what it names is looked up."""
    unclear: tuple[str, ...] = ()
    """Words that came before their question was shown: they decide nothing, and are not lost."""

    @property
    def leads_back(self) -> bool:
        """Whether BACK leads from here to the waiting question itself, and not to the one before it."""
        return False

    def asked_again(self) -> PartialAnswer | None:
        """Return what of it outlives the question being asked again."""
        return self

    def stopped(self) -> PartialAnswer | None:
        """Return what of it outlives STOP."""
        return None

    def noting(self, text: str) -> Self:
        """Return it with more words that came too early."""
        return self.model_copy(update={"unclear": (*self.unclear, text)})


def only_noted(partial: PartialAnswer) -> PartialAnswer | None:
    """Return the words that came too early and nothing else; None if there are none."""
    return PartialAnswer(kind=NOTED, unclear=partial.unclear) if partial.unclear else None
