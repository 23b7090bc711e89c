"""How many messages came that were not from people: short codes, our own number, groups (rule 10)."""

from sqlmodel import Field

from storage.tables.base import Row


class Stray(Row, table=True):
    """A count; nothing of the message is kept."""

    __tablename__ = "stray"

    channel: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    count: int = 0
