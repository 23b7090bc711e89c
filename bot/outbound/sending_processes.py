"""Which processes send from this database: our own sign of life, how many share the rate, and whose work is taken over.

Others are judged by whether their beat changes while ours goes on, never by a clock: clocks differ, and a database
that was away stops everybody's beat alike. On SQLite there is one process; it beats only while the database is in
trouble.
"""

from __future__ import annotations

from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

from bot.telemetry.logs import error_fields, log
from storage.queries.delivery import outbox, processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer
    from storage.queries.delivery.processes import Beat

BEAT_SECONDS = 1.0
DEAD_SECONDS = 6.0
"""Whose beat has stood still so long, while ours went on, is dead."""
SILENT_SECONDS = DEAD_SECONDS - 2 * BEAT_SECONDS
"""For so long at least a process that is found dead has given nothing to a provider: it may have lived for a beat
after its last sign of life, and we may have seen that sign a beat late."""
BREAK_SECONDS = 3.0
"""After so long without a beat of our own we begin to watch the others anew."""
MAKE_ROOM_SECONDS = 2.0
"""How long a new process lets the others slow down before it sends; one that died does not answer."""


class Presence:
    """Our place among the processes of one database."""

    def __init__(
        self,
        writer: Writer,
        *,
        alone: bool,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self.name = token_hex(8)
        self.alone = alone
        self.living = 1
        """How many processes share the rate, we among them."""
        self._writer, self._clock, self._monotonic = writer, clock, monotonic
        self._seen: dict[str, tuple[int, float]] = {}
        """How far the beat of each other process has come, and when it last changed."""
        self._beaten_at = float("-inf")
        self._joined_at = float("-inf")
        self._all_know = False

    @property
    def may_send(self) -> bool:
        """True once the others have made room for us."""
        return self.alone or self._all_know or self._monotonic() - self._joined_at >= MAKE_ROOM_SECONDS

    async def join(self) -> None:
        """Give the first sign of life; whoever takes messages must have given one."""
        if self.alone:
            await self._writer.perform(processes.forget_all, urgent=True)
        self._joined_at = self._monotonic()
        await self.beat()

    async def beat(self) -> list[int] | None:
        """Give a sign of life and look at the others; returns what those that died had in hand, None if none died."""
        give = partial(processes.beat, name=self.name, share=self.living, now=self._clock())
        beats = await self._writer.perform(give, urgent=True)
        at = self._monotonic()
        if at - self._beaten_at > BREAK_SECONDS:
            self._seen.clear()
        self._beaten_at = at
        dead = self._watch([beat for beat in beats if beat.id != self.name], at)
        if not dead:
            return None
        left = await self._writer.perform(partial(_take_over, dead=dead), urgent=True)
        log.warning("process died", count=len(left))
        return left

    async def tick(self) -> list[int] | None:
        """Beat, if there is a reason to; trouble is the writer's to tell. Returns what `beat` does."""
        if self.alone and self._writer.health.cause is None:
            return None
        try:
            return await self.beat()
        except Exception as error:
            log.debug("no sign of life", **error_fields(error))
            return None

    async def leave(self) -> None:
        """Strike ourselves off, so that the others need not wait for it."""
        try:
            await self._writer.perform(partial(processes.forget, names=[self.name]), urgent=True)
        except Exception as error:
            log.info("not struck off", **error_fields(error))

    def _watch(self, others: list[Beat], at: float) -> list[str]:
        """Notice whose beat changed; returns those that died."""
        before, self._seen = self._seen, {}
        for other in others:
            known = before.get(other.id)
            self._seen[other.id] = known if known is not None and known[0] == other.beat else (other.beat, at)
        dead = [name for name, (_, since) in self._seen.items() if at - since >= DEAD_SECONDS]
        self.living = 1 + len(others) - len(dead)
        self._all_know = all(other.share >= self.living for other in others if other.id not in dead)
        return dead


def _take_over(connection: Connection, dead: list[str]) -> list[int]:
    processes.forget(connection, dead)
    return outbox.take_over(connection)
