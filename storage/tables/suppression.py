"""All that is kept of an address after erasure: a keyed token, so that the person is not contacted again (rule 61)."""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import Row


class Suppression(Row, table=True):
    """An address that was erased. It cannot be turned back into a number."""

    __tablename__ = "suppression"

    channel: str = Field(primary_key=True)
    lookup: bytes = Field(primary_key=True)
    """Keyed HMAC of the address, 32 bytes; findable only while the key it was made with is kept."""
    opted_out: bool
    """The person had said STOP; a new contact from there starts as opted out."""
    created_at: datetime = Field(sa_type=Moment)
