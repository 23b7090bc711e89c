"""The schedule only ticks: an error stops no other tick, and stopping is clean."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from bot.jobs.scheduler import Job, Schedule, tick
from bot.telemetry import logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level, logging.raiseExceptions)
    stream = io.StringIO()
    logs.configure("debug", stream)
    yield stream
    root.handlers, root.level, logging.raiseExceptions = before
    logging.captureWarnings(False)
    structlog.reset_defaults()


async def test_what_fell_due_while_we_were_down_is_done_at_once() -> None:
    done = asyncio.Event()

    async def work() -> int:
        done.set()
        return 1

    never = asyncio.Event()

    async def later() -> int:
        never.set()
        return 1

    schedule = Schedule(
        [Job(name="now", every=3600, run=work), Job(name="later", every=3600, run=later, at_start=False)]
    )
    schedule.start()
    try:
        await asyncio.wait_for(done.wait(), 5)
        assert not never.is_set()
    finally:
        schedule.stop()
        schedule.stop()


async def test_a_failing_tick_is_logged_without_its_message(out: io.StringIO) -> None:
    async def work() -> int:
        raise RuntimeError("the bus stop on my road")

    await tick(Job(name="quiet", every=1, run=work))
    written = out.getvalue()
    assert "job=quiet" in written
    assert "error=RuntimeError" in written
    assert "bus stop" not in written


@pytest.mark.parametrize(("count", "lines"), [(0, 0), (3, 1)])
async def test_a_tick_that_did_nothing_is_not_worth_a_line(out: io.StringIO, count: int, lines: int) -> None:
    async def work() -> int:
        return count

    await tick(Job(name="quiet", every=1, run=work))
    assert out.getvalue().count("job=quiet") == lines
