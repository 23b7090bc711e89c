"""Signs that turn the reading order: whoever sends or types them turns nothing that stands beside their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from bot.web import templating as public_pages
from flows.language.normalise import displayable
from review.kit import render
from storage.db.engine import reader
from storage.stories import editing
from tests.review.room import NOON

if TYPE_CHECKING:
    from tests.review.conftest import Room

SIGNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TURNING = f"\u202eThey closed it.\u2069\u202d {SIGNS} Nobody asked\x1b[2J us."
SEEN = "They closed it.  Nobody asked[2J us."


async def test_no_page_of_the_team_holds_a_sign_that_turns_it(team_room: Room) -> None:
    team_room.told(TURNING, place_words=f"by the {SIGNS}weir", use="publish")
    team_room.writer.run(
        lambda c: editing.edit(c, 1, text=f"{TURNING} Edited.", reason=TURNING, author=TURNING, now=NOON)
    )
    visitor = await team_room.member("lead", f"Amina\u202e {SIGNS}Reid")
    for path in ("/", "/?state=all&place=%E2%80%AE", "/stories/1", "/inbox", "/requests", "/export", "/safeguarding"):
        await visitor.open(path)
        assert visitor.status == 200
        assert not set(SIGNS) & set(visitor.html), path
        assert "\x1b" not in visitor.html
    await visitor.open("/stories/1")
    assert SEEN in visitor.words.replace("Nobody", " Nobody").replace("   ", "  ")
    await visitor.send("/stories/1/decline", words=TURNING)
    assert not set(SIGNS) & set(visitor.html)
    with reader(team_room.engine) as connection:
        kept = connection.execute(text("SELECT text FROM story")).scalar_one()
    assert kept == TURNING, "what was told stays as it is"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (TURNING, SEEN),
        ("שלום \u200f(5)", "שלום \u200f(5)"),
        ("مرحبا", "مرحبا"),
        ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"),
        ("🏡 ŵ “quoted”", "🏡 ŵ “quoted”"),
        ("\x00\x07\x1b]0;title\x9b31m", "]0;title31m"),
    ],
)
def test_what_is_shown_is_what_was_told_but_for_the_signs(told: str, shown: str) -> None:
    assert displayable(told) == shown


@pytest.mark.parametrize("made", [render._environment(), public_pages._environment()], ids=["the team", "everybody"])
def test_every_template_shows_values_so(made: render.Environment) -> None:
    template = made.from_string(
        "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ m(v) }}<i title='{{ v ~ v }}'>{{ v|upper }}"
    )
    page = template.render(v=TURNING)
    assert not set(SIGNS) & set(page)
    assert "<b>They closed it." in page
