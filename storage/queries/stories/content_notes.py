"""Content notes: what a reader of a story is told before they open its words. By the word rules or a reviewer.

A note that a reviewer took away is not set again by the rules. Never commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from storage.tables import Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

tag = Tag.__table__

DIMENSION = "content_note"
"""In `tag`; the values are kinds of `flows.language.distress.distress_tables`."""


def note_by_rule(connection: Connection, story_id: int, kinds: Collection[str], *, at: datetime) -> None:
    """Add the notes that the word rules found, but for those the story has or had."""
    if not kinds:
        return
    known = set(
        connection.execute(
            select(tag.c.value).where(tag.c.story_id == story_id, tag.c.dimension == DIMENSION)
        ).scalars()
    )
    for value in sorted(set(kinds) - known):
        connection.execute(
            insert(tag).values(story_id=story_id, dimension=DIMENSION, value=value, origin="rule", created_at=at)
        )


def notes_of(connection: Connection, story_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the notes that stand, by story, each once."""
    found: dict[int, tuple[str, ...]] = {}
    if not story_ids:
        return found
    rows = connection.execute(
        select(tag.c.story_id, tag.c.value)
        .where(tag.c.story_id.in_(story_ids), tag.c.dimension == DIMENSION, tag.c.removed_at.is_(None))
        .order_by(tag.c.id)
    )
    for row in rows:
        known = found.get(row.story_id, ())
        if row.value not in known:
            found[row.story_id] = (*known, row.value)
    return found


def set_notes(connection: Connection, story_id: int, notes: Collection[str], *, by: int, at: datetime) -> None:
    """Store which notes a reviewer wants on the story: others are taken away, new ones carry their name."""
    standing = notes_of(connection, [story_id]).get(story_id, ())
    gone = [value for value in standing if value not in notes]
    if gone:
        connection.execute(
            update(tag)
            .where(
                tag.c.story_id == story_id,
                tag.c.dimension == DIMENSION,
                tag.c.value.in_(gone),
                tag.c.removed_at.is_(None),
            )
            .values(removed_at=at)
        )
    for value in sorted(set(notes) - set(standing)):
        connection.execute(
            insert(tag).values(
                story_id=story_id, dimension=DIMENSION, value=value, origin="reviewer", confirmed_by=by,
                confirmed_at=at, created_at=at,
            )
        )  # fmt: skip
