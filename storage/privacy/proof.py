"""Proof of consent for one story: what was asked and answered, and every use since, each held against what stood then.

Only reads. It works after an erasure too, for what stays: the trail without the person and their words. The team's own
reading counts as use `team`; every wider use is an export.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from flows.model.vocabulary.consent_answers import USES, Purpose, Use
from storage.queries.contributors.consent_in_force import about_story
from storage.queries.stories.exports_made import row_name
from storage.tables import (
    ConsentText,
    Contributor,
    Decision,
    Erasure,
    ExportRun,
    ExportStory,
    Notice,
    Story,
    TeamMember,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

DECISION = Decision.__table__
TEXT = ConsentText.__table__
NOTICE = Notice.__table__
STORY = Story.__table__
CONTRIBUTOR = Contributor.__table__
MEMBER = TeamMember.__table__
EXPORT = ExportRun.__table__
EXPORTED = ExportStory.__table__
ERASURE = Erasure.__table__


class NoSuchStoryError(LookupError):
    """No trace of such a story, or of such a row in that export. The message says what to check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionProved:
    """One decision as it was made. Times are aware, in UTC."""

    id: int
    conversation_id: str
    principal: str
    """The pseudonym; empty after erasure."""
    purpose: Purpose
    answer: str
    literal: str = field(repr=False)
    """What was typed or pressed; empty after erasure."""
    text: str = field(repr=False)
    """The exact words shown."""
    text_digest: str
    version: int
    language: str
    channel: str
    flow: str
    release: str
    """Digest of the release whose words were shown."""
    decided_at: datetime
    valid_until: datetime | None
    notice: dict[str, Any]
    """Who asked and what for; empty for a decision that named no notice."""
    notice_digest: str
    assisted_by: str
    """The worker who wrote for the person; empty if they answered alone."""
    assisted_where: str
    read_aloud: bool
    superseded_at: datetime | None
    """When the same was decided anew."""
    withdrawn_at: datetime | None
    """When the story was taken back."""

    def counts(self, at: datetime) -> bool:
        """Return whether the answer counts at a moment, a later answer apart."""
        over = self.valid_until is not None and self.valid_until <= at
        return self.decided_at <= at and not over


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """One export that held the story."""

    export_id: int
    at: datetime
    who: str
    use: Use
    format: str
    row: str
    """What the story is called in it."""
    allowed: str
    """How far consent reached then: nothing, team, quote or publish."""
    within: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Everything there is to show for one story."""

    story_id: int
    exists: bool
    """False once it was taken back or its time was over."""
    told_at: datetime | None
    taken_back_at: datetime | None
    decisions: tuple[DecisionProved, ...]
    """Oldest first."""
    uses: tuple[Used, ...]
    """Oldest first."""

    @property
    def within(self) -> bool:
        """True if every use was within the consent that stood at that moment."""
        return all(used.within for used in self.uses)


def story_of_row(connection: Connection, export_id: int, row: str) -> int:
    """Return the number of the story that a row of an export holds; raises NoSuchStoryError."""
    filters = connection.execute(select(EXPORT.c.filters).where(EXPORT.c.id == export_id)).scalar()
    if filters is None:
        raise NoSuchStoryError(f"There is no export {export_id}. The list of exports is on the team's pages.")
    key = bytes.fromhex(json.loads(filters).get("row_key", ""))
    stories = connection.execute(select(EXPORTED.c.story_id).where(EXPORTED.c.export_id == export_id)).scalars()
    found: int | None = next((story for story in stories if row_name(key, story) == row.strip().casefold()), None)
    if found is None:
        raise NoSuchStoryError(f"Export {export_id} has no row {row}. A row's name stands in its first column, id.")
    return found


def of_story(connection: Connection, story_id: int) -> Proof:
    """Return the proof for a story, also after its erasure; raises NoSuchStoryError."""
    told = connection.execute(select(STORY.c.told_at, STORY.c.withdrawn_at).where(STORY.c.id == story_id)).one_or_none()
    rows = _rows(connection, story_id)
    runs = _runs(connection, story_id)
    if told is None and not rows and not runs:
        raise NoSuchStoryError(f"There is no trace of a story {story_id}. Its number stands above it on its page.")
    back = told.withdrawn_at if told is not None else _erased_at(connection, {row.conversation_id for row in rows})
    decisions = tuple(_decided(row, rows, back) for row in rows)
    return Proof(
        story_id=story_id,
        exists=told is not None,
        told_at=told.told_at if told is not None else None,
        taken_back_at=back,
        decisions=decisions,
        uses=tuple(_used(run, story_id, decisions, back) for run in runs),
    )


def reaches(decisions: Sequence[DecisionProved], at: datetime, taken_back_at: datetime | None = None) -> str:
    """Return how far consent reached at a moment: nothing, team, quote or publish.

    The newest answer by then counts while it is valid; a use that has lapsed leaves the story with the team.
    """
    if taken_back_at is not None and taken_back_at <= at:
        return "nothing"
    part, use = (_newest(decisions, purpose, at) for purpose in (Purpose.TAKE_PART, Purpose.USE))
    if part is None or part.answer != "yes" or not part.counts(at):
        return "nothing"
    return use.answer if use is not None and use.counts(at) and use.answer in USES else Use.TEAM


def _newest(decisions: Sequence[DecisionProved], purpose: Purpose, at: datetime) -> DecisionProved | None:
    made = [decided for decided in decisions if decided.purpose == purpose and decided.decided_at <= at]
    return made[-1] if made else None


def _rows(connection: Connection, story_id: int) -> list[Any]:
    return list(
        connection.execute(
            select(
                DECISION, TEXT.c.text, NOTICE.c.body, CONTRIBUTOR.c.pseudonym,
                func.coalesce(func.nullif(MEMBER.c.name, ""), MEMBER.c.email).label("worker"),
            )
            .join(TEXT, TEXT.c.digest == DECISION.c.text_digest)
            .outerjoin(NOTICE, NOTICE.c.digest == DECISION.c.notice_digest)
            .outerjoin(CONTRIBUTOR, CONTRIBUTOR.c.id == DECISION.c.contributor_id)
            .outerjoin(MEMBER, MEMBER.c.id == DECISION.c.assisted_by)
            .where(about_story(story_id))
            .order_by(DECISION.c.id)
        ).all()
    )  # fmt: skip


def _decided(row: Any, rows: Sequence[Any], back: datetime | None) -> DecisionProved:
    later = [other.decided_at for other in rows if other.purpose == row.purpose and other.id > row.id]
    return DecisionProved(
        **{
            name: getattr(row, name)
            for name in (
                "id", "conversation_id", "purpose", "answer", "literal", "text", "text_digest", "language", "channel",
                "flow", "decided_at", "valid_until", "assisted_where", "read_aloud",
            )
        },
        principal=row.pseudonym or "",
        version=row.text_version,
        release=row.whole,
        notice=json.loads(row.body) if row.body else {},
        notice_digest=row.notice_digest or "",
        assisted_by=row.worker or ("" if row.assisted_by is None else "a worker who has left"),
        superseded_at=later[0] if later else None,
        withdrawn_at=back,
    )  # fmt: skip


def _runs(connection: Connection, story_id: int) -> list[Any]:
    who = func.coalesce(func.nullif(MEMBER.c.name, ""), EXPORT.c.who).label("name")
    return list(
        connection.execute(
            select(EXPORT, who)
            .join(EXPORTED, EXPORTED.c.export_id == EXPORT.c.id)
            .outerjoin(MEMBER, MEMBER.c.email == EXPORT.c.who)
            .where(EXPORTED.c.story_id == story_id)
            .order_by(EXPORT.c.id)
        ).all()
    )


def _used(run: Any, story_id: int, decisions: Sequence[DecisionProved], back: datetime | None) -> Used:
    allowed = reaches(decisions, run.at, back)
    return Used(
        export_id=run.id,
        at=run.at,
        who=run.name,
        use=run.use,
        format=run.format,
        row=row_name(bytes.fromhex(json.loads(run.filters).get("row_key", "")), story_id),
        allowed=allowed,
        within=allowed in Use(run.use).reaching(),
    )


def _erased_at(connection: Connection, conversations: set[str]) -> datetime | None:
    """Return when the story of one of these conversations was deleted, as far as that is still known."""
    at: datetime | None = connection.execute(
        select(func.min(ERASURE.c.at)).where(
            ERASURE.c.kind.in_(("story", "person")), ERASURE.c.token.in_(conversations)
        )
    ).scalar()
    return at
