"""The project's own list of places, looked at before the shipped gazetteer (rule 86)."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import Row


class Place(Row, table=True):
    """One place of the project's list. The point is the middle of the place, never of a person (rule 88)."""

    __tablename__ = "place"

    id: str = Field(primary_key=True)
    name: str
    aliases: str = Field(default="", sa_type=Text)
    """Other names, as in the imported file."""
    kind: str = ""
    parent: str = ""
    """Name of the area around it, as in the imported file."""
    scheme: str = ""
    code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    updated_at: datetime = Field(sa_type=Moment)
