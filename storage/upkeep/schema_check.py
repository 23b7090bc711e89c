"""Whether the tables of a database are those that this version works with. Only reads.

The revision alone does not say so: a database that was made with a migration before its last edit calls itself the
same, and would fail much later, at the first row that does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage import tables
from storage.db.engine import must_have, reader
from storage.db.schema import differences

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from storage.db.schema import Difference


def check(connection: Connection) -> None:
    """Raise UnusableDatabaseError that names what would make us fail; nothing is changed."""
    must_have(connection, tables.metadata)


def different(engine: Engine) -> list[Difference]:
    """Return all that differs, also what does no harm."""
    with reader(engine) as connection:
        return list(differences(connection, tables.metadata))
