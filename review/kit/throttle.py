"""Slows down whoever guesses passwords, and nobody else.

Misses are counted by account and network address, so that a stranger's misses never keep out a member who is somewhere
else. A browser or an address that the account signed in from before has far more attempts than anybody needs; new
addresses share what an account allows in an hour. An attempt counts as a miss from its start, so that simultaneous
attempts all count.

Kept in memory only, under a digest of what was typed: nothing to erase later. A restart resets it, which helps nobody:
the wait after the fifth miss is longer than a start takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

FREE = 5
"""Misses from one address before the first wait."""
FREE_WHERE_KNOWN = 100
"""The same, from an address that this account signed in from before."""
FREE_ON_DEVICE = 1000
"""The same, in a browser that this account signed in with before."""
HOURLY = 100
"""Misses on one account in an hour, from all addresses together that are new to it."""
FIRST_WAIT = 5
"""Seconds; doubles with each further miss."""
LONGEST_WAIT = 900
"""Seconds."""
FORGOTTEN_AFTER = timedelta(hours=1)
MOST_KEPT = 50_000


def network_of(host: str) -> str:
    """Return what counts as one network address: an IPv4 address, or the /64 prefix of an IPv6 address."""
    host = _without_port(host)
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


def _without_port(host: str) -> str:
    """Return the address alone: some proxies add the port, which differs for every connection."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    address, _, port = host.partition(":")
    return address if port.isdecimal() else host


def site_of(host: str) -> str:
    """Return the /48 prefix of an IPv6 address, which one site may own; other addresses stay as they are."""
    network = network_of(host)
    if "/" not in network:
        return f"{network} alone"
    return str(ip_network((network.partition("/")[0], 48), strict=False))


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to sign in: for which account, and from where."""

    email: str
    network: str
    """Network address, from `network_of`."""
    device: str = ""
    """The browser, if it has signed in to this account before; else empty."""
    inside: bool = False
    """True: they are signed in and only confirm their password. A stranger's misses do not count there."""


@dataclass(slots=True)
class _Misses:
    count: float
    last: datetime


@dataclass(slots=True)
class Throttle:
    """Counts misses and returns how long to wait."""

    _misses: dict[bytes, _Misses] = field(default_factory=dict)
    _known: dict[bytes, datetime] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def knows(self, tried: Try) -> bool:
        """Return True if this account has signed in from this browser or address before."""
        return bool(tried.device) or _key(tried, tried.network) in self._known

    def begin(self, tried: Try, now: datetime) -> int:
        """Count an attempt as a miss and return 0, or return the seconds to wait before the next one."""
        with self._lock:
            key, free = self._counter(tried)
            wait = self._wait(key, free, now)
            anywhere = _key(tried)
            if not wait and not self.knows(tried):
                wait = self._wait_anywhere(anywhere, now)
                if not wait:
                    held = self._drained(anywhere, now)
                    self._keep(anywhere, _Misses(held + 1, now))
            if not wait:
                held_here = self._misses.get(key)
                over = held_here is None or now - held_here.last > FORGOTTEN_AFTER
                self._keep(key, _Misses(1 if over or held_here is None else held_here.count + 1, now))
            return wait

    def took_nothing(self, tried: Try, now: datetime) -> None:
        """Remove an attempt that was begun and never checked."""
        with self._lock:
            self._take_back(tried, now)
            key, _ = self._counter(tried)
            held = self._misses.get(key)
            if held is not None:
                held.count = max(0, held.count - 1)

    def succeeded(self, tried: Try, now: datetime) -> None:
        """Forget the misses from this address, and remember it as known: the password was right."""
        with self._lock:
            self._take_back(tried, now)
            self._misses.pop(self._counter(tried)[0], None)
            here = _key(tried, tried.network)
            self._misses.pop(here, None)
            self._known.pop(here, None)
            self._known[here] = now
            while len(self._known) > MOST_KEPT:
                self._known.pop(next(iter(self._known)))

    def _counter(self, tried: Try) -> tuple[bytes, int]:
        if tried.device:
            return _key(tried, "device", tried.device), FREE_ON_DEVICE
        here = _key(tried, tried.network)
        return here, FREE_WHERE_KNOWN if here in self._known else FREE

    def _take_back(self, tried: Try, now: datetime) -> None:
        if not self.knows(tried):
            anywhere = _key(tried)
            self._keep(anywhere, _Misses(max(0.0, self._drained(anywhere, now) - 1), now))

    def _keep(self, key: bytes, misses: _Misses) -> None:
        self._misses.pop(key, None)
        self._misses[key] = misses
        while len(self._misses) > MOST_KEPT:
            self._misses.pop(next(iter(self._misses)))

    def _drained(self, key: bytes, now: datetime) -> float:
        """Return the misses of an account that still count towards its hour; they expire evenly."""
        held = self._misses.get(key)
        return 0.0 if held is None else max(0.0, held.count - (now - held.last) / timedelta(hours=1) * HOURLY)

    def _wait_anywhere(self, key: bytes, now: datetime) -> int:
        over = self._drained(key, now) + 1 - HOURLY
        return 0 if over <= 0 else -(-timedelta(hours=over / HOURLY) // timedelta(seconds=1))

    def _wait(self, key: bytes, free: int, now: datetime) -> int:
        held = self._misses.get(key)
        if held is None or held.count < free or now - held.last > FORGOTTEN_AFTER:
            return 0
        seconds = min(FIRST_WAIT * 2 ** min(int(held.count) - free, 20), LONGEST_WAIT)
        left = held.last + timedelta(seconds=seconds) - now
        return max(0, -(-left // timedelta(seconds=1)))


def _key(tried: Try, *where: str) -> bytes:
    """Return the key of a counter. Typed text can never produce the key of somebody else's."""
    return sha256(repr((tried.email, tried.inside, *where)).encode()).digest()
