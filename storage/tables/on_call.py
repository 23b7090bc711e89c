"""Whom on the team to alert, and where. The way to reach them is an address like any other: encrypted (rule 62)."""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class OnCall(Row, table=True):
    """One way to reach one team member for alerts without content."""

    __tablename__ = "on_call"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="team_member.id", index=True)
    position: int
    """1 is alerted first; 2 when nobody acts."""
    address_id: int | None = Field(default=None, foreign_key="address.id", index=True)
    """None until the member has sent the code from the phone they want to be reached by."""
    code_hash: str | None = Field(default=None, unique=True)
    """SHA-256 of the code that links a phone."""
    code_until: datetime | None = Field(default=None, sa_type=Moment)
    linked_at: datetime | None = Field(default=None, sa_type=Moment)
    missed_at: datetime | None = Field(default=None, sa_type=Moment)
    """When an alert last could not be delivered there."""
