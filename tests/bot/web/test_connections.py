"""The server's own limits: half requests, endless heads and unread answers cost their sender and nobody else."""

from __future__ import annotations

import asyncio
import json
import resource
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from uvicorn.server import ServerState

from bot.web import connections
from bot.web.asgi import AsgiApp, WebhookRequest, WebhookResponse
from tests.bot.running import SECRET, TOKEN, bot_api, earshot
from tests.bot.service import update

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

WHOLE = b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
NOT_TAKEN = 0
"""Nobody took the call: the provider brings it again."""
WEBHOOK = {
    "EARSHOT_TELEGRAM_TOKEN": TOKEN,
    "EARSHOT_TELEGRAM_MODE": "webhook",
    "EARSHOT_TELEGRAM_WEBHOOK_SECRET": SECRET,
}
HALF_HEAD = b"POST /hook HTTP/1.1\r\nHost: x\r\nX-Slow: "
HALF_BODY = b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
TIMES = ("HEAD_SECONDS", "BODY_SECONDS", "READ_SECONDS")


async def come(true: Callable[[], bool]) -> None:
    """Let the server work until something is so."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - the server under test has no event for it
            await asyncio.sleep(0)


@dataclass
class Line:
    """One connection from outside."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def status(self) -> int:
        """Return the status of the next answer; 0 if the other side hung up instead."""
        head = await self.reader.readline()
        while (line := await self.reader.readline()) not in {b"\r\n", b""}:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if head:
            await self.reader.readexactly(length)
        return int(head.split()[1]) if head else 0

    async def is_closed(self) -> bool:
        return await self.reader.read() == b""


