"""Named questions about the project's own list of places. Never commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from storage import tables
from storage.places.place_records import ProjectPlace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

PLACE = tables.Place.__table__
COLUMNS = [PLACE.c[name] for name in ProjectPlace.__dataclass_fields__]
BETWEEN = "|"
"""Stands between the aliases of a place, in the table as in the imported file."""


def project_places(connection: Connection) -> list[ProjectPlace]:
    """Return the whole list, by id."""
    rows = connection.execute(select(*COLUMNS).order_by(PLACE.c.id)).mappings()
    return [ProjectPlace(**{**row, "aliases": tuple(filter(None, row["aliases"].split(BETWEEN)))}) for row in rows]


def replace_project_places(connection: Connection, places: Sequence[ProjectPlace], now: datetime) -> None:
    """Put this list in the place of the one before. Stories keep what they were tagged with."""
    connection.execute(delete(PLACE))
    if places:
        rows = [
            {name: getattr(place, name) for name in ProjectPlace.__dataclass_fields__}
            | {"aliases": BETWEEN.join(place.aliases), "updated_at": now}
            for place in places
        ]
        connection.execute(insert(PLACE), rows)
