"""A person who tells stories, known by a pseudonym only (rule 63: identity lives in `address`)."""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Contributor(Row, table=True):
    """One contributor."""

    __tablename__ = "contributor"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    pseudonym: str = Field(unique=True)
    """For example "Heron 4821"; says nothing about the person."""
    language: str = ""
    """What the person chose, as a language code; empty until then."""
    created_at: datetime = Field(sa_type=Moment)
    heard_at: datetime = Field(sa_type=Moment)
    """When we last heard from them, exact to an hour (rule 98 asks for thirty days)."""
    opted_out: bool = False
    opted_out_at: datetime | None = Field(default=None, sa_type=Moment)
    simulated: bool = False
    """Came from the simulator; left out of exports unless asked for."""
    source: str = ""
    """The way in: a keyword, a link, a campaign."""
    erased_at: datetime | None = Field(default=None, sa_type=Moment, index=True)
    """Everything else is deleted; this row and its address wait only until the last goodbye has gone out."""
    signposted_at: datetime | None = Field(default=None, sa_type=Moment)
    """When we last named somebody to talk to, because of words of distress: once in 24 hours (rule 78)."""
    leaving_warned_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the team was told that this contact will be let go of; new contact takes it back."""
