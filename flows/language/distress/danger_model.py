"""The model that notices danger: its weights, and how a piece of a message is weighed. Plain Python, read once.

Linear: the weights of a piece's features are added up and divided by the root of their number, so that length says
nothing. `weights.txt` is made by `train.py`; a line is a feature and its weight in thousandths, a name in brackets the
family of what follows.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flows.language.distress.danger_features import FLAG, groups
from flows.language.linear import hashed_features
from flows.language.linear.weights_file import WeightLines, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILE: Final = Path(__file__).parent / "weights.txt"
MARK: Final = b" "
"""What stands between a feature and its weight."""
BIAS: Final = "bias"
REMEMBERED: Final = 20_000
"""Words, and pairs of words, whose weight is kept at hand."""


class _Word:
    """What is known of one word."""

    __slots__ = ("beside", "groups", "known", "weight", "word")

    def __init__(self, word: str, weight: int, known: int) -> None:
        self.word = word
        self.weight = weight
        self.known = known
        """How many of its features have a weight."""
        self.groups = groups().of(word)
        self.beside: dict[str, tuple[int, int]] = {}
        """Weight and number of the features that it makes with the word after it, once they were looked up."""


class DangerModel:
    """Weights by family and feature."""

    def __init__(self, lines: Sequence[str] | WeightLines) -> None:
        """Read the lines of a file of weights."""
        self._lines = lines if isinstance(lines, WeightLines) else WeightLines.of(lines, MARK)
        self.bias = dict(self._family(BIAS))[BIAS]
        self._near: dict[str, dict[str, int]] = {}
        for pair, weight in self._family(hashed_features.NEAR):
            first, _, second = pair.partition(" ")
            self._near.setdefault(first, {})[second] = weight
        self._words: dict[str, _Word] = {}
        self._pairs = 0

    @property
    def families(self) -> dict[str, dict[str, int]]:
        """All weights, for whoever wants to look them through."""
        return {name: dict(self._family(name)) for name in self._lines.families}

    def _family(self, name: str) -> Iterator[tuple[str, int]]:
        return ((feature, int(weight)) for feature, weight in self._lines.family(name))

    def weigh(self, words: Sequence[str], flags: Sequence[str]) -> float:
        """Return how much a piece reads like danger, in thousandths; only to be compared with the levels' bounds."""
        look = self._words
        read = [look.get(word) or self._word(word) for word in words]
        once = {id(one): one for one in read}.values()
        total = sum([one.weight for one in once])
        known = sum([one.known for one in once])
        for flag in flags:
            weight, number = self._looked_up(f"{FLAG} {flag}")
            total += weight
            known += number
        for earlier, one in pairwise(read):
            weight, number = earlier.beside.get(one.word) or self._beside(earlier, one)
            total += weight
            known += number
        weight, number = self._groups_near(read)
        total += weight
        known += number
        return self.bias + (total / known**0.5 if known else 0.0)

    def _groups_near(self, read: Sequence[_Word]) -> tuple[int, int]:
        total = known = 0
        near = self._near
        grouped = [(place, one.groups) for place, one in enumerate(read) if one.groups]
        for number, (place, some) in enumerate(grouped):
            last = place + hashed_features.WITHIN
            for later, others in grouped[number + 1 : number + 1 + hashed_features.WITHIN]:
                if later > last:
                    break
                for group in some:
                    pairs = near.get(group, {})
                    for other in others:
                        if other in pairs:
                            total += pairs[other]
                            known += 1
        return total, known

    def _looked_up(self, feature: str) -> tuple[int, int]:
        weight = self._lines.find(feature)
        return (0, 0) if weight is None else (int(weight), 1)

    def _word(self, word: str) -> _Word:
        found = [self._looked_up(feature) for feature in hashed_features.of_word(word, groups())]
        one = _Word(word, sum(weight for weight, _ in found), sum(number for _, number in found))
        if len(self._words) >= REMEMBERED:
            self._words.clear()
        self._words[word] = one
        return one

    def _beside(self, earlier: _Word, one: _Word) -> tuple[int, int]:
        found = [
            self._looked_up(feature) for feature in hashed_features.of_neighbours(earlier.word, one.word, groups())
        ]
        if self._pairs >= REMEMBERED:
            self._words.clear()
            self._pairs = 0
        self._pairs += 1
        made = earlier.beside[one.word] = (sum(weight for weight, _ in found), sum(number for _, number in found))
        return made


@cache
def shipped() -> DangerModel:
    """Return the model that comes with Earshot; some milliseconds the first time."""
    lines = opened(FILE, MARK)
    model = DangerModel(lines)
    lines.let_go()
    return model
