"""Safeguarding items: somebody may need help, and a person on the team is to look (rules 79, 80 and 84). No score."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Field, Index

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Safeguarding(Row, table=True):
    """One item, open until somebody closes it. It holds no words: those are in the sealed event and in the story."""

    __tablename__ = "safeguarding"
    __table_args__ = (
        Index(
            "ix_safeguarding_open",
            "contributor_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    contributor_id: int | None = Field(default=None, foreign_key="contributor.id")
    """None once the person had everything deleted."""
    conversation_id: str | None = None
    story_id: int | None = Field(default=None, index=True)
    inbound_id: int | None = Field(default=None, foreign_key="inbound.id", index=True)
    """The message that raised it."""
    origin: str
    """rule (words matched) or a team member's email (somebody passed a story on)."""
    level: str = Field(default="plain", sa_column_kwargs={"server_default": "plain"})
    """plain (somebody is alerted) or likely (worth a look by day): how the words read, nothing about the person."""
    raised_at: datetime = Field(sa_type=Moment)
    last_at: datetime = Field(sa_type=Moment)
    """When such words came last while it was open."""
    repeats: int = 0
    look_by: datetime = Field(sa_type=Moment)
    """By when a person is to have looked: 60 minutes of staffed time; if likely, in the first hour of the next day."""
    next_alert_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the clock acts next; None once somebody has taken it or there is nobody left to alert."""
    alerts: int = 0
    taken_at: datetime | None = Field(default=None, sa_type=Moment)
    taken_by: int | None = Field(default=None, foreign_key="team_member.id", index=True)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_by: int | None = Field(default=None, foreign_key="team_member.id", index=True)
    outcome: str = ""
    """What was done, one of a short list."""
    version: int = 1
    """Goes up with every change; a page refuses to act on a version it has not shown."""
