"""Receipts as people type them: three plain words, alone or after "my receipt is".

The words are in `receipt_words.txt`: short, kind, easy to say and to spell, no two alike, none that is also a command
of ours or of a mobile network. The lists of what people write before them are texts, one for each language.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from flows.language.normalise import folded

FILE = Path(__file__).with_name("receipt_words.txt")
WORDS_IN_A_RECEIPT = 3
LONGEST = 80
"""Characters beyond which a message is no receipt."""


@cache
def words() -> tuple[str, ...]:
    """Return all words a receipt is made of."""
    return tuple(FILE.read_text(encoding="ascii").split())


@cache
def _known() -> frozenset[str]:
    return frozenset(words())


def read(text: str, openings: str) -> str:
    """Return the three words of a message that is a receipt and nothing else, in small letters; empty for any other.

    `openings` are the phrases that may stand before them, separated by commas. Without such a phrase all three words
    must be ones that receipts are made of, and all different: whatever else has three words is told, not typed off.
    """
    if len(text) > LONGEST:
        return ""
    typed = folded(text)
    if len(typed) == WORDS_IN_A_RECEIPT:
        return " ".join(typed) if len(set(typed) & _known()) == WORDS_IN_A_RECEIPT else ""
    if len(typed) < WORDS_IN_A_RECEIPT or tuple(typed[:-WORDS_IN_A_RECEIPT]) not in _openings(openings):
        return ""
    named = typed[-WORDS_IN_A_RECEIPT:]
    return " ".join(named) if all(word.isalpha() for word in named) else ""


def ends_in_one(text: str) -> bool:
    """Tell at a glance whether a message may be a receipt, whatever stands before it."""
    if len(text) > LONGEST:
        return False
    last = folded(text)[-WORDS_IN_A_RECEIPT:]
    return len(set(last) & _known()) == WORDS_IN_A_RECEIPT


@lru_cache(maxsize=64)
def _openings(listed: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(folded(opening)) for opening in listed.split(","))
