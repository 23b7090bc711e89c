"""`earshot serve` told to stop while something hangs: gone in time, and nothing forgotten."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from typing import TYPE_CHECKING

import pytest

from bot.cli import serve
from bot.outbound import sender
from bot.web import connections
from tests.bot.running import ROOT, Earshot, earshot
from tests.promises.providers import Providers

if TYPE_CHECKING:
    from pathlib import Path

CHAT, PHONE = 5550001234, "+447700900123"
FOR_EVER = 600.0


def test_the_parts_of_a_stop_fit_into_the_whole() -> None:
    parts = connections.LAST_REQUESTS_SECONDS + sender.GRACE_SECONDS
    assert parts + 2 <= serve.STOP_SECONDS <= 8, "the database is closed as well, and Docker kills after ten"
    (given,) = re.findall(r"stop_grace_period: (\d+)s", (ROOT / "compose.yaml").read_text())
    assert int(given) > serve.STOP_SECONDS


async def stopped_in_time(service: Earshot) -> int:
    began = time.monotonic()
    status = await service.stop()
    assert time.monotonic() - began < serve.STOP_SECONDS + 1, service.output
    return status


@pytest.mark.slow
async def test_providers_that_hang_and_requests_that_never_end_hold_up_no_stop(tmp_path: Path) -> None:
    async with Providers().serving() as providers, earshot(tmp_path, **providers.settings()) as service:
        providers.service, providers.delay = service.url, FOR_EVER
        assert await providers.chat(CHAT, "/start") == 200
        assert await providers.text(PHONE, "SHARE") == 200
        await providers.until(str(CHAT), 1)
        await providers.until(PHONE, 1)
        _, half = await asyncio.open_connection("127.0.0.1", service.port)
        half.write(b"POST /webhooks/telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        status = await stopped_in_time(service)
        half.close()
        assert status == 0, service.output
        assert providers.calls["POST Messages"] == 1

        providers.delay = 0.0
        await service.start()
        await providers.until(str(CHAT), 3)
        await providers.until(PHONE, 2)
        chat, texts = ([message.text for message in providers.taken[to]] for to in (str(CHAT), PHONE))
        assert chat[0] == chat[1] != chat[2], "nobody can be asked about it, so it is said once more (decision 6)"
        assert len(set(texts)) == len(texts), "Twilio can be asked what it took"
        assert await service.stop() == 0


def test_what_never_ends_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not answer, a thread in an endless loop: nothing of ours may outlast the deadline."""
    ended = threading.Event()
    monkeypatch.setattr(serve, "STOP_SECONDS", 0.0)
    monkeypatch.setattr(serve.os, "_exit", lambda status: ended.set() if status else None)
    serve.end_in_time()
    assert ended.wait(10)
