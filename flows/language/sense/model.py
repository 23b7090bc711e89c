"""The model of what is said to us: its weights, and how a message is weighed. Plain Python, read once.

Linear: for each label the weights of a message's features are added up and divided by the root of their number.
`weights.txt` is made by `train.py`: the labels, then by family a feature and its weights in thousandths by label.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flows.language.linear import features
from flows.language.sense.words import known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FILE: Final = Path(__file__).parent / "weights.txt"
LABELS: Final = "labels"
BIAS: Final = "bias"
REMEMBERED: Final = 5_000
"""Words, and pairs of words, whose weights are kept at hand."""

Weights = tuple[int, ...]
"""How many features have a weight, then the sum of their weights by label."""


class Model:
    """Weights by family and feature."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.labels: list[str] = []
        self._families: dict[str, dict[str, str]] = {}
        """Weights as they are written: they are read when a word is first met."""
        family: dict[str, str] = {}
        naming = False
        for line in lines:
            if line.startswith("[") and "\t" not in line:
                name = line.strip("[]")
                naming = name == LABELS
                family = self._families.setdefault(name, {})
            elif naming:
                self.labels.append(line)
            else:
                feature, _, weights = line.partition("\t")
                family[feature] = weights
        self.bias = tuple(map(int, self._families[BIAS][BIAS].split()))
        self._none: Weights = (0,) * (len(self.labels) + 1)
        self._near: dict[str, dict[str, Weights]] = {}
        for pair in self._families.get(features.NEAR, {}):
            first, _, second = pair.partition(" ")
            self._near.setdefault(first, {})[second] = self.looked_up([f"{features.NEAR} {pair}"])
        self._words: dict[str, tuple[Weights, tuple[str, ...]]] = {}
        self._pairs: dict[tuple[str, str], Weights] = {}

    def weigh(self, spoken: Sequence[str], marks: Iterable[str]) -> list[float]:
        """Return how much a message reads like each of `labels`, in thousandths; only to be compared with bounds."""
        read = [self._words.get(word) or self._word(word) for word in spoken]
        found = [self._words[word][0] for word in dict.fromkeys(spoken)]
        pairs = self._pairs
        found += [pairs.get(pair) or self._pair(pair) for pair in pairwise(spoken)]
        near = self._near
        grouped = [groups for _, groups in read]
        for place, some in enumerate(grouped):
            for group in some:
                beside = near.get(group)
                if beside is not None:
                    for others in grouped[place + 1 : place + 1 + features.WITHIN]:
                        found += [beside[other] for other in others if other in beside]
        found.append(self.looked_up(marks))
        number, *totals = map(sum, zip(*found, strict=True))
        root = number**0.5 or 1.0
        return [bias + total / root for bias, total in zip(self.bias, totals, strict=True)]

    def knows(self, word: str) -> bool:
        """Tell whether a word was learned of."""
        return word in self._families[features.WORD]

    def looked_up(self, names: Iterable[str]) -> Weights:
        """Return the sum of the weights of these features."""
        made = list(self._none)
        for name in names:
            family, _, feature = name.partition(" ")
            weights = self._families.get(family, {}).get(feature)
            if weights is not None:
                made[0] += 1
                for each in weights.split():
                    place, _, weight = each.partition(":")
                    made[int(place) + 1] += int(weight)
        return tuple(made)

    def _word(self, word: str) -> tuple[Weights, tuple[str, ...]]:
        if len(self._words) >= REMEMBERED:
            self._words.clear()
        groups = known().groups
        made = self._words[word] = (self.looked_up(features.of_word(word, groups)), groups.of(word))
        return made

    def _pair(self, pair: tuple[str, str]) -> Weights:
        if len(self._pairs) >= REMEMBERED:
            self._pairs.clear()
        made = self._pairs[pair] = self.looked_up(features.of_neighbours(*pair, known().groups))
        return made


@cache
def shipped() -> Model:
    """Return the model that comes with Earshot; some tens of milliseconds the first time."""
    return Model(FILE.read_text(encoding="utf-8").splitlines())
