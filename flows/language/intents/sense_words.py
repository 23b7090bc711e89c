"""A message as the model reads it: its words in their usual spellings, what marks and length say."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from flows.language.linear.hashed_features import Groups, of_words
from flows.language.normalise import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MARK: Final = "k"
"""Family of what is no word: a question mark, capitals, the first and the last word, about how many there are."""
LONGEST: Final = 25
"""Words in a message that the model looks at: a longer one tells something."""
_LENGTHS: Final = ((1, "1"), (2, "2"), (4, "4"), (7, "7"), (11, "11"), (16, "16"))
_ALONE: Final = re.compile(r"(?:^|[.!?,;:\n-])\s*(\w{2,12})\s*(?=[.!?,;:\n-]|$)")
"""One word that is a sentence, or half of one, by itself."""
_LOUD: Final = re.compile(r"\b[A-Z]{4,}\b")
_FILE = Path(__file__).parent / "words.toml"


class Known(NamedTuple):
    """What is known of English words."""

    spellings: Mapping[str, Sequence[str]]
    groups: Groups


@cache
def known() -> Known:
    """Return the spellings and groups of `words.toml`."""
    raw = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return Known({word: usual.split() for word, usual in raw["spellings"].items()}, Groups(raw["groups"]))


def words(text: str) -> list[str]:
    """Return the words of a text, each with its usual spelling."""
    spellings = known().spellings
    made: list[str] = []
    for word in folded(text):
        usual = spellings.get(word)
        if usual is None:
            made.append(word)
        else:
            made.extend(usual)
    return made


def marks(text: str, spoken: Sequence[str]) -> list[str]:
    """Return what is seen of a message beside its words."""
    if not spoken:
        return []
    length = next((name for most, name in _LENGTHS if len(spoken) <= most), "long")
    found = [f"{MARK} length {length}", f"{MARK} first {spoken[0]}", f"{MARK} last {spoken[-1]}"]
    if len(spoken) > 1:
        found += [f"{MARK} first {spoken[0]} {spoken[1]}", f"{MARK} last {spoken[-2]} {spoken[-1]}"]
    if "?" in text:
        found.append(f"{MARK} asks")
    if len(spoken) > 1:
        found += [f"{MARK} alone {word}" for word in _ALONE.findall(text.lower())]
        if not text.isupper():
            found += [f"{MARK} loud {word.lower()}" for word in _LOUD.findall(text)]
    return found


def of_message(text: str) -> Iterator[str]:
    """Yield every feature of a message."""
    spoken = words(text)
    yield from of_words(spoken, known().groups)
    yield from marks(text, spoken)
