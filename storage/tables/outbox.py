"""Messages on their way out, written in the turn's transaction and sent after it (rule 14)."""

from datetime import datetime

from sqlalchemy import Index, Text, false, text
from sqlmodel import AutoString, Field

from flows.model.vocabulary.delivery import MessageKind, MessageState
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row

WAITING = text("state IN ('queued', 'sending')")
ASKED = text("serial IS NOT NULL")
ANSWERS = text("state = 'queued' AND kind IN ('reply', 'unsay', 'care', 'alert')")
"""What somebody waits for; nothing unasked goes before it."""


class Outbox(Row, table=True):
    """One message to one address. Indexes over waiting rows alone stay small however many were sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "address_id", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index(
            "ix_outbox_due",
            "channel",
            "due_at",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_outbox_answers", "channel", "due_at", "id", sqlite_where=ANSWERS, postgresql_where=ANSWERS),
        Index(
            "ix_outbox_unknown",
            "id",
            sqlite_where=text("state = 'unknown'"),
            postgresql_where=text("state = 'unknown'"),
        ),
        Index(
            "ix_outbox_provider",
            "provider_id",
            sqlite_where=text("provider_id IS NOT NULL"),
            postgresql_where=text("provider_id IS NOT NULL"),
        ),
        Index("ix_outbox_asked", "conversation_id", "serial", sqlite_where=ASKED, postgresql_where=ASKED),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    address_id: int = Field(foreign_key="address.id", index=True)
    contributor_id: int
    """The address's contributor, repeated for counting; `address_id` is the key, so that a turn keeps fewer indexes."""
    conversation_id: str | None = None
    """Plain, not a key, for the same reason."""
    inbound_id: int | None = Field(default=None, foreign_key="inbound.id", index=True)
    channel: str
    kind: MessageKind = Field(sa_type=AutoString)
    payload: str | None = Field(default=None, sa_type=Text)
    """What to send, as JSON; blanked once it is sent or given up."""
    serial: int | None = None
    """Number of the question it asks, within its conversation; None for what asks nothing or only redraws buttons."""
    private: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """True: it repeats what the person told."""
    beside: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """True: an answer that moves no flow on; of those somebody gets only so many an hour."""
    due_at: datetime = Field(sa_type=Moment)
    state: MessageState = Field(default=MessageState.QUEUED, sa_type=AutoString)
    attempts: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    """While `sending`: when a sender without a sign of life is presumed dead."""
    owner: str | None = None
    """The process that took it last."""
    provider_id: str | None = None
    error: str | None = None
    """The provider's error code, a class name, or why it was cancelled; never a message text."""
    segments: int | None = None
    """SMS segments, as the provider counts them."""
    created_at: datetime = Field(sa_type=Moment)
    handed_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the provider was last given it, before the answer; None while nobody can have read it."""
    sent_at: datetime | None = Field(default=None, sa_type=Moment)
