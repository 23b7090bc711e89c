"""A way to reach a contributor: encrypted, found by keyed hash (rule 62). No column holds it in plain."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from storage.tables.base import NEVER_REUSED, Row
from storage.types import Moment


class Address(Row, table=True):
    """A phone number, a Telegram chat id, or a simulator session."""

    __tablename__ = "address"
    __table_args__ = (UniqueConstraint("channel", "lookup"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    contributor_id: int = Field(foreign_key="contributor.id", index=True)
    channel: str
    """telegram, sms or simulator."""
    lookup: bytes
    """Keyed HMAC of the address, 32 bytes."""
    sealed: bytes
    """The address itself, encrypted."""
    state: str = "reachable"
    """reachable, opted_out, blocked or unusable."""
    changed_at: datetime = Field(sa_type=Moment)
