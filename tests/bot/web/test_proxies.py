"""Who is calling: the word of a web server in front is taken, and nobody else's. As our own server runs the app."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.settings.environment import read
from bot.web import connections

FIRST, SECOND = "10.0.0.5", "10.0.0.6"


async def seen(peer: str, forwarded: str | list[str], trusted: str = "") -> str:
    """Return who calls, as the app sees it, when this peer says so."""
    found: list[str] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        found.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    settings = read({"EARSHOT_TRUSTED_PROXIES": trusted})
    config = connections.config(app, trusted=settings.trusted_proxies, descriptors=1024)
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=(peer, 4711))  # type: ignore[arg-type]  # any ASGI app
    lines = [forwarded] if isinstance(forwarded, str) else forwarded
    async with httpx.AsyncClient(transport=transport, base_url="http://listen.example.org") as client:
        await client.get("/", headers=[(b"X-Forwarded-For", line.encode("latin-1")) for line in lines])
    return found[0]


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1"])
async def test_a_web_server_on_this_machine_is_believed(peer: str) -> None:
    assert await seen(peer, "198.51.100.7") == "198.51.100.7"


async def test_nobody_else_is_believed_unless_named() -> None:
    assert await seen(FIRST, "198.51.100.7") == FIRST
    assert await seen(FIRST, "198.51.100.7", trusted=FIRST) == "198.51.100.7"
    assert await seen("127.0.0.1", "198.51.100.7", trusted=FIRST) == "127.0.0.1"
    assert await seen("172.18.0.1", "2001:db8::7", trusted="172.16.0.0/12") == "2001:db8::7"


async def test_what_a_stranger_wrote_before_the_web_server_did_is_not_believed() -> None:
    """The web server adds the address that it sees at the end; what stands before it may have been made up."""
    assert await seen(FIRST, "203.0.113.1, 198.51.100.7", trusted=FIRST) == "198.51.100.7"
    assert await seen(FIRST, ["203.0.113.1", "198.51.100.7"], trusted=FIRST) == "198.51.100.7"
    assert await seen(FIRST, f"203.0.113.1, 198.51.100.7, {SECOND}", trusted=f"{FIRST},{SECOND}") == "198.51.100.7"


@pytest.mark.parametrize("nonsense", ["", ",", "unknown", "198.51.100.7:99", "[::1]:5", "x" * 5000, "\xe9"])
async def test_nonsense_is_no_error(nonsense: str) -> None:
    assert isinstance(await seen("127.0.0.1", nonsense), str)
