"""The tables of how people answer, one for each language, ready to be looked up in.

Owns the shape of `answers/<language>.toml` and the reading of numbers in words. A table is read when it is first
needed; a language without one has none, and its answers are read by labels and listed words alone.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flows.language.kept_books import kept
from flows.language.normalise import folded
from flows.language.phrase_trie import Tree, build_tree, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.language.phrase_trie import PatternChoice

ANSWERS: Final = Path(__file__).parent
LONGEST: Final = 300
"""Characters that are read for an answer; whatever is longer tells something."""
OLDEST: Final = 115
YOUNGEST: Final = 4
TEN: Final = 10
"""Numbers outside these are no ages."""

LAST, MIDDLE = -1, -2
"""What stands for "the last one" and "the middle one" among ordinals."""

_SENTENCE = re.compile(r"[.!?;:()\[\]\n…]+|\s[-–—]\s")
_MONEY = re.compile(r"[£$€]\s*\d[\d.,]*|\d+[.,:]\d+(?:[.,]\d+)*|\d+\s*%")
_JOINED = re.compile(r"(?<![\w.,:/£$€])(\d{1,3})(?=[^\W\d_])")
_HELD = re.compile(r"([^\W\d_])\1{2,}")


class AnswerPiece(NamedTuple):
    """A run of words and what it means; "" where no phrase is known."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """One language's table. The trees give the name of the list a phrase stands in."""

    phrases: Tree[str]
    ages: Tree[str]
    first_ages: Tree[str]
    beside_ages: Tree[str]
    asked_ages: Tree[str]
    born: Tree[str]
    slipping: tuple[str, ...]
    """Words of agreement that are known with one slip of the finger."""
    corrections: Tree[str]
    slips: Tree[str]
    choosing: Tree[str]
    units: frozenset[str]
    fillers: frozenset[str]
    but: Tree[str]
    not_words: frozenset[str]
    or_words: frozenset[str]
    pointing: frozenset[str]
    alike: Mapping[str, tuple[str, ...]]
    """Word, or two words, to the head words that stand for all of their kind: "mum" is a "relative"."""
    cardinals: Mapping[str, int]
    tens: Mapping[str, int]
    ordinals: Mapping[str, int]
    counting: frozenset[str]
    """Words that are, or begin, a number."""


@lru_cache(maxsize=16)
def answers_in(language: str) -> AnswerTable | None:
    """Return the table of a language ("en", "en-GB"), or None where nobody has written one."""
    path = ANSWERS / f"{language.replace('_', '-').partition('-')[0].lower()}.toml"
    return kept(f"answers {path.stem}", lambda: _read(path)) if path.is_file() else None


def books() -> dict[str, AnswerTable]:
    """Return the table of every language, put together from its sources, by the name it is kept by."""
    return {f"answers {path.stem}": _read(path) for path in sorted(ANSWERS.glob("*.toml"))}


def _read(path: Path) -> AnswerTable:
    return _made(tomllib.loads(path.read_text(encoding="utf-8")))


def _made(raw: Mapping[str, Any]) -> AnswerTable:
    slots = raw["slots"]
    known: dict[str, PatternChoice] = {}

    def tree(*lists: tuple[str, Sequence[str]]) -> Tree[str]:
        return build_tree((parsed(phrase, slots, known), kind) for kind, phrases in lists for phrase in phrases)

    ages, choosing, numbers = raw["ages"], raw["choosing"], raw["numbers"]
    told = [(kind, ages[kind]) for kind in ("not_now", "unclear", "young", "adult")]
    return AnswerTable(
        phrases=tree(*raw["phrases"].items(), ("adult", [*ages["adult"], *ages["adult_first"], "{grown}"])),
        ages=tree(*told),
        first_ages=tree(("young", ages["young_first"]), ("adult", ages["adult_first"])),
        beside_ages=tree(("young", ages["beside_young"]), ("adult", ages["beside_adult"])),
        asked_ages=tree(
            ("young", [*ages["beside_young"], *ages["asked_young"]]),
            ("adult", [*ages["beside_adult"], *ages["asked_adult"]]),
        ),
        born=tree(("born", ages["born"])),
        slipping=tuple(raw["slipping"]),
        corrections=tree(("after", raw["corrections"]["after"])),
        slips=tree(("slip", raw["corrections"]["slips"])),
        choosing=tree(*((kind, choosing[kind]) for kind in ("all", "none", "leave", "both"))),
        units=frozenset(choosing["units"]),
        fillers=frozenset(choosing["fillers"]),
        but=tree(("but", choosing["but"])),
        not_words=frozenset(choosing["not"]),
        or_words=frozenset(choosing["or"]),
        pointing=frozenset(choosing["pointing"]),
        alike=_by_word(choosing["alike"]),
        cardinals={word: number for number, word in enumerate(numbers["small"])} | numbers["slips"],
        counting=frozenset({*numbers["small"], *numbers["tens"], *numbers["slips"]}),
        tens={word: 20 + 10 * place for place, word in enumerate(numbers["tens"])},
        ordinals={
            **{word: place for place, word in enumerate(numbers["ordinals"], 1)},
            **{word: place for place, word in enumerate(numbers["figures"], 1)},
            **dict.fromkeys(choosing["first"], 1),
            **dict.fromkeys(choosing["last"], LAST),
            **dict.fromkeys(choosing["middle"], MIDDLE),
        },
    )


