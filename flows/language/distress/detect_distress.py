"""What a message is taken for: plain danger, worth a look, or nothing of the kind. Words and model together.

- plain: the signpost goes out at once and somebody is alerted
- likely: a person looks at it by day, and one warm sentence stands in the next reply

Phrases of another language than English are plain by themselves, because the model knows English alone. An English
phrase is plain unless the model reads the sentence it stands in as calm; without one the model must be sure. A wish to
die in so many words is plain whatever the model says; with a "lol" right behind it, it is likely at the least.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from flows.language.distress import danger_features, danger_model, distress_tables
from flows.language.distress.literal_wish import SUICIDE, wish_in, wishes_to_die
from flows.language.distress.pieces import clauses, pieces

UNNAMED: Final = "unnamed"
"""The kind where no phrase tells which."""
WITHOUT, WITH_WORDS, WITH_WISH = (400, -260), (300, -60), (100, -300)
"""Weights from which a piece is plain, and likely, in thousandths: where no phrase was found, where one was, and where
one says a wish to die. Chosen on hands that were held out of training: docs/measured.md says what each finds and what
it takes wrongly. A wish to die needs the least: to miss it is worse than to ask about an idiom."""
FEWEST: Final = 3
"""Words that the model needs; fewer are an answer or a key word, unless a phrase was found in them."""

Level = Literal["", "likely", "plain"]


class Noticed(NamedTuple):
    """What a message was taken for."""

    level: Level
    kinds: frozenset[str]
    """Of `flows.language.distress.distress_tables.KINDS`, or `UNNAMED`; empty if nothing was noticed. Never stored."""


NOTHING: Final = Noticed("", frozenset())


def notice(text: str, language: str = "en", before: str = "") -> Noticed:
    """Return what a message is taken for; `before` is the message of the same story before it. Never raises."""
    level: Level = ""
    kinds: set[str] = set()
    parts = pieces(text)
    judged = set(parts)
    for piece in parts:
        read = distress_tables.found_in(piece, language)
        kinds |= read.now
        level = _higher(level, _level(read))
        if read.now and level != "plain":
            for clause in clauses(piece):
                if clause in judged:
                    continue
                judged.add(clause)
                level = _higher(level, _level(distress_tables.found_in(clause, language)))
        if level == "plain":
            break
    if before and level != "plain" and (across := distress_tables.concerns_begun(before, parts[0], language)):
        kinds |= across
        tail = before[-distress_tables.TAIL :]
        level = _higher(level, _level(distress_tables.found_in(f"{tail} {parts[0]}", language)))
    return Noticed(level, frozenset(kinds or {UNNAMED})) if level else NOTHING


def warm() -> None:
    """Read the model now rather than with the first message."""
    danger_model.shipped()


def _level(read: distress_tables.DistressFound) -> Level:
    if read.foreign:
        return "plain"
    if not read.now and len(read.words) < FEWEST:
        return ""
    if SUICIDE in read.now and wishes_to_die(read.words):
        return "plain"  # in so many words: no calm sentence around it makes it less
    weight = danger_model.shipped().weigh(read.words, danger_features.flags(read))
    plain, likely = WITH_WISH if SUICIDE in read.now else WITH_WORDS if read.now else WITHOUT
    if SUICIDE in read.now and wish_in(read.words):  # with a laugh behind it: who laughs may mean it
        return "plain" if weight >= WITHOUT[0] else "likely"
    return "plain" if weight >= plain else "likely" if weight >= likely else ""


def _higher(one: Level, other: Level) -> Level:
    return other if LEVELS.index(other) > LEVELS.index(one) else one


LEVELS: Final[tuple[Level, ...]] = ("", "likely", "plain")
