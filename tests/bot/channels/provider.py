"""A provider on this machine that says what the test wants: answers, refusals, silence, a line that breaks."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Call:
    method: str
    path: str
    query: dict[str, str]
    fields: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Provider:
    """`script` is played first, one entry a call; then `answer` for ever.

    An entry is (status, body) or (status, body, headers); "drop": the line is closed; "half": it is closed in the
    middle of the answer; "silence": nothing is answered; a number: what `answer` says, after so many seconds.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    script: deque[Any] = field(default_factory=deque)
    answer: Any = (200, {"ok": True, "result": True})
    headers: dict[str, str] = field(default_factory=dict)
    unread: int = 0
    """So many posts are hung up on before their bodies are read."""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, end: str) -> list[dict[str, Any]]:
        """Return the fields of every call to a path that ends so."""
        return [call.fields for call in self.calls if call.path.endswith(end)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.unread and request.method == "POST":
            self.unread -= 1
            return hang_up(request)
        body = await request.text()
        is_json = "json" in request.content_type
        fields = json.loads(body) if is_json and body else dict(parse_qsl(body, keep_blank_values=True))
        self.calls.append(Call(request.method, request.path, dict(request.query), fields, dict(request.headers)))
        reply = self.script.popleft() if self.script else self.answer
        if callable(reply):
            reply = reply(self.calls[-1])
        if isinstance(reply, float):
            await asyncio.sleep(reply)
            reply = self.answer(self.calls[-1]) if callable(self.answer) else self.answer
        if reply == "drop":
            return hang_up(request)
        if reply == "half":
            answer = web.StreamResponse(headers={"Content-Length": "500", "Content-Type": "application/json"})
            await answer.prepare(request)
            await answer.write(b'{"ok": true, "re')
            return hang_up(request)
        if reply == "silence":
            await self.over.wait()
            return web.Response()
        status, content, *more = reply
        headers = self.headers | (more[0] if more else {})
        if isinstance(content, str):
            return web.Response(status=status, text=content, headers=headers)
        return web.json_response(content, status=status, headers=headers)


def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def provider(**settings: Any) -> AsyncIterator[Provider]:
    made = Provider(**settings)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        made.over.set()
        await runner.cleanup()
