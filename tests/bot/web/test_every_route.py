"""An attacker on every route: the list is the app's own, so a page that comes later is tried without further edits."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import select

from bot.app import App, build
from bot.settings.environment import read
from review.kit import accounts, passwords
from review.kit.forms import token_for
from storage import tables
from storage.db.engine import reader
from tests.review import room

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

OPEN = {"/healthz", "/readyz", "/metrics", "/privacy", "/privacy/complaint", "/privacy/complaint/sent/{ticket}",
        "/mydata/{token}", "/try", "/sign-in", "/join/{token}"}  # fmt: skip
"""Pages that strangers may open; and forms under /try."""
ODD = (
    "1", "0", "-1", "99999999999999999999", "2147483648", "9223372036854775808", "%00", "..%2f..%2fetc%2fpasswd", "é",
    "%ff%fe", "'--", "<b>", "{{7*7}}", "x" * 3000, "%0d%0aSet-Cookie:a=b", "%F0%9F%98%80",
)  # fmt: skip
NOTED = {"progress", "progress_at", "read_at"}
WRITTEN = ("story", "safeguarding", "team_item", "request", "team_member", "tag", "decision", "edition", "export_run")


@dataclass
class Way:
    """One route."""

    path: str
    methods: frozenset[str]

    def filled(self, value: str) -> str:
        return re.sub(r"\{[^}]+\}", lambda _: value, self.path)


UNSTARTED = {"/healthz", "/readyz"}
"""They say 503 of a service that was built and not started, as the one here."""


@dataclass
class Attacker:
    app: App
    client: httpx.AsyncClient

    def ways(self) -> list[Way]:
        """Return every route but the one that says truly that nothing is sent here."""
        found = _walk(self.app.asgi.pages.routes)  # type: ignore[attr-defined]  # our own FastAPI
        return [way for way in found if way.path != "/readyz"]

    async def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        return await self.client.request(method, path, **more)  # type: ignore[arg-type]

    def written(self) -> dict[str, list[object]]:
        with reader(self.app.engine) as connection:
            return {name: [tuple(row) for row in connection.execute(select(*_columns(name)))] for name in WRITTEN}


def _columns(name: str) -> list[object]:
    """Return what a page may not change when it is looked at: that a story was read is noted, and nothing else."""
    return [column for column in tables.metadata.tables[name].columns if column.name not in NOTED]


def _walk(routes: list[object], before: str = "") -> Iterator[Way]:
    for route in routes:
        path = before + str(getattr(route, "path", ""))
        if inside := getattr(route, "routes", None):
            yield from _walk(inside, path.rstrip("/"))
        elif methods := getattr(route, "methods", None):
            yield Way(re.sub(r":\w+\}", "}", path) or "/", frozenset(methods))


@pytest.fixture
async def attacker(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Attacker]:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app = build(read({"EARSHOT_DATA_DIR": str(data_dir)}))
    app.writer.run(room.tell)
    transport = httpx.ASGITransport(app.asgi, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield Attacker(app, client)
    await asyncio.gather(*(channel.stop() for channel in app.channels.values()))
    app.close()


async def signed_in(attacker: Attacker, role: str) -> dict[str, str]:
    """Sign a member in; returns what a form of theirs carries."""
    now = attacker.app.clock()
    link = accounts.make_link(attacker.app.writer, f"{role}@example.org", role, now=now)
    token = await accounts.accept(
        attacker.app.engine, attacker.app.writer, link, email="", name="Sam", password="three green bottles",
        organisation="x", now=now,
    )  # fmt: skip
    assert isinstance(token, str)
    attacker.client.cookies.set("earshot", token)
    return {"form_token": token_for(token)}


async def test_no_page_of_the_team_opens_to_strangers(attacker: Attacker) -> None:
    ways = attacker.ways()
    assert len(ways) > 40
    before = attacker.written()
    for way in ways:
        if way.path in OPEN or way.path.startswith("/try/"):
            continue
        for method in way.methods & {"GET", "POST"}:
            answer = await attacker.ask(method, way.filled("1"), data={"x": "1"} if method == "POST" else None)
            told = (method, way.path, answer.status_code)
            if method == "GET":
                assert answer.status_code == 303, told
                assert answer.headers["location"].startswith("/sign-in"), told
            else:
                assert answer.status_code in {401, 403}, told
    assert attacker.written() == before


async def test_looking_changes_nothing(attacker: Attacker) -> None:
    await signed_in(attacker, "lead")
    before = attacker.written()
    for way in attacker.ways():
        if "GET" in way.methods:
            for _ in range(2):
                answer = await attacker.ask("GET", way.filled("1"))
                assert answer.status_code < 500 or way.path in UNSTARTED, way.path
    assert attacker.written() == before


@pytest.mark.parametrize("role", ["lead", "reviewer", "safeguarding", "outreach"])
async def test_nothing_odd_in_an_address_is_an_error_of_ours(attacker: Attacker, role: str) -> None:
    form = await signed_in(attacker, role)
    for way, value in product(attacker.ways(), ODD if role == "lead" else ODD[:4]):
        if "{" not in way.path:
            continue
        for method in sorted(way.methods & {"GET", "POST"}):
            answer = await attacker.ask(method, way.filled(value), data=form if method == "POST" else None)
            assert answer.status_code < 500, (method, way.filled(value)[:100], answer.status_code)
            assert "Traceback" not in answer.text
            assert "\n" not in str(answer.headers.get("set-cookie", ""))


QUERIES = (
    "state",
    "scale",
    "place",
    "practice",
    "use",
    "done",
    "next",
    "lang",
    "page",
    "before",
    "after",
    "format",
    "q",
)


async def test_nothing_odd_in_a_query_or_a_form_is_an_error_of_ours(attacker: Attacker) -> None:
    form = await signed_in(attacker, "lead")
    for way, value in product(attacker.ways(), ("", "\0", "99999999999999999999", "é" * 500, "'\"><script>", "-1")):
        for method in sorted(way.methods & {"GET", "POST"}):
            odd = dict.fromkeys((*QUERIES, "version", "seen", "words", "reason", "outcome", "message", "sure"), value)
            sent = {"params": odd} if method == "GET" else {"data": odd | form}
            if way.path == "/sign-out":
                continue
            answer = await attacker.ask(method, way.filled("1"), **sent)
            assert answer.status_code < 500 or way.path in UNSTARTED, (method, way.path, value)
            assert "<script>" not in answer.text.replace("<script src", ""), (method, way.path)


async def test_every_answer_names_its_type(attacker: Attacker) -> None:
    await signed_in(attacker, "lead")
    for way in attacker.ways():
        if "GET" in way.methods:
            answer = await attacker.ask("GET", way.filled("1"))
            kind = answer.headers.get("content-type", "")
            assert not answer.content or "charset" in kind or kind == "application/json", (way.path, kind)
            assert answer.headers["x-content-type-options"] == "nosniff", way.path


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_nobody_gets_their_request_back(attacker: Attacker, method: str) -> None:
    for way in attacker.ways():
        answer = await attacker.ask(method, way.filled("1"), headers={"X-Secret": "told-you-so"})
        assert answer.status_code in {303, 401, 403, 404, 405}, (method, way.path)
        assert "told-you-so" not in answer.text + str(answer.headers)
