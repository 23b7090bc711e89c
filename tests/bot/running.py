"""A real `earshot serve` in a process of its own, and a small Bot API for it to talk to. For tests on loopback."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import socket
import sys
from collections import defaultdict
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
TOKEN = "123456789:AAbbCCddEEff-0123456789_abcdefghijk"
SECRET = "a-webhook-secret-of-the-tests"
READY_SECONDS = 30


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class BotApi:
    """Takes what we send and remembers it, by chat."""

    def __init__(self) -> None:
        self.sent: dict[int, list[str]] = defaultdict(list)
        self.calls: list[str] = []
        self.waiting: list[dict[str, Any]] = []
        """Updates for whoever asks for them; forgotten once a later offset is asked for, as Telegram does."""
        self.delay = 0.0
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        token, _, method = request.path.removeprefix("/bot").partition("/")
        assert token == TOKEN
        body = await request.json() if request.can_read_body else {}
        await asyncio.sleep(self.delay)
        self.calls.append(method)
        result: Any = True
        if method == "getMe":
            result = {"id": 1, "is_bot": True, "first_name": "Easton", "username": "easton_bot"}
        elif method == "getUpdates":
            offset = int(body.get("offset") or 0)
            for _ in range(20):
                self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
                if self.waiting:
                    break
                await asyncio.sleep(0.05)
            result = self.waiting
        elif method == "sendMessage":
            self.sent[int(body["chat_id"])].append(body["text"])
            number = len(self.calls)
            result = {"message_id": number, "date": 1, "chat": {"id": body["chat_id"], "type": "private"}}
        return web.json_response({"ok": True, "result": result})


@asynccontextmanager
async def bot_api() -> AsyncIterator[BotApi]:
    api = BotApi()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", api.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    api.url = f"http://127.0.0.1:{port}/bot"
    try:
        yield api
    finally:
        await runner.cleanup()


class Earshot:
    """One installation: its folder stays while its process may be killed and started again."""

    def __init__(self, folder: Path, descriptors: int | None = None, **settings: str) -> None:
        self.folder = folder
        self.descriptors = descriptors
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "EARSHOT_PORT": str(self.port),
            "EARSHOT_PUBLIC_URL": self.url,
            "EARSHOT_DATA_DIR": str(folder / "var"),
            "EARSHOT_ORGANISATION": "Easton Listens",
        } | settings
        self.process: asyncio.subprocess.Process | None = None

    @property
    def output(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    async def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
        with (self.folder / "out.log").open("ab") as out, (self.folder / "err.log").open("ab") as err:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "serve", cwd=self.folder, stdout=out, stderr=err,
                env=environment | self.settings | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        if self.descriptors:
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))
        async with aiohttp.ClientSession() as session:
            for _ in range(READY_SECONDS * 20):
                assert self.process.returncode is None, self.output
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError(f"not ready after {READY_SECONDS} seconds: {self.output}")

    def resident_mb(self) -> float:
        """Return how much memory its process has just now."""
        assert self.process is not None
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB$", told, re.MULTILINE)
        return int(kilobytes) / 1024

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """Ask it to stop; returns its exit status."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), READY_SECONDS)


@asynccontextmanager
async def earshot(folder: Path, descriptors: int | None = None, **settings: str) -> AsyncIterator[Earshot]:
    """Give a running service; whatever happens, its process is gone afterwards."""
    service = Earshot(folder, descriptors, **settings)
    await service.start()
    try:
        yield service
    finally:
        if service.process is not None and service.process.returncode is None:
            await service.kill()
