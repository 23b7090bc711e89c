"""What a person says to us beside their story or their answer: a question about us, a greeting, an emergency, an age.

Owns `recognise_intent`. Imports the standard library and our own modules of the language only. Which words mean what
stands in `intents/<language>.toml`; nothing here knows a phrase. When in doubt the words are no aside: a story taken
for an aside would be lost, an aside taken for a story only stays unanswered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.language.intent_book import Hit, Kind, Level, book, phrase_words
from flows.language.reactions import is_reaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.language.intent_book import Book

__all__ = ["Intent", "Kind", "recognise_intent"]

LONGEST, LONGEST_WHILE_TELLING, LONGEST_SURE = 34, 22, 45
"""Words in a message: a longer one is no aside, while somebody is telling an even shorter one is none. A greeting or
a signature may make an emergency or an advertisement longer than that."""
_CLAUSE = re.compile(r"[.?!,;:\n…]+|\s[-–—]+\s|\s(?=(?:but|and|so)\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Intent:
    """Something said to us that is neither story nor answer."""

    kind: Kind
    detail: str = ""
    """Of an emergency "fire", "gas", "medical" or "police"; of a language the ISO code; of an age the age, if said."""
    rest: str = ""
    """The parts of the message that are something else, word for word: an answer, a piece of a story."""


def recognise_intent(text: str, *, language: str, telling: bool = False) -> Intent | None:
    """Return what the message says to us, or None if it is an answer, a story or anything else.

    `language` is the language the conversation is in; English counts beside it, languages are found by name in all.
    `telling` is for words that may be a story: then only what is plainly and wholly an aside counts.
    """
    if is_reaction(text):
        return Intent(Kind.REACTION)
    known = book(language)
    words = phrase_words(text, known.same)
    if not words:
        return Intent(Kind.DONT_UNDERSTAND) if text.strip() and not text.strip(" ?¿؟") else None
    if len(words) > LONGEST_SURE:
        return None
    hits = known.hits(words)
    if not hits or known.vetoes(words):
        return None
    counted = [hit for hit in hits if _counts(hit, words, known, telling=telling)]
    if not counted:
        return None
    best = max(counted, key=lambda hit: (known.rank(hit), hit.end - hit.start))
    rest = "" if telling else _rest(text, best, known)
    return Intent(best.kind, known.detail(best, words), rest)


def _counts(hit: Hit, words: Sequence[str], known: Book, *, telling: bool) -> bool:
    """Tell whether a phrase that was found speaks for its message."""
    before, after = hit.start, len(words) - hit.end
    if known.excepted(hit, words):
        return False
    if known.courtesy(words[: hit.start], first=True) and known.courtesy(words[hit.end :], first=False):
        return True
    if hit.level is Level.WHOLE:
        return False
    if telling:
        return hit.level is Level.SURE and len(words) <= LONGEST_WHILE_TELLING and not known.past(words)
    if hit.level is Level.SURE:
        return True
    return len(words) <= LONGEST and before + after <= LONGEST


def _clauses(text: str) -> Iterator[str]:
    start = 0
    for found in _CLAUSE.finditer(text):
        yield text[start : found.end()]
        start = found.end()
    yield text[start:]


def _rest(text: str, best: Hit, known: Book) -> str:
    """Return the clauses beside the one that holds the phrase, unless they are courtesy or an aside themselves."""
    kept: list[str] = []
    place = 0
    for clause in _clauses(text):
        words = phrase_words(clause, known.same)
        touched = place < best.end and best.start < place + len(words)
        place += len(words)
        if words and not touched and not known.courtesy(words, first=True) and not known.hits(words):
            kept.append(clause)
    return "".join(kept).strip()
