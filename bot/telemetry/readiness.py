"""Whether we are fit to work: the database keeps what it is given, turns succeed, messages go out, all is warm.

That the database answers a question says little: a full or read-only one does too. So something is written.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bot.telemetry.logs import error_fields, log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from storage.db.database_trouble import Health

PROBE_SECONDS = 5.0
"""How long the database may take to keep something before we call ourselves unfit."""
PROBE_EVERY = 1.0
"""Anybody may ask; we write no more often than this."""
REMEMBERED_SECONDS = 60.0
SEVERAL, PEOPLE = 3, 2
"""So many turns of so many people, one after the other, do not fail for a fault of one conversation."""


class Turns:
    """How the last turns went. A success ends all worry, and so does a minute without a failure."""

    def __init__(self) -> None:
        self._failed: set[str] = set()
        self.failures = 0
        """How many failed since the last that was kept."""
        self._lost = False
        self._at = float("-inf")

    def succeeded(self) -> None:
        """Note a turn that was kept."""
        self.failures, self._lost = 0, False
        self._failed.clear()

    def failed(self, whose: str, now: float, *, lost: bool = False) -> None:
        """Note a turn that failed; `lost`: not even its event could be kept."""
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
    """What `/readyz` says."""

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
        """Return what works and what does not, each by its name, and why the database does not."""
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
