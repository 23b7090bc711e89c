"""A change of a story is counted once, in one place, and what follows from it is what its caller says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from storage import tables
from storage.queries import story_changes
from tests.storage.acts import LATER, NOW, begin, keep, meet

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer

ROOT = Path(__file__).parents[3]
STORY = tables.Story.__table__
RAISES = re.compile(r"\bstory\.c\.version \+|\bwords_version=", re.IGNORECASE)
HOME = "storage/queries/story_changes.py"


def approved(connection: Connection) -> int:
    person = meet(connection)
    story = keep(connection, person, begin(connection, person), "The bus is gone.")
    connection.execute(update(STORY).where(STORY.c.id == story).values(state="approved", decided_at=NOW, reason="read"))
    return story


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, ("approved", 2, 1, NOW)),
        ({"at": LATER}, ("approved", 2, 1, LATER)),
        ({"reopened": True}, ("new", 2, 1, NOW)),
        ({"words": True, "text": "It is back."}, ("new", 2, 2, NOW)),
        ({"reopened": True, "counted": True}, ("new", 1, 1, NOW)),
    ],
)
def test_a_change_is_counted_once(writer: Writer, how: dict[str, Any], expected: tuple[Any, ...]) -> None:
    def work(connection: Connection) -> None:
        story = approved(connection)
        assert story_changes.change(connection, story, **how) == expected[1]
        row = connection.execute(select(STORY)).one()
        assert (row.state, row.version, row.words_version, row.changed_at) == expected
        assert row.text == how.get("text", "The bus is gone.")
        assert (row.decided_at, row.reason) == ((NOW, "read") if row.state == "approved" else (None, ""))

    writer.run(work)


def test_nobody_else_raises_the_version_of_a_story() -> None:
    found = set()
    for package in ("storage", "bot", "review"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts and RAISES.search(path.read_text(encoding="utf-8")):
                found.add(path.relative_to(ROOT).as_posix())
    assert found == {HOME}