def _by_word(alike: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    made: dict[str, tuple[str, ...]] = {}
    for head, words in alike.items():
        for word in words:
            plain = " ".join(folded(word))
            made[plain] = (*made.get(plain, ()), head)
    return made


def sentences(said: str) -> list[list[str]]:
    """Return the folded words of each sentence of an answer; a letter held down counts once ("agreeeee")."""
    plain = _MONEY.sub(" namount ", said[:LONGEST].replace("+", " plus "))
    made = (folded(_HELD.sub(r"\1\1", part)) for part in _SENTENCE.split(plain))
    return [words for words in made if words]


def aged(words: Sequence[str], table: AnswerTable, adult: int) -> list[str]:
    """Return the words with every number turned into what it says of an age.

    That is `nsmall` (under ten), `nyoung`, `njust` (the limit itself), `nold`, or `namount` where a unit follows.
    """
    split = words
    if any(not word.isalpha() for word in words):
        split = [part for word in words for part in _JOINED.sub(r"\1 ", word).split()]
    if not any(word in table.counting or word[0].isdecimal() for word in split):
        return list(split)
    made: list[str] = []
    place = 0
    while place < len(split):
        number, size = number_at(split, place, table)
        if number is None:
            made.append(split[place])
            place += 1
            continue
        spoken = split[place : place + size]
        place += size
        following = split[place] if place < len(split) else ""
        if spoken != ["one"] and following in table.units and split[place + 1 : place + 2] not in (["old"], ["of"]):
            made.append("namount")
            place += 1
        elif not YOUNGEST <= number <= OLDEST:
            made += spoken
        else:
            made.append(
                "nsmall" if number < TEN else "nyoung" if number < adult else "njust" if number == adult else "nold"
            )
    return made


def number_at(words: Sequence[str], place: int, table: AnswerTable) -> tuple[int | None, int]:
    """Return the number that begins at a place ("34", "thirty four", "seventeen") and how many words it takes."""
    word = words[place]
    if word.isdecimal() and len(word) <= 3:
        return int(word), 1
    if word in table.tens:
        following = table.cardinals.get(words[place + 1]) if place + 1 < len(words) else None
        if following is not None and 0 < following < 10:
            return table.tens[word] + following, 2
        return table.tens[word], 1
    found = table.cardinals.get(word)
    return found, 1


def covered(words: Sequence[str], tree: Tree[str]) -> list[AnswerPiece]:
    """Cut words into phrases of the tree so that the fewest words stay unknown, and then the fewest phrases."""
    size = len(words)
    best: list[tuple[int, int, int, str]] = [(0, 0, size, "")] * (size + 1)
    beginnings = tree.branches
    for start in range(size - 1, -1, -1):
        unknown, pieces, _, _ = best[start + 1]
        found = (unknown + 1, pieces + 1, start + 1, "")
        node = tree.after(words[start]) if words[start] in beginnings else None
        place = start + 1
        while node is not None:
            if node.meaning is not None:
                unknown, pieces, _, _ = best[place]
                found = min(found, (unknown, pieces + 1, place, node.meaning))
            node = node.after(words[place]) if place < size else None
            place += 1
        best[start] = found
    made, place = [], 0
    while place < size:
        _, _, end, kind = best[place]
        made.append(AnswerPiece(kind, place, end))
        place = end
    return made


def standing(words: Sequence[str], tree: Tree[str]) -> list[AnswerPiece]:
    """Return the phrases of the tree that stand among words, from left to right, each as long as it can be."""
    made = []
    place = 0
    beginnings = tree.branches
    while place < len(words):
        if words[place] not in beginnings:
            place += 1
            continue
        node = tree.after(words[place])
        end, longest, meaning = place + 1, 0, ""
        while node is not None:
            if node.meaning is not None:
                longest, meaning = end, node.meaning
            node = node.after(words[end]) if end < len(words) else None
            end += 1
        if longest:
            made.append(AnswerPiece(meaning, place, longest))
        place = longest or place + 1
    return made
