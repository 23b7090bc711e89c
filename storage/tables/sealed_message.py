"""Words that came before consent, encrypted and apart until the person has answered (design rule 2)."""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class SealedMessage(Row, table=True):
    """One message held sealed."""

    __tablename__ = "sealed_message"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    contributor_id: int = Field(foreign_key="contributor.id", index=True)
    ref: str = ""
    sealed: bytes
    received_at: datetime = Field(sa_type=Moment, index=True)
