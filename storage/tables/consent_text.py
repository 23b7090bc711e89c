"""The exact words of a consent question, kept once under their digest (rule 51)."""

from sqlalchemy import Text
from sqlmodel import Field

from storage.tables.base import Row


class ConsentText(Row, table=True):
    """A text that was shown to somebody who decided on it."""

    __tablename__ = "consent_text"

    digest: str = Field(primary_key=True)
    """SHA-256 of `text`, hexadecimal."""
    text: str = Field(sa_type=Text)
    language: str
