"""Every event three times, at the same moment and out of order, leaves the database as once (rules 6 and 33)."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from storage import tables
from storage.db import engine as db
from storage.db.writer import writer_for
from tests import walk
from tests.bot.service import MAYA, STORY, TOM, Service, press, sms_form, update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.channels.channel import Inbound

CHAT = 5_550_001_234
KEYS = ("id", "contributor_id", "address_id", "story_id", "inbound_id", "release_id")
"""Numbers that a database deals out: a refused duplicate may leave a gap in them."""


def events(service: Service) -> list[list[Inbound]]:
    """Return what three people send, each in order."""
    sms = walk.by_text(STORY, "And the next one is a mile away.", contact="yes", about="1 6")
    chat = walk.by_chat(STORY)
    return [
        [service.event(sms_form(MAYA, text)) for text in sms],
        [service.event(sms_form(TOM, text)) for text in (STORY, "NO", "STOP")],
        [service.told(update(CHAT, text)) for text in chat],
    ]


@pytest.fixture
def once(sqlite_template: Path, tmp_path: Path) -> Iterator[Service]:
    """A second service, to compare with."""
    path = tmp_path / "once.db"
    path.write_bytes(sqlite_template.read_bytes())
    engine = db.connect(f"sqlite:///{path}")
    writer = writer_for(engine)
    yield Service(engine, writer)
    writer.close()
    engine.dispose()


async def test_three_times_in_parallel_and_out_of_order_is_once(service: Service, once: Service) -> None:
    people = events(service)
    for person in people:
        for event in person:
            once.deliver()
            await once.intake.take(event)

    async def deliver(person: list[Inbound]) -> list[str]:
        results: list[str] = []
        for event in person:
            service.deliver()
            results += await asyncio.gather(*(service.intake.take(event) for _ in range(3)))
        return results

    results = [result for person in await asyncio.gather(*map(deliver, people)) for result in person]
    count = sum(map(len, people))
    assert (results.count("handled"), results.count("duplicate")) == (count, 2 * count)
    late = [event for person in people for event in person] * 2
    random.Random(11).shuffle(late)
    assert {await service.intake.take(event) for event in late} == {"duplicate"}
    service.deliver()
    once.deliver()
    assert service.everything(*KEYS) == once.everything(*KEYS)
    assert len(service.rows(tables.Story)) == 2


async def test_a_button_pressed_twice_is_pressed_once(service: Service) -> None:
    await service.intake.take(service.told(update(CHAT, "/start")))
    message = service.last(str(CHAT))
    twice = [service.told(press(CHAT, f"{message.token}.{message.say.serial}.0")) for _ in range(2)]
    await asyncio.gather(*map(service.intake.take, twice))
    assert "Do you agree that we keep it" in service.last(str(CHAT)).say.text
    assert len(service.rows(tables.Outbox)) == 3
    assert len(service.telegram.acknowledged) == 2


async def test_a_stale_button_does_nothing(service: Service) -> None:
    await service.chat(CHAT, "/start")
    old = service.last(str(CHAT))
    await service.chat(CHAT, "yes", "I agree")
    before = service.everything("inbound")
    await service.intake.take(service.told(press(CHAT, f"{old.token}.{old.say.serial}.1")))
    after = service.everything()
    assert {name for name in after if after[name] != before[name]} == {"inbound"}


async def test_many_people_at_once_each_in_their_own_order(service: Service) -> None:
    async def tell(number: int) -> None:
        sender = f"+44770090{number:04d}"
        for text in walk.by_text(*(f"Part {part} of what {number} has to say." for part in range(5))):
            service.deliver()
            assert await service.take(sms_form(sender, text)) == "handled"

    await asyncio.gather(*map(tell, range(1, 31)))
    texts = sorted(row.text for row in service.rows(tables.Story))
    wanted = sorted(
        "\n".join(f"Part {part} of what {number} has to say." for part in range(5)) for number in range(1, 31)
    )
    assert texts == wanted
