"""Outside a flow one person gets at most twenty answers an hour: two machines that answer each other fall silent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import tables
from tests import walk
from tests.bot.service import MAYA, STORY, TOM, Service

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

CHAT = 5550001234
MOST = 20


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


def going(service: Service) -> int:
    return sum(row.state == "queued" for row in service.rows(tables.Outbox))


async def flood(service: Service, words: str, times: int = 30) -> int:
    before = going(service)
    for _ in range(times):
        await service.text(MAYA, words)
    return going(service) - before


@pytest.mark.parametrize("words", ["HELP", "MY DATA", "alerts aaaa-bbbb-cccc"])
async def test_a_stranger_who_repeats_one_word(service: Service, words: str) -> None:
    assert 0 < await flood(service, words) <= MOST


async def test_somebody_whose_story_is_kept(service: Service) -> None:
    await service.text(MAYA, *walk.by_text(STORY))
    assert 0 < await flood(service, "HELP") <= MOST
    assert await flood(service, "MY DATA", 3) == 0
    service.now += timedelta(minutes=61)
    assert await flood(service, "HELP", 1) > 0, "an hour later there is an answer again"


async def test_others_are_answered_and_a_flow_goes_on(service: Service) -> None:
    await service.text(MAYA, "Hello")
    await flood(service, "HELP")
    assert await service.text(TOM, "HELP")
    assert await service.text(MAYA, "AGREE"), "the flow is not held up"
    await service.text(MAYA, STORY)
    assert any(STORY in text for text in await service.text(MAYA, "DONE"))


async def test_somebody_in_danger_is_told_whom_to_ring_whatever_came_before(service: Service) -> None:
    await flood(service, "HELP")
    assert any("116 123" in text for text in await service.text(MAYA, "I want to kill myself tonight"))


async def test_stop_counts_and_what_was_not_asked_is_not_answered(service: Service) -> None:
    await service.text(MAYA, *walk.by_text(STORY))
    await flood(service, "HELP")
    await service.text(MAYA, "DELETE", "1")
    assert len(service.rows(tables.Story)) == 1, "the question was never sent, so a number cannot answer it"
    await service.text(MAYA, "please stop texting me")
    assert service.rows(tables.Contributor)[0].opted_out


async def test_whoever_is_in_danger_is_told_whom_to_ring_each_time(service: Service) -> None:
    await service.text(MAYA, "Hello", "AGREE")
    for _ in range(MOST + 5):
        answers = await service.text(MAYA, "somebody is breaking in right now")
        assert any("999" in answer for answer in answers)
