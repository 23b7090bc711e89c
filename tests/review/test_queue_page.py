"""The queue: what is found, what is said when nothing is, and whose words stay words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from storage.db.engine import reader
from tests.review.conftest import PASSWORD
from tests.review.room import BRISTOL, COATBRIDGE, GLENBOIG

if TYPE_CHECKING:
    from tests.review.conftest import Room

MINIBUS = "I drive the minibus."
LETTERS = "The letter came small."
FOOD_BANK = "The queue starts before we open."
RATED = "It was quick."
POLISH = "Nie było tłumacza."
STORIES = {MINIBUS, LETTERS, FOOD_BANK, RATED, POLISH}


def fill(room: Room) -> None:
    """Tell five stories, one hour apart."""
    told = [
        (MINIBUS, {"place": GLENBOIG, "scales": ("organisational",), "actor": "employee", "use": "publish"}),
        (LETTERS, {"place": BRISTOL, "place_words": "Knowle West", "scales": ("individual", "society")}),
        (FOOD_BANK, {"place": COATBRIDGE, "scales": ("society",), "actor": "partner", "channel": "telegram"}),
        (RATED, {"kind": "feedback", "rating": 4, "place": BRISTOL, "use": "quote"}),
        (POLISH, {"place_words": "100% away_from\\it", "scales": ("individual",), "language": "pl"}),
    ]
    for words, sides in told:
        room.told(words, **sides)
        room.clock.passes(hours=1)


def shown(words: str) -> set[str]:
    return {story for story in STORIES if story in words}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", STORIES),
        ("scale=individual", {LETTERS, POLISH}),
        ("scale=society", {LETTERS, FOOD_BANK}),
        ("scale=none", {RATED}),
        ("place=Glenboig", {MINIBUS}),
        ("place=north+lanark", {MINIBUS, FOOD_BANK}),
        ("place=knowle", {LETTERS}),
        ("place=%25", {POLISH}),
        ("place=_from%5C", {POLISH}),
        ("place=Atlantis", set()),
        ("kind=feedback", {RATED}),
        ("channel=telegram", {FOOD_BANK}),
        ("use=publish", {MINIBUS}),
        ("use=quote", {RATED}),
        ("actor=partner", {FOOD_BANK}),
        ("actor=none", {LETTERS, RATED, POLISH}),
        ("scale=society&place=bristol", {LETTERS}),
        ("scale=society&place=bristol&actor=partner", set()),
        ("state=approved", set()),
        ("state=all", STORIES),
        ("scale=%27;DROP+TABLE+story&state=nonsense&kind=x", STORIES),
        ("place=%00", STORIES),
        ("after=nonsense", STORIES),
        ("after=99999999999999999999-1", STORIES),
    ],
)
async def test_filters(team_room: Room, asked: str, found: set[str]) -> None:
    fill(team_room)
    visitor = await team_room.member()
    assert shown(await visitor.open(f"/?{asked}")) == found


async def test_the_filter_form_works_without_javascript_and_keeps_what_was_chosen(team_room: Room) -> None:
    fill(team_room)
    visitor = await team_room.member()
    await visitor.open("/")
    words = await visitor.send("/", scale="society", place="Bristol")
    assert shown(words) == {LETTERS}
    assert visitor.form("/").fields["scale"] == ["society"]
    assert visitor.form("/").fields["place"] == ["Bristol"]
    assert "Society-wide × (take this filter away)" in words


async def test_the_newest_story_comes_first(team_room: Room) -> None:
    fill(team_room)
    visitor = await team_room.member()
    words = await visitor.open("/")
    places = [words.index(story) for story in (POLISH, RATED, FOOD_BANK, LETTERS, MINIBUS)]
    assert places == sorted(places)


async def test_counts_are_those_of_the_filter(team_room: Room) -> None:
    fill(team_room)
    visitor = await team_room.member()
    words = await visitor.open("/?scale=society")
    assert "New 2 Approved 0 Declined 0 All 2" in words
    assert "2 stories." in words


async def test_turning_pages_shows_each_story_once_even_while_new_ones_come(team_room: Room) -> None:
    for number in range(45):
        team_room.told(f"Story number {number}.")
        if number % 3:
            team_room.clock.passes(minutes=1)
    visitor = await team_room.member()
    words = await visitor.open("/")
    seen = re.findall(r"Story number (\d+)\.", words)
    assert len(seen) == 20
    team_room.told("Too late for this walk.")
    while found := re.search(r'href="([^"]+)" rel="next"', visitor.html):
        words = await visitor.open(found[1].replace("&amp;", "&"))
        assert "45 stories" in words or "46 stories" in words
        seen += re.findall(r"Story number (\d+)\.", words)
    assert seen == [str(number) for number in reversed(range(45))]


@pytest.mark.parametrize(
    ("simulator", "asked", "practice_shown"),
    [
        (True, "", True),
        (True, "?practice=no", False),
        (False, "", False),
        (False, "?practice=yes", True),
    ],
)
async def test_practice_stories_are_shown_with_a_badge_while_the_practice_phone_is_on(
    team_room: Room, simulator: bool, asked: str, practice_shown: bool
) -> None:
    team_room.simulator = simulator
    team_room.told("Only trying it out.", simulated=True)
    visitor = await team_room.member()
    words = await visitor.open(f"/{asked}")
    assert ("Only trying it out." in words) is practice_shown
    assert ("Practice Team only" in words) is practice_shown
    assert ("1 practice story is hidden" in words) is not practice_shown


async def test_a_story_of_a_person_carries_no_practice_badge(team_room: Room) -> None:
    team_room.told(MINIBUS)
    visitor = await team_room.member()
    assert "Practice Team only" not in await visitor.open("/")


@pytest.mark.parametrize(
    ("simulator", "asked", "said"),
    [
        (True, "", "Tell a practice story"),
        (False, "", "They appear here as soon as somebody has told one"),
        (True, "?scale=society", "Nothing matches this filter"),
        (True, "?after=1-1", "That was the last one"),
    ],
)
async def test_an_empty_queue_says_what_to_do(team_room: Room, simulator: bool, asked: str, said: str) -> None:
    team_room.simulator = simulator
    visitor = await team_room.member()
    assert said in await visitor.open(f"/{asked}")


async def test_a_team_that_has_decided_about_everything_is_told_so(team_room: Room) -> None:
    team_room.told(MINIBUS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    await visitor.send("/stories/1/approve")
    words = await visitor.open("/")
    assert "Nothing is waiting for you" in words
    assert MINIBUS in await visitor.open("/?state=approved")


async def test_words_stay_words(team_room: Room) -> None:
    team_room.told(
        "<script>alert(1)</script> & <b>bold</b> \u202eright to left", place_words="<img src=x onerror=alert(1)>"
    )
    visitor = await team_room.member()
    for page in ("/", "/stories/1", "/?place=%22%3E%3Cscript%3Ealert(2)%3C/script%3E&state=all"):
        words = await visitor.open(page)
        assert "<script>alert" not in visitor.html
        assert "<img src=x" not in visitor.html
        assert "<b>bold" not in visitor.html
        if "place=" not in page:
            assert "<script>alert(1)</script> & <b>bold</b>" in words


async def test_nothing_on_the_page_tells_who_the_person_is(team_room: Room) -> None:
    team_room.told(MINIBUS)
    visitor = await team_room.member()
    words = await visitor.open("/")
    assert re.search(r"[A-Z][a-z]+ \d{4}", words), "a pseudonym is shown"
    assert "contributor_id" not in visitor.html
    assert "sealed" not in visitor.html


async def test_whoever_reads_how_a_story_begins_in_the_list_is_on_record(team_room: Room) -> None:
    team_room.told(MINIBUS)
    team_room.told("", kind="feedback", rating=3)
    visitor = await team_room.member()

    def read() -> list[tuple[str, str]]:
        with reader(team_room.engine) as connection:
            return [
                tuple(row)
                for row in connection.execute(
                    text("SELECT who, object_id FROM audit WHERE act = 'story.listed' ORDER BY id")
                )
            ]

    assert read() == [("amina@example.org", "1")], "once, and nothing where no words were shown"
    await visitor.open("/?state=all")
    assert len(read()) == 1
    await visitor.open("/?place=nowhere")
    other = await team_room.member("lead", "Sam Okafor")
    assert read()[1:] == [("sam@example.org", "1")]
    team_room.clock.passes(hours=25)
    await other.sign_in("sam@example.org", PASSWORD)
    await other.open("/")
    assert read()[2:] == [("sam@example.org", "1")]
    await (await team_room.member("outreach", "Ola Nowak")).open("/")
    assert len(read()) == 3, "who sees no stories reads none"
    (progress,) = team_room.does(lambda c: c.execute(text("SELECT DISTINCT progress FROM story")).scalars().all())
    assert progress == "heard", "its teller is told that it was read once somebody opens it"
