"""What a story is, what the team has decided about it, and where it is for its teller.

The values are what is stored. A row of the database holds plain words, which equal the members: compare with `==`.
"""

from __future__ import annotations

from enum import StrEnum


class StoryKind(StrEnum):
    """What a flow gathers."""

    STORY = "story"
    FEEDBACK = "feedback"


class StoryState(StrEnum):
    """What the team has decided."""

    NEW = "new"
    APPROVED = "approved"
    DECLINED = "declined"


class Progress(StrEnum):
    """Where a story is, for whoever holds its receipt."""

    HEARD = "heard"
    READ = "read"
    ACTED_ON = "acted_on"
    CHANGED = "changed"
