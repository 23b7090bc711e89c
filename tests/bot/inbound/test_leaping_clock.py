"""The service started, or running, with a clock that is a month wrong: what people told is there afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from sqlalchemy import select

from bot.app import build
from bot.channels.channel import SendError
from bot.settings.environment import read
from bot.settings.open_database import opened_database
from storage import tables
from storage.db.engine import reader
from storage.upkeep.timekeeping import believe
from tests import walk
from tests.bot.sending import Hand, Memory, Post
from tests.bot.service import MAYA, NOON, OURS, STORY, TOM, all_is_read, sms_form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from bot.app import App
    from tests.bot.terminal import Terminal

MONTH = timedelta(days=31)
YEARS = timedelta(days=1200)


class Installation:
    """One folder and one database; its machine's clock reads what it is told to."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.given = {
            "EARSHOT_DATA_DIR": str(folder / "var"),
            "EARSHOT_DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "EARSHOT_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "EARSHOT_TWILIO_AUTH_TOKEN": "c" * 32,
            "EARSHOT_TWILIO_FROM": OURS,
        }
        self.engine = engine
        self.reads = NOON
        self.app: App = self.start()

    def start(self) -> App:
        self.app = build(read(self.given), clock=lambda: self.reads)
        return self.app

    def restart(self, reads: datetime) -> None:
        self.app.close()
        self.reads = reads
        self.start()

    async def text(self, sender: str, *texts: str) -> None:
        for text in texts:
            all_is_read(self.app.writer, self.reads)
            form = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in sms_form(sender, text).items())
            event = self.app.channels["sms"].parse(form.replace(" ", "+").encode())
            assert await self.app.intake.take(event) == "handled"  # type: ignore[arg-type]

    async def tick(self) -> None:
        """Let everything be done that time does by itself, a few times over."""
        for _ in range(3):
            for job in self.app.schedule.jobs:
                if job.name not in {"missed", "stored", "places", "vacuum"}:
                    await job.run()

    def kept(self) -> dict[str, Any]:
        """Return what people would miss."""
        with reader(self.engine) as connection:
            return {
                "open": sorted(r.id for r in connection.execute(select(CONVERSATION)).all() if r.status == "open"),
                "raw": sorted(r.id for r in connection.execute(select(INBOUND)).all() if r.sealed is not None),
                "sealed": sorted(r.id for r in connection.execute(select(SEALED)).all()),
                "stories": sorted((r.text, r.use) for r in connection.execute(select(KEPT)).all()),
                "people": sorted(r.id for r in connection.execute(select(PERSON)).all()),
                "sent": sorted(r.id for r in connection.execute(select(OUTBOX)).all()),
            }

    def items(self) -> list[str]:
        with reader(self.engine) as connection:
            return [r.kind for r in connection.execute(select(ITEM)).all() if r.closed_at is None]


CONVERSATION = tables.Conversation.__table__
INBOUND = tables.Inbound.__table__
SEALED = tables.SealedMessage.__table__
KEPT = tables.Story.__table__
PERSON = tables.Contributor.__table__
OUTBOX = tables.Outbox.__table__
ITEM = tables.TeamItem.__table__


@pytest.fixture
def place(database: Engine, tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path, database)
    yield installation
    installation.app.close()


async def lived(place: Installation) -> dict[str, Any]:
    """Let one story be half told, one be told to be published, and one wait sealed for a yes."""
    await place.text(MAYA, *walk.AGREED_BY_TEXT, STORY)
    await place.text(TOM, *walk.by_text(STORY, use="publish"))
    await place.text("+447700900777", STORY)
    await place.tick()
    kept = place.kept()
    assert all(kept.values())
    return kept


