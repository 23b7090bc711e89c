"""The requests page: what is due, who may see it, and that reading somebody's words is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from storage import tables
from storage.db.engine import reader
from storage.export import select as gate
from storage.protection.erasure import erase_story
from storage.queries.team import requests
from tests.review.conftest import KEYS
from tests.review.room import somebody

if TYPE_CHECKING:
    from pathlib import Path

    from tests.review.conftest import Room

SAID = "You printed my story with the name of my street."


def opened(team_room: Room, kind: str = "access", **more: object) -> requests.Filed:
    filed: requests.Filed = team_room.does(
        lambda connection: requests.open_request(
            connection,
            KEYS,
            kind=kind,
            origin="web",
            now=team_room.clock(),
            **more,  # type: ignore[arg-type]
        )
    )
    return filed


def acts(team_room: Room) -> list[tuple[str, str, str]]:
    audit = tables.Audit.__table__
    with reader(team_room.engine) as connection:
        rows = connection.execute(select(audit.c.act, audit.c.object_id, audit.c.who).order_by(audit.c.id))
        return [tuple(row) for row in rows if row.act.startswith("request.")]


@pytest.mark.parametrize("role", ["reviewer", "outreach", "safeguarding"])
async def test_only_a_lead_sees_it(team_room: Room, role: str) -> None:
    filed = opened(team_room, "complaint", said=SAID)
    visitor = await team_room.member(role)
    for address in ("/requests", f"/requests/{filed.id}"):
        await visitor.open(address)
        assert visitor.status == 403
        assert SAID not in visitor.words
    assert "Requests" not in await visitor.open("/")
    assert acts(team_room) == []


async def test_what_is_due_is_said_in_words(team_room: Room) -> None:
    person = team_room.does(lambda connection: somebody(connection, now=team_room.clock()))
    opened(team_room, contributor_id=person.contributor_id)
    opened(team_room, "complaint", said=SAID)
    lead = await team_room.member("lead")
    words = await lead.open("/requests")
    for told in (
        "A copy of their data R1", "Answer within 30 days. Our own aim: 28 days.", "The law’s day is 23 December 2026",
        "A complaint R2", "Say that we have it within 30 days.", "on the privacy page",
    ):  # fmt: skip
        assert told in words, told
    assert SAID not in words, "the words are behind a page of their own"
    team_room.clock.passes(days=29)
    lead = await team_room.member("lead", "Bo Lee")
    assert "Answer within 1 day." in await lead.open("/requests")
    team_room.clock.passes(days=3)
    lead = await team_room.member("lead", "Cai Pugh")
    words = await lead.open("/requests")
    assert "Overdue by 2 days. Answer now." in words
    assert "Overdue by 2 days. Say that we have it now." in words


async def test_reading_is_written_down_and_the_words_go_when_it_is_closed(team_room: Room) -> None:
    filed = opened(team_room, "complaint", said=SAID, reach="maya@example.org")
    lead = await team_room.member("lead")
    words = await lead.open(f"/requests/{filed.id}")
    assert SAID in words
    assert "maya@example.org" in words
    assert acts(team_room) == [("request.read", "1", "amina@example.org")]
    await lead.open(f"/requests/{filed.id}")
    assert len(acts(team_room)) == 1, "once an hour"
    await lead.send("/requests/1/acknowledge")
    assert "they were told that we have it" in lead.words
    assert "Answer without delay" in await lead.open("/requests")
    await lead.open(f"/requests/{filed.id}")
    await lead.send("/requests/1/close", outcome="done")
    assert "Closed." in lead.words
    assert "R1 A complaint: we did it" in lead.words
    words = await lead.open(f"/requests/{filed.id}")
    assert SAID not in words
    assert "Deleted when the request was closed." in words
    assert [act for act, _, _ in acts(team_room)] == ["request.read", "request.acknowledged", "request.closed"]
    table = tables.Request.__table__
    with reader(team_room.engine) as connection:
        row = connection.execute(select(table)).one()
    assert (row.sealed, row.outcome, row.closed_by) == (None, "done", 1)


async def test_closing_needs_an_outcome_and_happens_once(team_room: Room) -> None:
    filed = opened(team_room)
    lead, other = await team_room.member("lead"), await team_room.member("lead", "Bo Lee")
    await lead.open(f"/requests/{filed.id}")
    await other.open(f"/requests/{filed.id}")
    await lead.send("/requests/1/close", outcome="whatever")
    assert lead.status == 422
    assert "Say what came of it" in lead.words
    await lead.send("/requests/1/close", outcome="refused")
    await other.send("/requests/1/close", outcome="done")
    assert "Somebody was quicker" in other.words
    with reader(team_room.engine) as connection:
        found = requests.one(connection, filed.id)
    assert found is not None
    assert found.outcome == "refused"


@pytest.mark.parametrize("address", ["/requests/99", "/requests/99999999999999"])
async def test_what_is_not_there(team_room: Room, address: str) -> None:
    lead = await team_room.member("lead")
    await lead.open(address)
    assert lead.status == 404


async def test_an_export_that_held_a_story_which_was_taken_back_is_listed(team_room: Room, tmp_path: Path) -> None:
    story, stays = team_room.told("The quay."), team_room.told("The pier.")
    file = tmp_path / "out.csv"
    gate.run(
        team_room.engine, team_room.writer, format="csv", use="team", out=file, who="amina@example.org",
        now=team_room.clock(),
    )  # fmt: skip
    rows = {line.split(",")[0]: line for line in file.read_text().splitlines()[1:]}
    (name,) = [row for row, line in rows.items() if "The quay." in line]
    lead = await team_room.member("lead")
    assert "None." in await lead.open("/export/recalls")
    assert "were taken back since" not in await lead.open("/export")
    team_room.does(lambda connection: erase_story(connection, story, team_room.clock()))
    words = await lead.open("/export/recalls")
    assert name in words
    assert "Made by Amina Reid for “team only”, csv." in words
    assert not {row for row in rows if row != name and row in words}
    assert "1 export holds stories that were taken back since" in await lead.open("/export")
    assert "1 export holds" in await lead.open("/requests")
    assert stays


async def test_a_rush_of_complaints_is_laid_aside_and_buries_nobody(team_room: Room) -> None:
    for number in range(requests.RUSH + 3):
        opened(team_room, "complaint", said=f"{SAID} {number}")
    person = team_room.does(lambda connection: somebody(connection, now=team_room.clock()))
    opened(team_room, contributor_id=person.contributor_id)
    lead = await team_room.member("lead")
    words = await lead.open("/requests")
    assert f"Open {requests.RUSH + 1} " in words
    assert "A copy of their data" in words
    assert "Came in a rush 3" in words
    assert f"R{requests.RUSH + 3}" in words, "each can be opened"
