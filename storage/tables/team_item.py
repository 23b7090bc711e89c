"""Something a person on the team should look at. Holds no content, only what it is about."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import AutoString, Field

from flows.model.vocabulary.item_kinds import ItemKind
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class TeamItem(Row, table=True):
    """One item, open until somebody closes it."""

    __tablename__ = "team_item"
    __table_args__ = (
        Index(
            "ix_team_item_open",
            "kind",
            "raised_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: ItemKind = Field(sa_type=AutoString)
    contributor_id: int | None = Field(default=None, foreign_key="contributor.id", index=True)
    conversation_id: str | None = Field(default=None, foreign_key="conversation.id", index=True)
    story_id: int | None = Field(default=None, foreign_key="story.id", index=True)
    inbound_id: int | None = Field(default=None, foreign_key="inbound.id", index=True)
    raised_at: datetime = Field(sa_type=Moment)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_by: int | None = Field(default=None, foreign_key="team_member.id", index=True)
    note: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What whoever closed it wants their colleagues to know; never who the person is."""
