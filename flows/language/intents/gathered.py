"""Kinds of sayings that are known by the words they gather, in any order, where no phrase fits.

Owns rules such as “a word of cost, in something that asks”. They count only in one short clause, and not beside words
that tell of others or of another time: what is gathered loosely must not take a story.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Meaning = TypeVar("Meaning")


class Rule(NamedTuple, Generic[Meaning]):
    """A word of each group has to be there."""

    meaning: Meaning
    groups: Sequence[Collection[str]]
    asked: bool
    """Whether the clause has to ask something."""


@dataclass(slots=True)
class Gathering(Generic[Meaning]):
    """Rules, looked up by word."""

    rules: Sequence[Rule[Meaning]]
    _places: Mapping[str, Sequence[tuple[int, int]]] = field(init=False)

    def __post_init__(self) -> None:
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, rule in enumerate(self.rules):
            for group, words in enumerate(rule.groups):
                for word in words:
                    places[word].append((number, group))
        self._places = dict(places)

    def find(self, words: Sequence[str], *, asks: bool, telling_words: Collection[str]) -> Meaning | None:
        """Return the meaning of the rule with most groups that fits these words; of two alike the first."""
        spoken: dict[tuple[int, int], set[str]] = defaultdict(set)
        for word in words:
            for place in self._places.get(word, ()):
                spoken[place].add(word)
        tells = {word for word in words if word in telling_words}
        best: tuple[int, int] | None = None
        for number in sorted({number for number, _ in spoken}):
            rule = self.rules[number]
            used = [spoken.get((number, group)) for group in range(len(rule.groups))]
            if (rule.asked and not asks) or not all(used):
                continue
            if tells.difference(*(found for found in used if found)):
                continue
            if best is None or len(rule.groups) > best[0]:
                best = (len(rule.groups), number)
        return None if best is None else self.rules[best[1]].meaning