@dataclass
class Server:
    """The protocol that our server runs, on a port of its own."""

    lines: connections.OpenConnections
    port: int
    posts: list[WebhookRequest]
    opened: list[Line] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, data: bytes = b"") -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        self.opened.append(line)
        await line.say(data)
        return line

    async def until(self, waiting: dict[Any, float] | set[Any], count: int) -> None:
        """Wait until so many connections are in one of the lists."""
        await come(lambda: len(waiting) == count)

    async def until_read(self) -> None:
        """Wait until something has come on every connection."""
        await come(lambda: all(each._said for each in self.lines.open))

    def seconds_pass(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let every deadline be over, and look."""
        with monkeypatch.context() as patched:
            for name in TIMES:
                patched.setattr(connections, name, 0)
            self.lines.sweep(asyncio.get_running_loop())


@asynccontextmanager
async def serving(most: int = 100) -> AsyncIterator[Server]:
    posts: list[WebhookRequest] = []

    async def hook(post: WebhookRequest) -> WebhookResponse:
        posts.append(post)
        if post.query == "wait":
            await server.gate.wait()
        return WebhookResponse(200, b"x" * 20_000_000 if post.query == "much" else b"kept")

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    config = connections.config(AsgiApp(pages, {"/hook": hook}), descriptors=most * 8 // 5)
    config.load()
    kept = config.http_protocol_class.keywords["all_open"]  # type: ignore[union-attr]  # a partial of ours
    loop, state = asyncio.get_running_loop(), ServerState()
    listening = await loop.create_server(
        lambda: config.http_protocol_class(config=config, server_state=state, app_state={}),  # type: ignore[call-arg]
        "127.0.0.1", 0,
    )  # fmt: skip
    server = Server(kept, listening.sockets[0].getsockname()[1], posts)
    assert server.lines.most == most
    try:
        yield server
    finally:
        listening.close()
        for line in server.opened:
            line.writer.close()
        for open_ in list(kept.open):
            open_.transport.abort()
        if kept._sweep is not None:
            kept._sweep.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)


async def test_a_whole_request_is_answered_and_the_next_on_the_same_line() -> None:
    async with serving() as server:
        line = await server.call(WHOLE)
        assert await line.status() == 200
        await line.say(WHOLE[:30])
        await line.say(WHOLE[30:])
        assert await line.status() == 200
        assert [post.body for post in server.posts] == [b"ok", b"ok"]


@pytest.mark.parametrize(("sent", "status"), [(HALF_HEAD, 408), (HALF_BODY, 408), (b"", 0)])
async def test_a_request_that_does_not_arrive_in_time_is_let_go(
    sent: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving() as server:
        line = await server.call(sent)
        await server.until(server.lines.bodies if sent == HALF_BODY else server.lines.heads, 1)
        if sent:
            await server.until_read()
        server.lines.sweep(asyncio.get_running_loop())
        assert len(server.lines.open) == 1, "not before its time"
        server.seconds_pass(monkeypatch)
        assert await line.status() == status
        assert await line.is_closed()
        assert server.posts == [], "half a message is no message"
        assert server.lines.open == set()


async def test_a_trickle_of_bytes_buys_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server:
        line = await server.call(HALF_HEAD)
        await server.until(server.lines.heads, 1)
        (began,) = server.lines.heads.values()
        for letter in b"drip":
            await line.say(bytes([letter]))
            await asyncio.sleep(0.01)
        assert list(server.lines.heads.values()) == [began]


async def test_whoever_reads_no_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server:
        await server.call(b"POST /hook?much HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        await server.until(server.lines.unread, 1)
        server.seconds_pass(monkeypatch)
        await server.until(server.lines.open, 0)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000,
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n",
    ],
    ids=["one without end", "one", "the address", "many"],
)
async def test_a_head_that_is_too_large_is_refused(head: bytes) -> None:
    async with serving() as server:
        line = await server.call(head)
        assert await line.status() == 431


async def test_what_is_no_http_is_told_so() -> None:
    async with serving() as server:
        assert await (await server.call(b"\x16\x03\x01 hello\r\n\r\n")).status() == 400


async def test_when_all_lines_are_taken_the_slowest_gives_way_to_the_next() -> None:
    async with serving(most=20) as server:
        slow = [await server.call(HALF_HEAD) for _ in range(20)]
        await server.until(server.lines.heads, 20)
        for number in range(10):
            assert await (await server.call(WHOLE)).status() == 200, number
        assert len(server.lines.open) <= 20
        assert await slow[0].status() in {408, 0}
        assert len(server.posts) == 10


async def test_half_sent_bodies_give_way_before_a_head_that_has_just_begun() -> None:
    """Else a flood of them would put out every caller between the opening of the line and the first byte."""
    async with serving(most=20) as server:
        for _ in range(20):
            await server.call(HALF_BODY)
        await server.until(server.lines.bodies, 20)
        for each in server.lines.bodies:
            server.lines.bodies[each] -= 1
        new = await server.call(WHOLE[:20])
        await server.until(server.lines.heads, 1)
        for _ in range(5):
            await server.call(HALF_BODY)
        await server.until(server.lines.bodies, 19)
        await new.say(WHOLE[20:])
        assert await new.status() == 200


async def test_whoever_reads_no_answer_gives_way_as_well() -> None:
    async with serving(most=20) as server:
        for _ in range(20):
            await server.call(b"POST /hook?much HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        await server.until(server.lines.unread, 20)
        before = set(server.lines.open)
        for number in range(3):
            assert await (await server.call(WHOLE)).status() == 200, number
        gone = before - server.lines.open
        assert len(gone) >= 3
        await come(lambda: all(each.transport.get_write_buffer_size() == 0 for each in gone))


async def test_whoever_reads_nothing_of_one_answer_and_asks_on_gives_way_as_well() -> None:
    async with serving(most=20) as server:
        for _ in range(20):
            await server.call(b"POST /hook?much HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" * 3)
        await server.until(server.lines.unread, 20)
        for number in range(3):
            assert await (await server.call(WHOLE)).status() == 200, number


async def test_whoever_asks_twice_and_hangs_up_leaves_nothing_that_is_answered_to_nobody() -> None:
    async with serving() as server:
        line = await server.call(WHOLE.replace(b"/hook", b"/hook?wait") + WHOLE)
        await come(lambda: len(server.posts) == 1)
        (open_,) = server.lines.open
        line.writer.transport.abort()
        await server.until(server.lines.open, 0)
        server.gate.set()
        assert open_.answering is not None
        assert open_.answering is not open_.cycle
        assert open_.answering.disconnected


async def test_a_line_on_which_the_last_of_an_answer_waits_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left may be too little to be called unread; the server's own end of an idle line would wait for it."""
    async with serving() as server:
        line = await server.call(WHOLE)
        assert await line.status() == 200
        await server.until(server.lines.idle, 1)
        server.seconds_pass(monkeypatch)
        assert not server.lines.open
        assert await line.is_closed()


async def test_when_everybody_is_being_answered_the_next_is_told_to_come_again() -> None:
    async with serving(most=20) as server:
        busy = [await server.call(WHOLE.replace(b"/hook", b"/hook?wait")) for _ in range(20)]
        await come(lambda: len(server.posts) == 20)
        late = await server.call(WHOLE)
        assert await late.status() == 503
        server.gate.set()
        assert [await line.status() for line in busy] == [200] * 20


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\nContent-Length: 40",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2",
        b"Content-Length: +2",
        b"Content-Length: -2",
    ],
)
async def test_a_request_that_says_its_length_twice_is_refused(head: bytes) -> None:
    """Else a web server in front and ours might disagree on where it ends, and on whose the next one is."""
    async with serving() as server:
        line = await server.call(b"POST /hook HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\nok")
        assert await line.status() == 400
        assert server.posts == []


