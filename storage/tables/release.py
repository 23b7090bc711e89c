"""A frozen, published version of a flow with its texts."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class Release(Row, table=True):
    """One release. A conversation stays on its `structure`; texts follow the newest release with the same one."""

    __tablename__ = "release"
    __table_args__ = (Index("ix_release_flow_structure", "flow", "structure", "id"), NEVER_REUSED)

    id: int | None = Field(default=None, primary_key=True)
    flow: str
    title: str
    structure: str
    """Digest of steps and order."""
    whole: str = Field(unique=True)
    """Digest of structure and texts together."""
    body: str = Field(sa_type=Text)
    """The release as JSON."""
    published_at: datetime = Field(sa_type=Moment)
