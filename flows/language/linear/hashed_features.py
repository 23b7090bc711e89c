"""What a linear model sees of words: themselves, pairs of neighbours, parts of words, and groups of words.

Every feature is a short text that begins with its family; a message holds the same one several times if it occurs so.
Which words belong to which group is each model's own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WORD, PART, GROUP = "w", "c", "g"
"""Families of features of one word: itself, four letters of it, a group it belongs to."""
NEXT, BEFORE, AFTER, NEAR = "b", "n", "m", "p"
"""Families of features of two words: neighbours, a word before a group, one after it, two groups near each other."""
PART_LETTERS: Final = 4
WITHIN: Final = 4
"""Words within which two groups are near."""


class Groups:
    """Words that mean alike, by group: what is learned of one word is known of all."""

    def __init__(self, written: Mapping[str, str]) -> None:
        """Read groups by name: words with spaces between; one that ends in * stands for any ending."""
        self._whole: dict[str, tuple[str, ...]] = {}
        self._beginnings: list[tuple[str, str]] = []
        for name, words in written.items():
            for word in dict.fromkeys(words.split()):
                if word.endswith("*"):
                    self._beginnings.append((word[:-1], name))
                elif name not in self._whole.get(word, ()):
                    self._whole[word] = (*self._whole.get(word, ()), name)

    def of(self, word: str) -> tuple[str, ...]:
        """Return the groups that a word belongs to."""
        found = self._whole.get(word)
        return found if found is not None else tuple(name for start, name in self._beginnings if word.startswith(start))


def of_word(word: str, groups: Groups) -> Iterator[str]:
    """Yield the features of one word by itself."""
    yield f"{WORD} {word}"
    edged = f"<{word}>"
    for start in range(len(edged) - PART_LETTERS + 1):
        yield f"{PART} {edged[start : start + PART_LETTERS]}"
    for group in groups.of(word):
        yield f"{GROUP} {group}"


def of_neighbours(word: str, following: str, groups: Groups) -> Iterator[str]:
    """Yield the features of two words that stand side by side."""
    yield f"{NEXT} {word} {following}"
    for group in groups.of(following):
        yield f"{BEFORE} {word} {group}"
    for group in groups.of(word):
        yield f"{AFTER} {group} {following}"


def of_words(words: Sequence[str], groups: Groups) -> Iterator[str]:
    """Yield every feature of words: of each word once, of each two neighbours, of groups near each other."""
    for word in dict.fromkeys(words):
        yield from of_word(word, groups)
    for word, following in pairwise(words):
        yield from of_neighbours(word, following, groups)
    known = [groups.of(word) for word in words]
    for place, some in enumerate(known):
        for group in some:
            for others in known[place + 1 : place + 1 + WITHIN]:
                for other in others:
                    yield f"{NEAR} {group} {other}"
