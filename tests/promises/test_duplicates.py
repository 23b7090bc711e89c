"""Every webhook three times, at once and again much later: both databases end as if it had come once."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from bot.app import App, build
from bot.settings.environment import read
from storage import tables
from storage.db.engine import reader
from tests import walk
from tests.bot.running import SECRET, TOKEN
from tests.bot.service import MAYA, OURS, STORY, TOM, all_is_read, press, sms_form, update
from tests.promises.providers import ACCOUNT, AUTH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.engine import Engine

PUBLIC = "https://listen.example.org"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SEED = 20261123
ADA, BEN, CAI = 7_200_000_001, 7_200_000_002, 7_200_000_003


class Call(NamedTuple):
    """One webhook call."""

    path: str
    body: bytes
    headers: dict[str, str]


def by_telegram(data: dict[str, Any]) -> Call:
    return Call("/webhooks/telegram", json.dumps(data).encode(), {"X-Telegram-Bot-Api-Secret-Token": SECRET})


def by_sms(form: dict[str, str], path: str = "/webhooks/sms") -> Call:
    signature = RequestValidator(AUTH).compute_signature(PUBLIC + path, form)
    kind = "application/x-www-form-urlencoded"
    return Call(path, urlencode(form).encode(), {"X-Twilio-Signature": signature, "Content-Type": kind})


def edit(data: dict[str, Any], text: str) -> dict[str, Any]:
    """Return the update of a changed message."""
    changed = update(data["message"]["chat"]["id"])
    return {"update_id": changed["update_id"], "edited_message": data["message"] | {"text": text, "edit_date": 1}}


def membership(chat: int, status: str) -> dict[str, Any]:
    us = {"id": 1, "is_bot": True, "first_name": "Easton"}
    was, now = ({"status": each, "user": us} | ({"until_date": 0} if each == "kicked" else {})
                for each in (("kicked", "member") if status == "member" else ("member", "kicked")))  # fmt: skip
    person = {"id": chat, "is_bot": False, "first_name": "Cai"}
    change = {"chat": {"id": chat, "type": "private"}, "from": person, "date": 1, "old_chat_member": was}
    return {"update_id": update(chat)["update_id"], "my_chat_member": change | {"new_chat_member": now}}


class Pressed(NamedTuple):
    """A press of the waiting question's button at this place."""

    chat: int
    index: int
    number: int


first_words = update(BEN, STORY)
EVENTS: tuple[Call | Pressed, ...] = (
    *(by_sms(sms_form(MAYA, text)) for text in walk.kept_by_text(STORY, "And one more thing, a mile away.")),
    *(by_telegram(update(ADA, text)) for text in (*walk.kept_by_chat(STORY), "Coatbridge", "2", "1")),
    Pressed(ADA, 0, 1), Pressed(ADA, 5, 2), Pressed(ADA, 0, 3),
    by_telegram(update(ADA, "DONE")),
    by_telegram(first_words),
    by_telegram(edit(first_words, STORY + " Or so it seemed to me.")),
    *(by_telegram(update(BEN, text)) for text in ("yes", "NO")),
    *(by_sms(sms_form(TOM, text)) for text in (STORY, "AGREE", "STOP", "START")),
    *(by_telegram(update(CAI, text)) for text in ("/start", "yes")),
    by_telegram(membership(CAI, "kicked")),
    *(by_sms(sms_form(MAYA, text)) for text in (*walk.bonus("Coatbridge", "team", "yes", "1 6"), "MY DATA")),
    by_telegram(membership(CAI, "member")),
    *(by_sms({"MessageSid": "SM" + "9" * 32, "MessageStatus": status, "To": MAYA, "AccountSid": ACCOUNT},
             "/webhooks/sms/status") for status in ("delivered", "sent", "queued")),
    *(by_telegram(update(CAI, text)) for text in ("DELETE", "1")),
)  # fmt: skip


