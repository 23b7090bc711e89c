"""A worker writes for somebody beside them: on the real engine, with who, where and read aloud, and nothing sent."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import time_machine
from sqlalchemy import select, update

from bot.settings.environment import read
from bot.settings.open_database import opened_database
from bot.turn.assisted_session import AssistedSession
from storage import tables
from storage.db.engine import reader
from storage.export import select as select_export
from storage.privacy.proof import of_story
from storage.queries.contributors.consent_decisions import ASSISTED, Assisted
from storage.queries.delivery import outbox
from storage.queries.team import members
from tests import walk
from tests.bot.service import NOON, STORY, Service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bot.terminal import Terminal

SAM = "sam@example.org"
WHERE = "Glenboig library"
ANSWERS = walk.by_text(STORY, place="Coatbridge", use="quote")[1:]
ASSIST = ("stories", "assist", "--worker", SAM, "--where", WHERE)


def sit(service: Service) -> AssistedSession:
    worker = service.writer.run(
        lambda connection: members.add_member(connection, email=SAM, name="Sam", role="outreach", at=NOON)
    )
    return AssistedSession(
        writer=service.writer, services=service.services, assisted=Assisted(worker, WHERE), clock=service.clock
    )


async def test_a_story_is_written_down_and_every_decision_says_by_whom(service: Service) -> None:
    sitting = sit(service)
    assert "Easton Listens" in sitting.begin()[0].text
    for answer in ANSWERS:
        assert not sitting.over
        said = sitting.say(answer)
    assert sitting.over
    assert sitting.conversation is not None
    assert sitting.conversation.receipt in said[-1].text
    (story,) = service.rows(tables.Story)
    assert (story.text, story.channel, story.use, story.simulated) == (STORY, ASSISTED, "quote", False)
    decisions = service.rows(tables.Decision)
    assert [row.purpose for row in decisions] == ["take_part", "use", "contact"]
    (worker,) = service.rows(tables.TeamMember)
    assert {(row.assisted_by, row.assisted_where, row.read_aloud, row.channel) for row in decisions} == {
        (worker.id, WHERE, True, ASSISTED)
    }


async def test_nothing_is_ever_sent_there(service: Service) -> None:
    sitting = sit(service)
    sitting.begin()
    for answer in ANSWERS[:2]:
        sitting.say(answer)
    for _ in range(12):
        service.now += timedelta(hours=20)
        await service.timers.tick()
    assert service.rows(tables.Outbox) == []
    (address,) = service.rows(tables.Address)
    assert (address.channel, address.state) == (ASSISTED, "unusable")
    due = service.writer.run(lambda connection: outbox.claim_due(connection, service.now + timedelta(days=9)))
    assert due == []


async def test_nothing_is_kept_before_a_yes(service: Service) -> None:
    sitting = sit(service)
    sitting.begin()
    sitting.say("NO")
    assert sitting.over
    assert service.rows(tables.Story) == []


def test_without_reading_aloud_nothing_is_begun(earshot: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    earshot("team", "add", SAM, "--role", "outreach")
    assert earshot(*ASSIST) == 1
    assert "Read every question aloud" in earshot.said + capsys.readouterr().err
    with opened_database(read({})) as base, reader(base.engine) as connection:
        assert connection.execute(select(tables.Contributor.__table__)).all() == []


@pytest.mark.parametrize("gone", [False, True], ids=["nobody", "left"])
def test_only_somebody_of_the_team_may_write(earshot: Terminal, capsys: pytest.CaptureFixture[str], gone: bool) -> None:
    earshot("db", "upgrade")
    if gone:
        earshot("team", "add", SAM, "--role", "outreach")
        with opened_database(read({})) as base:
            base.writer.run(lambda connection: connection.execute(update(tables.TeamMember).values(active=False)))
    assert earshot(*ASSIST, "--read-aloud") == 1
    assert "Nobody with this address is on the team" in earshot.said + capsys.readouterr().err


def test_the_command_shows_each_question_and_the_receipt_and_proof_names_the_worker(
    earshot: Terminal, tmp_path: Path
) -> None:
    with time_machine.travel(NOON, tick=False):
        earshot("team", "add", SAM, "--role", "outreach")
        assert earshot(*ASSIST, "--read-aloud", typed="\n".join(ANSWERS) + "\n") == 0
        assert "Read each question aloud" in earshot.said
        assert "May we keep your story for up to 2 years" in earshot.said
        assert "Write these three words on a card" in earshot.said
        assert earshot("stories", "proof", "1") == 0
    assert f"Written down by {SAM} at {WHERE}, read aloud." in earshot.said
    assert "Replied “AGREE”" in earshot.said
    assert tmp_path.exists()


def test_proof_of_a_row_and_of_nothing(earshot: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    with time_machine.travel(NOON, tick=False):
        earshot("team", "add", SAM, "--role", "outreach")
        earshot(*ASSIST, "--read-aloud", typed="\n".join(ANSWERS) + "\n")
        with opened_database(read({})) as base:
            made = select_export.run(
                base.engine, base.writer, format="csv", use="team", out=BytesIO(), who="command line", now=NOON
            )
            with reader(base.engine) as connection:
                (used,) = of_story(connection, 1).uses
        assert earshot("stories", "proof", f"{made.export_id}:{used.row}", "--json") == 0
    told = json.loads(earshot.said)
    assert told["every_use_within_consent"]
    assert [one["consent_then"] for one in told["uses"]] == ["quote"]
    assert told["records"][0]["event"]["literal_reply"] == "AGREE"
    assert [one["record"] for one in told["receipts"]] == told["records"]
    assert earshot("stories", "proof", "77") == 1
    assert "no trace of a story 77" in earshot.said + capsys.readouterr().err
    assert earshot("stories", "proof", "rubbish") == 2
