"""One contributor going through one release; the engine's own state is in `state`."""

from datetime import datetime

from sqlalchemy import Index, Text, text
from sqlmodel import AutoString, Field

from flows.model.conversation import DueKind, Status
from storage.db.column_types import Moment
from storage.tables.base import Row


class Conversation(Row, table=True):
    """One conversation; columns beside `state` are copies for searching. At most one of a contributor is open."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index(
            "uq_conversation_open",
            "contributor_id",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "ix_conversation_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_conversation_contributor_started", "contributor_id", "started_at"),
    )

    id: str = Field(primary_key=True)
    contributor_id: int = Field(foreign_key="contributor.id")
    address_id: int = Field(foreign_key="address.id", index=True)
    """Where the person last wrote from; nudges and questions go there."""
    flow: str
    structure: str
    status: Status = Field(sa_type=AutoString)
    step: str | None = None
    state: str = Field(sa_type=Text)
    """The engine's conversation as JSON; the one truth, read by `flows.model.conversation`."""
    started_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
    due_kind: DueKind | None = Field(default=None, sa_type=AutoString)
    due_at: datetime | None = Field(default=None, sa_type=Moment)
