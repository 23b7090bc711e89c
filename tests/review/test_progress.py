"""What the team does with a story, as its teller sees it by their receipt; and what a reviewer is told of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from storage import tables
from storage.db.engine import reader
from storage.stories import own_stories
from tests.review.room import NOON

if TYPE_CHECKING:
    from tests.review.conftest import Room

WORDS = "They closed the surgery in our village."
STORY = tables.Story.__table__
AFTER = "after the team had decided"


def progress(room: Room) -> str:
    with reader(room.engine) as connection:
        return str(connection.execute(STORY.select()).one().progress)


async def test_opening_a_story_says_that_a_person_has_read_it_and_takes_nothing_back(team_room: Room) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member()
    assert progress(team_room) == "heard"
    await visitor.open("/stories/1")
    assert progress(team_room) == "read"
    await visitor.open("/stories/1")
    await visitor.send("/stories/1/progress/acted_on")
    team_room.clock.passes(hours=2)
    await visitor.open("/stories/1")
    assert progress(team_room) == "acted_on"


@pytest.mark.parametrize(("step", "told"), [("acted_on", "it is being acted on"), ("changed", "something has changed")])
async def test_two_buttons_tell_the_teller_more(team_room: Room, step: str, told: str) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    words = await visitor.send(f"/stories/1/progress/{step}")
    assert progress(team_room) == step
    assert f"By their receipt the teller sees that {told}" in words
    assert f"said that {told}" in words
    assert not visitor.offers(f"/stories/1/progress/{step}")


@pytest.mark.parametrize(
    "path", ["/stories/1/progress/heard", "/stories/1/progress/x", f"/stories/{2**40}/progress/changed"]
)
async def test_nothing_else_can_be_said(team_room: Room, path: str) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    token = visitor.form("/stories/1/progress/changed").fields
    await visitor.post(path, [(name, value) for name, values in token.items() for value in values])
    assert visitor.status == 404
    assert progress(team_room) == "read"


async def test_outreach_workers_cannot_say_it(team_room: Room) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member("outreach")
    await visitor.post("/stories/1/progress/changed", [])
    assert visitor.status in {403, 404}
    assert progress(team_room) == "heard"


async def test_a_reviewer_is_told_of_a_change_until_somebody_has_decided_again(team_room: Room) -> None:
    story = team_room.told(WORDS)
    visitor = await team_room.member()
    team_room.does(lambda c: c.execute(update(STORY).values(state="approved", decided_at=NOON)))
    assert AFTER not in await visitor.open("/stories/1")
    team_room.does(lambda c: own_stories.reopen(c, story, NOON))
    assert f"Its teller changed this story on 23 Nov 2026, 12:00, {AFTER}" in await visitor.open("/stories/1")
    assert AFTER not in await visitor.send("/stories/1/approve")
