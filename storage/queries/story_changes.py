"""The one home of "this story changed": its version goes up by one, so that no page and no export acts on what was.

What changed is the caller's to say, and to commit. The team is told by `reopen` of `storage.stories.own_stories`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from flows.model.vocabulary.story_states import StoryState
from storage import tables

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Update
    from sqlalchemy.engine import Connection

STORY = tables.Story.__table__
NEXT_VERSION = STORY.c.version + 1
UNDECIDED: dict[str, Any] = {"state": StoryState.NEW, "decided_by": None, "decided_at": None, "reason": ""}
"""Back in the queue, as if nobody on the team had decided about it."""


def changed(
    *which: ColumnElement[bool],
    at: datetime | None = None,
    reopened: bool = False,
    words: bool = False,
    counted: bool = False,
    **values: Any,
) -> Update:
    """Return the statement that changes some stories, and counts that as one change of each.

    `at`: its teller changed it, then. `reopened`: somebody on the team is to look at it again before it leaves.
    `words`: its words are others, which is to be looked at too. `counted`: its version went up for this change already.
    """
    values |= {} if counted else {"version": NEXT_VERSION}
    values |= {"words_version": NEXT_VERSION} if words else {}
    values |= {"changed_at": at} if at is not None else {}
    values |= UNDECIDED if reopened or words else {}
    return update(STORY).where(*which).values(values)


def change(connection: Connection, story_id: int, **what: Any) -> int:
    """Change one story as `changed` says; returns its version."""
    statement = changed(STORY.c.id == story_id, **what).returning(STORY.c.version)
    return int(connection.execute(statement).scalar_one())
