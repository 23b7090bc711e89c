"""What a question of our own keeps while it is open: the family of records that a conversation stacks."""

from __future__ import annotations

from flows.model.variant import Variant


class OpenInterruption(Variant):
    """An open question of ours; `kind` is its name in `flows.interruptions`. By itself it keeps nothing more.

    Kinds that keep something are declared in the file of their question, and never hold words that may not be kept.
    """

    until: str = ""
    """When it lapses by itself, in ISO 8601; empty: with the conversation."""

    @property
    def holds_words(self) -> bool:
        """Whether words of the person are kept here that stand nowhere else."""
        return False
