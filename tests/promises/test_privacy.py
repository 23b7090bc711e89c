"""A whole run at the most talkative level, troubles included: nothing written beside the database names anybody.

Looked through: standard output and error, the figures, every file of the data folder but the database and the key, and
what the commands print that look into trouble.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests import walk
from tests.bot.running import ROOT, SECRET, TOKEN, earshot
from tests.bot.service import OURS, sms_form, update
from tests.promises.providers import ACCOUNT, AUTH, PRESS, Providers
from tests.review.visitor import Visitor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bot.running import Earshot
    from tests.promises.providers import Refusal

pytestmark = pytest.mark.slow

ADA, BEN, CAI, DEE = 7_300_000_001, 7_300_000_002, 7_300_000_003, 7_300_000_004
MAYA, TOM, UMA = "+447700900301", "+447700900302", "+447700900303"
STORY = "The marmalade factory by the zeppelin hangar shut, and my cousin Persephone lost her work there."
MORE = "Nobody at the harmonica office would listen to her."
EMAIL, PASSWORD = "lead@easton.example", "quincunx-lozenge-7-tangent"
TELLTALE_WORDS = (
    "marmalade", "zeppelin", "persephone", "harmonica", "glenboig", "quincunx", "lead@easton", "osculate", "tessellate",
)  # fmt: skip


def secrets() -> list[str]:
    phones = [part for phone in (MAYA, TOM, UMA, OURS) for part in (phone, phone[1:], phone[3:], "0" + phone[3:])]
    chats = [str(chat) for chat in (ADA, BEN, CAI, DEE)]
    return [*phones, *chats, TOKEN, TOKEN.split(":")[0], TOKEN.split(":")[1], SECRET, ACCOUNT, AUTH, *TELLTALE_WORDS]


def troubled() -> Any:
    """Return providers that refuse at times, and repeat in their answer what they were given."""
    first: set[str] = set()

    def refuse(to: str, text: str) -> Refusal | None:
        fresh = to not in first
        first.add(to)
        if to == str(BEN) and fresh:
            return 429, {"ok": False, "description": f"Too many to {to}: {text}", "parameters": {"retry_after": 1}}
        if to == PRESS:
            return 400, {"ok": False, "description": f"query {text} of {ADA} is too old"}
        if to == str(CAI):
            return 403, {"ok": False, "error_code": 403, "description": f"Forbidden: {to} blocked {TOKEN}: {text}"}
        if to == TOM and fresh:
            return 500, {"code": 20500, "message": f"cannot send {text} to {to}", "status": 500}
        if to == UMA:
            return 400, {"code": 21610, "message": f"{to} has said STOP to {OURS}: {text}", "status": 400}
        return None

    return refuse


async def tell(providers: Providers) -> None:
    """Tell stories by every way, ask for everything that may be asked, and take some of it back."""
    assert await providers.chat(ADA, "/start") == 200
    await providers.until(str(ADA), 2)
    assert await providers.press(ADA, "Yes, 18 or over") == 200
    bonus = {"place": "Coatbridge", "contact": "yes", "about": "1 6"}
    await providers.talk(str(ADA), walk.paced_by_chat(STORY, MORE, use="quote", **bonus)[2:])
    await providers.until_told(str(ADA), "receipt")
    for chat in (BEN, CAI):
        for text in (STORY, "yes", "I agree", "DONE", "HELP", "MY DATA", "STOP"):
            assert await providers.chat(chat, text) == 200
    await asyncio.gather(*(providers.talk(phone, walk.paced_by_text(STORY, MORE, **bonus)) for phone in (MAYA, TOM)))
    for text in (STORY, "AGREE", MORE, "DONE"):
        assert await providers.text(UMA, text) == 200
    for phone in (MAYA, TOM, UMA):
        assert await providers.text(phone, "MY DATA") == 200
    await providers.until_told(MAYA, "receipt")
    for text in ("DELETE", "1"):
        assert await providers.text(MAYA, text) == 200
    assert await providers.text(TOM, "please stop texting me about the zeppelin") == 200
    await providers.until_told(MAYA, "reply with")
    (number,) = {found for one in providers.taken[MAYA] for found in re.findall(r"reply with (\d{4})", one.text)}
    assert await providers.text(MAYA, number) == 200
    await providers.until_told(MAYA, "deleted")


async def trouble(providers: Providers, service: Earshot, database: Path) -> None:
    """Bring what is forged, broken, unknown; then let a turn fail."""
    assert await providers.bring(update(DEE, STORY), secret="osculate") == 403
    assert await providers.bring_form(sms_form(MAYA, STORY), signature="b3NjdWxhdGU=") == 403
    assert await providers.bring({"update_id": 5, "thought": {"words": STORY, "chat": ADA}}) == 200
    assert await providers.bring({"update_id": 6, "message": {"text": STORY, "chat": ADA}}) == 200
    assert await providers.bring({"ok": STORY}) == 400
    assert await providers.bring_form({"From": MAYA, "Body": STORY, "osculate": "1"}) in {200, 400}
    assert await providers.chat(DEE, "/start") == 200
    await providers.until(str(DEE), 2)
    with closing(sqlite3.connect(database, timeout=15)) as broken:
        broken.execute("UPDATE conversation SET state = ? WHERE status = 'open'", (json.dumps({"bad": STORY}),))
        broken.commit()
    assert await providers.chat(DEE, STORY) == 200, "a failing turn"
    await providers.until(str(DEE), 3)
    async with httpx.AsyncClient(base_url=service.url) as browser:
        for path in (f"/{MAYA}", f"/stories/{ADA}", "/join/osculate", "/try?words=marmalade", "/nowhere?q=zeppelin"):
            assert (await browser.get(path)).status_code < 500
        assert (await browser.post("/try/say", data={"text": STORY, "token": "tessellate"})).status_code < 500


async def read_at_the_office(service: Earshot) -> None:
    """Sign in, with a slip on the way; look at the queue and a story, decide, export."""
    (token,) = re.findall(r"/join/([\w-]+)", service.output)
    visitor = Visitor(None)  # type: ignore[arg-type]  # it goes over the wire instead
    visitor.client = httpx.AsyncClient(base_url=service.url)
    await visitor.join(token, name="Lee Tessellate", email=EMAIL, password=PASSWORD)
    assert "marmalade" in await visitor.open("/")
    (story, *_) = re.findall(r'href="(/stories/\d+)"', visitor.html)
    assert "marmalade" in await visitor.open(story)
    await visitor.open("/export")
    assert visitor.status == 200
    other = Visitor(None)  # type: ignore[arg-type]  # as above
    other.client = httpx.AsyncClient(base_url=service.url)
    await other.sign_in(EMAIL, "osculate")
    await visitor.client.aclose()
    await other.client.aclose()


async def command(service: Earshot, *words: str) -> str:
    """Run a command in the installation's folder and return all it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, cwd=service.folder, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env=environment | service.settings | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    out, _ = await run.communicate()
    return out.decode()


