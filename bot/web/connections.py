"""The server's limits: how long a request may take to arrive, how large its head may be, how many connections are open.

A client that opens connections and sends half a request, or none, or reads no answer, costs a descriptor and nothing
more. If there are too many, the connection that has used up most of its time is closed for the next one.
"""

from __future__ import annotations

import resource
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

HEAD_SECONDS = 10
"""Seconds from the first byte, or from the opening of a connection, to the end of the headers."""
BODY_SECONDS = 30
"""Seconds from there to the end of the body; providers need a hundredth of it."""
IDLE_SECONDS = 5
"""Seconds between two requests on one connection."""
READ_SECONDS = 60
"""Seconds that a client may read nothing of an answer that waits for it."""
LAST_REQUESTS_SECONDS = 2
"""Seconds that a request in progress may take when we are asked to stop."""
HEAD_BYTES = 32 * 1024
MOST_HEADERS = 100
MOST_CONNECTIONS = 8192
MOST_DESCRIPTORS = 65_536
"""How many descriptors we ask the system for, if it allows that many."""
BACKLOG = 1024

TOO_SLOW = (408, "Request Timeout", "The request took too long to arrive.\n")
TOO_LARGE = (431, "Request Header Fields Too Large", "The headers are too large.\n")
UNREADABLE = (400, "Bad Request", "Invalid HTTP request received.\n")


