"""Twenty tellers on a bad day: every word they told is with the team, or they refused it; nobody is sent away.

Who they are stands in `tired_people.toml`. On both databases.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from storage import tables
from tests.bot.service import Service, sms_form, update

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

WHO = Path(__file__).with_name("tired_people.toml")
TELLERS: list[dict[str, Any]] = tomllib.loads(WHO.read_text("utf-8"))["teller"]
NUMBER, CHAT = "+447700900321", 5_550_004_321
SENT_AWAY = "We have kept no story"
AT_ONCE, IN_A_WHILE = timedelta(milliseconds=50), timedelta(seconds=20)


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


async def write(service: Service, channel: str, words: str) -> None:
    if channel == "sms":
        await service.intake.take(service.event(sms_form(NUMBER, words)))
    else:
        await service.intake.take(service.told(update(CHAT, words)))


async def live(service: Service, teller: dict[str, Any]) -> list[str]:
    """Do what the teller does; returns all they were sent."""
    for act in teller["does"]:
        how, _, what = act.partition(" ")
        if how == "~":
            service.now += timedelta(seconds=int(what))
            service.deliver()
            await service.timers.tick()
            continue
        service.now += AT_ONCE if how == ">>" else IN_A_WHILE
        if how == ">":
            service.deliver()
        await write(service, teller["channel"], what)
    return [message.say.text for _, _, message in service.outbox()]


def test_there_are_twenty_of_them() -> None:
    assert len({teller["name"] for teller in TELLERS}) == 20
    assert all(teller.get("refused") or teller["told"] for teller in TELLERS)


@pytest.mark.parametrize("teller", TELLERS, ids=[teller["name"] for teller in TELLERS])
async def test_what_they_told_is_with_the_team(service: Service, teller: dict[str, Any]) -> None:
    sent = await live(service, teller)
    kept = [row.text for row in service.rows(tables.Story)]
    if teller.get("refused"):
        assert kept == []
        return
    assert not any(SENT_AWAY in text for text in sent)
    assert len(kept) == 1
    assert [line for line in kept[0].split("\n") if line in teller["told"]] == teller["told"]
    assert not [words for words in teller.get("not_told", ()) if words in kept[0]]
