"""Fixtures of the service's tests."""

from __future__ import annotations

import io
import logging
import threading
from typing import TYPE_CHECKING

import pytest
import structlog

from bot import logs
from tests.bot.service import Service
from tests.bot.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from storage.unit import Writer


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
