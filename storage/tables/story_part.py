"""The messages a story is made of, each kept whole, with later additions and amendments beside them (design rule 5)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Text
from sqlmodel import AutoString, Field

from storage.db.column_types import Moment
from storage.tables.base import Row


class PartKind(StrEnum):
    """When a message came."""

    TOLD = "told"
    ADDED = "added"
    """After the story was kept."""
    AMENDED = "amended"
    """As a later wording of an earlier part."""


class StoryPart(Row, table=True):
    """One message of a story."""

    __tablename__ = "story_part"

    story_id: int = Field(foreign_key="story.id", primary_key=True)
    position: int = Field(primary_key=True)
    """Order of arrival, from 0."""
    ref: str = ""
    """The provider's id of the message; an amendment carries the one of the message it changes."""
    text: str = Field(sa_type=Text)
    kind: PartKind = Field(default=PartKind.TOLD, sa_type=AutoString)
    received_at: datetime = Field(sa_type=Moment)
