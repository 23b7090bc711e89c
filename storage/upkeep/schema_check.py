"""Checks that the tables of a database are those that this version works with. Only reads.

The revision alone is not enough: a database made with an earlier text of a migration has the same revision, and would
fail much later, at the first row that does not fit.
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
    """Raise UnusableDatabaseError if the tables differ so that we would fail; the message names how."""
    must_have(connection, tables.metadata)


def different(engine: Engine) -> list[Difference]:
    """Return all differences, harmless ones included."""
    with reader(engine) as connection:
        return list(differences(connection, tables.metadata))
