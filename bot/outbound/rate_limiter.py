"""How fast a channel may go, in all and to one person. Moments are seconds of a monotonic clock, and handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bot.channels.channel import Limits

MARGIN = 1.03
"""Messages travel for different times; a little slack keeps the provider from ever counting one too many."""
MOST_REMEMBERED = 10_000


class RateLimiter:
    """Spreads a channel's messages evenly over each second, and holds them back while the provider wants quiet."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._step = MARGIN / per_second
        self._next = 0.0
        self.paused_until = 0.0

    def share(self, processes: int) -> None:
        """Go at an equal part of the rate: so many processes send by this channel."""
        self._step = MARGIN * processes / self._per_second

    def reserve(self, now: float) -> float:
        """Return when the next message may go, and count it."""
        at = max(now, self._next, self.paused_until)
        self._next = at + self._step
        return at

    def pause(self, until: float) -> None:
        """Let nothing go before `until`; a shorter pause does not end a longer one."""
        self.paused_until = max(self.paused_until, until)


class _Last(NamedTuple):
    free_at: float
    provider_id: str
    inbound_id: int | None


class RecipientSpacing:
    """Keeps messages to one person apart."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._last: dict[int, _Last] = {}
        self._by_id: dict[str, int] = {}

    def free_at(self, address_id: int, inbound_id: int | None) -> float:
        """Return when the next message to this address may go; 0 if at once.

        On a channel that only keeps the order (`until_delivered`), whoever has written since has read what was before.
        """
        last = self._last.get(address_id)
        if last is None:
            return 0.0
        if self._limits.until_delivered and inbound_id is not None and inbound_id != last.inbound_id:
            return 0.0
        return last.free_at

    def sent_elsewhere(self, address_id: int, inbound_id: int | None, ago: float, now: float) -> None:
        """Note that another process handed over a message `ago` seconds ago."""
        last = self._last.get(address_id)
        if (free_at := now - ago + self._limits.per_person * MARGIN) > (last.free_at if last is not None else 0.0):
            self._last[address_id] = _Last(free_at, "", inbound_id)

    def sent(self, address_id: int, provider_id: str, inbound_id: int | None, now: float) -> None:
        """Note that a message has just been handed over."""
        if not self._limits.per_person:
            return
        if len(self._last) >= MOST_REMEMBERED:
            self._forget(now)
        if (before := self._last.get(address_id)) is not None:
            self._by_id.pop(before.provider_id, None)
        self._last[address_id] = _Last(now + self._limits.per_person * MARGIN, provider_id, inbound_id)
        if self._limits.until_delivered:
            self._by_id[provider_id] = address_id

    def delivered(self, provider_id: str) -> None:
        """Note that a message arrived, which ends the wait behind it."""
        address_id = self._by_id.pop(provider_id, None)
        if address_id is not None:
            self._last.pop(address_id, None)

    def _forget(self, now: float) -> None:
        self._last = {address_id: last for address_id, last in self._last.items() if last.free_at > now}
        self._by_id = {last.provider_id: address_id for address_id, last in self._last.items()}
