"""Edited versions of stories: layers beside a teller's own words, which never change (design rule 5, rule 70)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import AutoString, Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class EditionState(StrEnum):
    """What became of an edited version."""

    DRAFT = "draft"
    """Nobody was asked about it."""
    ASKING = "asking"
    AGREED = "agreed"
    REFUSED = "refused"
    """Its teller keeps the story with the team."""
    CHANGED = "changed"
    """Its teller wrote another one."""
    LAPSED = "lapsed"
    """Nobody answered in time."""
    DROPPED = "dropped"
    """Undone."""


class Edition(Row, table=True):
    """One edited version. Beyond the team only the newest one may leave, and only once its teller has agreed to it."""

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("story_id", "position"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    story_id: int = Field(foreign_key="story.id", index=True)
    position: int
    """From 1, in the order they were made."""
    of_version: int
    """The story's version it was made from."""
    text: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    """Why it was edited, in the editor's words; the teller reads it too."""
    author: str
    """A team member's email, or `command line`."""
    made_at: datetime = Field(sa_type=Moment)
    state: EditionState = Field(default=EditionState.DRAFT, sa_type=AutoString)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    decision_id: int | None = None
    """The decision that agreed to it; plain, since decisions outlive stories."""
