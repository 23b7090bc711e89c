"""Keywords among other words: which part of a message is meant for us, and what is left of the rest.

Owns three ways to look: a message made of nothing but half-sentences that are ours ("no thanks stop"), one whose first
or last part is a phrase plainly meant for us ("please stop texting me, I'm at work"), and one whose first sentence is a
bare STOP and that goes on to speak to us. In the last two, words in somebody else's mouth never count.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from flows.language.keywords.keyword_tables import ANY
from flows.language.normalise import folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.language.keywords.keyword_tables import KeywordBook, Recognised
    from flows.language.phrase_trie import Tree

__all__ = ["begins_with", "first_of_several", "in_part", "without_courtesies"]

PART: Final = 120
"""Characters at either end of a longer message in which a clear phrase is looked for."""
SENTENCES: Final = 320
"""Characters up to which every sentence of a message is looked at, not only its ends."""

LEAST: Final = 3
"""Words that a phrase must have to count where no full stop parts it from what follows."""

STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")
_STOPS = re.compile(r"[!?…]")
_SENTENCE = re.compile(r"[^.!?…\n]+")
_FIRST = re.compile(r"[^.,;:!?…\n–—-]+(?:[.!?…\n]+|\s[-–—]+\s|[,;:–—])\s*")
_LAST = re.compile(r"[.!?…\n][^.!?…\n]+[.!?…\s]*\Z")
_TOKEN = re.compile(r"[^\s.,;:!?…–—/()]+")
_LOOSE = " \t\r\n,;:-–—"
_OPENING_QUOTES = '"“„«‘‚'


def without_courtesies(words: list[str], tree: Tree[Recognised], book: KeywordBook) -> Recognised | None:
    """Look these words up as they are, then without the courtesies round them."""
    found = tree.find(words)
    if found is not None or (words[0] not in book.lead_begins and words[-1] not in book.tail_ends):
        return found
    ends = [len(words)]
    while size := _courtesy(words, ends[-1], book.tails, -1):
        ends.append(ends[-1] - size)
    start = 0
    while start < len(words):
        if (found := tree.find(words, start, ends)) is not None:
            return found
        size = _courtesy(words, start, book.leads, 1)
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


# ---- nothing but what is ours


def first_of_several(text: str, words: list[str], book: KeywordBook) -> Recognised | None:
    """Return the weightiest keyword of a message in which every word belongs to one, or to what people put beside it.

    `words` are those of the text. What is left in `rest` is more than courtesy; NARROW leaves its argument there.
    """
    if words[0] not in book.together.branches and words[0] not in book.beside.branches:
        return None
    parts = _covered(words, book)
    keywords = [(book.order[part[2].word], place) for place, part in enumerate(parts) if not isinstance(part[2], str)]
    if not keywords:
        return None
    first = last = min(keywords)[1]
    found = parts[first][2]
    while first and parts[first - 1][2] == "courtesy":
        first -= 1
    while last + 1 < len(parts) and parts[last + 1][2] == "courtesy":
        last += 1
    spans = [token.span() for token in _TOKEN.finditer(text) for _ in folded(token[0])]
    left = [part for part in (*parts[:first], *parts[last + 1 :]) if part[2] not in {"courtesy", "join"}]
    if isinstance(found, str) or found.rest or not left or len(spans) != len(words):
        return None if isinstance(found, str) else found
    return replace(found, rest=rest_of(text, spans[parts[first][0]][0], spans[parts[last][1] - 1][1]), whole=False)


def _covered(words: list[str], book: KeywordBook) -> list[tuple[int, int, Recognised | str]]:
    """Return the fewest phrases that make up all words, as (first word, end, meaning), or []."""
    best: list[tuple[int, int, Recognised | str] | None] = [None] * (len(words) + 1)
    best[0] = (0, 0, "")
    for start in range(len(words)):
        reached = best[start]
        if reached is None:
            continue
        for end, meaning in (*_from(words, start, book.beside), *_from(words, start, book.together)):
            known = best[end]
            cost = reached[0] + 1
            if known is None or cost < known[0] or (cost == known[0] and not isinstance(meaning, str)):
                best[end] = (cost, start, meaning)
    parts = []
    end = len(words)
    while end and (step := best[end]) is not None:
        parts.append((step[1], end, step[2]))
        end = step[1]
    return parts[::-1]


def _from(words: list[str], start: int, tree: Tree[Recognised] | Tree[str]) -> Iterator[tuple[int, Recognised | str]]:
    for place in range(start, len(words)):
        word, branches = words[place], tree.branches
        following = tree.after(word if word in branches else ANY) if word in branches or ANY in branches else None
        if following is None:
            return
        tree = following
        if tree.meaning is not None:
            yield place + 1, tree.meaning


def begins_with(words: list[str], tree: Tree[Recognised] | Tree[str]) -> bool:
    """Tell whether any phrase stands at the beginning."""
    return next(_from(words, 0, tree), None) is not None


# ---- parts of a longer message


def in_part(text: str, words: list[str], book: KeywordBook) -> Recognised | None:
    """Find a clear phrase as first or last part of a message, or as one sentence of a short one.

    `words` are those of the message, or of its two ends if it is long.
    """
    if words[0] in book.lone.branches or words[0] in book.lead_begins:
        found = _lone(text, book)
        if found is not None:
            return found
    if words[-1] in book.lone_ends and (found := _lone_last(text, book)) is not None:
        return found
    if not book.opening.within(words) and not book.ending.within(words):
        return None
    for start, end, tree in _parts(text, book):
        part = folded(text[start:end])
        found = without_courtesies(part, tree, book) if part else None
        if found is not None and not in_another_mouth(text, start, end, book):
            return replace(found, rest=rest_of(text, start, end), whole=False)
    return _without_stops(text, words, book) if len(text) <= SENTENCES else None


def _lone(text: str, book: KeywordBook) -> Recognised | None:
    """Find STOP as first sentence, where what follows speaks to us: "Stop. Who gave you this number" and its like."""
    first = _FIRST.match(text)
    if first is None or len(text) > SENTENCES or first.end() == len(text):
        return None
    part = folded(first[0])
    found = without_courtesies(part, book.lone, book) if part else None
    if found is None or in_another_mouth(text, 0, first.end(), book):
        return None
    after = text[first.end() :]
    following = folded(after)
    loud = first[0].isupper() and not after.isupper()
    weak = first[0].rstrip()[-1:] in ",;:"
    if not following or not book.others.isdisjoint(following) or (weak and not loud):
        return None
    if not loud and book.ours.isdisjoint(following):
        return None
    return replace(found, rest=rest_of(text, 0, first.end()), whole=False)


def _lone_last(text: str, book: KeywordBook) -> Recognised | None:
    """Find STOP as last sentence, where what stands before speaks of messages: "She has a new number. Please stop"."""
    last = _LAST.search(text)
    if last is None or len(text) > SENTENCES or not last.start():
        return None
    before, part = folded(text[: last.start()]), folded(last[0])
    found = without_courtesies(part, book.lone, book) if part else None
    if found is None or (book.ours - book.excused).isdisjoint(before) or not book.others.isdisjoint(before):
        return None
    if in_another_mouth(text, last.start() + 1, len(text), book):
        return None
    return replace(found, rest=rest_of(text, last.start() + 1, len(text)), whole=False)


def _parts(text: str, book: KeywordBook) -> Iterator[tuple[int, int, Tree[Recognised]]]:
    """Yield (start, end, tree to look in) of every part that may be meant for us."""
    size = len(text)
    for found in book.breaks.finditer(text, 0, min(size, PART)):
        yield 0, found.start(), book.opening
    if size <= SENTENCES:
        yield from ((start, end, book.clear) for start, end in _between(text, book))
    for found in book.breaks.finditer(text, max(0, size - PART)):
        asks = _courtesy(folded(text[found.end() :]), 0, book.leads, 1)
        if found.end() < size and (not found[1] or asks):
            yield found.end(), size, book.clear
        if found.end() < size and asks and found[0].strip().lower() in book.therefore:
            yield found.end(), size, book.ending  # a wish that follows from all that was dictated before it
    if size <= SENTENCES:
        for found in _SENTENCE.finditer(text):
            yield found.start(), found.end(), book.opening


def _between(text: str, book: KeywordBook) -> Iterator[tuple[int, int]]:
    """Yield what stands between two breaks; after a word that joins it has to begin with a courtesy."""
    for one, other in pairwise(book.breaks.finditer(text)):
        if not one[1] or _courtesy(folded(text[one.end() : other.start()]), 0, book.leads, 1):
            yield one.end(), other.start()


def _without_stops(text: str, words: list[str], book: KeywordBook) -> Recognised | None:
    """Find a clear phrase at either end of a message that was dictated without full stops.

    After it a word has to begin a new sentence ("stop texting me hes seen it"); before it a courtesy has to stand, and
    nobody else ("im at work please stop texting me").
    """
    spans = [token.span() for token in _TOKEN.finditer(text) for _ in folded(token[0])]
    if len(spans) != len(words):
        return None
    starts = [0]
    while size := _courtesy(words, starts[-1], book.leads, 1):
        starts.append(starts[-1] + size)
    ends = {end for start in starts for end, _ in _from(words, start, book.opening) if end - start >= LEAST}
    for end in sorted(ends, reverse=True):
        while size := next((n for n in (2, 1) if " ".join(words[end : end + n]) in book.tails), 0):
            end += size  # noqa: PLW2901 -- courtesies after it belong to it
        following = words[end : end + 2]
        if _reported(words[end : end + 6], book):
            continue
        if following and (following[0] in book.begins or " ".join(following) in book.begins):
            found = without_courtesies(words[:end], book.opening, book)
            if found is not None and not in_another_mouth(text, 0, spans[end - 1][1], book):
                return replace(found, rest=rest_of(text, 0, spans[end - 1][1]), whole=False)
    for start in range(1, len(words) - 1):
        if words[start] not in book.ending.branches and words[start] not in book.lead_begins:
            continue
        if words[start - 1] in book.ties or not book.others.isdisjoint(words[:start]):
            continue
        found = without_courtesies(words[start:], book.ending, book)
        if found is not None and not in_another_mouth(text, spans[start][0], len(text), book):
            return replace(found, rest=rest_of(text, spans[start][0], len(text)), whole=False)
    return None


def in_another_mouth(text: str, start: int, end: int, book: KeywordBook) -> bool:
    """Tell whether the words beside a phrase make it something said to or by somebody else.

    In the same sentence any report does; in the one before or after it has to name whom it was said to.
    """
    if text[start:end].lstrip()[:1] in _OPENING_QUOTES or text[:start].rstrip()[-1:] in (*_OPENING_QUOTES, "'"):
        return True
    earlier, _, before = _STOPS.sub(".", text[max(0, start - 80) : start]).rpartition(".")
    after, _, later = _STOPS.sub(".", text[end : end + 80]).partition(".")
    said = folded(before)
    follows = bool(said) and said[-1] in book.therefore  # "my daughter says I should not, so please stop texting me"
    return (
        _reported(said, book, to_others=follows)
        or _reported(folded(after)[:6], book)
        or (_reported(folded(after), book) and not book.others.isdisjoint(folded(after)))
        or _reported(folded(earlier), book, to_others=True)
        or _reported(folded(later)[:8], book, to_others=True)
    )


def _reported(words: list[str], book: KeywordBook, *, to_others: bool = False) -> bool:
    """Tell whether these words report speech: "I told", but not "I told you"; "I told him" if it must be to others."""
    for word, following in pairwise([*words, ""]):
        if word in book.reported and (following in book.others if to_others else following not in book.excused):
            return True
    return False


def rest_of(text: str, start: int, end: int) -> str:
    """Return what stands before and after a part, on lines of their own."""
    before, after = text[:start].strip(_LOOSE), text[end:].lstrip(_LOOSE + ".!?…").rstrip()
    return f"{before}\n{after}" if before and after else before or after
