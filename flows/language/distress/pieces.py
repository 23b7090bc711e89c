"""A message in pieces: a few sentences each, so that one sentence of despair is not drowned by a long calm story."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 90
"""Words in a piece, unless one sentence is longer."""
MOST: Final = 40
"""Pieces that are looked at; a longer text has its first and its last ones looked at."""
_END = re.compile(r"(?<=[.!?;…])\s+|\n+")


def clauses(text: str) -> list[str]:
    """Return the sentences of a piece."""
    return [sentence for sentence in _END.split(text) if sentence]


def pieces(text: str) -> list[str]:
    """Return the message in pieces of whole sentences; each sentence stands in one, a short message is one piece."""
    if len(text.split()) <= LONGEST:
        return [text]
    made: list[list[str]] = [[]]
    length = 0
    for sentence in _END.split(text):
        words = len(sentence.split())
        if made[-1] and length + words > LONGEST:
            made.append([])
            length = 0
        made[-1].append(sentence)
        length += words
    whole = [" ".join(sentences) for sentences in made]
    return whole if len(whole) <= MOST else whole[: MOST // 2] + whole[-MOST // 2 :]
