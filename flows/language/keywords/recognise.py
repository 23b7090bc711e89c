"""Words that work at any time, in every state and language: STOP, HELP and their kin (design rule 3, rules 27, 31).

Owns how a message is matched; the words themselves are data in `words/<language>.toml`, read by
`flows.language.keywords.keyword_tables`.

A message is folded (case, accents, apostrophes, full-width forms, zero-width characters), then looked up whole, then
without the courtesies round it, then as several half-sentences that are all ours, then without the signature below it,
then by its first and last parts and, if short, its sentences; parts count only when they are phrases plainly meant for
us, in nobody else's mouth. A message in which no such phrase stands anywhere is let go at once, so that an ordinary
story costs a few microseconds. Where no phrase stands in a short English message, a small model may be sure of it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flows.language.intents.detect_sense import sensed
from flows.language.keywords.clauses import (
    PART,
    SENTENCES,
    STRETCHED,
    begins_with,
    first_of_several,
    in_another_mouth,
    in_part,
    without_courtesies,
)
from flows.language.keywords.keyword_tables import LONG, Keyword, Recognised, book_of, tables
from flows.language.keywords.signatures import unsigned
from flows.language.keywords_elsewhere import asked_elsewhere
from flows.language.normalise import folded, normalise, unpadded

if TYPE_CHECKING:
    from flows.language.keywords.keyword_tables import KeywordBook

__all__ = [
    "CARRIER_WORDS",
    "Keyword",
    "Recognised",
    "may_want",
    "normalise",
    "recognise",
    "reserved",
    "taken_by_carrier",
    "unchecked",
]

_CARRIER: Final = {
    **dict.fromkeys(("stop", "stopall", "unsubscribe", "cancel"), Recognised(Keyword.STOP)),
    **dict.fromkeys(("end", "quit", "revoke", "optout"), Recognised(Keyword.STOP)),
    **dict.fromkeys(("start", "unstop"), Recognised(Keyword.START)),
    "yes": Recognised(Keyword.START, carrier_only=True),
    **dict.fromkeys(("help", "info"), Recognised(Keyword.HELP)),
}
CARRIER_WORDS: Final = frozenset(_CARRIER)
READ_BY_CARRIERS: Final = frozenset({"sms"})
"""How messages come that a carrier reads before us; `flows.model.channel_look` tells all the rest about each."""
"""One-word texts that the SMS provider acts on by itself, normalised; never an answer to ask for (rules 25 and 26)."""

WHOLE: Final = 120
"""Characters up to which a message may be a keyword with its courtesies; a longer one tells something."""

_SENSED: Final = {
    "stop": Recognised(Keyword.STOP, sensed=True),
    "delete": Recognised(Keyword.DELETE, sensed=True),
    "my_data": Recognised(Keyword.MY_DATA, sensed=True),
    "narrow_team": Recognised(Keyword.NARROW, rest="team", sensed=True),
    "narrow_unnamed": Recognised(Keyword.NARROW, rest="unnamed", sensed=True),
    "done": Recognised(Keyword.DONE, sensed=True),
    "person_please": Recognised(Keyword.PERSON, sensed=True),
}
"""What the model may be sure of, by its label."""
_QUESTION_MARKS = Recognised(Keyword.HELP)
_DOUBLED = re.compile(r"([^\W\d_])\1+")
_COMMAND = re.compile(r"/(\w{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_LAST_WORDS = re.compile(r"[.!?…][\"'”’)]*\s+([^\W\d_]+(?:\s[^\W\d_]+){0,2})[\W_]*\Z")


def recognise(
    text: str, *, language: str, channel: str = "", waiting: bool = True, telling: bool = False
) -> Recognised | None:
    """Return the keyword that a message is, or None if it only tells or answers something. Never raises.

    `language` is the person's ("cy", "en-GB"), `channel` is how it came, empty where no carrier has read it before us.
    `waiting` is False while no question is open: then DONE at the end of a longer text stays part of that text, because
    there is nothing yet for it to end.
    `telling` is for words that may be a story: what no phrase of ours says must then be surer.
    When a message holds two words, the first that counts is returned and the other is left in `rest`, where it can be
    recognised in turn.
    """
    known = book_of(language)
    if channel in READ_BY_CARRIERS and len(text) < 40 and (taken := _CARRIER.get(text.strip().lower())) is not None:
        return taken
    if text[:1] in "/ \t\r\n" and (command := _command(text.strip(), known)) is not None:
        return command
    found = _found(text, known, waiting=waiting)
    return found or (_sensed(text, waiting=waiting, telling=telling) if language.startswith("en") else None)


def may_want(text: str, *, language: str) -> Keyword | None:
    """Return STOP or DELETE where a message that was not taken for either reads like a wish for it."""
    read = sensed(text, telling=True) if language.startswith("en") else None
    word = _SENSED[read.label].word if read is not None and read.label in _SENSED else None
    return word if word in {Keyword.STOP, Keyword.DELETE} else None


def _sensed(text: str, *, waiting: bool, telling: bool) -> Recognised | None:
    read = sensed(text, telling=telling)
    found = _SENSED.get(read.label) if read is not None and read.sure else None
    return None if found is not None and found.word is Keyword.DONE and not waiting else found


def _found(text: str, book: KeywordBook, *, waiting: bool) -> Recognised | None:
    body = text if len(text) <= WHOLE else unpadded(text)
    words = folded(body.replace("<3", " ") if len(body) <= SENTENCES else f"{text[:PART]} {text[-PART:]}")
    if not words:
        if body and not body.strip("?？ \t\r\n") and not body.isspace():
            return _QUESTION_MARKS
        return book.signs.get(body.strip()[:1]) if len(body) <= WHOLE else None
    if len(body) <= WHOLE:
        found = _whole(words, book) or first_of_several(body, words, book) or _respelt(body, words, book)
        if found is not None:
            return found
        if (asked := asked_elsewhere(words)) is not None:
            return Recognised(Keyword(asked[0]), language=asked[1])
    if any(begins_with(words, tree) for tree in (book.whole, book.beside)):
        for left in unsigned(text, book):
            if (inner := folded(left)) and (found := _whole(inner, book) or first_of_several(left, inner, book)):
                return found
    return _at_the_end(text, book, waiting=waiting) or in_part(text, words, book)


def taken_by_carrier(text: str) -> Keyword | None:
    """Return what the SMS provider makes of exactly this text, or None: one word alone, any case, white space trimmed.

    After such a STOP it has blocked us and answered by itself, so nothing more can be sent; after STOP in a person's
    own words it has done nothing, and the confirmation is ours (rule 28).
    """
    taken = _CARRIER.get(text.strip().lower()) if len(text) < 40 else None
    return None if taken is None else taken.word


def reserved(language: str) -> frozenset[str]:
    """Return the words that count as a whole message for a person of this language, normalised, for lists and checks.

    Labels that are a whole phrase of ours ("Leave me alone") are not in it; `recognise(label, …)` finds those too.
    """
    return book_of(language).reserved


def unchecked() -> tuple[str, ...]:
    """Return the languages whose tables still wait for a native speaker."""
    return tuple(table.language for table in tables() if not table.checked)


def _command(text: str, book: KeywordBook) -> Recognised | None:
    """Read "/stop", "/stop@our_bot", "/start TOKEN", "/language pl"."""
    read = _COMMAND.fullmatch(text)
    if read is None:
        return None
    found = book.whole.find(folded(read[1].replace("_", " ")))
    argument = (read[2] or "").strip()
    if found is None or not argument:
        return found
    if found.word is Keyword.START:
        return replace(found, rest=argument)
    if found.word is Keyword.LANGUAGE:
        return replace(found, rest=book.names.get(" ".join(folded(argument[:40])), argument))
    return replace(found, rest=argument, whole=False)


# ---- the whole message


def _whole(words: list[str], book: KeywordBook) -> Recognised | None:
    """Look a whole message up: as it is, without courtesies, said twice, spelled out, or with a letter held down."""
    found = without_courtesies(words, book.whole, book)
    if found is not None:
        return found
    once = [word for place, word in enumerate(words) if not place or word != words[place - 1]]
    half = len(once) // 2
    if len(once) > 1 and once[:half] == once[half:]:
        once = once[:half]
    if len(once) < len(words) and (found := without_courtesies(once, book.whole, book)) is not None:
        return found
    text = " ".join(once)
    if len(once) > 3 and len(text) == 2 * len(once) - 1:
        return book.whole.find([text.replace(" ", "")])
    short = STRETCHED.sub(r"\1", text)
    return without_courtesies(short.split(), book.whole, book) if 1 < len(short) < len(text) else None


def _respelt(text: str, words: list[str], book: KeywordBook) -> Recognised | None:
    """Look again without words that change nothing, and with long keywords put right that are off by two letters."""
    if len(words) == 1 and (found := book.whole.find([_DOUBLED.sub(r"\1", words[0])])) is not None:
        return found if found.word is Keyword.STOP else None
    right = [_nearest(word, book.long) if len(word) >= LONG - 1 else word for word in words]
    fewer = [word for word in right if word not in book.fillers]
    if fewer and fewer != words:
        return _whole(fewer, book) or first_of_several(text, fewer, book)
    return None


def _nearest(word: str, keywords: frozenset[str]) -> str:
    """Return the keyword with the same first letter that lacks at most two letters of this word, or the word."""
    alike = [key for key in keywords if word[0] == key[0] and abs(len(word) - len(key)) <= 2]
    near = min(((_apart(word, key), key) for key in alike), default=(len(word), word))
    return near[1] if near[0] <= 2 else word


def _apart(one: str, other: str) -> int:
    """Return how many letters must be changed, added, dropped or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


