"""Whether the tables of a database are those that this version works with. Only reads.

The revision alone does not say so: a database that was made with a migration before its last edit calls itself the
same, and would fail much later, at the first row that does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from storage import tables
from storage.db.engine import UnusableDatabaseError, reader, schema_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column
    from sqlalchemy.engine import Connection, Engine

MOST_NAMED = 5
_COLUMNS = {
    "sqlite": 'SELECT m.name, c.name, NOT c."notnull" AND c.pk = 0, c.dflt_value IS NOT NULL'
    " FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    "postgresql": "SELECT table_name, column_name, is_nullable = 'YES', column_default IS NOT NULL"
    " FROM information_schema.columns WHERE table_schema = current_schema()",
}
_INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
}


class _Found(NamedTuple):
    nullable: bool
    default: bool


def check(engine: Engine) -> None:
    """Raise UnusableDatabaseError that names what is missing or different; nothing is changed."""
    found = list(faults(engine))
    if found:
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        raise UnusableDatabaseError(
            f"The tables of the database are not those of this version, although it says that it is at"
            f" {schema_version(engine)}: {', '.join(found[:MOST_NAMED])}{more}. Nothing was changed.\n"
            "It was made with a version in between. Run that version again, or put back a copy from before it: earshot"
            " db restore FILE"
        )


def faults(engine: Engine) -> Iterator[str]:
    """Yield what differs from the tables that this version works with, in words."""
    with reader(engine) as connection:
        columns = _columns(connection)
        indexes = set(connection.execute(text(_INDEXES[engine.dialect.name])).scalars())
    for table in tables.metadata.sorted_tables:
        there = columns.get(table.name)
        if there is None:
            yield f"the table {table.name} is missing"
            continue
        for column in table.columns:
            yield from _of_column(column, there.get(column.name))
        ours = set(table.columns.keys())
        yield from (
            f"{table.name}.{name} must be filled and is not known"
            for name, one in there.items()
            if name not in ours and not one.nullable and not one.default
        )
        yield from (f"the index {index.name} is missing" for index in table.indexes if index.name not in indexes)


def _of_column(column: Column[object], found: _Found | None) -> Iterator[str]:
    name = f"{column.table.name}.{column.name}"
    if found is None:
        yield f"{name} is missing"
    elif not column.primary_key and found.nullable != column.nullable:
        yield f"{name} {'may not be empty there' if column.nullable else 'may be empty there'}"
    elif column.server_default is not None and not found.default:
        yield f"{name} has no default"


def _columns(connection: Connection) -> dict[str, dict[str, _Found]]:
    found: dict[str, dict[str, _Found]] = {}
    for table, column, nullable, default in connection.execute(text(_COLUMNS[connection.dialect.name])):
        found.setdefault(table, {})[column] = _Found(bool(nullable), bool(default))
    return found
