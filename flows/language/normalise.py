"""Forms of a text to compare by: what a person typed, without what a thumb, a phone or a keyboard added to it.

Owns `normalise` (for answers and labels), `folded` (for keywords, which goes further), `storable` (for the database),
`displayable` (for pages) and `cut`. None ever raises: NUL, lone surrogates, right-to-left text and emoji are characters
like others here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_APOSTROPHES = frozenset("'’‘‛ʼʹ´`′")
_STRAIGHT = {**dict.fromkeys("’‘‛‚´`′", "'"), **dict.fromkeys("“”„‟«»″", '"')}
_PLAIN = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe"}
_KEPT_AT_EDGES = "%<"
_VOWEL_SIGNS = frozenset({"Mn", "Mc"})
"""Marks that do not combine (a class of their own in Unicode) are the vowels of Indian scripts and of Thai: part of a
word as letters are, while accents, Arabic vowel points and viramas only sit on one."""


def normalise(text: str) -> str:
    """Return the text in a form to compare by: one case, one kind of space and quote, nothing that cannot be seen.

    Case is folded, compatibility forms (full-width, ligatures) are made plain, curly quotes straight, zero-width
    characters go, white space collapses, punctuation and emoji at the edges go. Letters keep their accents. Currency
    signs, % and < stay, so that "£5", "5%" and "<3" are not mistaken for the option of that number. Idempotent.
    """
    text = _usual(text)
    if text.isascii():
        seen = text if text.isprintable() else text.translate(_SEEN)
        return " ".join(seen.lower().split()).strip(_ASCII_EDGES)
    before = ""
    while text != before:
        before = text
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.translate(_SEEN)).casefold())
        text = _trimmed(" ".join(text.split()))
    return text


def storable(text: str) -> str:
    """Return the text with what no database can hold taken out: NUL is removed, half a surrogate pair becomes U+FFFD.

    Everything else stays as it was written (design rule 5).
    """
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_RULING = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x0d\x0e-\x1f\x7f-\x9f]")


def displayable(text: str) -> str:
    """Return the text as a page or a terminal may show it, between words that are not its own.

    Signs that turn the reading order, and would turn what stands beside it too, are left out, and those that a terminal
    obeys. What is kept has them still.
    """
    if text.isascii() and text.isprintable():
        return text
    return _RULING.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


TOLD_CHARACTERS, TOLD_WORDS = 25, 4
"""From this length on, uninvited words may be a story and are held sealed; shorter ones are a greeting."""


def word_count(text: str) -> int:
    """Return how many words a text has; what holds no letter and no digit, such as an emoji, is none."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def is_told(text: str) -> bool:
    """Return whether words are more than a greeting: what arrives like this before consent is held sealed."""
    return len(text.strip()) >= TOLD_CHARACTERS and word_count(text) >= TOLD_WORDS


def folded(text: str) -> list[str]:
    """Return the words of a text without case, accents, apostrophes, punctuation: "Don’t!" and "dont" are the same."""
    text = _usual(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return text.lower().translate(_FOLDED).split()


def cut(text: str, longest: int) -> str:
    """Return a text that is at most so long, cut between words."""
    if len(text) <= longest:
        return text
    whole = text[: longest - 2].rsplit(" ", 1)[0].rstrip(" ,.;:-")
    return f"{whole}..."[:longest]


def unpadded(text: str) -> str:
    """Return the text without space, punctuation and emoji at its ends; in linear time, whatever is sent."""
    start = _padding(text)
    return "" if start == len(text) else text[start : len(text) - _padding(text[::-1])]


def _usual(text: str) -> str:
    """Return the text with the quotes that phones write by themselves made straight: most texts are plain then."""
    if text.isascii():
        return text
    return text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')


class _Table(dict[int, str | None]):
    """A table for `str.translate` that works out each character once, and stays small whatever people send."""

    def __init__(self, decide: Callable[[str], str | None]) -> None:
        super().__init__()
        self.decide = decide

    def __missing__(self, code: int) -> str | None:
        made = self.decide(chr(code))
        if len(self) < 4096:
            self[code] = made
        return made


def _unseen(character: str) -> bool:
    kind = unicodedata.category(character)
    return (
        kind == "Cf"
        or (kind == "Cc" and not character.isspace())
        or "\ufe00" <= character <= "\ufe0f"
        or character == "\u20e3"
    )


def _seen(character: str) -> str | None:
    return None if _unseen(character) else _STRAIGHT.get(character, character)


def _fold(character: str) -> str | None:
    if character in _APOSTROPHES or _unseen(character) or unicodedata.combining(character):
        return None
    if unicodedata.category(character) in _VOWEL_SIGNS:
        return character
    return _PLAIN.get(character, character) if character.isalnum() else " "


_SEEN = _Table(_seen)
_FOLDED = _Table(_fold)
_ASCII_EDGES = " " + "".join(
    chr(code) for code in range(33, 127) if not chr(code).isalnum() and chr(code) not in f"${_KEPT_AT_EDGES}"
)
_PADDING = re.compile(r"[\W_]*")


def _padding(text: str) -> int:
    found = _PADDING.match(text)
    return found.end() if found is not None else 0


def _trimmed(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _at_edge(text[start]):
        start += 1
    while end > start and _at_edge(text[end - 1]):
        end -= 1
    return text[start:end]


def _at_edge(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "PSZC" and kind != "Sc" and character not in _KEPT_AT_EDGES
