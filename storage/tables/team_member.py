"""The people of the team who may sign in."""

from datetime import datetime

from sqlmodel import AutoString, Field

from flows.model.vocabulary.item_kinds import Role
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class TeamMember(Row, table=True):
    """One person of the team; never deleted, only made inactive, so that every act keeps its name."""

    __tablename__ = "team_member"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    """In lower case."""
    name: str
    role: Role = Field(sa_type=AutoString)
    password_hash: str | None = None
    active: bool = True
    created_at: datetime = Field(sa_type=Moment)
