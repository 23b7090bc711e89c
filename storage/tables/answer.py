"""What a contributor answered at each step of the flow their story was told in."""

from sqlalchemy import Text
from sqlmodel import Field

from storage.tables.base import Row


class Answer(Row, table=True):
    """One answer; a skipped question has the JSON value `null`."""

    __tablename__ = "answer"

    story_id: int = Field(foreign_key="story.id", primary_key=True)
    step: str = Field(primary_key=True)
    value: str = Field(sa_type=Text)
    """JSON."""
    note: str = Field(default="", sa_type=Text)
    """The words around the answer."""
