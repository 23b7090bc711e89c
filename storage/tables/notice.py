"""Who asked, what for and how long, as it stood when somebody decided (rules 48 and 51). Our own words, kept once."""

from sqlalchemy import Text
from sqlmodel import Field

from storage.tables.base import Row


class Notice(Row, table=True):
    """One state of the facts behind a consent question: controller, purposes, recipients, retention, way back."""

    __tablename__ = "notice"

    digest: str = Field(primary_key=True)
    """SHA-256 of `body`, hexadecimal."""
    body: str = Field(sa_type=Text)
    """JSON with sorted keys."""
