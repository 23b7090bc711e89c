"""Words that work at any time, in every state and language: STOP, HELP, DELETE and their kin (design rule 3).

Owns how a message is matched; the words themselves are data in `words/<language>.toml`, read by `flows.phrasebook`.
Imports the standard library and its neighbours `letters`, `phrases` and `phrasebook`.

A message is folded (case, accents, apostrophes, full-width forms, zero-width characters), then looked up whole, then
without the courtesies round it, then by its first and last parts and, if short, its sentences; parts count only when
they are phrases plainly meant for us, in nobody else's mouth. A message in which no such phrase stands anywhere is
let go at once, so that an ordinary story costs a few microseconds.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from flows.language.elsewhere import asked_elsewhere
from flows.letters import folded, normalise, unpadded
from flows.phrasebook import BOOKS, LEADS, TABLES, TAILS, Book, Recognised, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.phrases import Tree

__all__ = ["CARRIER_WORDS", "Recognised", "Word", "normalise", "recognise", "reserved", "taken_by_carrier", "unchecked"]

_CARRIER: Final = {
    **dict.fromkeys(("stop", "stopall", "unsubscribe", "cancel"), Recognised(Word.STOP)),
    **dict.fromkeys(("end", "quit", "revoke", "optout"), Recognised(Word.STOP)),
    **dict.fromkeys(("start", "unstop"), Recognised(Word.START)),
    "yes": Recognised(Word.START, carrier_only=True),
    **dict.fromkeys(("help", "info"), Recognised(Word.HELP)),
}
CARRIER_WORDS: Final = frozenset(_CARRIER)
"""One-word texts that the SMS provider acts on by itself, normalised; never an answer to ask for (rules 25 and 26)."""

WHOLE: Final = 120
"""Characters up to which a message may be a keyword with its courtesies; a longer one tells something."""
PART: Final = 120
"""Characters at either end of a longer message in which a clear phrase is looked for."""
SENTENCES: Final = 320
"""Characters up to which every sentence of a message is looked at, not only its ends."""

_LEAD_BEGINS: Final = frozenset(lead.split()[0] for lead in LEADS)
_TAIL_ENDS: Final = frozenset(tail.split()[-1] for tail in TAILS)
_QUESTION_MARKS = Recognised(Word.HELP)
_COMMAND = re.compile(r"/(\w{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_STOPS = re.compile(r"[!?…]")
_SENTENCE = re.compile(r"[^.!?…\n]+")
_LAST_WORDS = re.compile(r"[.!?…][\"'”’)]*\s+([^\W\d_]+(?:\s[^\W\d_]+){0,2})[\W_]*\Z")
_LOOSE = " \t\r\n,;:-–—"
_OPENING_QUOTES = '"“„«‘‚'


def recognise(text: str, *, language: str, channel: str, waiting: bool = True) -> Recognised | None:
    """Return the keyword that a message is, or None if it only tells or answers something. Never raises.

    `language` is the person's ("cy", "en-GB"), `channel` is "sms" or "telegram". `waiting` is False while no question
    is open: then DONE at the end of a longer text stays part of that text, because there is nothing yet for it to end.
    When a message holds two words, the first that counts is returned and the other is left in `rest`, where it can be
    recognised in turn.
    """
    book = _book(language)
    if channel == "sms" and len(text) < 40 and (taken := _CARRIER.get(text.strip().lower())) is not None:
        return taken
    if text[:1] in "/ \t\r\n" and (command := _command(text.strip(), book)) is not None:
        return command
    body = text if len(text) <= WHOLE else unpadded(text)
    words = None
    if len(body) <= WHOLE:
        words = folded(body.replace("<3", " "))
        if not words:
            return _QUESTION_MARKS if body and not body.strip("?？ \t\r\n") and not body.isspace() else None
        if (found := _whole(words, book.whole)) is not None:
            return found
        if (asked := asked_elsewhere(words)) is not None:
            return Recognised(Word(asked[0]), language=asked[1])
    return _at_the_end(text, book, waiting=waiting) or _in_part(text, words, book)


def taken_by_carrier(text: str) -> Word | None:
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
    return _book(language).reserved


def unchecked() -> tuple[str, ...]:
    """Return the languages whose tables still wait for a native speaker."""
    return tuple(table.language for table in TABLES if not table.checked)


def _book(language: str) -> Book:
    return BOOKS.get(language) or BOOKS.get(language.replace("_", "-").partition("-")[0].lower()) or BOOKS["en"]


def _command(text: str, book: Book) -> Recognised | None:
    """Read "/stop", "/stop@our_bot", "/start TOKEN", "/language pl"."""
    read = _COMMAND.fullmatch(text)
    if read is None:
        return None
    found = book.whole.find(folded(read[1].replace("_", " ")))
    argument = (read[2] or "").strip()
    if found is None or not argument:
        return found
    if found.word is Word.START:
        return replace(found, rest=argument)
    if found.word is Word.LANGUAGE:
        return replace(found, rest=book.names.get(" ".join(folded(argument[:40])), argument))
    return replace(found, rest=argument, whole=False)


# ---- the whole message


def _whole(words: list[str], tree: Tree[Recognised]) -> Recognised | None:
    """Look a whole message up: as it is, without courtesies, said twice, spelled out, or with a letter held down."""
    found = _without_courtesies(words, tree)
    if found is not None:
        return found
    once = [word for place, word in enumerate(words) if not place or word != words[place - 1]]
    half = len(once) // 2
    if len(once) > 1 and once[:half] == once[half:]:
        once = once[:half]
    if len(once) < len(words) and (found := _without_courtesies(once, tree)) is not None:
        return found
    text = " ".join(once)
    if len(once) > 3 and len(text) == 2 * len(once) - 1:
        return tree.find([text.replace(" ", "")])
    short = _STRETCHED.sub(r"\1", text)
    return _without_courtesies(short.split(), tree) if 1 < len(short) < len(text) else None


def _without_courtesies(words: list[str], tree: Tree[Recognised]) -> Recognised | None:
    found = tree.find(words)
    if found is not None or (words[0] not in _LEAD_BEGINS and words[-1] not in _TAIL_ENDS):
        return found
    ends = [len(words)]
    while size := _courtesy(words, ends[-1], TAILS, -1):
        ends.append(ends[-1] - size)
    start = 0
    while start < len(words):
        if (found := tree.find(words, start, ends)) is not None:
            return found
        size = _courtesy(words, start, LEADS, 1)
        if not size:
            return None
        start += size
    return None


def _courtesy(words: list[str], place: int, courtesies: frozenset[str], way: int) -> int:
    """Return how many words from this place, forwards or backwards, are a courtesy."""
    for size in (4, 3, 2, 1):
        edge = place + way * size
        if 0 <= edge <= len(words) and " ".join(words[min(place, edge) : max(place, edge)]) in courtesies:
            return size
    return 0


# ---- parts of a longer message


def _at_the_end(text: str, book: Book, *, waiting: bool) -> Recognised | None:
    """Find DONE alone on the last line, or as last sentence in capitals; STOP in capitals on the first or last line."""
    stripped = text.strip()
    if "\n" in stripped:
        before, _, last = stripped.rpartition("\n")
        first, _, after = stripped.partition("\n")
        for line, rest in ((last, before), (first, after)):
            found = book.line.find(folded(line)) if len(line) <= 40 else None
            if found is None:
                continue
            if (found.word is Word.DONE and line is last and waiting) or (found.word is Word.STOP and line.isupper()):
                return replace(found, rest=rest.strip())
    ending = stripped[-40:]
    if waiting and ending[-5:].isupper() and (final := _LAST_WORDS.search(ending)) is not None and final[1].isupper():
        found = book.line.find(folded(final[1]))
        if found is not None and found.word is Word.DONE:
            return replace(found, rest=stripped[: len(stripped) - len(ending) + final.start(1)].rstrip())
    return None


def _in_part(text: str, words: list[str] | None, book: Book) -> Recognised | None:
    """Find a clear phrase as first or last part of a message, or as one sentence of a short one."""
    if words is None:
        words = folded(text if len(text) <= SENTENCES else f"{text[:PART]} {text[-PART:]}")
    if not book.opening.within(words):
        return None
    for start, end, tree in _parts(text, book):
        part = folded(text[start:end])
        found = _without_courtesies(part, tree) if part else None
        if found is not None and not _in_another_mouth(text, start, end, book):
            return replace(found, rest=_rest(text, start, end))
    return None


def _parts(text: str, book: Book) -> Iterator[tuple[int, int, Tree[Recognised]]]:
    """Yield (start, end, tree to look in) of every part that may be meant for us."""
    size = len(text)
    for found in book.breaks.finditer(text, 0, min(size, PART)):
        yield 0, found.start(), book.opening
    for found in book.breaks.finditer(text, max(0, size - PART)):
        if found.end() < size and (not found[1] or _courtesy(folded(text[found.end() :]), 0, LEADS, 1)):
            yield found.end(), size, book.clear
    if size <= SENTENCES:
        for found in _SENTENCE.finditer(text):
            yield found.start(), found.end(), book.opening


def _in_another_mouth(text: str, start: int, end: int, book: Book) -> bool:
    """Tell whether the words beside a phrase make it something said to or by somebody else.

    In the same sentence any report does; in the one before or after it has to name whom it was said to.
    """
    if text[start:end].lstrip()[:1] in _OPENING_QUOTES or text[:start].rstrip()[-1:] in (*_OPENING_QUOTES, "'"):
        return True
    earlier, _, before = _STOPS.sub(".", text[max(0, start - 80) : start]).rpartition(".")
    after, _, later = _STOPS.sub(".", text[end : end + 80]).partition(".")
    return (
        _reported(folded(before), book)
        or (_reported(folded(after), book) and not book.others.isdisjoint(folded(after)))
        or _reported(folded(earlier), book, to_others=True)
        or _reported(folded(later)[:8], book, to_others=True)
    )


def _reported(words: list[str], book: Book, *, to_others: bool = False) -> bool:
    """Tell whether these words report speech: "I told", but not "I told you"; "I told him" if it must be to others."""
    for word, following in pairwise([*words, ""]):
        if word in book.reported and (following in book.others if to_others else following not in book.excused):
            return True
    return False


def _rest(text: str, start: int, end: int) -> str:
    before, after = text[:start].strip(_LOOSE), text[end:].lstrip(_LOOSE + ".!?…").rstrip()
    return f"{before}\n{after}" if before and after else before or after
