"""Ticks, and nothing but ticks: due work is rows in our tables, so a lost or doubled tick is harmless.

APScheduler with its memory store wakes the jobs; its persistent jobs are lost when killed and dropped when due while
down, so nothing is ever kept in it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # it ships no types

from bot.telemetry.logs import error_fields, log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to do again and again."""

    name: str
    every: int
    """Seconds from one start to the next."""
    run: Callable[[], Awaitable[int]]
    """Does what is due and returns how much that was."""
    at_start: bool = True
    """True: do it once at start too, for what fell due while we were down."""


class Schedule:
    """Runs jobs on the event loop it is started on; one job never overlaps itself."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = tuple(jobs)
        self._scheduler: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Begin ticking. Call it on the running event loop."""
        scheduler = AsyncIOScheduler(timezone=UTC)
        for job in self.jobs:
            scheduler.add_job(
                tick,
                "interval",
                args=(job,),
                seconds=job.every,
                id=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                **({"next_run_time": datetime.now(UTC)} if job.at_start else {}),
            )
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Tick no more. A job that is running goes on to its end."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None


async def tick(job: Job) -> None:
    """Run a job once. An error is logged, and the next tick tries again: what is due stays due."""
    began = time.monotonic()
    try:
        count = await job.run()
    except Exception as error:
        log.error("tick failed", job=job.name, **error_fields(error))
        return
    if count:
        log.info("tick", job=job.name, count=count, ms=round((time.monotonic() - began) * 1000))
