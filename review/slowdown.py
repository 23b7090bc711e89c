"""Slowing down whoever guesses passwords. Imports the standard library only.

Kept in memory, by a digest of what was typed: nothing to erase later, and a restart is no help worth having, since the
wait after the fifth miss is longer than a start. An address alone earns a wait only after many more misses than an
address from one network place, so that a stranger cannot easily keep a member out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock

FREE = 5
"""Misses from one place before the first wait."""
FREE_ANYWHERE = 50
"""Misses on one address from all places together before the first wait."""
FIRST_WAIT = 5
"""Seconds; doubles with every further miss."""
LONGEST_WAIT = 900
"""Seconds."""
FORGOTTEN_AFTER = timedelta(hours=1)
MOST_KEPT = 10_000


@dataclass(slots=True)
class _Misses:
    count: int
    last: datetime


@dataclass(slots=True)
class Slowdown:
    """Counts misses and tells how long to wait."""

    _misses: dict[bytes, _Misses] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, email: str, place: str, now: datetime) -> int:
        """Return the seconds to wait before the next try; 0 if there is none."""
        with self._lock:
            return max(self._wait(key, free, now) for key, free in _keys(email, place))

    def missed(self, email: str, place: str, now: datetime) -> None:
        """Count one wrong try."""
        with self._lock:
            for key, _ in _keys(email, place):
                held = self._misses.pop(key, None)
                fresh = held is None or now - held.last > FORGOTTEN_AFTER
                self._misses[key] = _Misses(1 if fresh or held is None else held.count + 1, now)
            while len(self._misses) > MOST_KEPT:
                self._misses.pop(next(iter(self._misses)))

    def succeeded(self, email: str, place: str) -> None:
        """Forget this place's misses: it knew the password."""
        with self._lock:
            self._misses.pop(_keys(email, place)[0][0], None)

    def _wait(self, key: bytes, free: int, now: datetime) -> int:
        held = self._misses.get(key)
        if held is None or held.count < free or now - held.last > FORGOTTEN_AFTER:
            return 0
        seconds = min(FIRST_WAIT * 2 ** min(held.count - free, 20), LONGEST_WAIT)
        left = held.last + timedelta(seconds=seconds) - now
        return max(0, -(-left // timedelta(seconds=1)))


def _keys(email: str, place: str) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    here = sha256(f"{email}\n{place}".encode()).digest()
    anywhere = sha256(email.encode()).digest()
    return (here, FREE), (anywhere, FREE_ANYWHERE)
