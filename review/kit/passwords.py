"""Passwords: their strength, their argon2 hashes, and the two threads that compute them.

A hash takes 64 MiB and a processor for a moment. Two threads of lower priority do nothing else, one for known browsers
and places and one for strangers, each with a short queue: a flood of strangers at the sign-in form fills its own queue
and delays no page, message or member.
"""

from __future__ import annotations

import asyncio
import os
import threading
import unicodedata
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST = 12
"""Fewest characters."""
LONGEST = 200
"""Most characters; a longer password is refused, never cut."""
LEAST_GUESSES = 9
"""Fewest guesses, as a power of ten, for somebody who knows which passwords are common."""
JUDGED = 64
"""Characters compared with the lists; comparing more takes long and never finds a password weaker."""

_hasher = PasswordHasher(parallelism=1)

LONGEST_WAIT = 15
"""Seconds that an attempt may wait in the queue; after that the browser has probably gone."""

Outcome = TypeVar("Outcome")


class TooBusyError(RuntimeError):
    """So many wait already that this one is not taken. Nothing was tried; wait a few seconds."""


class HashingQueue:
    """One thread that computes hashes, and the queue before it. Used from the event loop only."""

    def __init__(self, name: str, *, most: int, most_each: int) -> None:
        self.name, self.most, self.most_each = name, most, most_each
        self._waiting: Counter[str] = Counter()

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, self.name, initializer=_lower_priority)

    def is_full(self, network: str) -> bool:
        """Return True if too many wait already, of this address or of all."""
        return self._waiting.total() >= self.most or self._waiting[network] >= self.most_each

    async def run(self, network: str, work: Callable[[], Outcome]) -> Outcome:
        """Run the work in the thread. Raises TooBusyError if too many wait, of this address or of all, or too long."""
        if self.is_full(network):
            raise TooBusyError
        self._waiting[network] += 1
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except TimeoutError:
            raise TooBusyError from None
        finally:
            self._waiting[network] -= 1
            if not self._waiting[network]:
                del self._waiting[network]


KNOWN = HashingQueue("passwords-known", most=16, most_each=4)
STRANGERS = HashingQueue("passwords-strangers", most=16, most_each=4)


def weakness(password: str, *, email: str = "", organisation: str = "") -> str | None:
    """Return in plain words why the password is too weak; None if it is not."""
    plain = _normalised(password)
    if len(plain) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Three or four words that you can remember work well."
    if len(plain) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if len(set(plain.casefold())) < 5:
        return "Use more different letters. Three or four words that you can remember work well."
    known = [part for part in (email.casefold(), email.casefold().split("@")[0], organisation.casefold()) if part]
    if any(plain.casefold().strip(" 0123456789!?.") == word for word in (*known, "password", "earshot")):
        return "Use something that others cannot guess from your name or your team."
    if _is_common(plain, [*known, *organisation.casefold().split(), "earshot"]):
        return "Many people use this one, or one like it, so it is tried first. Three or four words that do not belong together work well."  # noqa: E501 - one sentence
    return None


def _is_common(plain: str, known: list[str]) -> bool:
    """Return True if lists of common passwords, names, words, years and keyboard rows lead to it in few guesses."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take 15 MB, and passwords are seldom chosen

    found = zxcvbn(plain[:JUDGED], user_inputs=known, max_length=JUDGED)
    return float(found["guesses_log10"]) < LEAST_GUESSES


def hashed(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher.hash(_normalised(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Return True if the hash is of this password. Takes as long for nobody's hash (None) as for a member's."""
    if len(password) > LONGEST:
        return False
    try:
        _hasher.verify(password_hash or _dummy_hash(), _normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Return True if the hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _dummy_hash() -> str:
    return _hasher.hash("nobody has this password")


def _normalised(password: str) -> str:
    """Return the password in one Unicode form: keyboards compose the same letters differently."""
    return unicodedata.normalize("NFKC", password)


def _lower_priority() -> None:
    """Lower the priority of this thread, where the system supports it."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 3)
