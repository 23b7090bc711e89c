"""What the model sees of a piece of a message: its words, pairs of neighbours, parts of words, and groups of words.

Every feature is a short text that begins with its family; a piece holds the same one several times if it occurs so. How
long a piece is says nothing. Words are read with the spellings of English alone, whatever else is loaded.
"""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flows import safeguarding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WORD, PART, GROUP = "w", "c", "g"
"""Families of features of one word: itself, four letters of it, a group it belongs to."""
NEXT, BEFORE, AFTER, NEAR = "b", "n", "m", "p"
"""Families of features of two words: neighbours, a word before a group, one after it, two groups near each other."""
FLAG = "k"
"""Family of what the phrases of `concerns/` find."""
PART_LETTERS: Final = 4
WITHIN: Final = 4
"""Words within which two groups are near."""
_FILE = Path(__file__).parent / "groups.toml"


@cache
def groups() -> tuple[Mapping[str, tuple[str, ...]], tuple[tuple[str, str], ...]]:
    """Return the groups of each word, and (beginning, group) for words with any ending."""
    raw: dict[str, str] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    whole: dict[str, tuple[str, ...]] = {}
    beginnings = []
    for name, words in raw.items():
        for word in dict.fromkeys(words.split()):
            if word.endswith("*"):
                beginnings.append((word[:-1], name))
            elif name not in whole.get(word, ()):
                whole[word] = (*whole.get(word, ()), name)
    return whole, tuple(beginnings)


def groups_of(word: str) -> tuple[str, ...]:
    """Return the groups that a word belongs to."""
    whole, beginnings = groups()
    found = whole.get(word)
    return found if found is not None else tuple(name for start, name in beginnings if word.startswith(start))


def of_word(word: str) -> Iterator[str]:
    """Yield the features of one word by itself."""
    yield f"{WORD} {word}"
    edged = f"<{word}>"
    for start in range(len(edged) - PART_LETTERS + 1):
        yield f"{PART} {edged[start : start + PART_LETTERS]}"
    for group in groups_of(word):
        yield f"{GROUP} {group}"


def of_neighbours(word: str, following: str) -> Iterator[str]:
    """Yield the features of two words that stand side by side."""
    yield f"{NEXT} {word} {following}"
    for group in groups_of(following):
        yield f"{BEFORE} {word} {group}"
    for group in groups_of(word):
        yield f"{AFTER} {group} {following}"


def of_piece(words: Sequence[str], flags: Sequence[str]) -> Iterator[str]:
    """Yield every feature of a piece: of each word once, of each two neighbours, of groups near each other."""
    for word in dict.fromkeys(words):
        yield from of_word(word)
    for flag in flags:
        yield f"{FLAG} {flag}"
    for word, following in pairwise(words):
        yield from of_neighbours(word, following)
    known = [groups_of(word) for word in words]
    for place, some in enumerate(known):
        for group in some:
            for others in known[place + 1 : place + 1 + WITHIN]:
                for other in others:
                    yield f"{NEAR} {group} {other}"


def flags(found: safeguarding.Found) -> tuple[str, ...]:
    """Return what the phrases say about a piece."""
    seen = [f"now {kind}" for kind in sorted(found.now)]
    seen += [f"note {kind}" for kind in sorted(found.noted)]
    seen += [f"hint {kind}" for kind in sorted(found.hinted)]
    return (*seen, *(["now"] if found.now else []), *(["alike"] if found.alike else []))
