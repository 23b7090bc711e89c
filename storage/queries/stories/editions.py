"""Named questions about edited versions of stories. Never commits.

An edition is a layer: a teller's own words stay as they were beside it (rule 70). Which editions may leave is said in
one place, `leaves`, and the gate of exports asks it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, func, insert, not_, or_, select, update

from storage import tables
from storage.tables.edition import EditionState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from flows.model.vocabulary.consent_answers import Use

EDITION = tables.Edition.__table__
STORY = tables.Story.__table__

TELLER = "teller"
"""Author of a version that its teller wrote; team members are named by their address."""


class Edition(NamedTuple):
    """One edited version."""

    id: int
    story_id: int
    position: int
    of_version: int
    text: str
    reason: str
    author: str
    made_at: datetime
    state: EditionState
    answered_at: datetime | None


_COLUMNS = tuple(EDITION.c[name] for name in Edition._fields)


class EditedStory(NamedTuple):
    """What an edit looks at of its story."""

    id: int
    contributor_id: int
    conversation_id: str
    text: str
    use: Use
    use_until: datetime | None
    kept_until: datetime | None
    version: int
    words_version: int
    withdrawn_at: datetime | None


_STORY = tuple(STORY.c[name] for name in EditedStory._fields)


def story_to_edit(connection: Connection, story_id: int) -> EditedStory | None:
    """Return a story and hold it until the commit, so that nobody deletes or changes it meanwhile."""
    row = connection.execute(select(*_STORY).where(STORY.c.id == story_id).with_for_update(of=STORY)).first()
    return None if row is None else EditedStory(*row)


def of_story(connection: Connection, story_id: int) -> list[Edition]:
    """Return all editions of a story, oldest first, those that were undone as well."""
    rows = connection.execute(select(*_COLUMNS).where(EDITION.c.story_id == story_id).order_by(EDITION.c.position))
    return [Edition(*row) for row in rows]


def newest(connection: Connection, story_id: int) -> Edition | None:
    """Return the newest edition that was not undone."""
    row = connection.execute(
        select(*_COLUMNS)
        .where(EDITION.c.story_id == story_id, EDITION.c.state != EditionState.DROPPED)
        .order_by(EDITION.c.position.desc())
        .limit(1)
    ).first()
    return None if row is None else Edition(*row)


def add(
    connection: Connection,
    *,
    story_id: int,
    of_version: int,
    text: str,
    reason: str,
    author: str,
    state: EditionState,
    now: datetime,
) -> Edition:
    """Add an edition after all others."""
    last = connection.execute(select(func.max(EDITION.c.position)).where(EDITION.c.story_id == story_id)).scalar()
    row = connection.execute(
        insert(EDITION)
        .values(
            story_id=story_id, position=(last or 0) + 1, of_version=of_version, text=text, reason=reason,
            author=author, made_at=now, state=state,
        )
        .returning(*_COLUMNS)
    ).one()  # fmt: skip
    return Edition(*row)


def set_state(
    connection: Connection,
    edition_id: int,
    state: EditionState,
    *,
    answered_at: datetime | None = None,
    decision_id: int | None = None,
) -> None:
    """Note what became of an edition."""
    values: dict[str, object] = {"state": state}
    if answered_at is not None:
        values |= {"answered_at": answered_at, "decision_id": decision_id}
    connection.execute(update(EDITION).where(EDITION.c.id == edition_id).values(values))


def reword(connection: Connection, edition_id: int, text: str, now: datetime) -> None:
    """Put other words into an edition that nobody has agreed to yet."""
    connection.execute(update(EDITION).where(EDITION.c.id == edition_id).values(text=text, made_at=now))


def leaves() -> ColumnElement[bool]:
    """Return the condition on `story`: it was never edited, or its teller agreed to the newest edition of its words."""
    later = EDITION.alias("later")
    undone = EDITION.c.state == EditionState.DROPPED
    edited = select(EDITION.c.id).where(EDITION.c.story_id == STORY.c.id, not_(undone)).exists()
    overtaken = (
        select(later.c.id)
        .where(later.c.story_id == EDITION.c.story_id, later.c.position > EDITION.c.position)
        .where(later.c.state != EditionState.DROPPED)
        .exists()
    )
    agreed = (
        select(EDITION.c.id)
        .where(
            EDITION.c.story_id == STORY.c.id,
            EDITION.c.state == EditionState.AGREED,
            EDITION.c.of_version >= STORY.c.words_version,
            EDITION.c.text != "",
            not_(overtaken),
        )
        .exists()
    )
    return or_(not_(edited), and_(edited, agreed))


def agreed_texts(connection: Connection, story_ids: Sequence[int]) -> dict[int, str]:
    """Return the words that leave in place of a teller's own, by story; only of stories that have such."""
    found: dict[int, tuple[str, str]] = {}
    for row in connection.execute(
        select(EDITION.c.story_id, EDITION.c.state, EDITION.c.text)
        .where(EDITION.c.story_id.in_(story_ids), EDITION.c.state != EditionState.DROPPED)
        .order_by(EDITION.c.position)
    ):
        found[row.story_id] = (row.state, row.text)
    return {story_id: text if state == EditionState.AGREED else "" for story_id, (state, text) in found.items()}
