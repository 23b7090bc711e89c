"""A way to reach a contributor: encrypted, found by keyed hash (rule 62). No column holds it in plain."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import UniqueConstraint
from sqlmodel import AutoString, Field

from flows.model.vocabulary.delivery import AddressState
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class ClosedWhy(StrEnum):
    """Why an address opens nothing any more."""

    SILENCE = "silence"
    DEAD = "dead"
    """The provider says so."""
    WRONG_NUMBER = "wrong_number"
    """Whoever holds it says so."""


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
    state: AddressState = Field(default=AddressState.REACHABLE, sa_type=AutoString)
    changed_at: datetime = Field(sa_type=Moment)
    heard_at: datetime | None = Field(default=None, sa_type=Moment)
    """When somebody last wrote from it, exact to an hour."""
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    """Since when it opens nothing of what was told from it: a phone number is not a person (design rule 13)."""
    closed_why: ClosedWhy | Literal[""] = Field(default="", sa_type=AutoString, sa_column_kwargs={"server_default": ""})
    """Empty while it is open."""
    former_lookup: bytes | None = Field(default=None, index=True)
    """Its keyed HMAC while somebody else may hold it: what is in `lookup` then finds nobody."""
