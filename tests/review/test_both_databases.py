"""One working day of a member, from the link to the export, on either database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.review.conftest import Room
from tests.review.room import GLENBOIG
from tests.review.test_safeguarding_page import NUMBER, worry

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from storage.db.writer import Writer


async def test_a_working_day(database: Engine, writer: Writer) -> None:
    room = Room(database, writer)
    room.told("They closed the surgery.", place=GLENBOIG, scales=("individual",), use="quote")
    room.told("It was quick.", kind="feedback", rating=4)
    visitor = await room.member("lead")
    words = await visitor.open("/?place=glenboig&scale=individual")
    assert "1 story." in words
    await visitor.open("/stories/1")
    assert "Scales saved" in await visitor.send("/stories/1/scales", scale=["individual", "society"])
    assert "Approved." in await visitor.send("/stories/1/approve")
    assert "Undone." in await visitor.send("/stories/1/undo")
    await visitor.send("/stories/1/decline", reason="other", words="A reason.")
    assert "A reason." in visitor.words
    await visitor.send("/stories/1/undo")
    await visitor.send("/stories/1/approve")
    room.clock.passes(hours=1)
    words = await visitor.open("/export?scale=society")
    assert "Anonymous quote 1" in words
    await visitor.send("/export", use="quote", format="jsonl")
    row = json.loads(visitor.response.text)
    assert (row["text"], row["scales_by_team"], row["place"]) == (
        "They closed the surgery.", ["individual", "society"], "Scotland",
    )  # fmt: skip
    assert "for “quote” by Amina Reid" in await visitor.open("/stories/1")
    await visitor.open("/")
    await visitor.send("/sign-out")
    stranger = room.visitor_from("198.51.100.7")
    for _ in range(6):
        await stranger.sign_in("amina@example.org", "guess")
    assert stranger.status == 429


async def test_a_day_of_looking_after_people(database: Engine, writer: Writer) -> None:
    room = Room(database, writer)
    first = worry(room)
    room.clock.passes(minutes=5)
    second = worry(room, "One more word.", "And another.")
    visitor = await room.member("safeguarding")
    words = await visitor.open("/safeguarding")
    assert words.index("Look by 13:00") < words.index("Look by 13:05"), "who waits longest stands first"
    await visitor.send(f"/safeguarding/{first}/take")
    words = await visitor.open("/safeguarding")
    assert words.index("Look by 13:05") < words.index("Amina Reid has it"), "and who is looked after, last"
    await visitor.open(f"/safeguarding/{second}")
    assert "And another." in await visitor.send(f"/safeguarding/{second}/words", reason="look")
    assert NUMBER in await visitor.send(f"/safeguarding/{second}/reach", reason="handover")
    await visitor.open(f"/safeguarding/{second}")
    assert "Written down" in await visitor.send(f"/safeguarding/{second}/write", message="Hello", checked="yes")
    words = await visitor.send(f"/safeguarding/{second}/close", outcome="service")
    assert "passed to a service" in words
    await visitor.open(f"/safeguarding/{second}")
    assert "Open again." in await visitor.send(f"/safeguarding/{second}/reopen")
    assert "2 open" in visitor.words
