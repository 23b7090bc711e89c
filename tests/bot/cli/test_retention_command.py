"""`earshot retention run`: what an operator is told, and that only counts are told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from sqlalchemy import select

from bot.app import build
from bot.cli.retention import WORDS, sentences
from bot.settings.environment import read
from bot.settings.open_database import opened_database, periods
from storage import tables
from storage.db.engine import reader
from storage.privacy import retained_kinds, retention
from storage.privacy.retained_kinds import Periods
from storage.privacy.retention import RetentionReport
from tests.bot.service import MAYA
from tests.storage.acts import NOW, begin, claim, keep, meet, meet_another

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from tests.bot.terminal import Terminal

AUDIT = tables.Audit.__table__


@pytest.fixture
def long_ago(earshot: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two people who wrote long ago: one told a story, one did not."""
    monkeypatch.setenv("EARSHOT_KEEP_CONTACT_DAYS", "90")
    monkeypatch.setenv("EARSHOT_KEEP_WARNING_DAYS", "0")

    def work(connection: Connection) -> None:
        teller = meet(connection)
        keep(connection, teller, begin(connection, teller, status="ended"), f"It was the bus, ring {MAYA}.")
        meet_another(connection)
        claim(connection)

    with opened_database(read({})) as base:
        base.writer.run(work)
    with time_machine.travel(NOW + timedelta(days=100), tick=False):
        assert earshot("clock", "right", "--yes") == 0
        yield


@pytest.mark.usefixtures("long_ago")
def test_it_says_what_would_go_and_then_what_went(earshot: Terminal) -> None:
    assert earshot("retention", "run", "--dry-run") == 0
    assert earshot.said.splitlines() == [
        "1 message as it came in: would be emptied.",
        "1 quiet contributor without a story: would be deleted.",
        "1 number or chat of a quiet contributor: would be deleted; their stories stay.",
        "Nothing was changed. Without --dry-run they are deleted.",
    ]
    assert earshot("retention", "run") == 0
    assert earshot.said.splitlines() == [
        "1 message as it came in: emptied.",
        "1 quiet contributor without a story: deleted.",
        "1 number or chat of a quiet contributor: deleted; their stories stay.",
    ]
    assert earshot("retention", "run") == 0
    assert earshot.said.strip() == "Nothing has been kept for too long."
    with opened_database(read({})) as base, reader(base.engine) as connection:
        told = AUDIT.c.act == "retention"
        acts = connection.execute(select(AUDIT.c.who, AUDIT.c.act, AUDIT.c.detail).where(told)).all()
    assert [(act.who, act.act) for act in acts] == [("command line", "retention")] * 2
    assert MAYA not in repr(acts)


def test_every_kind_has_its_words() -> None:
    assert [*WORDS, "stuck"] == list(RetentionReport().counts())
    for name in WORDS:
        (one,) = sentences(RetentionReport(**{name: 1}))
        (many,) = sentences(RetentionReport(**{name: 2}))
        assert one.startswith("1 ")
        assert many.startswith("2 ")
        assert one[2:] != many[2:]


@pytest.mark.usefixtures("long_ago")
def test_what_cannot_go_is_told(earshot: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "run", lambda *_, **__: RetentionReport(raw_events=2, stuck=1))
    assert earshot("retention", "run") == 1
    assert "2 messages as they came in: emptied." in earshot.said
    assert "1 could not be deleted." in earshot.said


def test_the_settings_are_what_it_goes_by() -> None:
    assert periods(read({})) == Periods() == Periods(raw=30, unfinished=30, contact=365)
    ours = {"EARSHOT_KEEP_RAW_DAYS": "7", "EARSHOT_KEEP_UNFINISHED_DAYS": "14", "EARSHOT_KEEP_CONTACT_DAYS": "90"}
    assert periods(read(ours)) == Periods(raw=7, unfinished=14, contact=90)


async def test_the_service_does_it_by_itself(earshot: Terminal) -> None:
    app = build(read({}), clock=lambda: NOW + timedelta(days=31))
    try:
        await app.writer.perform(claim)
        (job,) = [job for job in app.schedule.jobs if job.name == "retention"]
        assert timedelta(seconds=job.every) <= retained_kinds.EARLY
        assert job.at_start
        assert [await job.run(), await job.run()] == [1, 0]
    finally:
        app.close()


@pytest.mark.usefixtures("long_ago")
def test_the_team_is_told_before_a_contact_goes(earshot: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_KEEP_WARNING_DAYS", "14")
    for _ in range(2):
        assert earshot("retention", "run", "--dry-run") == 0
        told = "2 quiet contacts: would be reported to the team: deleted later, unless they write."
        assert told in earshot.said.splitlines()
    assert earshot("retention", "run") == 0
    assert "2 quiet contacts: reported to the team: deleted later, unless they write." in earshot.said.splitlines()
    earshot("doctor")
    assert "2 quiet contacts will be deleted on 17 March 2027." in earshot.said
