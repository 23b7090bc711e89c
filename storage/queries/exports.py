"""Named questions about exports that were made (rules 60 and 91). Imports the tables and SQLAlchemy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from storage.tables import ExportRun, ExportStory, TeamMember

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Select

export_run = ExportRun.__table__
export_story = ExportStory.__table__
member = TeamMember.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One export that was made."""

    id: int
    at: datetime
    who: str
    """A name where it is known."""
    format: str
    use: str
    stories: int


def recent(connection: Connection, *, limit: int = 10) -> list[Made]:
    """Return the latest exports, newest first."""
    return [Made(**row._mapping) for row in connection.execute(_made().limit(limit))]


def that_held(connection: Connection, story_id: int, *, limit: int = 20) -> list[Made]:
    """Return the exports that held this story, newest first, so that recipients can be told of a withdrawal."""
    held = export_story.c.export_id == export_run.c.id
    rows = connection.execute(_made().join(export_story, held).where(export_story.c.story_id == story_id).limit(limit))
    return [Made(**row._mapping) for row in rows]


def _made() -> Select[tuple[int, datetime, str, str, str, int]]:
    who = func.coalesce(func.nullif(member.c.name, ""), export_run.c.who).label("who")
    columns = (export_run.c[name] for name in ("id", "at", "format", "use", "stories"))
    return (
        select(*columns, who)
        .select_from(export_run)
        .outerjoin(member, member.c.email == export_run.c.who)
        .order_by(export_run.c.id.desc())
    )
