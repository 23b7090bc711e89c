"""What a person says to us beside their story or their answer: a question about us, a greeting, an emergency, an age.

Owns `recognise_intent`. Which words mean what stands in `intents/<language>.toml`; nothing here knows a phrase. Where
none fits, a small model may be sure. When in doubt the words are no aside: a story taken for an aside would be lost, an
aside taken for a story only stays unanswered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.language.intents.detect_sense import sensed
from flows.language.intents.intent_tables import IntentHit, IntentKind, Level, book, phrase_words
from flows.language.intents.reactions import is_reaction
from flows.language.normalise import folded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from flows.language.intents.intent_tables import IntentBook

__all__ = ["Intent", "IntentKind", "recognise_intent"]

LONGEST = 45
"""Words in a message that may be an aside at all: a longer one is a story."""
LONGEST_BY_LEVEL = {Level.STARTS: 12, Level.HOLDS: 19, Level.SURE: 28}
"""Words in a message that a phrase may speak for when it is not all of it."""
LONGEST_WHILE_TELLING = 22
LONGEST_GATHERED, LONGEST_GATHERED_WHILE_TELLING = 16, 12
URGENT = frozenset({IntentKind.EMERGENCY, IntentKind.UNDER_AGE, IntentKind.AUTOMATIC_REPLY, IntentKind.SPAM})
"""Kinds that count in longer messages too: they come with a greeting, a signature, an explanation."""
ADDED = frozenset({IntentKind.ADD_MORE, IntentKind.CORRECTION})
"""Kinds whose message is itself something for the story or an answer, and no question to us."""
_KINDS = frozenset(IntentKind)
_OWN = frozenset({"i", "im", "my", "me"})
"""Words of whoever speaks of their own age."""
_DANGERS = {
    "gas": frozenset({"gas", "monoxide", "co"}),
    "fire": frozenset({"fire", "smoke", "flames", "burning", "alight"}),
    "police": frozenset({"police", "knife", "gun", "attacking", "attacked", "burglar", "robbing", "fighting"}),
}
_CLAUSE = re.compile(r"[.?!,;:\n…]+|\s[-–—]+\s|\s(?=(?:but|and|so)\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Intent:
    """Something said to us that is neither story nor answer."""

    kind: IntentKind
    detail: str = ""
    """Of an emergency "fire", "gas", "medical" or "police"; of a language the ISO code; of an age the age, if said."""
    rest: str = ""
    """The parts of the message that are something else, word for word: an answer, a piece of a story."""
    sensed: bool = False
    """True where no phrase says it but a model reads it so: then what the question understands comes first."""


def recognise_intent(text: str, *, language: str, telling: bool = False) -> Intent | None:
    """Return what the message says to us, or None if it is an answer, a story or anything else.

    `language` is the language the conversation is in; English counts beside it, languages are found by name in all.
    `telling` is for words that may be a story: then only what is plainly and wholly an aside counts.
    """
    found = _said(text, language=language, telling=telling)
    return found or (_sensed(text, telling=telling) if language.startswith("en") else None)


def _sensed(text: str, *, telling: bool) -> Intent | None:
    """Return what the model is sure of: the kind, and a little more where a wrong guess would weigh."""
    read = sensed(text, telling=telling)
    if read is None or not read.sure or read.label not in _KINDS:
        return None
    kind = IntentKind(read.label)
    words = folded(text)
    if kind is IntentKind.UNDER_AGE:
        age = next((age for word in words if (age := book("en").ages.get(word)) is not None), "")
        own = bool(age) and not telling and not _OWN.isdisjoint(words)
        return Intent(kind, age, sensed=True) if own else Intent(IntentKind.MAYBE_UNDER_AGE, sensed=True)
    if kind is IntentKind.EMERGENCY:
        what = next((what for what, named in _DANGERS.items() if not named.isdisjoint(words)), "medical")
        return Intent(kind, what, sensed=True)
    return Intent(kind, sensed=True)


def _said(text: str, *, language: str, telling: bool) -> Intent | None:
    """Return what the phrases of the tables say."""
    if is_reaction(text):
        return Intent(IntentKind.REACTION)
    known = book(language)
    words = phrase_words(text, known.same)
    if not words:
        return Intent(IntentKind.DONT_UNDERSTAND) if text.strip() and not text.strip(" ?¿؟") else None
    if len(words) > LONGEST:
        return None
    hits = [hit for hit in known.hits(words) if not known.excepted(hit, words)]
    if (not hits and len(words) > LONGEST_GATHERED) or known.vetoes(words):
        return None
    if not hits:
        return _gathered(text, words, known, telling=telling)
    courtesies = known.courtesies(words)
    nothing_else = len(words) in _reached([*((hit.start, hit.end) for hit in hits), *courtesies])
    beside = _beside(words, hits)
    counted = [hit for hit in hits if nothing_else or _counts(hit, words, beside, courtesies, known, telling=telling)]
    if not counted:
        return _gathered(text, words, known, telling=telling)
    best = max(_outermost(counted, courtesies), key=lambda hit: (known.rank(hit), hit.end - hit.start))
    if nothing_else or (telling and best.kind not in ADDED):
        rest = ""
    else:
        rest = text if best.kind in ADDED else _rest(text, best, known)
    return Intent(best.kind, known.detail(best, words), rest)


def _gathered(text: str, words: Sequence[str], known: IntentBook, *, telling: bool) -> Intent | None:
    """Return what one clause of a short message says by the words it gathers, though no phrase fits."""
    if len(words) > (LONGEST_GATHERED_WHILE_TELLING if telling else LONGEST_GATHERED):
        return None
    if telling and not known.addresses(words):
        return None
    clauses = list(_clauses(text))
    if telling and sum(bool(clause.strip()) for clause in clauses) > 1:
        return None
    for place, clause in enumerate(clauses):
        spoken = known.uncourteous(phrase_words(clause, known.same))
        asks = "?" in clause or (bool(spoken) and spoken[0] in known.asking and spoken[1:2] != ["not"])
        if telling and not (asks and known.addresses(spoken)):
            continue
        said = known.gathering.find(spoken, asks=asks, telling_words=known.narrating)
        if said is not None:
            rest = "".join(clauses[:place] + clauses[place + 1 :]).strip()
            return Intent(said.kind, said.detail, "" if known.is_courtesy(rest) else rest)
    return None


def _beside(words: Sequence[str], hits: Iterable[IntentHit]) -> list[str]:
    """Return the words that stand in no phrase."""
    spoken = {place for hit in hits for place in range(hit.start, hit.end)}
    return [word for place, word in enumerate(words) if place not in spoken]


def _outermost(hits: Sequence[IntentHit], courtesies: Collection[tuple[int, int]]) -> Sequence[IntentHit]:
    """Leave out phrases that are part of a longer one or overlap with an earlier one, and courtesies beside others."""
    outer: list[IntentHit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        last = outer[-1] if outer else None
        beside = last is None or hit.start >= last.end or (hit.start, hit.end) == (last.start, last.end)
        if beside or (hit.kind in URGENT and hit.level is not Level.WHOLE):
            outer.append(hit)
    return [hit for hit in outer if hit.level is not Level.WHOLE or (hit.start, hit.end) not in courtesies] or outer


def _reached(spans: Iterable[tuple[int, int]]) -> set[int]:
    """Return how far a message can be read as one of these phrases after the other, without a word between."""
    reached = {0}
    for start, end in sorted(spans):
        if start in reached:
            reached.add(end)
    return reached


def _counts(
    hit: IntentHit,
    words: Sequence[str],
    beside: Sequence[str],
    courtesies: Collection[tuple[int, int]],
    known: IntentBook,
    *,
    telling: bool,
) -> bool:
    """Tell whether a phrase speaks for a message that holds other words beside phrases and courtesies."""
    if hit.level is Level.WHOLE or (telling and hit.level is not Level.SURE):
        return False
    if hit.kind is IntentKind.EMERGENCY:
        return not known.tells_of_long_ago(words)
    if telling:
        return len(words) <= LONGEST_WHILE_TELLING and not known.tells(beside)
    if hit.level is Level.STARTS and hit.start not in _reached(courtesies):
        return False
    return hit.kind in URGENT or len(words) <= LONGEST_BY_LEVEL[hit.level]


def _clauses(text: str) -> Iterator[str]:
    start = 0
    for found in _CLAUSE.finditer(text):
        yield text[start : found.end()]
        start = found.end()
    yield text[start:]


def _rest(text: str, best: IntentHit, known: IntentBook) -> str:
    """Return the clauses beside the one that holds the phrase, unless they are courtesy or an aside themselves."""
    kept: list[str] = []
    place = 0
    for clause in _clauses(text):
        words = phrase_words(clause, known.same)
        touched = place < best.end and best.start < place + len(words)
        place += len(words)
        spans = [(hit.start, hit.end) for hit in known.hits(words)] + known.courtesies(words)
        if words and not touched and len(words) not in _reached(spans):
            kept.append(clause)
    return "".join(kept).strip()
