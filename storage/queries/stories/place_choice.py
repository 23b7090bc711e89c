"""Where a story happened, chosen by a reviewer because its teller's words were not found. Never commits.

The teller's words stay beside it (design rule 5); a tag of the dimension `locality` says who chose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, or_, select, update

from storage.tables import Story, Tag

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from storage.queries.stories.kept_stories import StoryPlace

story, tag = Story.__table__, Tag.__table__

DIMENSION = "locality"
"""In `tag`; the value is the place's id."""


def choose(connection: Connection, story_id: int, place: StoryPlace, *, seen: int, by: int, at: datetime) -> bool:
    """Give a story the place a reviewer chose, in its next version.

    False, and nothing changed, if it has changed since version `seen`, was taken back, or its teller's own place was
    found.
    """
    chosen = select(tag.c.story_id).where(tag.c.dimension == DIMENSION, tag.c.removed_at.is_(None))
    placed = {f"place_{name}": value for name, value in place._asdict().items()}
    result = connection.execute(
        update(story)
        .where(
            story.c.id == story_id,
            story.c.version == seen,
            story.c.withdrawn_at.is_(None),
            story.c.place_words != "",
            or_(story.c.place_label == "", story.c.id.in_(chosen)),
        )
        .values(placed | {"version": seen + 1})
    )
    if result.rowcount != 1:
        return False
    connection.execute(
        update(tag)
        .where(tag.c.story_id == story_id, tag.c.dimension == DIMENSION, tag.c.removed_at.is_(None))
        .values(removed_at=at)
    )
    connection.execute(
        insert(tag).values(
            story_id=story_id, dimension=DIMENSION, value=place.id, origin="reviewer", confirmed_by=by,
            confirmed_at=at, created_at=at,
        )
    )  # fmt: skip
    return True


def forget(connection: Connection, story_id: int) -> None:
    """Forget which place was chosen: its teller wants none to be kept."""
    connection.execute(delete(tag).where(tag.c.story_id == story_id, tag.c.dimension == DIMENSION))