async def test_nothing_beside_the_database_names_anybody(tmp_path: Path) -> None:
    database = tmp_path / "var" / "earshot.db"
    async with Providers().serving() as providers:
        providers.refuse = troubled()
        async with earshot(tmp_path, **providers.settings(EARSHOT_LOG_LEVEL="debug")) as service:
            providers.service = service.url
            await tell(providers)
            await read_at_the_office(service)
            await trouble(providers, service, database)
            async with httpx.AsyncClient(base_url=service.url) as browser:
                figures = (await browser.get("/metrics")).text
            assert await service.stop() == 0
            await service.start()  # with a turn that failed, and messages that were refused
            assert await service.stop() == 0
            looked = [await command(service, *words) for words in (("inbox", "list"), ("inbox", "replay"), ("doctor",))]
        logged = (tmp_path / "err.log").read_text()
        told = (tmp_path / "out.log").read_text()

    for line in ("level=debug", "turn failed", "send failed", "level=error"):
        assert line in logged, f"the run was to log “{line}”"
    assert 'earshot_messages_total{channel="sms",result="handled"}' in figures
    assert 'result="failed"' in figures
    assert "failed" in looked[0].lower()

    files = [path for path in (tmp_path / "var").rglob("*") if path.is_file() and path.name != "secret.key"]
    beside = {path.name: path.read_text(errors="replace") for path in files if not path.name.startswith("earshot.db")}
    assert database in files
    written = {"err.log": logged, "out.log": told, "figures": figures, "commands": "\n".join(looked)} | beside
    found = {(name, secret) for name, text in written.items() for secret in secrets() if secret.lower() in text.lower()}
    assert found == set()
    assert "Traceback" not in logged + told
