"""A way to reach a contributor: encrypted, found by keyed hash (rule 62). No column holds it in plain."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


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
    heard_at: datetime | None = Field(default=None, sa_type=Moment)
    """When somebody last wrote from it, exact to an hour."""
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    """Since when it opens nothing of what was told from it: a phone number is not a person (design rule 13)."""
    closed_why: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """silence, dead (the provider says so) or wrong_number (whoever holds it says so)."""
    former_lookup: bytes | None = Field(default=None, index=True)
    """Its keyed HMAC while somebody else may hold it: what is in `lookup` then finds nobody."""
