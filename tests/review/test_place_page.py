"""A reviewer mends a place that was not found: what they see, what is kept, and who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from storage.queries.stories import place_choice, whole_story
from storage.queries.stories.kept_stories import StoryPlace
from storage.stories import own_stories
from tests.review.room import GLENBOIG

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.review.conftest import Room

WORDS = "the back of the old Gorbals library"
GORBALS = "district:2648579-gorbals"


async def test_an_unknown_place_is_shown_as_not_found_with_a_way_to_mend_it(team_room: Room) -> None:
    team_room.told(place_words=WORDS)
    visitor = await team_room.member()
    words = await visitor.open("/stories/1")
    assert f"Place not found “{WORDS}”" in words
    assert visitor.form("/stories/1/place").fields["name"] == [WORDS]
    words = await visitor.send("/stories/1/place", name="gorbals")
    assert "Gorbals, Glasgow District" in words
    words = await visitor.send("/stories/1/place/choose", place=GORBALS)
    assert "Place saved. What the teller wrote is kept beside it." in words
    assert "Gorbals, Glasgow (district)" in words
    assert f"Own words: “{WORDS}”" in words
    assert "Chosen by Amina Reid" in words
    assert "Amina Reid chose the place (Gorbals, Glasgow)" in words
    assert "Place not found" not in words


async def test_what_a_reviewer_chose_is_kept_as_theirs_and_the_words_stay(team_room: Room) -> None:
    story_id = team_room.told(place_words=WORDS)
    visitor = await team_room.member()
    await visitor.open(f"/stories/{story_id}")
    await visitor.send(f"/stories/{story_id}/place", name="Gorbals")
    await visitor.send(f"/stories/{story_id}/place/choose", place=GORBALS)

    def look(connection: Connection) -> tuple[whole_story.WholeStory | None, list[whole_story.Label]]:
        return whole_story.story_by_id(connection, story_id), whole_story.labels_of(connection, story_id)

    story, labels = team_room.does(look)
    assert (story.place_label, story.place_kind, story.place_code, story.place_parent, story.place_words) == (
        "Gorbals, Glasgow", "district", "S12000049", "Glasgow City", WORDS,
    )  # fmt: skip
    chosen = [label for label in labels if label.dimension == place_choice.DIMENSION]
    assert [(label.value, label.origin, label.confirmer) for label in chosen] == [(GORBALS, "reviewer", "Amina Reid")]


async def test_a_reviewer_may_choose_another_place_but_never_over_the_tellers_own(team_room: Room) -> None:
    team_room.told(place_words=WORDS)
    team_room.told(place=GLENBOIG, place_words="glen boig")
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    await visitor.send("/stories/1/place", name="Gorbals")
    await visitor.send("/stories/1/place/choose", place=GORBALS)
    await visitor.send("/stories/1/place", name="Glasgow")
    words = await visitor.send("/stories/1/place/choose", place="geonames:2648579")
    assert "Glasgow, Scotland (city)" in words
    await visitor.open("/stories/2")
    assert not visitor.offers("/stories/2/place")
    words = await visitor.open("/stories/2/place")
    assert "chosen by its teller" in words


async def test_a_story_that_changed_meanwhile_keeps_its_place(team_room: Room) -> None:
    team_room.told(place_words=WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    await visitor.send("/stories/1/place", name="Gorbals")
    team_room.does(lambda connection: connection.execute(text("UPDATE story SET version = version + 1 WHERE id = 1")))
    words = await visitor.send("/stories/1/place/choose", place=GORBALS)
    assert visitor.status == 409
    assert "Its place was not saved." in words
    assert "Place not found" in await visitor.open("/stories/1")


async def test_a_name_nobody_knows_is_said_to_be_unknown(team_room: Room) -> None:
    team_room.told(place_words=WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    assert "No place was found for “Brigadoon on the Zzyx”" in await visitor.send(
        "/stories/1/place", name="Brigadoon on the Zzyx"
    )


async def test_outreach_may_not_choose(team_room: Room) -> None:
    team_room.told(place_words=WORDS)
    visitor = await team_room.member("outreach", "Olu Bright")
    await visitor.open("/stories/1/place")
    assert visitor.status == 403


def test_a_place_its_teller_takes_out_is_forgotten_whoever_chose_it(team_room: Room) -> None:
    story_id = team_room.told(place_words=WORDS)
    place = StoryPlace(GORBALS, "Gorbals, Glasgow", "district", "gss", "S12000049", "2025", "Scotland", "Glasgow City")

    def choose_and_hide(connection: Connection) -> tuple[bool, list[whole_story.Label]]:
        member = connection.execute(
            text(
                "INSERT INTO team_member (email, name, role, active, created_at)"
                " VALUES ('a@example.org', 'A', 'reviewer', 1, 0)"
                " RETURNING id"
            )
        ).scalar_one()
        at = team_room.clock()
        story = whole_story.story_by_id(connection, story_id)
        assert story is not None
        done = place_choice.choose(connection, story_id, place, seen=story.version, by=member, at=at)
        teller = connection.execute(text("SELECT contributor_id FROM story")).scalar_one()
        assert own_stories.hide_place(connection, story_id, teller, now=at)
        return done, whole_story.labels_of(connection, story_id)

    done, labels = team_room.does(choose_and_hide)
    assert done
    assert [label for label in labels if label.dimension == place_choice.DIMENSION] == []
