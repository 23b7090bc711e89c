"""Which numbers of a list a reply names: "2", "the second one", "1+2", "all three", "everything bar the last".

A number counts where it can only be a choice: alone, among words that only lead up to it, or set off at the beginning
or end of a reply. "2 secs", "11 weeks" and "one of the nurses" name nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from flows.language.answers.phrase_book import LAST, LONGEST, MIDDLE, number_at, standing
from flows.language.normalise import folded, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.language.answers.phrase_book import AnswerTable

BESIDE = 12
"""Words beside a number that may explain it; more tell something."""

_FIRST = re.compile(
    r"^\W*(?:no\.?|number|option|#|nr\.?)?\s*((?:\d{1,2}(?!\d|[.,:/]\d)(?:\s*[,;&+/]\s*|\s+(?:and|n)\s+|\s+(?=\d))?)+)"
    r"(?![\w£$€%])[\s.):;,\-!]*(.*)$",
    re.DOTALL,
)
_LAST = re.compile(r"^(.*[.!?,;:\n])\s*(\d{1,2})[\s.!)]*$", re.DOTALL)


class NumberNamed(NamedTuple):
    """The numbers that were named, in order, and the words that stood beside them."""

    numbers: tuple[int, ...]
    beside: str = ""


def named(said: str, count: int, table: AnswerTable | None) -> NumberNamed | None:
    """Return the numbers of a list of `count` that a reply names, or None if it names none.

    A number beyond the list is returned as it is; the caller knows that there is no such answer.
    """
    said = said[:LONGEST]
    if table is not None:
        words = _split(folded(said.replace("+", " and ").replace("&", " and ").replace("/", " and ")))
        whole = _whole(words, count, table) if words and not _is_measure(said) else None
        if whole is not None:
            return NumberNamed(whole)
    return _at_an_end(said, table)


def _is_measure(said: str) -> bool:
    return any(mark in said for mark in "£$€%<") or re.search(r"\d[.:/]\d", said) is not None


def _split(words: Sequence[str]) -> list[str]:
    return [part for word in words for part in re.sub(r"(\d)([a-z]{3,})", r"\1 \2", word).split()]


def _whole(words: list[str], count: int, table: AnswerTable) -> tuple[int, ...] | None:
    """Read a reply in which nothing stands but numbers, words for them, and words that lead up to them."""
    groups = {piece.start: piece for piece in standing(words, table.choosing) if piece.kind in {"all", "both"}}
    buts = {piece.start: piece for piece in standing(words, table.but)}
    found: list[int] = []
    without: list[int] = []
    into = found
    place = 0
    while place < len(words):
        if (group := groups.get(place)) is not None and not (group.kind == "both" and count != 2):
            into.extend(range(1, count + 1))
            place = group.end
        elif (but := buts.get(place)) is not None and found:
            into, place = without, but.end
        elif (ends := _first_or_last_few(words, place, count, table)) is not None:
            into.extend(ends)
            place += 2
        elif into is without and words[place] == "one" and words[place - 1] not in table.ordinals:
            return None  # "all but one": which?
        else:
            number, size = _number(words, place, count, table)
            if number is not None:
                into.append(number)
            elif words[place] not in table.fillers:
                return None
            place += size
    kept = tuple(dict.fromkeys(number for number in found if number not in without))
    return kept or None


def _first_or_last_few(words: list[str], place: int, count: int, table: AnswerTable) -> range | None:
    """Read "first two", "last two"."""
    ordinal = table.ordinals.get(words[place])
    few = number_at(words, place + 1, table)[0] if place + 1 < len(words) else None
    if few is None or not 1 < few <= count:
        return None
    return range(1, few + 1) if ordinal == 1 else range(count - few + 1, count + 1) if ordinal == LAST else None


def _placed(ordinal: int, count: int) -> int | None:
    if ordinal == MIDDLE:
        return (count + 1) // 2 if count % 2 else None
    return count if ordinal == LAST else ordinal


def _number(words: list[str], place: int, count: int, table: AnswerTable) -> tuple[int | None, int]:
    word = words[place]
    if (ordinal := table.ordinals.get(word)) is not None:
        if place and words[place - 1] in table.pointing:
            return None, 1  # "that last one": what was just sent
        return _placed(ordinal, count), 1
    number, size = number_at(words, place, table)
    if number is None:
        return None, 1
    after = words[place + size : place + size + 1]
    if after and after[0] in table.units:
        return None, 1
    if word == "one" and place and words[place - 1] in {*table.ordinals, "the", "that", "this"}:
        return None, 1  # "the first one": a noun
    return number, size


def _at_an_end(said: str, table: AnswerTable | None) -> NumberNamed | None:
    """Read numbers that stand at the beginning, or alone as the last sentence, with some words beside them."""
    text = normalise(said)
    if (found := _FIRST.match(text)) is not None:
        numbers, beside = _figures(found[1]), found[2].strip(" \t\r\n.,;:!?-)(\"'")
        following = folded(beside)[:1]
        if following and table is not None and following[0] in table.or_words:
            return NumberNamed((*numbers, *_figures(beside)), beside)
        a_measure = following and table is not None and following[0] in table.units
        denied = following and table is not None and following[0] in table.not_words
        if not a_measure and not denied and len(beside.split()) <= BESIDE:
            return NumberNamed(numbers, beside)
        if denied and table is not None and len(beside.split()) <= 3:
            return NumberNamed(numbers, "")
    if (found := _LAST.match(said.strip())) is not None and "\n" not in found[2]:
        return NumberNamed((int(found[2]),), found[1].strip())
    return None


def _figures(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(item) for item in re.findall(r"\d{1,2}", text)))