# ---- the last line, or the first


def _is_quoted(text: str, place: int, book: KeywordBook) -> bool:
    """Tell whether the last words are somebody else's: "the man shouted. STOP"."""
    before = folded(text[max(0, place - 40) : place])
    return (bool(before) and before[-1] in book.reported) or in_another_mouth(text, place, len(text), book)


def _at_the_end(text: str, book: KeywordBook, *, waiting: bool) -> Recognised | None:
    """Find DONE alone on the last line; STOP in capitals on the first or last; either as last sentence in capitals."""
    stripped = text.strip()
    if "\n" in stripped:
        before, _, last = stripped.rpartition("\n")
        first, _, after = stripped.partition("\n")
        for line, rest in ((last, before), (first, after)):
            found = book.line.find(folded(line)) if len(line) <= 40 else None
            if found is None:
                continue
            if (found.word is Keyword.DONE and line is last and waiting) or (
                found.word is Keyword.STOP and line.isupper()
            ):
                return replace(found, rest=rest.strip(), whole=False)
    ending = stripped[-40:]
    if ending[-5:].isupper() and (final := _LAST_WORDS.search(ending)) is not None and final[1].isupper():
        found = book.line.find(folded(final[1]))
        place = len(stripped) - len(ending) + final.start(1)
        leaves = found is not None and found.word is Keyword.STOP and not stripped.isupper()
        if leaves and _is_quoted(stripped, place, book):
            return None
        if found is not None and (leaves or (found.word is Keyword.DONE and waiting)):
            return replace(found, rest=stripped[:place].rstrip(), whole=False)
    return None
