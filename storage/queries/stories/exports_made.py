"""Named questions about exports that were made (rules 60 and 91)."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from flows.model.vocabulary.consent_answers import Use
from storage.tables import ExportRun, ExportStory, Story, TeamMember

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

export_run = ExportRun.__table__
export_story = ExportStory.__table__
member = TeamMember.__table__
story = Story.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMade:
    """One export that was made."""

    id: int
    at: datetime
    who: str
    """A name where it is known."""
    format: str
    use: Use
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """One export that holds stories which may not be used so any more, so that its recipients can be told (rule 60)."""

    id: int
    at: datetime
    who: str
    """A name where it is known."""
    format: str
    use: Use
    gone: tuple[str, ...]
    """Names of the rows, as they stand in the export, whose stories were taken back."""
    narrowed: tuple[str, ...]
    """Names of the rows whose tellers no longer allow this use."""


def row_name(row_key: bytes, story_id: int) -> str:
    """Return what a story is called in the export with this key, so that a withdrawn one can be pointed out."""
    return hmac.new(row_key, str(story_id).encode(), sha256).hexdigest()[:16]


def recalls(connection: Connection, *, story_ids: Collection[int] | None = None) -> list[Recall]:
    """Return the exports that held stories which were taken back or narrowed since, newest first.

    With `story_ids`, the exports that held one of these, whatever became of it: ask before they are erased.
    """
    lost = story.c.id.is_(None) | story.c.withdrawn_at.is_not(None)
    rows = connection.execute(
        select(export_story.c.export_id, export_story.c.story_id, lost.label("lost"), export_run.c.filters)
        .join(export_run, export_run.c.id == export_story.c.export_id)
        .outerjoin(story, story.c.id == export_story.c.story_id)
        .where(lost | _too_far() if story_ids is None else export_story.c.story_id.in_(story_ids))
        .order_by(export_story.c.export_id, export_story.c.story_id)
    ).all()
    gone: dict[int, list[str]] = {}
    narrowed: dict[int, list[str]] = {}
    for row in rows:
        key = bytes.fromhex(json.loads(row.filters).get("row_key", ""))
        held = gone if row.lost or story_ids is not None else narrowed
        held.setdefault(row.export_id, []).append(row_name(key, row.story_id))
    made = connection.execute(_made().where(export_run.c.id.in_({*gone, *narrowed}))).mappings()
    return [
        Recall(
            **{name: run[name] for name in ("id", "at", "who", "format", "use")},
            gone=tuple(gone.get(run["id"], ())),
            narrowed=tuple(narrowed.get(run["id"], ())),
        )
        for run in made
    ]


def _too_far() -> ColumnElement[bool]:
    """Return the condition that a story travelled further than its teller allows now."""
    return or_(*(and_(export_run.c.use == use, story.c.use.not_in(use.reaching())) for use in Use))


def recent(connection: Connection, *, limit: int = 10) -> list[ExportMade]:
    """Return the latest exports, newest first."""
    return [ExportMade(**row._mapping) for row in connection.execute(_made().limit(limit))]


def that_held(connection: Connection, story_id: int, *, limit: int = 20) -> list[ExportMade]:
    """Return the exports that held this story, newest first, so that recipients can be told of a withdrawal."""
    held = export_story.c.export_id == export_run.c.id
    rows = connection.execute(_made().join(export_story, held).where(export_story.c.story_id == story_id).limit(limit))
    return [ExportMade(**row._mapping) for row in rows]


def _made() -> Select[tuple[int, datetime, str, Use, int, str]]:
    who = func.coalesce(func.nullif(member.c.name, ""), export_run.c.who).label("who")
    columns = (export_run.c[name] for name in ("id", "at", "format", "use", "stories"))
    return (
        select(*columns, who)
        .select_from(export_run)
        .outerjoin(member, member.c.email == export_run.c.who)
        .order_by(export_run.c.id.desc())
    )
