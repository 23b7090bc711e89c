"""Words that may weigh on a reader stay closed until they are opened, in the queue and on the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flows.language.distress.distress_tables import KINDS, noted
from review.kit import labels
from storage.db.engine import reader
from storage.queries.stories import content_notes
from tests.review.room import NOON

if TYPE_CHECKING:
    from tests.review.conftest import Room

HEAVY = "My brother killed himself last year and nobody came."


def note(room: Room, story_id: int, text: str) -> None:
    room.does(lambda connection: content_notes.note_by_rule(connection, story_id, noted(text), at=NOON))


def standing(room: Room, story_id: int) -> tuple[str, ...]:
    with reader(room.engine) as connection:
        return content_notes.notes_of(connection, [story_id]).get(story_id, ())


def open_html(html: str) -> str:
    """Return what can be read without opening anything: closed details but for their summaries are left out."""
    return re.sub(r"<details class=\"heavy\">\s*(<summary>.*?</summary>).*?</details>", r"\1", html, flags=re.DOTALL)


def test_every_kind_has_plain_words():
    assert {word.value for word in labels.CONTENT_NOTES} == set(KINDS)


async def test_a_story_with_a_note_stays_closed_in_the_queue_and_on_its_page(team_room: Room) -> None:
    story_id = team_room.told(HEAVY)
    note(team_room, story_id, HEAVY)
    visitor = await team_room.member()
    for address in ("/", f"/stories/{story_id}"):
        await visitor.open(address)
        assert HEAVY in visitor.html
        assert HEAVY not in open_html(visitor.html), address
        assert "mentions suicide" in open_html(visitor.html)


async def test_a_story_without_a_note_is_open(team_room: Room) -> None:
    story_id = team_room.told("They closed the surgery.")
    note(team_room, story_id, "They closed the surgery.")
    visitor = await team_room.member()
    await visitor.open(f"/stories/{story_id}")
    assert "They closed the surgery." in open_html(visitor.html)
    assert 'class="heavy"' not in visitor.html


async def test_a_reviewer_takes_notes_away_and_adds_their_own_and_the_rules_do_not_set_them_again(
    team_room: Room,
) -> None:
    story_id = team_room.told(HEAVY)
    note(team_room, story_id, HEAVY)
    visitor = await team_room.member()
    await visitor.open(f"/stories/{story_id}")
    said = await visitor.send(f"/stories/{story_id}/notes", note=["death"])
    assert "Content notes saved" in said
    assert standing(team_room, story_id) == ("death",)
    note(team_room, story_id, HEAVY)
    assert standing(team_room, story_id) == ("death",)
    assert "Set by Amina Reid" in await visitor.open(f"/stories/{story_id}")


async def test_notes_are_set_on_the_version_that_was_seen(team_room: Room) -> None:
    story_id = team_room.told(HEAVY)
    visitor = await team_room.member()
    await visitor.open(f"/stories/{story_id}")
    await visitor.send(f"/stories/{story_id}/notes", version="7", note=["death"])
    assert standing(team_room, story_id) == ()
