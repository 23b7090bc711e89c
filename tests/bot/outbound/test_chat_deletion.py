"""DELETE CHAT on its way out: which messages are taken away, in which order, and what stays."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import update as change

from bot.channels.telegram.telegram_channel import TelegramChannel
from bot.outbound import chat_deletion
from bot.outbound.sender import Sender
from flows.model.vocabulary.delivery import MessageKind
from storage import tables
from storage.queries.delivery import outbox
from tests import walk
from tests.bot.channels.provider import provider
from tests.bot.service import NOON, TOKEN, Service, update
from tests.bot.turn.test_rights_in_chat import FIRST, MAYA, texts

if TYPE_CHECKING:
    from bot.channels.channel import Piece
    from storage.queries.delivery.outbox import DueMessage
    from tests.bot.channels.provider import Call

CHAT, OTHER = 5_550_001_234, 5_550_007_777


def send_all(service: Service) -> list[DueMessage]:
    """Let everything that waits go out, message 1000 + its row; returns the rows that take something away."""
    found: list[DueMessage] = []

    def work(connection: Any) -> bool:
        due = outbox.claim_due(connection, service.now, "telegram")
        outbox.mark_sent(connection, [outbox.SentMessage(one.id, str(1000 + one.id), None) for one in due], service.now)
        found.extend(one for one in due if one.kind == MessageKind.CHAT_DELETION)
        return bool(due)

    while service.writer.run(work):
        pass
    return found


def taken_away(service: Service) -> tuple[Piece, ...]:
    (due,) = send_all(service)
    return chat_deletion.pieces(service.engine, service.keyring, service.telegram, due, service.now)


async def said(service: Service, chat: int, *words: str) -> list[str]:
    """Write in a chat; returns the ids of the messages."""
    events = [service.told(update(chat, text)) for text in words]
    for event in events:
        await service.intake.take(event)
    return [event.ref for event in events]


async def test_ours_and_theirs_go_and_nobody_elses(service: Service) -> None:
    await said(service, OTHER, "/start", "hello")
    theirs = await said(service, CHAT, "/start", "hello")
    send_all(service)
    theirs += await said(service, CHAT, "/deletechat")
    (piece,) = taken_away(service)
    rows = [row for row in service.rows(tables.Outbox) if row.kind == "reply" and row.contributor_id == 2]
    ours = [row.provider_id for row in rows if row.id < max(row.id for row in rows)]
    assert piece.address == str(CHAT)
    assert set(theirs) <= set(piece.deletes)
    assert set(ours) <= set(piece.deletes)
    others = [row.provider_id for row in service.rows(tables.Outbox) if row.contributor_id == 1]
    assert not set(others) & set(piece.deletes)


async def test_what_is_older_than_two_days_is_left_alone(service: Service) -> None:
    old = await said(service, CHAT, "/start", "hello")
    send_all(service)
    service.now += timedelta(hours=48)
    fresh = await said(service, CHAT, "/deletechat")
    (piece,) = taken_away(service)
    assert set(fresh) <= set(piece.deletes)
    assert not set(old) & set(piece.deletes)


async def test_what_was_erased_is_not_known_any_more_and_does_no_harm(service: Service) -> None:
    await said(service, CHAT, "/start", "/deletechat")
    table = tables.Inbound.__table__
    service.writer.run(lambda c: c.execute(change(table).values(sealed=None)))
    (piece,) = taken_away(service)
    assert all(number.isdigit() for number in piece.deletes)


async def test_it_reaches_telegram_before_the_answer_does_and_also_after_stop_and_at_night(service: Service) -> None:
    service.now = NOON.replace(hour=2)
    await said(service, CHAT, "/start", "hello", "/stop", "/deletechat")
    number, answered = iter(range(900, 1000)), asyncio.Event()

    def answer(call: Call) -> tuple[int, dict[str, Any]]:
        result = {"message_id": next(number)} if call.path.endswith("sendMessage") else True
        if "older than two days" in call.fields.get("text", ""):
            answered.set()
        return 200, {"ok": True, "result": result}

    async with provider(answer=answer) as api:
        channel = TelegramChannel(
            token=TOKEN, webhook_secret="s" * 32, api_url=f"{api.url}/bot", per_second=1000.0
        )  # fmt: skip
        delivery = Sender(
            engine=service.engine, writer=service.writer, keyring=service.keyring, channels={"telegram": channel},
            quiet_hours=(time(20), time(9)), timezone=ZoneInfo("Europe/London"), clock=service.clock,
        )  # fmt: skip
        await delivery.start()
        async with asyncio.timeout(20):
            await answered.wait()
        await delivery.stop()
        await channel.stop()
    made = [call.path.rsplit("/", 1)[1] for call in api.calls]
    assert made[-2:] == ["deleteMessages", "sendMessage"]
    (gone,) = api.of("/deleteMessages")
    assert len(gone["message_ids"]) == 4 + len(api.of("/sendMessage")) - 1
    waited = [row.state for row in service.rows(tables.Outbox)]
    assert set(waited) == {"sent", "cancelled"}
    assert waited[-2:] == ["sent", "sent"], "what waited from before STOP goes no more"


async def test_nothing_of_what_was_told_is_deleted_by_it(service: Service) -> None:
    await service.text(MAYA, *walk.by_text(FIRST), "DELETE CHAT")
    assert texts(service) == [FIRST]
