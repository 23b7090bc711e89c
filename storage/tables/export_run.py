"""Exports that were made: purpose, filter, time, user (rule 91)."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import AutoString, Field

from flows.model.vocabulary.consent_answers import Use
from storage.db.column_types import Moment
from storage.tables.base import NEVER_REUSED, Row


class ExportRun(Row, table=True):
    """One export."""

    __tablename__ = "export_run"
    __table_args__ = NEVER_REUSED

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    who: str
    format: str
    use: Use = Field(sa_type=AutoString)
    filters: str = Field(sa_type=Text)
    """JSON."""
    stories: int