def raise_descriptors() -> int:
    """Raise the limit of open descriptors as far as the system allows, up to `MOST_DESCRIPTORS`; returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def most_connections(descriptors: int) -> int:
    """Return how many connections may be open, so that the database and our own calls always find a descriptor."""
    return max(16, min(MOST_CONNECTIONS, descriptors * 5 // 8))


def backlog(descriptors: int) -> int:
    """Return how many connections may wait to be accepted: no more than find a descriptor if they all come at once."""
    return max(16, min(BACKLOG, (descriptors - most_connections(descriptors)) // 2))


def config(app: Any, *, trusted: Sequence[str] = (), descriptors: int) -> uvicorn.Config:
    """Return the configuration of uvicorn for an app. `trusted`: proxies whose word about the client is believed."""
    all_open = OpenConnections(most_connections(descriptors))
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=cast("type[asyncio.Protocol]", partial(Connection, all_open=all_open)),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(trusted),
        backlog=backlog(descriptors),
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
    )


class OpenConnections:
    """All open connections. Those that we wait for are listed in the order in which the wait began."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.open: set[Connection] = set()
        self.idle: dict[Connection, float] = {}
        self.heads: dict[Connection, float] = {}
        self.bodies: dict[Connection, float] = {}
        self.unread: dict[Connection, float] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def opened(self, connection: Connection) -> None:
        """Count a new connection. If there are too many, close the slowest of those that we wait for."""
        self.open.add(connection)
        self.waits(connection, self.heads)
        if len(self.open) > self.most:
            slowest = self._slowest(but=connection)
            if slowest is None:
                connection.refused = True
            else:
                slowest.give_way()
                self.closed(slowest)
        if self._sweep is None:
            self._sweep = connection.loop.call_later(1, self.sweep, connection.loop)

    def closed(self, connection: Connection) -> None:
        """Forget a connection."""
        self.open.discard(connection)
        self.unread.pop(connection, None)
        self.waits(connection, None)

    def waits(self, connection: Connection, where: dict[Connection, float] | None) -> None:
        """Record what we now wait for on a connection: one of our lists, or None for nothing."""
        for waiting in (self.idle, self.heads, self.bodies):
            waiting.pop(connection, None)
        if where is not None and connection in self.open:
            where[connection] = connection.loop.time()

    def sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close connections that took too long. Called once a second."""
        now = loop.time()
        for waiting, seconds in (
            (self.heads, HEAD_SECONDS), (self.bodies, BODY_SECONDS), (self.unread, READ_SECONDS),
            (self.idle, READ_SECONDS),
        ):  # fmt: skip
            late = [connection for connection, since in waiting.items() if now - since >= seconds]
            for connection in late:
                if waiting is self.unread:
                    connection.transport.abort()
                else:
                    connection.give_way()
                self.closed(connection)
        self._sweep = loop.call_later(1, self.sweep, loop) if self.open else None

    def _slowest(self, but: Connection) -> Connection | None:
        """Return the connection that has used up the largest share of its time, `but` excepted."""
        now = but.loop.time()
        found = []
        for waiting, seconds in (
            (self.heads, HEAD_SECONDS), (self.idle, IDLE_SECONDS),
            (self.bodies, BODY_SECONDS), (self.unread, READ_SECONDS),
        ):  # fmt: skip
            first = next(((since, one) for one, since in waiting.items() if one is not but), None)
            if first is not None:
                found.append(((now - first[0]) / seconds, first[1]))
        return max(found, key=lambda each: each[0])[1] if found else None


class Connection(HttpToolsProtocol):
    """One connection, with a deadline for whatever we wait for from the client."""

    def __init__(self, *arguments: Any, all_open: OpenConnections, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.all_open = all_open
        self.refused = False
        """True: too many connections are open; the request is read and answered with an error."""
        self._room = HEAD_BYTES
        """Bytes of the head that may still come in whole lines."""
        self._unfinished = 0
        """Bytes received of a head that has not ended."""
        self._said = False
        """Whether anything of the next request has come."""
        self.answering: RequestResponseCycle | None = None
        """The request in progress; later ones may have come already."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Count the connection. The deadline for its first request starts now."""
        super().connection_made(transport)
        self.all_open.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and tell the handler in progress, which would otherwise write to nobody and log it."""
        self._hang_up()
        self.all_open.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on. Headers that never end are cut off."""
        if self in self.all_open.idle:
            self.all_open.waits(self, self.all_open.heads)
        self._said = True
        in_head = self in self.all_open.heads
        super().data_received(data)
        if in_head and self in self.all_open.heads:
            self._unfinished += len(data)
            if self._unfinished > HEAD_BYTES:
                self._turn_away(TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        """Answer that the request cannot be read. `msg` is ignored: it is the library's wording."""
        self._turn_away(TOO_LARGE if self._room < 0 else UNREADABLE)

    def on_message_begin(self) -> None:
        """Start counting the head of a request."""
        super().on_message_begin()
        self._room = HEAD_BYTES

    def on_url(self, url: bytes) -> None:
        """Count a piece of the address."""
        self._take(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count one header."""
        self._take(len(name) + len(value) if len(self.headers) < MOST_HEADERS else HEAD_BYTES + 1)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start waiting for the body."""
        self._unfinished = 0
        self.all_open.waits(self, self.all_open.bodies)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop waiting: the request is complete, and it is our turn."""
        self.all_open.waits(self, None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Start waiting for the next request, unless it has come already."""
        self._said = False
        if not self.pipeline and self not in self.all_open.heads and self not in self.all_open.bodies:
            self.all_open.waits(self, self.all_open.idle)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Record that the client reads nothing of our answer from now on."""
        self.all_open.unread.setdefault(self, self.loop.time())
        super().pause_writing()

    def resume_writing(self) -> None:
        """Record that the client reads again."""
        self.all_open.unread.pop(self, None)
        super().resume_writing()

    def give_way(self) -> None:
        """Close the connection: it was too slow, or others need its place. An answer that has begun is cut off."""
        begun = self._hang_up()
        if begun or self.transport.get_write_buffer_size():  # a normal close would wait until the client reads it
            self.transport.abort()
        elif self._said:
            self._turn_away(TOO_SLOW)
        else:
            self.transport.close()

    def _hang_up(self) -> bool:
        """Tell the request in progress that the client has gone. Returns True if its answer has begun."""
        open_still = [each for each in (self.answering, self.cycle) if each is not None and not each.response_complete]
        for cycle in open_still:
            cycle.disconnected = True
            cycle.message_event.set()
        return any(cycle.response_started for cycle in open_still)

    def _take(self, length: int) -> None:
        self._room -= length
        if self._room < 0:
            raise ValueError("the head of this request is too large")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.answering = cycle
        super()._start_asgi_task(cycle, _no_room if self.refused else app)

    def _turn_away(self, what: tuple[int, str, str]) -> None:
        status, phrase, text = what
        if not self.transport.is_closing():
            head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
            self.transport.write(f"{head}content-length: {len(text)}\r\n\r\n{text}".encode())
            self.transport.close()


async def _no_room(_scope: Any, _receive: Any, send: Any) -> None:
    body = b"try again\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"5"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
