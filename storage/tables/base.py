"""The base of all tables: one metadata with predictable names for indexes and keys."""

from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

if TYPE_CHECKING:
    from sqlalchemy import Table

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

NEVER_REUSED = {"sqlite_autoincrement": True}
"""Unless told not to, SQLite hands a deleted last row's number out again, which an export or a send may still name."""


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMES))):
    """A row of one of our tables. Times are aware, in UTC."""

    if TYPE_CHECKING:
        __table__: ClassVar[Table]
