"""Short numbers that were sent to an address a moment ago, so that its holder can show that they read it.

Only a keyed hash is kept. A number is good once, for half an hour, and for a few tries. Swept after a day.
"""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class HolderCode(Row, table=True):
    """One number; what it is for stands in the conversation."""

    __tablename__ = "holder_code"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    contributor_id: int = Field(foreign_key="contributor.id", index=True)
    lookup: bytes
    """Keyed HMAC of the number with its person and time, 32 bytes."""
    made_at: datetime = Field(sa_type=Moment, index=True)
    tries: int = 0
    used_at: datetime | None = Field(default=None, sa_type=Moment)
    """When it was used, or tried too often, or another took its place."""
