"""Turns that time begins: once each, however often somebody ticks."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update as change

from storage import tables
from tests import walk
from tests.bot.service import MAYA, NOON, STORY, Service

if TYPE_CHECKING:
    import io

CONVERSATION = tables.Conversation.__table__


async def test_after_a_quiet_gap_we_ask_whether_that_is_all(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, STORY)
    service.now += timedelta(seconds=9)
    assert await service.timers.tick() == 1
    assert len(service.answers(MAYA)) == 1, "a sign of life"
    service.now += timedelta(seconds=60)
    assert await service.timers.tick() == 0
    service.now += timedelta(seconds=31)
    assert await service.timers.tick() == 1
    (told,) = service.answers(MAYA)
    assert "Is that your whole story?" in told
    assert service.outbox(MAYA)[-1][1] == "reply", "it answers what they wrote, whatever the hour"
    assert await service.timers.tick() == 0


async def test_ticks_at_the_same_moment_ask_once(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, STORY)
    service.now += timedelta(minutes=2)
    assert sum(await asyncio.gather(*(service.timers.tick() for _ in range(4)))) == 1
    assert len(service.answers(MAYA)) == 1


async def test_a_message_that_comes_with_the_tick_wins(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, STORY)
    service.now += timedelta(minutes=2)
    found = service.timers._find(service.now)
    await service.text(MAYA, "DONE")
    assert [await service.timers._move_on(due, service.now) for due in found] == [False]
    assert len(service.rows(tables.Outbox)) == 5


async def test_one_nudge_after_two_days_then_an_end_after_seven(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT)
    days = {}
    for hour in range(9 * 24):
        service.now = NOON + timedelta(hours=hour)
        if await service.timers.tick():
            days[hour] = [(row[1], row[2].say.text[:20]) for row in service.outbox(MAYA)]
            service.answers(MAYA)
    assert list(days) == [48, 168]
    assert [kind for kind, _ in days[48]][-2:] == ["reply", "nudge"]
    assert service.rows(tables.Conversation)[0].status == "expired"
    assert await service.timers.tick() == 0


async def test_what_was_held_and_never_agreed_to_is_destroyed(service: Service) -> None:
    await service.text(MAYA, STORY)
    assert len(service.rows(tables.SealedMessage)) == 1
    for day in (3, 8):
        service.now = NOON + timedelta(days=day)
        await service.timers.tick()
    assert service.rows(tables.SealedMessage) == []
    assert {row.sealed for row in service.rows(tables.Inbound)} == {None}


async def test_nobody_is_nudged_who_said_stop(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, "please stop texting me")
    service.answers(MAYA)
    for day in range(1, 10):
        service.now = NOON + timedelta(days=day)
        await service.timers.tick()
    assert service.answers(MAYA) == []


async def test_a_stop_elsewhere_silences_a_conversation_without_making_it_spin(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT)
    service.answers(MAYA)
    contributor = tables.Contributor.__table__
    service.writer.run(lambda connection: connection.execute(change(contributor).values(opted_out=True)))
    service.now += timedelta(days=3)
    await service.timers.tick()
    assert await service.timers.tick() == 0
    assert service.answers(MAYA) == []


async def test_a_conversation_that_cannot_go_on_is_left_as_it_is_and_shown_to_the_team(
    service: Service, log_output: io.StringIO
) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, STORY)
    broken = '{"scratch": {"parts": "' + STORY + '"}}'
    service.writer.run(lambda connection: connection.execute(change(CONVERSATION).values(state=broken)))
    service.now += timedelta(minutes=5)
    assert await service.timers.tick() == 0
    assert [item.kind for item in service.rows(tables.TeamItem)] == ["stuck_conversation"]
    assert service.rows(tables.Conversation)[0].state == broken
    assert service.rows(tables.Conversation)[0].due_at == service.now + timedelta(hours=1)
    assert "conversation stuck" in log_output.getvalue()
    assert "bus stop" not in log_output.getvalue()
    assert await service.timers.tick() == 0


@pytest.mark.parametrize("people", [450])
async def test_more_than_one_batch_is_moved_on_in_one_tick(service: Service, people: int) -> None:
    for number in range(people):
        await service.text(f"+44770090{number:04d}", "Hello")
    service.now += timedelta(days=2, minutes=1)
    assert await service.timers.tick() == people
    assert await service.timers.tick() == 0
