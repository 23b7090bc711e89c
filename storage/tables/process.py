"""The processes that send from this database, and their sign of life."""

from datetime import datetime

from sqlmodel import Field

from storage.db.column_types import Moment
from storage.tables.base import Row


class Process(Row, table=True):
    """One running process. Whose beat stands still has died, and others take over what it had in hand."""

    __tablename__ = "process"

    id: str = Field(primary_key=True)
    """Made by chance at each start."""
    beat: int = 0
    """Goes up about once a second. Others watch it change, so that no two clocks are ever held against each other."""
    share: int = 1
    """Among how many it divides the rate of sending."""
    seen_at: datetime = Field(sa_type=Moment)
