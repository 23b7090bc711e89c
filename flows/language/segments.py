"""SMS segments: which alphabet a text needs, how many parts it makes, and typography made plain.

Owns what the GSM 03.38 alphabet holds and how carriers cut a long text. A text in the GSM-7 alphabet has 160 units in
one part or 153 in each of several; one foreign character makes the whole text UCS-2, with 70 or 67 (rule 18). What is
counted is what is billed: a text provider's own count comes too late.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Encoding = Literal["gsm7", "ucs2"]

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Characters of the GSM-7 alphabet that are one unit each. Of the accented capitals only Ç, and no small ç."""
EXTENDED: Final = frozenset("^{}\\[~]|€\f")
"""Characters behind the escape: two units each, never cut in two."""

LIMITS: Final[dict[Encoding, tuple[int, int]]] = {"gsm7": (160, 153), "ucs2": (70, 67)}
"""Units of a single part, and of each part of several."""

_GSM = BASIC | EXTENDED
_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−•‣▪●⁃", "-"),
        **dict.fromkeys("\t\u00a0\u202f\u205f\u3000", " "),
        **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
        **dict.fromkeys("\u2028\u2029\u0085\v", "\n"),
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
        "‹": "'", "›": "'", "…": "...", "‼": "!!", "⁇": "??", "⁈": "?!", "⁉": "!?", "⁄": "/", "∕": "/", "∗": "*",
    }
)  # fmt: skip
_TRAILING = re.compile(r"[ \t]+(?=\n|\Z)")
_BLANKS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text is sent and billed."""

    encoding: Encoding
    units: int
    """Units of the whole text: characters, two for each extended one or emoji."""
    parts: int
    """SMS segments billed; an empty text is one."""
    per_part: int
    """Units that each of these parts holds."""
    left: int
    """Units still free in the last part."""


def encoding(text: str) -> Encoding:
    """Return the alphabet that this text is sent in."""
    return "gsm7" if _GSM.issuperset(text) else "ucs2"


def count(text: str) -> Segments:
    """Count the segments of a text, sent as it is."""
    kind = encoding(text)
    single, several = LIMITS[kind]
    units = len(text) + (_twice(text, EXTENDED) if kind == "gsm7" else sum(character > "\uffff" for character in text))
    if units <= single:
        return Segments(kind, units, 1, single, single - units)
    if units == len(text):
        full, used = divmod(units - 1, several)
        return Segments(kind, units, full + 1, several, several - used - 1)
    parts, used = 1, 0
    for character in text:
        size = _size(character, kind)
        if used + size > several:
            parts, used = parts + 1, 0
        used += size
    return Segments(kind, units, parts, several, several - used)


def normalise_typography(text: str) -> str:
    """Return the text with typographic signs made plain: quotes, dashes, ellipsis, bullets, special spaces (rule 20).

    Never a letter of any language, so that Welsh and Polish stay Welsh and Polish and cost what they cost. Idempotent.
    Meant for texts on their way out; what a contributor wrote is kept as it was written.
    """
    return text.translate(_PLAIN)


def sms_text(text: str) -> str:
    """Return the text as it should go out by SMS: typography plain, no white space nobody sees. Idempotent."""
    return _BLANKS.sub("\n\n", _TRAILING.sub("", normalise_typography(text).replace("\r\n", "\n"))).strip()


def unicode_causes(text: str) -> tuple[str, ...]:
    """Return the characters that force UCS-2, each once, in order of appearance; empty for a GSM-7 text."""
    return tuple(dict.fromkeys(character for character in text if character not in _GSM))


def _twice(text: str, characters: frozenset[str]) -> int:
    return 0 if characters.isdisjoint(text) else sum(map(text.count, characters))


def _size(character: str, kind: Encoding) -> int:
    return 2 if (character in EXTENDED if kind == "gsm7" else character > "\uffff") else 1
