"""Fixtures of the service's tests."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
import structlog

from bot.telemetry import logs
from tests.bot.service import Service
from tests.bot.terminal import Terminal
from tests.bot.try_phone import HERE, Browser, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer


@pytest.fixture
def log_output() -> Iterator[io.StringIO]:
    """All that is logged, at debug level."""
    root = logging.getLogger()
    before = (root.handlers, root.level, logging.raiseExceptions, threading.excepthook)
    stream = io.StringIO()
    logs.configure("debug", stream)
    yield stream
    root.handlers, root.level, logging.raiseExceptions, threading.excepthook = before
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Intake, time and recovery on a database of either kind."""
    return Service(database, writer)


@pytest.fixture
def earshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path)


@pytest.fixture
async def browser(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Browser]:
    """Somebody's browser in front of the simulator of a running service."""
    app = await opened(tmp_path, sqlite_template)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=HERE) as client:
        yield Browser(app, client)
    await app.sender.stop()
    await asyncio.to_thread(app.close)
