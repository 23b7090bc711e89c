"""Scale, actor, locality, theme and signal of a story, each with who said so (design rule 8, rule 72)."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Tag(Row, table=True):
    """One tag of one story."""

    __tablename__ = "tag"
    __table_args__ = (Index("ix_tag_dimension_value", "dimension", "value", "story_id"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    story_id: int = Field(foreign_key="story.id", index=True)
    dimension: str
    """scale, actor, locality, theme or signal."""
    value: str
    origin: str
    """contributor, rule or reviewer."""
    confidence: float | None = None
    """0 to 1 for a suggestion of a rule; None where a person said it."""
    confirmed_by: int | None = Field(default=None, foreign_key="team_member.id", index=True)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)
    removed_at: datetime | None = Field(default=None, sa_type=Moment)
