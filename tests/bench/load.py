"""Load generator and stand-in Bot API, in a process of its own: httptools on uvloop, so that it is never the limit.

A turn is one update posted to the webhook until the bot's sendMessage for that chat reaches the stand-in.
`closed`: so many people, each sends the next message on getting the reply. `open`: a fixed rate, timed from the
scheduled moment. Prints one JSON line. `python -m tests.bench.load --help`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import time
from collections import deque
from typing import ClassVar, cast
from urllib.parse import parse_qs, urlsplit

import httptools
import psutil
import uvloop

from tests.bench.questionnaire import GREETING, TURNS, words

TOKEN = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
SECRET = "a-webhook-secret-of-the-bench"
_MULTIPART_CHAT = re.compile(rb'name="chat_id"\r\n(?:[^\r\n]*\r\n)*\r\n(-?\d+)')
_ME = {"id": 123456789, "is_bot": True, "first_name": "Bench", "username": "bench_bot", "can_join_groups": True,
       "can_read_all_group_messages": False, "supports_inline_queries": False}  # fmt: skip


class StandIn(asyncio.Protocol):
    """One connection to the stand-in Bot API. `delay` seconds an answer; every n-th send is refused with 429."""

    delay = 0.0
    refuse_every = 0
    sent = 0
    refused = 0
    waiting: ClassVar[dict[int, asyncio.Future[float]]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.parser = httptools.HttpRequestParser(self)
        self.body: list[bytes] = []
        self.kind = self.url = b""

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.body, self.kind, self.url = [], b"", b""

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self.kind = value
        elif name.lower() == b"expect":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        method = self.url.split(b"?")[0].rsplit(b"/", 1)[-1]
        if method != b"sendMessage":
            self.answer(json.dumps({"ok": True, "result": _ME if method == b"getMe" else True}).encode())
            return
        cls = StandIn
        cls.sent += 1
        if cls.refuse_every and cls.sent % cls.refuse_every == 0:
            cls.refused += 1
            body = b'{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":1}}'
            self.later(body, b"429 Too Many Requests")
            return
        chat = self.chat()
        self.later(
            b'{"ok":true,"result":{"message_id":%d,"date":1700000000,"chat":{"id":%d,"type":"private",'
            b'"first_name":"A"},"from":{"id":123456789,"is_bot":true,"first_name":"Bench"},"text":"ok"}}'
            % (cls.sent, chat)
        )
        waiter = cls.waiting.pop(chat, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(time.perf_counter())

    def chat(self) -> int:
        body = b"".join(self.body)
        if b"json" in self.kind:
            return int(json.loads(body)["chat_id"])
        if b"multipart" in self.kind:
            found = _MULTIPART_CHAT.search(body)
            assert found is not None
            return int(found[1])
        return int(parse_qs(body)[b"chat_id"][0])

    def later(self, body: bytes, status: bytes = b"200 OK") -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.answer, body, status)
        else:
            self.answer(body, status)

    def answer(self, body: bytes, status: bytes = b"200 OK") -> None:
        if not self.transport.is_closing():
            head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self.transport.write(head % (status, len(body)) + body)


class Connection(asyncio.Protocol):
    """One kept-alive connection to the webhook."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.parser = httptools.HttpResponseParser(self)
        self.reply: asyncio.Future[int] | None = None

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        status, reply = self.parser.get_status_code(), self.reply
        self.parser, self.reply = httptools.HttpResponseParser(self), None
        if reply is not None and not reply.done():
            reply.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.reply is not None and not self.reply.done():
            self.reply.set_exception(ConnectionError())


class People:
    """The simulated people and what was measured of them; times in seconds."""

    def __init__(self, url: str, timeout: float, first: int) -> None:
        at = urlsplit(url)
        self.host, self.port, self.timeout = at.hostname or "127.0.0.1", at.port or 80, timeout
        self.head = (
            f"POST {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: "
        )
        self.idle: list[Connection] = []
        self.person = self.update = first
        self.stopping = False
        self.clear()

    def clear(self) -> None:
        """Forget what was measured so far."""
        self.replied: list[float] = []
        self.accepted: list[float] = []
        self.failed = self.unanswered = 0

    async def post(self, body: str) -> int:
        """Post one update; returns the HTTP status."""
        connection = self.idle.pop() if self.idle else None
        if connection is None or connection.transport.is_closing():
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(Connection, self.host, self.port)
        connection.reply = asyncio.get_running_loop().create_future()
        connection.transport.write(f"{self.head}{len(body)}\r\n\r\n{body}".encode())
        status = await connection.reply
        self.idle.append(connection)
        return status

    async def turn(self, person: int, number: int, since: float | None = None) -> bool:
        """Send one message and wait for the bot's reply; returns whether it came."""
        self.update += 1
        since = since or time.perf_counter()
        reply = StandIn.waiting[person] = asyncio.get_running_loop().create_future()
        try:
            status = await self.post(update(self.update, person, number))
        except OSError:
            status = 0
        if status != 200:
            self.failed += 1
            return False
        self.accepted.append(time.perf_counter() - since)
        try:
            came = reply.result() if reply.done() else await asyncio.wait_for(reply, self.timeout)
        except TimeoutError:
            self.unanswered += 1
            return False
        self.replied.append(came - since)
        return True

    def next_person(self) -> int:
        """Return a person not seen before."""
        self.person += 1
        return self.person

    async def tell(self) -> None:
        """Tell one story after another, each as a new person, until stopped."""
        while not self.stopping:
            person = self.next_person()
            for number in range(1, TURNS + 1):
                if self.stopping or not await self.turn(person, number):
                    break

    async def closed(self, people: int, seconds: float) -> None:
        """Saturate: so many people at a time."""
        self.stopping = False
        telling = [asyncio.ensure_future(self.tell()) for _ in range(people)]
        await asyncio.sleep(seconds)
        self.stopping = True
        self.ended = time.perf_counter()
        self.counted = len(self.replied)
        await asyncio.wait(telling, timeout=self.timeout)

    async def open(self, rate: float, seconds: float) -> None:
        """Send at a fixed rate, whatever comes back, timed from the scheduled moment."""
        ready: deque[tuple[int, int]] = deque()
        going: set[asyncio.Future[None]] = set()

        async def one(person: int, number: int, since: float) -> None:
            if await self.turn(person, number, since) and number < TURNS:
                ready.append((person, number + 1))

        due = time.perf_counter()
        end = due + seconds
        while due < end:
            while due <= time.perf_counter():
                person, number = ready.popleft() if ready else (self.next_person(), 1)
                task = asyncio.ensure_future(one(person, number, due))
                going.add(task)
                task.add_done_callback(going.discard)
                due += 1 / rate
            await asyncio.sleep(max(0.0, min(due - time.perf_counter(), 0.001)))
        self.ended = time.perf_counter()
        self.counted = len(self.replied)
        if going:
            await asyncio.wait(going, timeout=self.timeout)


