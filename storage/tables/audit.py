"""Who did what on the team's side and when (rule 65). Holds no content of stories and no addresses."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Audit(Row, table=True):
    """One act."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_object", "object_kind", "object_id"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    who: str
    """A team member's email, or `command line`, or `earshot` for what the service does by itself."""
    act: str
    object_kind: str
    object_id: str = ""
    detail: str = Field(default="", sa_type=Text)
