"""Which of several things a reply mentions, by the words that mean each: "me and the council".

A word stands for its kind ("mum" is a "relative"), a longer phrase goes before a shorter one inside it ("his partner"
before "partner"), and what is denied is not mentioned ("not staff, a patient").
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from flows.language.answers.phrase_book import answers_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.language.answers.phrase_book import AnswerTable

Form = tuple[str, ...]

GAP = "..."
WIDEST = 4
"""Words that "..." in a phrase may stand for."""
TOLD = 25
"""Words from which on a reply tells something, and mentions nothing in passing."""
PASSING = 6
"""Words up to which so small a word as "me" is a mention."""
SMALL = 2
"""Letters of so small a word."""
_BEFORE = 3
"""Words before a mention that may deny it: "not", "i wasnt really …"."""

_WORDS_AND_STOPS = re.compile(r"([\w']+)|[,.;:!?\n]")
_EDGE = " \t\r\n.,;:!?-)(\"'"


class _Mention(NamedTuple):
    which: int
    start: int
    end: int


def mentioned(text: str, forms: Sequence[tuple[str, ...]], table: AnswerTable | None) -> list[int]:
    """Return which things a normalised text mentions, by their place in `forms`, the phrases that mean each."""
    words, clauses = _words_and_clauses(text)
    if len(words) > TOLD:
        return []
    kinds = _kinds(words, table)
    found = []
    for which, mine in enumerate(forms):
        starting = _starting(mine)
        for place, called in enumerate(kinds):
            for word in called:
                for form in starting.get(word, ()):
                    end = _end(form, kinds, place)
                    if end and _counts(form, words, place, clauses[place], table):
                        found.append(_Mention(which, place, end))
    return [
        which for which in range(len(forms)) if any(one.which == which and not _within(one, found) for one in found)
    ]


def not_words(table: AnswerTable | None) -> frozenset[str]:
    """Return the words that deny what follows them; those of English where there is no table."""
    table = table or answers_in("en")
    return table.not_words if table is not None else frozenset()


@lru_cache(maxsize=1024)
def _starting(forms: tuple[str, ...]) -> Mapping[str, tuple[Form, ...]]:
    made: dict[str, tuple[Form, ...]] = {}
    for form in forms:
        words = tuple(word if word == GAP else word.strip(_EDGE) for word in form.replace("'", "").split())
        if words:
            made[words[0]] = (*made.get(words[0], ()), words)
    return made


def _counts(form: Form, words: Sequence[str], place: int, clause: int, table: AnswerTable | None) -> bool:
    if not not_words(table).isdisjoint(words[max(clause, place - _BEFORE) : place]):
        return False
    if len(form) > 1 or len(form[0]) > SMALL:
        return True
    led_up_to = place == 0 or (table is not None and words[place - 1] in table.fillers - {"of"})
    return led_up_to and len(words) <= PASSING  # not in "they told me"


def _end(form: Form, kinds: Sequence[frozenset[str]], place: int) -> int:
    """Return where a form that begins at a place ends; 0 if it does not stand there."""
    at = place
    for step, word in enumerate(form):
        if word == GAP:
            rest = form[step + 1 :]
            ends = (_end(rest, kinds, later) for later in range(at, min(at + WIDEST + 1, len(kinds))))
            return max(ends, default=0)
        if at >= len(kinds) or word not in kinds[at]:
            return 0
        at += 1
    return at


def _within(one: _Mention, found: Sequence[_Mention]) -> bool:
    return any(
        other.which != one.which
        and other.start <= one.start
        and one.end <= other.end
        and other.end - other.start > one.end - one.start
        for other in found
    )


def _kinds(words: Sequence[str], table: AnswerTable | None) -> list[frozenset[str]]:
    """Return for each word what it can be called: itself, and the head word of its kind."""
    if table is None:
        return [frozenset((word,)) for word in words]
    alike = table.alike
    made = [frozenset((word, *alike.get(word, ()), *alike.get(word.removesuffix("s"), ()))) for word in words]
    for place, pair in enumerate(pairwise(words)):
        if heads := alike.get(" ".join(pair)):
            made[place], made[place + 1] = frozenset((pair[0], *heads)), frozenset((pair[1], *heads))
    return made


def _words_and_clauses(text: str) -> tuple[list[str], list[int]]:
    """Return the words of a text, and for each the place where its clause begins: "not staff, a patient"."""
    words: list[str] = []
    clauses: list[int] = []
    begins = 0
    for found in _WORDS_AND_STOPS.finditer(text):
        if found[1]:
            words.append(found[1].replace("'", ""))
            clauses.append(begins)
        else:
            begins = len(words)
    return words, clauses
