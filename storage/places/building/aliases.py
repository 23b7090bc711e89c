"""Which of a place's many names people of Britain and Ireland would type. Used when building.

GeoNames lists every name in every language. Kept: shorter and fuller forms ("Southend"), and Welsh, Gaelic, Scots and
Irish names in their own lands. Left out: names for readers elsewhere ("Bristolis"), codes ("BRS"), other scripts.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from storage.places.spelling import normalise, word_set

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzáàâäéèêëíìîïóòôöúùûüŵŷ '’-.")
_FOREIGN = {
    "Wales": frozenset("kqvxzj"),
    "Scotland": frozenset("jkqvwxyz"),
    "Northern Ireland": frozenset("jkqvwxyz"),
    "Ireland": frozenset("jkqvwxyz"),
}
"""Letters that the land's own language does not use."""
_PLAIN = word_set("of the city town st royal village spa new old london borough")
_NEAR = 0.8
"""Spellings this close to the name are found by the resolver's tolerance for slips."""
_MOST = 6


def wanted(name: str, alternates: Iterable[str], nation: str, population: int = 0) -> tuple[str, ...]:
    """Return the alternates worth keeping for a place of this nation, in order, each different once normalised.

    Places with many people have names in many languages, so theirs must differ more to be taken for the land's own.
    """
    near = 0.6 if population >= 100_000 else 1.0 if nation == "Wales" else _NEAR
    kept: dict[str, str] = {normalise(name): name}
    for alternate in sorted(set(alternates), key=lambda a: (a.isascii(), len(a), a)):
        key = normalise(alternate)
        if (
            key not in kept
            and _spelled_here(alternate)
            and (_form_of(key, name) or _own_language(key, name, nation, near))
        ):
            kept[key] = alternate.replace("’", "'")
    return tuple(list(kept.values())[1 : _MOST + 1])


def _spelled_here(alternate: str) -> bool:
    known = len(alternate) > 2 and alternate[0].isupper() and not re.fullmatch(r"[A-Z]{3,4}", alternate)
    return (
        known
        and " - " not in alternate
        and "  " not in alternate
        and all(letter in _LETTERS for letter in alternate.lower())
    )


def _form_of(key: str, name: str) -> bool:
    """Say whether it is the name with fewer words, with plain words more, or only spaced otherwise."""
    words, own = key.split(), normalise(name).split()
    if key.replace(" ", "") == "".join(own):
        return True
    if set(words) < set(own):
        return bool(set(words) - _PLAIN) and (words[0] == own[0] or words[-1] == own[-1] or len(words) > 1)
    return set(own) < set(words) and set(words) - set(own) <= _PLAIN


def _own_language(key: str, name: str, nation: str, near: float) -> bool:
    foreign = _FOREIGN.get(nation)
    if foreign is None or foreign & set(key):
        return False
    own = normalise(name)
    return difflib.SequenceMatcher(None, key, own, autojunk=False).ratio() < near
