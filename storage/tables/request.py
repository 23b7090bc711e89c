"""Data-protection requests and complaints, with the days by which they must be answered (rules 59 and 66)."""

from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlmodel import AutoString, Field, Index

from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin, RequestOutcome
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Request(Row, table=True):
    """One request. What was written is encrypted; only the person who answers it opens it."""

    __tablename__ = "request"
    __table_args__ = (
        Index(
            "ix_request_open",
            "due_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: RequestKind = Field(sa_type=AutoString)
    origin: RequestOrigin = Field(sa_type=AutoString)
    contributor_id: int | None = Field(default=None, foreign_key="contributor.id", index=True)
    sealed: bytes | None = None
    """What the person wrote, and how to answer them, encrypted."""
    opened_at: datetime = Field(sa_type=Moment)
    target_at: datetime = Field(sa_type=Moment)
    """28 days: our own aim."""
    due_at: datetime = Field(sa_type=Moment)
    """One month: the law's; for a complaint, 30 days to acknowledge it."""
    acknowledged_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_by: int | None = Field(default=None, foreign_key="team_member.id", index=True)
    link_opened_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the link to the person's own file was opened, which works once."""
    outcome: RequestOutcome | Literal[""] = Field(default="", sa_type=AutoString)
    """Empty while it is open."""
