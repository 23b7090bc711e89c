"""The model of what is said to us: its weights, and how a message is weighed. Plain Python, read once.

Linear: for each label the weights of a message's features are added up and divided by the root of their number.
`weights.txt` is made by `train.py`: the labels, then by family a feature and its weights in thousandths by label.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Final

from flows.language.intents.sense_words import known
from flows.language.linear import hashed_features
from flows.language.linear.weights_file import WeightLines, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FILE: Final = Path(__file__).parent / "weights.txt"
MARK: Final = b"\t"
"""What stands between a feature and its weights."""
LABELS: Final = "labels"
BIAS: Final = "bias"
REMEMBERED: Final = 5_000
"""Words, pairs of words and marks whose weights are kept at hand."""

FIELD: Final = 32
"""Bits for each number in a row of them."""
HALF: Final = 1 << (FIELD - 1)

Row = int
"""Numbers side by side in one integer, so that one addition adds them all: how many features have a weight, then the
sum of their weights by label. A sum of rows is the row of the sums; `Model.read` takes it apart."""


class SenseModel:
    """Weights by family and feature."""

    def __init__(self, lines: Sequence[str] | WeightLines) -> None:
        """Read the lines of a file of weights."""
        self._lines = lines if isinstance(lines, WeightLines) else WeightLines.of(lines, MARK)
        self.labels = self._lines.alone(LABELS)
        self.bias = tuple(int(one) for _, known in self._lines.family(BIAS) for one in known.split())
        self._fields = Struct(f"<{len(self.labels) + 1}I")
        self._halves: Row = sum(HALF << FIELD * place for place in range(len(self.labels) + 1))
        self._near: dict[str, dict[str, Row]] = {}
        for pair, weights in self._lines.family(hashed_features.NEAR):
            first, _, second = pair.partition(" ")
            self._near.setdefault(first, {})[second] = _row(weights)
        self._known: dict[str, bool] = {}
        self._words: dict[str, tuple[Row, tuple[str, ...]]] = {}
        self._pairs: dict[tuple[str, str], Row] = {}
        self._marks: dict[str, Row] = {}

    def weigh(self, spoken: Sequence[str], marks: Iterable[str]) -> list[float]:
        """Return how much a message reads like each of `labels`, in thousandths; only to be compared with bounds."""
        met = {word: self._words.get(word) or self._word(word) for word in spoken}
        total = sum([row for row, _ in met.values()])
        for pair in pairwise(spoken):
            row = self._pairs.get(pair)
            total += self._pair(pair) if row is None else row
        for mark in marks:
            row = self._marks.get(mark)
            total += self._mark(mark) if row is None else row
        near = self._near
        grouped = [met[word][1] for word in spoken]
        for place, some in enumerate(grouped):
            for group in some:
                beside = near.get(group)
                if beside is not None:
                    for others in grouped[place + 1 : place + 1 + hashed_features.WITHIN]:
                        for other in others:
                            if other in beside:
                                total += beside[other]
        number, *totals = self.read(total)
        root = number**0.5 or 1.0
        return [bias + total / root for bias, total in zip(self.bias, totals, strict=True)]

    def knows(self, word: str) -> bool:
        """Tell whether a word was learned of."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[word] = f"{hashed_features.WORD} {word}" in self._lines
        return known

    def read(self, row: Row) -> list[int]:
        """Return the numbers of a row."""
        return [
            number - HALF for number in self._fields.unpack((row + self._halves).to_bytes(self._fields.size, "little"))
        ]

    def row(self, names: Iterable[str]) -> Row:
        """Return the row of these features."""
        return sum(_row(weights) for name in names if (weights := self._lines.find(name)) is not None)

    def _word(self, word: str) -> tuple[Row, tuple[str, ...]]:
        if len(self._words) >= REMEMBERED:
            self._words.clear()
        groups = known().groups
        made = self._words[word] = (self.row(hashed_features.of_word(word, groups)), groups.of(word))
        return made

    def _pair(self, pair: tuple[str, str]) -> Row:
        if len(self._pairs) >= REMEMBERED:
            self._pairs.clear()
        made = self._pairs[pair] = self.row(hashed_features.of_neighbours(*pair, known().groups))
        return made

    def _mark(self, mark: str) -> Row:
        if len(self._marks) >= REMEMBERED:
            self._marks.clear()
        made = self._marks[mark] = self.row([mark])
        return made


def _row(weights: bytes) -> Row:
    """Return the row of one feature."""
    made = 1
    for each in weights.split():
        place, _, weight = each.partition(b":")
        made += int(weight) << FIELD * (int(place) + 1)
    return made


@cache
def shipped() -> SenseModel:
    """Return the model that comes with Earshot; some milliseconds the first time."""
    lines = opened(FILE, MARK)
    model = SenseModel(lines)
    lines.let_go()
    return model
