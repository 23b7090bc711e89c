"""What the database knows of the installation it belongs to. One row, there from the start; nothing of anybody."""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import Row


class Installation(Row, table=True):
    """The one installation."""

    __tablename__ = "installation"

    id: int | None = Field(default=None, primary_key=True)
    clock_at: datetime | None = Field(default=None, sa_type=Moment)
    """The last time that is known for sure; a clock that reads another day is held against it."""
    key_print: bytes | None = None
    """Keyed hash that only the installation's key gives; another key is known for one before anything is written."""
    backed_up_at: datetime | None = Field(default=None, sa_type=Moment)
    """When the last good copy was made."""
    restored_at: datetime | None = Field(default=None, sa_type=Moment)
    """When a copy was put back; nothing is sent until somebody has looked, and it is None again."""
    listed_decision: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """The last decision about a use that stands on the list beside the database."""
