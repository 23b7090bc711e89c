"""Passwords: what makes one good enough, and their argon2 hashes. Imports argon2 only.

Two at most are hashed at once: each hash takes 64 MiB for a moment, and a stranger at the sign-in form must not be able
to fill a small server's memory.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
"""Characters."""
LONGEST = 200
"""Characters; more is refused and never cut."""

_hasher = PasswordHasher()
_at_once = BoundedSemaphore(2)


def weakness(password: str, *, email: str = "", organisation: str = "") -> str | None:
    """Return in plain words why this password is not good enough, or None if it is."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Three or four words that you can remember work well."
    if len(plain) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if len(set(plain.casefold())) < 5:
        return "Use more different letters. Three or four words that you can remember work well."
    known = [part for part in (email.casefold(), email.casefold().split("@")[0], organisation.casefold()) if part]
    if any(plain.casefold().strip(" 0123456789!?.") == word for word in (*known, "password", "earshot")):
        return "Use something that others cannot guess from your name or your team."
    return None


def hashed(password: str) -> str:
    """Return the argon2id hash of a password."""
    with _at_once:
        return _hasher.hash(_plain(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is the one behind the hash; as slow for nobody's hash (None) as for somebody's."""
    if len(password) > LONGEST:
        return False
    with _at_once:
        try:
            _hasher.verify(password_hash or _nobodys_hash(), _plain(password))
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def ageing(password_hash: str) -> bool:
    """Tell whether the hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def _plain(password: str) -> str:
    """Return one spelling of letters that keyboards compose differently."""
    return unicodedata.normalize("NFKC", password)
