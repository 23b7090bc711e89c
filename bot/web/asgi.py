"""The ASGI application: sends webhooks straight to their handlers and everything else to the pages.

A webhook is answered thousands of times a minute and needs no routing, cookies or templates, so it bypasses the web
framework. Pages answer only under our own host name, and get the security headers that they did not set themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    Scope = MutableMapping[str, Any]
    Event = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Event]]
    Send = Callable[[Event], Awaitable[None]]
    Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 1_000_000
"""Longest request body in bytes; providers send a few kilobytes."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", PAGE_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), interest-cohort=()"),
    (b"cache-control", b"no-store"),
)
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request to a webhook, with its body unparsed."""

    headers: Mapping[str, str]
    """Names are in lower case."""
    query: str
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """The answer to a webhook."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    retry_after: int = 0
    """Seconds after which the provider may try again; 0: no `Retry-After` header."""


class TooLargeError(Exception):
    """A body is longer than `MOST_BYTES`; nothing of it was kept."""


class HungUpError(Exception):
    """The client closed the connection before the whole body had come; nothing of it was kept."""


STRANGE = b"""We do not know this address.

Nothing was done. Open Earshot under the address that your team gave you. If you run it: the address
must be the one in EARSHOT_PUBLIC_URL, or http://127.0.0.1 with the port on this machine; a web server
in front must pass on the Host header.
"""
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that machines ask for under any host name; they never redirect."""


class AsgiApp:
    """The ASGI application that the server runs."""

    def __init__(
        self,
        pages: Asgi,
        webhooks: Mapping[str, Callable[[WebhookRequest], Awaitable[WebhookResponse]]],
        *,
        https: bool = False,
        is_ours: Callable[[str], bool] = lambda _host: True,
        too_large: Callable[[str], None] = lambda _path: None,
    ) -> None:
        self.pages = pages
        self.webhooks = dict(webhooks)
        self._headers = (*HEADERS, HTTPS_ONLY) if https else HEADERS
        self._is_ours = is_ours
        self._too_large = too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.pages(scope, receive, send)
        elif (webhook := self.webhooks.get(scope["path"])) is not None:
            await respond(send, await self._webhook(webhook, scope, receive))
        else:
            await self._page(scope, receive, send)

    async def _webhook(
        self, webhook: Callable[[WebhookRequest], Awaitable[WebhookResponse]], scope: Scope, receive: Receive
    ) -> WebhookResponse:
        if scope["method"] != "POST":
            return WebhookResponse(405, b"POST only\n")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await read_body(headers, receive)
        except TooLargeError:
            self._too_large(scope["path"])
            return WebhookResponse(413, b"too large\n")
        except HungUpError:
            return WebhookResponse(400, b"cut off\n")
        return await webhook(WebhookRequest(headers, scope["query_string"].decode("latin-1"), body))

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"])
        if scope["path"] not in PROBES and not self._named_right(scope):
            await respond(send, WebhookResponse(421, STRANGE))
            return
        if (plain := _without_slash(scope)) is not None:
            await respond(send, WebhookResponse(308), (b"location", plain))
            return
        if _declared(given.get(b"content-length", b"")) > MOST_BYTES:
            self._too_large(scope["path"])
            await respond(send, WebhookResponse(413, b"too large\n"))
            return
        left, gone = MOST_BYTES, False

        async def counted() -> Event:
            nonlocal left, gone
            event = await receive()
            gone = gone or event["type"] == "http.disconnect"
            left -= len(event.get("body", b""))
            if left < 0:
                raise TooLargeError
            return event

        async def guarded(event: Event) -> None:
            if event["type"] == "http.response.start":
                present = {name.lower() for name, _ in event.get("headers", ())}
                missing = [item for item in self._headers if item[0] not in present]
                event = {**event, "headers": [*event.get("headers", ()), *missing]}
            await send(event)

        try:
            await self.pages(scope, counted, guarded)
        except Exception:
            if not gone:  # else the client has gone: nobody to tell, and it must not fill our log
                raise

    def _named_right(self, scope: Scope) -> bool:
        """Return True if the Host header is ours: pages and links must never speak for another name."""
        names = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        return len(names) < 2 and all(self._is_ours(host_of(name)) for name in names)


def host_of(header: str) -> str:
    """Return the name in a Host header, without the port, in lower case."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower().rstrip(".")


def _without_slash(scope: Scope) -> bytes | None:
    """Return the page's address without the slash typed behind it, else None; relative, to stay on this host."""
    path = scope["path"]
    if scope["method"] not in {"GET", "HEAD"} or not path.endswith("/") or not (plain := path.strip("/")):
        return None
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    return b"/" + quote(plain).encode() + query


async def read_body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """Return the whole body. Raises TooLargeError before reading over `MOST_BYTES`, HungUpError if it ends early."""
    if _declared(headers.get("content-length", "").encode("latin-1")) > MOST_BYTES:
        raise TooLargeError
    parts: list[bytes] = []
    left, more = MOST_BYTES, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise HungUpError
        parts.append(event.get("body", b""))
        left -= len(parts[-1])
        if left < 0:
            raise TooLargeError
        more = event.get("more_body", False)
    return b"".join(parts)


async def respond(send: Send, answer: WebhookResponse, *more: tuple[bytes, bytes]) -> None:
    """Send a whole response."""
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (b"content-type", answer.kind.encode("latin-1")),
                (b"content-length", b"%d" % len(answer.body)),
                (b"cache-control", b"no-store"),
                (b"x-content-type-options", b"nosniff"),
                *more,
                *([(b"retry-after", b"%d" % answer.retry_after)] if answer.retry_after else []),
            ],
        }
    )
    await send({"type": "http.response.body", "body": answer.body})


def _declared(length: bytes) -> int:
    return int(length) if length.isdigit() and len(length) < 16 else 0
