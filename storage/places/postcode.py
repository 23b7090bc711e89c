"""Postcodes: only the outward half is ever kept ("BS5" of a full postcode; rule 88)."""

from __future__ import annotations

import re

_OUTWARD = r"[A-Z]{1,2}[0-9][A-Z0-9]?"
_FULL = re.compile(rf"\b({_OUTWARD})(?:\W{{0,3}}[0-9][A-Z]{{2}})+\b", re.IGNORECASE)
_SECTOR = re.compile(rf"\b({_OUTWARD})[ \t]+[0-9]\b(?!\s*[0-9])", re.IGNORECASE)
_EIRCODE = re.compile(
    r"\b([AC-FHKNPRTV-Y][0-9]{2}|D6W)\W{0,3}(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[AC-FHKNPRTV-Y0-9]{4}\b", re.IGNORECASE
)
_SPACED = re.compile(r"\b([A-Z]{1,2})[ \t]+([0-9][A-Z0-9]?)\b", re.IGNORECASE)
_ALONE = re.compile(rf"\b{_OUTWARD}\b", re.IGNORECASE)


def without_full_postcodes(text: str) -> str:
    """Return the text with every full postcode cut to its outward half, and every full Eircode to its routing key."""
    return _EIRCODE.sub(r"\1", _FULL.sub(r"\1", text))


def outward_codes(text: str) -> tuple[str, ...]:
    """Return what looks like an outward code in the text, in order: "bs5 6" and "BS 5" both give BS5."""
    text = _SECTOR.sub(r"\1", without_full_postcodes(text))
    text = _SPACED.sub(r"\1\2", text)
    return tuple(dict.fromkeys(match.group().upper() for match in _ALONE.finditer(text)))
