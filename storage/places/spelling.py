"""How people write place names: one spelling to compare by, the words put around a name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

LONGEST = 200
"""Characters of an answer that are looked at; a name further on is not an answer to "where"."""

_MOST_WORDS = 30


def word_set(words: str) -> frozenset[str]:
    """Return the words of a sentence as a set."""
    return frozenset(words.split())


_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "&": " and ", "/": " or "}
)
_APOSTROPHES = frozenset("'’‘ʼ`´′")
_ALIKE = {"saint": "st", "upon": "on", "mt": "mount", "gt": "great", "lt": "little", "co": "county", "nr": "near"}
_SHORT = {
    "n": "north", "s": "south", "e": "east", "w": "west", "beds": "bedfordshire", "berks": "berkshire",
    "bucks": "buckinghamshire", "cambs": "cambridgeshire", "derbys": "derbyshire", "glam": "glamorgan",
    "glos": "gloucestershire", "hants": "hampshire", "herts": "hertfordshire", "lancs": "lancashire",
    "leics": "leicestershire", "lincs": "lincolnshire", "mcr": "manchester", "middx": "middlesex",
    "northants": "northamptonshire", "northumb": "northumberland", "notts": "nottinghamshire", "oxon": "oxfordshire",
    "salop": "shropshire", "shrops": "shropshire", "soton": "southampton", "staffs": "staffordshire",
    "warks": "warwickshire", "wilts": "wiltshire", "worcs": "worcestershire", "yorks": "yorkshire",
}  # fmt: skip
_BEFORE = word_set(
    "i im ive am we were me my our us mine its it is was live lived lives living stay stayed staying reside based from "
    "at in on near around round by close to just outside inside within the a of town city village area place home "
    "locality born bred grew up currently now mostly mainly originally well hi hello hey yes ok okay so um er here "
    "there over down right about somewhere not far off next happened this that yn ger no nope actually hang wait oh"
    " up back middle outskirts edge part all happening through think maybe probably think was either meant mean say id"
)
_AFTER = word_set(
    "really please thanks thank you ta cheers now mostly mainly area way actually at the moment currently x xx xxx lol "
    "i think maybe probably somewhere there about ish originally mate here and its surroundings side end all my life "
    "is where live lived guess suppose sorry too for years meant mean centre center city town though but instead"
)
_COMPASS = word_set("north south east west central inner outer greater")
_VAGUE = word_set("north south east west upper lower great little new old st and county")
"""Words that tell nothing about where a place is by themselves."""
_PLACING = word_set("in near at from around outside by to between")
"""Words a place name is likely to follow in a sentence."""


def normalise(text: str) -> str:
    """Return the text as plain small words for comparing: no case, accents, apostrophes, hyphens; Saint is st."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    kept = "".join(c if c.isalnum() else " " for c in plain if c not in _APOSTROPHES and not unicodedata.combining(c))
    words = [_ALIKE.get(word, word) for word in kept.split()]
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def one_line(text: str) -> str:
    """Return the text on one line, without control characters and broken halves of characters."""
    kept = "".join(c if c.isprintable() or unicodedata.category(c) == "Cf" else " " for c in text)
    return " ".join(kept.split())


def readings(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the words of an answer, as they are, then with ever more of the usual words around a name removed."""
    words = tuple(normalise(text).split()[:_MOST_WORDS])
    if not words:
        return ()
    found = [words]
    core = words
    while len(core) > 1 and core[0] in _BEFORE:
        core = core[1:]
        found.append(core)
    for start in tuple(found):
        end = start
        while len(end) > 1 and end[-1] in _AFTER:
            end = end[:-1]
            found.append(end)
    return tuple(dict.fromkeys(form for form in found if form == words or set(form) - _BEFORE - _AFTER))


def usual(name: str) -> bool:
    """Say whether these normalised words are only such as stand around a name: "over there", "north of"."""
    return not set(name.split()) - _BEFORE - _AFTER - _VAGUE


def written_out(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words with the short forms of counties and compass points written out: lancs is lancashire."""
    return tuple(_SHORT.get(word, word) for word in words)


def splits(words: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each way to read the words as a name and what says which one: ("newport", ("isle", "of", "wight"))."""
    for cut in range(len(words) - 1, 0, -1):
        tail = words[cut:]
        while len(tail) > 1 and tail[0] in _BEFORE:
            tail = tail[1:]
        yield " ".join(words[:cut]), tail
        if len(tail) > 1 and tail[0] in _COMPASS:
            yield " ".join(words[:cut]), tail[1:]  # "brixton, south london"


def spans(text: str) -> Iterator[str]:
    """Yield runs of words that may be a place inside a sentence, longest first.

    A lone word of a longer answer counts when it has a capital or follows a word like "in" or "near".
    """
    words = tuple(normalise(text).split()[:_MOST_WORDS])
    proper = frozenset() if text.isupper() else frozenset(normalise(w) for w in text.split() if w[0].isupper())
    for length in range(min(5, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            placed = len(words) <= 3 or run[0] in proper or (start and words[start - 1] in _PLACING)
            if set(run) - _BEFORE - _AFTER and (length > 1 or placed):
                yield " ".join(run)
