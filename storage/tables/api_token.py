"""Bearer tokens of the team's JSON API."""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class ApiToken(Row, table=True):
    """One token; only its hash is kept."""

    __tablename__ = "api_token"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    member_id: int = Field(foreign_key="team_member.id", index=True)
    created_at: datetime = Field(sa_type=Moment)
    revoked_at: datetime | None = Field(default=None, sa_type=Moment)
