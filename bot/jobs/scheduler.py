"""Starts jobs at intervals and holds no work: due work is rows in our tables, so a lost or doubled tick is harmless.

APScheduler runs with its memory store. Its persistent jobs are lost when the process is killed and dropped when due
while it is down, so nothing is ever kept in it.
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
    """Something to run at intervals."""

    name: str
    every: int
    """Seconds from one start to the next."""
    run: Callable[[], Awaitable[int]]
    """True: run once at start too, for what fell due while the service was down."""
    at_start: bool = True
    """True: do it once at start too, for what fell due while we were down."""


class Schedule:
    """Runs jobs on the event loop it is started on. A job never overlaps itself."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = tuple(jobs)
        self._scheduler: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Start ticking. Call it on the running event loop."""
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
        """Stop ticking. A job that is running finishes."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None


async def tick(job: Job) -> None:
    """Run a job once. An error is logged; what was due stays due, and the next tick tries again."""
    began = time.monotonic()
    try:
        count = await job.run()
    except Exception as error:
        log.error("tick failed", job=job.name, **error_fields(error))
        return
    if count:
        log.info("tick", job=job.name, count=count, ms=round((time.monotonic() - began) * 1000))