def test_there_is_room_left_for_the_database_and_our_own_calls() -> None:
    for descriptors in (64, 256, 1024, 20_000, 1_000_000):
        most, waiting = connections.most_connections(descriptors), connections.backlog(descriptors)
        assert most + waiting < descriptors
    assert connections.most_connections(20_000) > 2_000


@pytest.mark.slow
async def test_half_sent_headers_cost_no_webhook(tmp_path: Path) -> None:
    """1,100 of them at 1,024 descriptors, as a stranger with one small machine can send."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 4096 and hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("this machine does not let the test open so many connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    async with (
        bot_api() as api,
        earshot(tmp_path, descriptors=1024, **WEBHOOK, EARSHOT_TELEGRAM_API_URL=api.url) as bot,
    ):
        half: list[asyncio.StreamWriter] = []

        async def hold() -> None:
            _, writer = await asyncio.open_connection("127.0.0.1", bot.port)
            writer.write(HALF_HEAD)
            half.append(writer)

        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def hook(number: int) -> int:
                headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
                data = json.dumps(update(5_550_000_000 + number, "/start"))
                async with session.post(f"{bot.url}/webhooks/telegram", data=data, headers=headers) as answer:
                    return answer.status

            answers = await asyncio.gather(*(hold() for _ in range(1100)), *(hook(number) for number in range(50)))
            answers += await asyncio.gather(*(hook(number) for number in range(50, 100)))
        assert [answer for answer in answers if answer is not None] == [200] * 100
        for writer in half:
            writer.close()


@pytest.mark.slow
async def test_without_a_descriptor_left_nothing_fails_for_good_and_it_goes_on_when_there_are_some(
    tmp_path: Path,
) -> None:
    async with (
        bot_api() as api,
        earshot(tmp_path, **WEBHOOK, EARSHOT_TELEGRAM_API_URL=api.url) as bot,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as people,
    ):

        async def answer(method: str, path: str, **more: Any) -> int:
            try:
                async with people.request(method, bot.url + path, **more) as got:
                    await got.read()
                    return got.status
            except (aiohttp.ClientError, TimeoutError):
                return NOT_TAKEN

        async def hook(person: int) -> int:
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            data = json.dumps(update(5_550_000_000 + person, "/start"))
            return await answer("POST", "/webhooks/telegram", data=data, headers=headers)

        assert await asyncio.gather(*(answer("GET", "/privacy") for _ in range(10))) == [200] * 10
        assert bot.process is not None
        soft, hard = resource.prlimit(bot.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(bot.process.pid, resource.RLIMIT_NOFILE, (3, hard))  # as if all were in use
        paths = ("/privacy", "/try", "/sign-in", "/readyz", "/healthz", "/complaint")
        seen = await asyncio.gather(*(answer("GET", path) for path in paths), *(hook(n) for n in range(20)))
        assert set(seen) <= {200, 404, 503, NOT_TAKEN}, "trouble that passes is no error of ours"
        assert {503, NOT_TAKEN} & set(seen), "else nothing was short"
        resource.prlimit(bot.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(20):
            if await hook(30) == 200:
                break
        assert bot.process.returncode is None
        assert [await answer("GET", path) for path in ("/privacy", "/readyz")] == [200, 200]
        for _ in range(200):
            if api.sent[5_550_000_030]:
                break
            await asyncio.sleep(0.05)
        assert api.sent[5_550_000_030], "whoever writes is answered again"
