"""What was deleted and when, by keys that say nothing: so that a backup which is put back loses it again (rule 60)."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Erasure(Row, table=True):
    """One key of something that was deleted."""

    __tablename__ = "erasure"
    __table_args__ = (
        Index(
            "ix_erasure_fresh",
            "id",
            sqlite_where=text("scrubbed_at IS NULL"),
            postgresql_where=text("scrubbed_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    """story, person, address, conversation or contact."""
    token: str = ""
    """A conversation's random id, or the keyed hash of an address with its channel; empty for a contact."""
    at: datetime = Field(sa_type=Moment)
    scrubbed_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the bytes were cleaned out of free pages and logs as well."""
