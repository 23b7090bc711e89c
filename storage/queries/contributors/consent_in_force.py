"""Which consent is in force: the newest answer counts, and only while its time is not over (rule 53). Never commits.

What a story may be used for is a copy on the story; this is what the decisions themselves say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, or_, select

from storage import tables

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, ScalarSelect, Select
    from sqlalchemy.engine import Connection

    from flows.model.vocabulary.consent_answers import Purpose

DECISION = tables.Decision.__table__
STORY = tables.Story.__table__


def newest(purpose: Purpose, *whose: ColumnElement[bool]) -> Select[Any]:
    """Return the query for the newest decision of a purpose: about a story, in a conversation, or of a person."""
    return select(DECISION).where(*whose, DECISION.c.purpose == purpose).order_by(DECISION.c.id.desc()).limit(1)


def answer(purpose: Purpose, now: datetime, *whose: ColumnElement[bool]) -> ScalarSelect[str]:
    """Return the newest answer as an expression: empty if it has run out, for an older one never counts in its place.

    It is NULL where nothing was ever decided.
    """
    standing = or_(DECISION.c.valid_until.is_(None), DECISION.c.valid_until > now)
    return newest(purpose, *whose).with_only_columns(case((standing, DECISION.c.answer), else_="")).scalar_subquery()


def answer_of(connection: Connection, contributor_id: int, purpose: Purpose, now: datetime) -> str:
    """Return what a person answered last, about whichever story; empty if never, or if it counts no more (rule 49)."""
    found = connection.execute(select(answer(purpose, now, DECISION.c.contributor_id == contributor_id))).scalar()
    return found or ""


def newest_about(connection: Connection, story_id: int, purpose: Purpose) -> dict[str, Any] | None:
    """Return the newest decision of this purpose about a story, whether it still counts or not."""
    row = connection.execute(newest(purpose, DECISION.c.story_id == story_id)).mappings().first()
    return None if row is None else dict(row)


def about_story(story_id: int) -> ColumnElement[bool]:
    """Return the condition on a decision that it bears on this story: made about it, or on the way to it."""
    told_in = select(STORY.c.conversation_id).where(STORY.c.id == story_id)
    on_the_way = and_(DECISION.c.story_id.is_(None), DECISION.c.conversation_id.in_(told_in))
    return or_(DECISION.c.story_id == story_id, on_the_way)
