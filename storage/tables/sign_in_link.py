"""One-time links: for the first team lead, an invitation, a forgotten password."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import AutoString, Field

from flows.model.vocabulary.item_kinds import Role
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class LinkPurpose(StrEnum):
    """What a link is for."""

    FIRST = "first"
    """To make the first team lead."""
    PASSWORD = "password"  # noqa: S105 - what it is for, and none itself
    """To choose one: an invitation, or one that was forgotten."""


class SignInLink(Row, table=True):
    """One link; the token itself is only in the link."""

    __tablename__ = "sign_in_link"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    member_id: int | None = Field(default=None, foreign_key="team_member.id", index=True)
    """None for a link that makes a new member."""
    role: Role = Field(sa_type=AutoString)
    purpose: LinkPurpose = Field(sa_type=AutoString)
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment, index=True)
    used_at: datetime | None = Field(default=None, sa_type=Moment)