@pytest.mark.parametrize("by", [MONTH, YEARS], ids=["a month", "years"])
@pytest.mark.parametrize("how", ["at a start", "while it runs"])
async def test_nothing_ends_by_a_clock_that_leapt_ahead(place: Installation, by: timedelta, how: str) -> None:
    before = await lived(place)
    if how == "at a start":
        place.restart(NOON + by)
    else:
        place.reads = NOON + by
    await place.tick()
    during = place.kept()
    assert {name: during[name] for name in before if name != "sent"} == {
        name: kept for name, kept in before.items() if name != "sent"
    }
    assert set(before["sent"]) <= set(during["sent"])
    assert place.items().count("clock_leapt") == 1
    place.restart(NOON + timedelta(minutes=1))
    await place.tick()
    assert {name: kept for name, kept in place.kept().items() if name != "sent"} == {
        name: kept for name, kept in before.items() if name != "sent"
    }
    assert "clock_leapt" not in place.items()


async def test_whoever_writes_meanwhile_is_answered(place: Installation) -> None:
    await lived(place)
    place.restart(NOON + MONTH)
    before = len(place.kept()["sent"])
    await place.text("+447700900778", "Hello")
    assert len(place.kept()["sent"]) > before


async def test_after_three_weeks_switched_off_a_persons_word_lets_time_go_on(
    place: Installation, earshot: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await lived(place)
    place.app.close()
    for name, value in place.given.items():
        monkeypatch.setenv(name, value)
    with time_machine.travel(NOON + MONTH, tick=False):
        assert earshot("doctor") == 1
        assert "31 days ahead" in earshot.said
        assert earshot("retention", "run") == 0
        assert "The clock is in doubt" in earshot.said
        assert place.kept() == before
        assert earshot("clock", "show") == 1
        assert "it reads 24 December 2026, 31 days ahead of 23 November 2026" in earshot.said
        assert earshot("clock", "right", typed="n\n") != 0
        assert earshot("clock", "show") == 1
        assert earshot("clock", "right", "--yes") == 0
        assert earshot("clock", "show") == 0
        earshot("doctor")
        assert "ahead" not in earshot.said
        assert earshot("retention", "run") == 0
    place.reads = NOON + MONTH
    place.start()
    assert place.kept()["raw"] == []
    assert place.kept()["stories"] == before["stories"], "a year has not passed"


async def test_a_running_service_takes_the_word_within_a_minute(place: Installation) -> None:
    await lived(place)
    place.restart(NOON + MONTH)
    await place.tick()
    with opened_database(read(place.given)) as other:  # a command beside it
        other.writer.run(lambda connection: believe(connection, place.reads, "command line"))
    await place.tick()
    assert place.app.time.leap is None
    assert place.kept()["raw"] == []


async def test_a_clock_that_starts_at_the_beginning_of_time_dates_nothing(place: Installation) -> None:
    before = await lived(place)
    place.restart(datetime(1970, 1, 1, tzinfo=NOON.tzinfo))
    await place.text("+447700900778", *walk.AGREED_BY_TEXT, STORY)
    place.restart(NOON + timedelta(hours=1))
    await place.tick()
    after = place.kept()
    assert set(before["raw"]) < set(after["raw"]), "what came in meanwhile is not a lifetime old"
    assert len(after["open"]) == len(before["open"]) + 1


@pytest.mark.parametrize("leapt", [True, False], ids=["leapt", "ran"])
async def test_an_answer_is_not_given_up_by_a_clock_that_leapt(sqlite_database: Engine, leapt: bool) -> None:
    hand = Hand()
    channel = Memory(hand)
    since = MONTH if leapt else timedelta()
    post = Post(sqlite_database, channel, hand=hand, surely=lambda: hand.clock() - since)
    (number,) = post.outbox.put("1", "an answer")
    post.outbox.change("outbox", number, created_at=NOON - MONTH)
    channel.away = SendError("retry", "503")
    await post.sender.start()
    await hand.run(60)
    assert post.outbox.states() == (["queued"] if leapt else ["failed"])
    channel.away = None
    await hand.run(60)
    assert channel.texts == (["an answer"] if leapt else [])
    await post.sender.stop()
