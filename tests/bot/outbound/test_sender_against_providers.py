"""Delivery with the real writers, on either database, in real time and with a provider on this machine."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from bot.channels.telegram.telegram_channel import TelegramChannel
from bot.outbound.sender import Sender
from storage import tables
from storage.db.writer import writer_for
from tests.bot.channels.provider import Call, provider
from tests.bot.sending import KEYRING, Outbox

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

PEOPLE, EACH = 30, 4
TOKEN = "123456789:AAbbCCddEEff-0123456789_abcdefghijk"


def now() -> datetime:
    return datetime.now(UTC)


def built_sender(engine: Engine, writer: Writer, channel: Any) -> Sender:
    return Sender(
        engine=engine, writer=writer, keyring=KEYRING, channels={"telegram": channel},
        quiet_hours=(time(0), time(0)), timezone=ZoneInfo("UTC"),
    )  # fmt: skip


async def until_all_are_out(writer: Writer) -> None:
    rows = tables.Outbox.__table__
    left = select(func.count()).where(rows.c.state.in_(("queued", "sending", "unknown")))
    async with asyncio.timeout(30):
        while await writer.perform(lambda c: c.execute(left).scalar_one()):  # noqa: ASYNC110 - each look takes its time
            await asyncio.sleep(0)


def message(call: Call) -> tuple[int, dict[str, Any]]:
    return 200, {"ok": True, "result": {"message_id": len(call.fields["text"]), "date": 1, "chat": {"id": 1}}}


@pytest.mark.slow
async def test_everything_arrives_once_and_in_order_whatever_the_provider_does(
    database: Engine, writer: Writer
) -> None:
    outbox = Outbox(writer, now)
    texts = {str(person): [f"{person}:{number}" for number in range(EACH)] for person in range(1, PEOPLE + 1)}
    for person, said in texts.items():
        await asyncio.to_thread(outbox.put, person, *said)
    async with provider(answer=message) as api:
        api.script.extend([(502, "<html>"), (429, {"parameters": {"retry_after": 1}}), (503, "")])
        channel = TelegramChannel(token=TOKEN, webhook_secret="s" * 16, api_url=f"{api.url}/bot", per_second=100_000.0)
        running = built_sender(database, writer, channel)
        await running.start()
        await until_all_are_out(writer)
        await running.stop()
        await channel.stop()
        refused = {index for index, call in enumerate(api.calls) if index < 3}
        arrived: dict[str, list[str]] = {person: [] for person in texts}
        for index, call in enumerate(api.calls):
            if index not in refused:
                arrived[str(call.fields["chat_id"])].append(call.fields["text"])
    assert arrived == texts


@pytest.mark.slow
async def test_two_processes_share_the_outbox_and_send_nothing_twice(
    kind: str, database: Engine, writer: Writer
) -> None:
    if kind == "sqlite":
        pytest.skip("one process writes to SQLite")
    outbox = Outbox(writer, now)
    for person in range(1, PEOPLE + 1):
        await asyncio.to_thread(outbox.put, str(person), *(f"{person}:{number}" for number in range(EACH)))
    async with provider(answer=message) as api:
        channels = [
            TelegramChannel(token=TOKEN, webhook_secret="s" * 16, api_url=f"{api.url}/bot", per_second=100_000.0)
            for _ in range(2)
        ]
        both = [built_sender(database, writer, channel) for channel in channels]
        await asyncio.gather(*(one.start() for one in both))
        await until_all_are_out(writer)
        await asyncio.gather(*(one.stop() for one in both), *(channel.stop() for channel in channels))
        texts = [call.fields["text"] for call in api.calls]
    assert len(texts) == len(set(texts)) == PEOPLE * EACH
    for person in range(1, PEOPLE + 1):
        assert [text for text in texts if text.startswith(f"{person}:")] == [f"{person}:{n}" for n in range(EACH)]


@pytest.mark.slow
async def test_a_provider_that_hangs_does_not_hang_the_writer(sqlite_database: Engine) -> None:
    writer = writer_for(sqlite_database)
    outbox = Outbox(writer, now)
    async with provider(answer="silence") as api:
        channel = TelegramChannel(
            token=TOKEN, webhook_secret="s" * 16, api_url=f"{api.url}/bot", per_second=100_000.0, read_seconds=0.3
        )
        running = built_sender(sqlite_database, writer, channel)
        await running.start()
        await asyncio.to_thread(outbox.put, "1", "hello")
        while not api.calls:  # noqa: ASYNC110 - a real server answers in its own time
            await asyncio.sleep(0)
        async with asyncio.timeout(0.2):
            assert await writer.perform(lambda c: c.execute(select(func.count(tables.Outbox.id))).scalar_one()) == 1
        await running.stop(grace=0)
        await channel.stop()
        assert (await asyncio.to_thread(outbox.states)) == ["unknown"]
    writer.close()
