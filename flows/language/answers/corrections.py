"""What somebody meant who puts right what they wrote: "oops 3 not 2", "sorry meant agree not argee"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.language.answers.phrase_book import LONGEST, standing
from flows.language.normalise import folded

if TYPE_CHECKING:
    from flows.language.answers.phrase_book import AnswerTable

_MOST = 6
"""Words in front of "not" that may stand for what was meant."""


def meant(said: str, table: AnswerTable | None) -> str | None:
    """Return the words that were meant, or None where nothing is put right. Case and punctuation are gone from them."""
    if table is None:
        return None
    words = folded(said[:LONGEST].replace("+", " plus "))
    found = standing(words, table.corrections)
    if found and found[-1].end < len(words):
        return _without_the_other(words[found[-1].end :], table)
    slips = standing(words, table.slips)
    if slips and slips[-1].end < len(words):
        return _without_the_other(words[slips[-1].end :], table)
    return None


def _without_the_other(words: list[str], table: AnswerTable) -> str:
    """Leave out "not 2" at the end of "3 not 2"; at the beginning it leaves nothing to mean."""
    for place, word in enumerate(words):
        if 0 < place <= _MOST and word in table.not_words:
            return " ".join(words[:place])
    return " ".join(words)
