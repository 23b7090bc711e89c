"""One event from a provider, under its unique id, so that a second delivery has no effect (rules 6 and 33)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import AutoString, Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class InboundState(StrEnum):
    """What became of an event."""

    HANDLED = "handled"
    FAILED = "failed"
    """It can be replayed."""
    STORED = "stored"
    """It came by the fallback route, and is not handled yet."""


class Inbound(Row, table=True):
    """A claimed event. After erasure only the provider's id and the time stay, against a late redelivery."""

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "provider_id"),
        Index(
            "ix_inbound_failed",
            "id",
            sqlite_where=text("state IN ('failed', 'stored')"),
            postgresql_where=text("state IN ('failed', 'stored')"),
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    provider_id: str
    """Telegram's update id, Twilio's MessageSid, or the simulator's own number."""
    contributor_id: int | None = Field(default=None, foreign_key="contributor.id", index=True)
    received_at: datetime = Field(sa_type=Moment, index=True)
    sealed: bytes | None = None
    """The raw event, encrypted; kept for replay, blanked by purge, erasure and retention."""
    state: InboundState = Field(sa_type=AutoString)
    error: str | None = None
    """Class name of the error, never its message: that may hold a contributor's words."""
    attempts: int = 1
