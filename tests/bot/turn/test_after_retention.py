"""Somebody writes again after what we had of them was let go: nothing of it is needed to answer them well."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import tables
from storage.privacy import retention
from storage.privacy.retained_kinds import Periods
from storage.privacy.retention import RetentionReport
from storage.queries.contributors import people
from tests import walk
from tests.bot.service import MAYA, NOON, STORY, press

if TYPE_CHECKING:
    from tests.bot.service import Service

CHAT = 4711


async def let_go(service: Service, days: int) -> RetentionReport:
    """Let so many days pass, with what time does by itself."""
    service.now = NOON + timedelta(days=days)
    await service.timers.tick()
    gone = await asyncio.to_thread(retention.run, service.engine, service.writer, Periods(warning=0), service.now)
    assert gone.stuck == 0
    return gone


async def test_what_was_begun_and_left_begins_anew(service: Service) -> None:
    welcome = await service.chat(CHAT, "Hello")
    question = service.last(str(CHAT))
    assert (await let_go(service, 40)).conversations == 1
    assert service.rows(tables.Conversation) == []
    await service.intake.take(service.told(press(CHAT, f"{question.token}:0:0")))
    service.answers(str(CHAT))
    assert (await service.chat(CHAT, "Hello"))[-1] == welcome[-1]
    assert len(service.rows(tables.Contributor)) == 1


@pytest.mark.parametrize("by", ["the person", "the carrier alone"])
async def test_whoever_said_stop_is_still_left_alone(service: Service, by: str) -> None:
    await service.text(MAYA, "Hello")
    if by == "the person":
        await service.text(MAYA, "please stop texting me")
    else:
        service.writer.run(lambda c: people.set_address_state(c, 1, "opted_out", service.now))
    await let_go(service, 40)
    assert service.rows(tables.Conversation) == []
    assert await service.text(MAYA, "Hello again, are you there?", STORY) == []
    assert service.rows(tables.SealedMessage) == []
    assert await service.text(MAYA, "START")


async def test_a_teller_whose_number_went_is_somebody_new(service: Service) -> None:
    await service.text(MAYA, *walk.by_text(STORY))
    stories = service.rows(tables.Story)
    assert [STORY in story.text for story in stories] == [True]
    assert (await let_go(service, 366)).contacts == 1
    assert await service.text(MAYA, "Hello")
    assert [person.id for person in service.rows(tables.Contributor)] == [1, 2]
    assert [(story.id, story.text, story.contributor_id) for story in service.rows(tables.Story)] == [
        (1, stories[0].text, 1)
    ]