class House:
    """A service that only listens: what it would say stays in the outbox."""

    def __init__(self, app: App, client: httpx.AsyncClient) -> None:
        self.app, self.client = app, client

    async def take(self, call: Call) -> None:
        answer = await self.client.post(call.path, content=call.body, headers=call.headers)
        assert answer.status_code == 200, answer.text

    def as_call(self, event: Call | Pressed) -> Call:
        """Return a press as this service's own buttons have it: their names differ by chance."""
        if isinstance(event, Call):
            return event
        talks, addresses = tables.Conversation.__table__, tables.Address.__table__
        person = self.app.keyring.lookup("address.lookup", f"telegram\0{event.chat}")
        with reader(self.app.engine) as connection:
            state = connection.execute(
                select(talks.c.state).join_from(talks, addresses).where(addresses.c.lookup == person)
            ).scalar_one()
        asked = json.loads(state)
        data = press(event.chat, f"{asked['token']}.{asked['serial']}.{event.index}")
        data["callback_query"]["message"]["message_id"] = 5
        return by_telegram(data | {"update_id": 800_000_000 + event.number})

    def all_is_read(self) -> None:
        """Let everybody have read what was written to them, though nothing is sent here."""
        all_is_read(self.app.writer, NOON)

    def everything(self) -> dict[str, list[str]]:
        """Return all that is stored, but for numbers that a database deals out and what is drawn by lot."""
        found = {}
        with reader(self.app.engine) as connection:
            for name, table in sorted(tables.metadata.tables.items()):
                rows = connection.execute(select(table)).mappings().all()
                found[name] = sorted(repr({k: v for k, v in map(plain, row.items()) if k}) for row in rows)
        return found


BY_LOT = {"key_print", "sealed", "lookup", "pseudonym", "receipt_lookup", "conversation_id", "token"}
STATE_BY_LOT = {"id", "token", "receipt", "receipt_sealed"}


def plain(item: tuple[str, Any]) -> tuple[str, Any]:
    """Return a column without what differs by chance; no name for one that is nothing else."""
    name, value = item
    if name in BY_LOT or name == "id" or (name.endswith("_id") and name != "provider_id"):
        return "", None
    if name in {"state", "payload"} and isinstance(value, str) and value.startswith("{"):
        return name, {key: kept for key, kept in json.loads(value).items() if key not in STATE_BY_LOT}
    return name, value


@asynccontextmanager
async def house(folder: Path, **settings: str) -> AsyncIterator[House]:
    given = {
        "EARSHOT_DATA_DIR": str(folder),
        "EARSHOT_PUBLIC_URL": PUBLIC,
        "EARSHOT_TELEGRAM_TOKEN": TOKEN,
        "EARSHOT_TELEGRAM_WEBHOOK_SECRET": SECRET,
        "EARSHOT_TWILIO_ACCOUNT_SID": ACCOUNT,
        "EARSHOT_TWILIO_AUTH_TOKEN": AUTH,
        "EARSHOT_TWILIO_FROM": OURS,
    }
    app = build(read(given | settings), clock=lambda: NOON)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=PUBLIC) as client:
        yield House(app, client)
    await asyncio.gather(*(channel.stop() for channel in app.channels.values()))
    app.close()


async def test_three_times_each_is_once(database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.turn.runner.draw", lambda *_: "kettle otter lantern")
    address = database.url.render_as_string(hide_password=False)
    chance = random.Random(SEED)
    async with house(tmp_path / "once") as once, house(tmp_path / "thrice", EARSHOT_DATABASE_URL=address) as thrice:
        before: list[Call] = []
        for event in EVENTS:
            once.all_is_read()
            thrice.all_is_read()
            await once.take(once.as_call(event))
            call = thrice.as_call(event)
            late = chance.sample(before, min(len(before), chance.randrange(4)))
            calls = [call, call, call, *late]
            chance.shuffle(calls)
            await asyncio.gather(*map(thrice.take, calls))
            before.append(call)
        again = [call for call in before for _ in range(3)]
        chance.shuffle(again)
        await asyncio.gather(*map(thrice.take, again))
        assert thrice.everything() == once.everything()
        with reader(thrice.app.engine) as connection:
            told = connection.execute(select(func.count()).select_from(tables.Story.__table__)).scalar()
            seen = connection.execute(select(func.count()).select_from(tables.Inbound.__table__)).scalar()
        assert told == 2
        statuses = 3
        assert seen == len(EVENTS) - statuses
