"""What stands around a place in a message: streets and numbers, corrections, a question after it. Reads its data file.

May import the standard library and this package's spelling only. Nothing here knows a place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from storage.places.spelling import normalise

_FILE = Path(__file__).parents[1] / "places_data" / "wording.toml"
_CLAUSE = re.compile(r"(?<=[.!?;])\s+|\s+-+\s+|(?<=[a-z]);")
_MOST_CLAUSES = 6


class _Wording(NamedTuple):
    number: re.Pattern[str]
    """A house or flat number at the start of a piece or before a street."""
    street: re.Pattern[str]
    numbered_street: re.Pattern[str]
    corrected: tuple[re.Pattern[str], ...]
    asides: tuple[str, ...]


@lru_cache(maxsize=1)
def _wording() -> _Wording:
    said = tomllib.loads(_FILE.read_text(encoding="utf-8"))["en"]
    streets, flats, others = ("|".join(map(re.escape, said[name])) for name in ("streets", "flats", "not_houses"))
    flat = rf"(?:(?:{flats})\.?\s*[0-9]+[a-z]?(?:[/-][0-9]+)?\b[,\s]*)"
    house = rf"(?:\b[0-9]{{1,4}}[a-z]?(?:[/-][0-9]{{1,3}}[a-z]?)?\s+(?!(?:{others})\b))"
    words = r"(?:(?:[a-z'’.]+\s+){1,3}?)"
    return _Wording(
        number=re.compile(
            rf"(?:^|(?<=,))\s*{flat}?(?:\b[0-9]{{1,4}}[a-z]?(?:[/-][0-9]{{1,3}}[a-z]?)?(?=[,\s]+(?!(?:{others})\b)[a-z]))|{flat}(?=[,\s]*\S)",
            re.IGNORECASE,
        ),
        street=re.compile(rf"^\s*(?:the\s+)?{words}(?:{streets})\.?\s*$", re.IGNORECASE),
        numbered_street=re.compile(rf"{flat}?{house}(?:the\s+)?{words}(?:{streets})\b\.?[\s,]*", re.IGNORECASE),
        corrected=tuple(re.compile(pattern, re.IGNORECASE) for pattern in said["corrected"]),
        asides=tuple(said["asides"]),
    )


def has_number(text: str) -> bool:
    """Say whether there is a figure in the text at all; only then may it tell a house."""
    return any(letter.isdigit() for letter in text)


def without_number(text: str) -> str:
    """Return the text without the number of a house or flat: "14 Tanglewick Lane" is a lane."""
    return _tidy(_wording().number.sub(" ", text)) if has_number(text) else text


def without_street(text: str) -> str:
    """Return the text without a house number and its street; a street without a number goes if more is said."""
    said = _wording()
    if has_number(text):
        text = said.number.sub(" ", said.numbered_street.sub(" ", text))
    pieces = [piece for piece in text.split(",") if piece.strip()]
    kept = [piece for piece in pieces if not said.street.match(piece)]
    return _tidy(",".join(kept or pieces))


def meant(text: str) -> str:
    """Return what the writer means now, if they put something right ("not Durham, Darlington"); else an empty text."""
    for pattern in _wording().corrected:
        if (found := pattern.search(text)) is not None:
            return found["place"].strip(" ,.;-")
    return ""


def clauses(text: str) -> Iterator[str]:
    """Yield the parts of a message that may be its place: no question, nothing that is plainly beside it."""
    parts = [part for part in _CLAUSE.split(text) if part.strip()][:_MOST_CLAUSES]
    for part in parts if len(parts) > 1 else ():
        said = normalise(part)
        if not part.rstrip().endswith("?") and not said.startswith(_wording().asides):
            yield part
    if len(parts) == 1 and "," in text:
        first, _, rest = text.partition(",")
        if normalise(rest).startswith(_wording().asides):
            yield first


def _tidy(text: str) -> str:
    return " ".join(re.sub(r"\s*,(?:\s*,)*", ",", text).split()).strip(" ,")
