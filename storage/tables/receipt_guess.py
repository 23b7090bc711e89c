"""Receipts that were typed and fit no story, counted so that guessing stays hopeless. Swept after a day.

Counted for the address, not for its person: who deletes everything, or becomes a stranger, has no new tries.
"""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class ReceiptGuess(Row, table=True):
    """One wrong try; the words themselves are not kept."""

    __tablename__ = "receipt_guess"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    lookup: bytes = Field(index=True)
    """Keyed HMAC of the address, 32 bytes."""
    at: datetime = Field(sa_type=Moment, index=True)