def update(number: int, person: int, turn: int) -> str:
    """Return one Telegram update as JSON text."""
    text = words(person, turn)
    who = {"id": person, "is_bot": False, "first_name": "Ada", "username": f"ada{person}", "language_code": "en"}
    chat = {"id": person, "first_name": "Ada", "username": f"ada{person}", "type": "private"}
    message = {"message_id": turn, "from": who, "chat": chat, "date": int(time.time()), "text": text}
    if text == GREETING:
        message["entities"] = [{"offset": 0, "length": len(text), "type": "bot_command"}]
    return json.dumps({"update_id": number, "message": message})


def cpu_seconds(pid: int) -> float:
    """Return user and system seconds of a process and its children."""
    process = psutil.Process(pid)
    times = [item.cpu_times() for item in (process, *process.children(recursive=True))]
    return float(sum(item.user + item.system for item in times))


def resident_mb(pid: int) -> float:
    """Return resident memory of a process and its children, in MB."""
    process = psutil.Process(pid)
    return float(sum(item.memory_info().rss for item in (process, *process.children(recursive=True))) / 2**20)


def percentile(values: list[float], share: float) -> float:
    """Return a percentile in milliseconds."""
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1e3, 2) if values else 0.0


async def wait_until_up(people: People, seconds: float = 40.0) -> None:
    """Wait until the webhook's port answers."""
    for _ in range(int(seconds / 0.05)):
        try:
            transport, _ = await asyncio.get_running_loop().create_connection(Connection, people.host, people.port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            transport.close()
            return
    raise TimeoutError("the bot under test did not start")


async def measure(asked: argparse.Namespace) -> dict[str, float]:
    """Run one measurement and return its figures."""
    StandIn.delay, StandIn.refuse_every = asked.delay, asked.refuse_every
    at = urlsplit(asked.stand_in)
    server = await asyncio.get_running_loop().create_server(StandIn, at.hostname, at.port)
    people = People(asked.url, asked.timeout, asked.first)
    await wait_until_up(people)
    await asyncio.sleep(1.0)
    if asked.warm:
        await people.closed(16, asked.warm)
        people.clear()
    began, cpu = time.perf_counter(), cpu_seconds(asked.pid)
    own = cpu_seconds(os.getpid())
    if asked.mode == "open":
        await people.open(asked.rate, asked.seconds)
    else:
        await people.closed(asked.people, asked.seconds)
    used = cpu_seconds(asked.pid) - cpu
    took = people.ended - began
    turns = max(len(people.replied), 1)
    server.close()
    return {
        "turns_per_s": round(people.counted / took, 1),
        "reply_p50_ms": percentile(people.replied, 0.5),
        "reply_p99_ms": percentile(people.replied, 0.99),
        "accept_p50_ms": percentile(people.accepted, 0.5),
        "accept_p99_ms": percentile(people.accepted, 0.99),
        "cpu_ms_per_turn": round(used / turns * 1e3, 3),
        "generator_cpu": round((cpu_seconds(os.getpid()) - own) / took, 2),
        "rss_mb": round(resident_mb(asked.pid), 1),
        "turns": len(people.replied),
        "failed": people.failed,
        "unanswered": people.unanswered,
        "refused": StandIn.refused,
    }


def main() -> None:
    """Read the command line, measure, print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["closed", "open"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--stand-in", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--people", type=int, default=64)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--warm", type=float, default=2.0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--refuse-every", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=15.0)
    parser.add_argument("--first", type=int, default=1_000_000)
    asked = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(asked))))  # noqa: T201 - this line is the result


if __name__ == "__main__":
    main()
