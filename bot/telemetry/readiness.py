"""Whether the service is ready: the database stores data, turns succeed, messages go out, caches are warm.

A full or read-only database still answers a query, so the probe writes something.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bot.telemetry.logs import error_fields, log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from storage.db.database_trouble import Health

PROBE_SECONDS = 5.0
"""Seconds that the database may take to store something before the service counts as not ready."""
PROBE_EVERY = 1.0
"""Seconds between two probes, however often somebody asks."""
REMEMBERED_SECONDS = 60.0
SEVERAL, PEOPLE = 3, 2
"""This many failed turns of this many people in a row are more than the fault of one conversation."""


class Turns:
    """How the last turns went. One success, or a minute without a failure, clears the record."""

    def __init__(self) -> None:
        self._failed: set[str] = set()
        self.failures = 0
        """How many failed since the last that was kept."""
        self._lost = False
        self._at = float("-inf")

    def succeeded(self) -> None:
        """Record a turn that was stored."""
        self.failures, self._lost = 0, False
        self._failed.clear()

    def failed(self, whose: str, now: float, *, lost: bool = False) -> None:
        """Record a turn that failed. `lost`: not even its event could be stored."""
        self._at = now
        self.failures += 1
        self._lost = self._lost or lost
        if len(self._failed) < PEOPLE:
            self._failed.add(whose)

    def fit(self, now: float) -> bool:
        """Return False while every turn fails."""
        if now - self._at > REMEMBERED_SECONDS:
            return True
        return not (self._lost or (self.failures >= SEVERAL and len(self._failed) >= PEOPLE))


class Readiness:
    """The answer of `/readyz`."""

    def __init__(
        self,
        *,
        probe: Callable[[], Awaitable[object]],
        health: Health,
        turns: Turns,
        delivering: Callable[[], bool],
        warm: Callable[[], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._probe, self._health, self._turns = probe, health, turns
        self._delivering, self._warm, self._monotonic = delivering, warm, monotonic
        self._keeps = False
        self._asked_at = float("-inf")
        self._one = asyncio.Lock()

    async def look(self) -> dict[str, Any]:
        """Return what works and what does not, by name, and the cause if the database does not."""
        keeps = await self._keeps_things()
        cause = self._health.cause
        works = {
            "database": keeps and cause is None,
            "turns": self._turns.fit(self._monotonic()),
            "delivery": self._delivering(),
            "warm": self._warm(),
        }
        return {"ready": all(works.values()), **works, "cause": cause.value if cause is not None else None}

    async def _keeps_things(self) -> bool:
        async with self._one:
            if self._monotonic() - self._asked_at < PROBE_EVERY:
                return self._keeps
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await self._probe()
                self._keeps = True
            except Exception as error:
                log.error("not ready", **error_fields(error))
                self._keeps = False
            self._asked_at = self._monotonic()
        return self._keeps
