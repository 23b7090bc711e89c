"""Compares the tables of a database with those it should have, column by column. Only reads.

Each side is turned into text first, so that a difference is reported as it was compared. This takes three queries of
the database's catalogue and no reflection, because it runs at every start.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Index, UniqueConstraint, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, MetaData, Table
    from sqlalchemy.engine import Connection, Dialect

COLUMNS = {
    "sqlite": """
        SELECT m.name, c.name, c.type, NOT c."notnull" AND c.pk = 0, c.dflt_value,
               c.pk > 0 AND m.sql LIKE '%AUTOINCREMENT%'
        FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'""",
    "postgresql": """
        SELECT t.relname, c.attname, format_type(c.atttypid, c.atttypmod), NOT c.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), false
        FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
        JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = c.attnum
        WHERE t.relkind = 'r'""",
}
INDEXES = {
    "sqlite": """
        SELECT m.name, i.name, i.origin, i."unique",
               (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)),
               (SELECT sql FROM sqlite_master WHERE type = 'index' AND name = i.name)
        FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin <> 'pk'
        UNION ALL
        SELECT m.name, '', 'pk', 1,
               (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(m.name) WHERE pk ORDER BY pk)),
               NULL
        FROM sqlite_master m WHERE m.type = 'table'""",
    "postgresql": """
        SELECT t.relname, i.relname,
               CASE WHEN x.indisprimary THEN 'pk' WHEN u.oid IS NULL THEN 'c' ELSE 'u' END, x.indisunique,
               (SELECT string_agg(c.attname, ', ' ORDER BY k.place)
                FROM unnest(x.indkey) WITH ORDINALITY k (number, place)
                JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum = k.number),
               'WHERE ' || pg_get_expr(x.indpred, x.indrelid)
        FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
        JOIN pg_index x ON x.indrelid = t.oid AND x.indisvalid JOIN pg_class i ON i.oid = x.indexrelid
        LEFT JOIN pg_constraint u ON u.conindid = i.oid AND u.contype = 'u'
        WHERE t.relkind = 'r'""",
}
FOREIGN_KEYS = {
    "sqlite": """
        SELECT m.name, f."from", f."table", f."to"
        FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'""",
    "postgresql": """
        SELECT t.relname, a.attname, o.relname, b.attname
        FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
        JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f' JOIN pg_class o ON o.oid = f.confrelid
        CROSS JOIN LATERAL unnest(f.conkey, f.confkey) k (here, there)
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.here
        JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = k.there""",
}
SPELT = {"CHARACTER VARYING": "VARCHAR", "DOUBLE PRECISION": "FLOAT"}


class Difference(NamedTuple):
    """One difference, in words."""

    said: str
    harmless: bool = False
    """True: nothing that we write can fail because of it."""

    def __str__(self) -> str:
        return self.said


def differences(connection: Connection, wanted: MetaData) -> Iterator[Difference]:
    """Yield what differs from the tables of `wanted`. Additional tables and non-unique indexes do not count."""
    live = _live(connection)
    for table in wanted.sorted_tables:
        found = live.get(table.name)
        if found is None:
            yield Difference(f"the table {table.name} is missing")
            continue
        should = dict(_words(table, connection.dialect))
        for part, words in should.items():
            if part not in found:
                yield Difference(f"{part} is missing; it should be {words}")
            elif found[part] != words:
                yield Difference(f"{part} is {found[part]}; it should be {words}")
        for part in found.keys() - should.keys():
            words = found[part]
            if part.startswith("the column"):
                must = _MUST in words and _DEFAULT not in words
                yield Difference(f"{part} is not known; it is {words}", harmless=not must)
            elif not part.startswith("the index") or words.startswith("unique"):
                yield Difference(f"{part} is not known; it is {words}")


_MUST, _DEFAULT = "never empty", ", by default "


def _column(kind: str, *, empty: bool, default: str | None, kept: bool) -> str:
    words = f"{kind}, {'may be empty' if empty else _MUST}"
    return words + (", no number twice" if kept else "") + (f"{_DEFAULT}{default!r}" if default is not None else "")


def _index(columns: str, condition: str, *, unique: bool) -> str:
    return f"{'unique ' if unique else ''}over {columns}" + (f" where {condition}" if condition else "")


def _words(table: Table, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Yield the parts of a table as it should be: name and description."""
    for column in table.columns:
        kept = dialect.name == "sqlite" and column.primary_key and table.dialect_options["sqlite"]["autoincrement"]
        kind = _spelt(column.type.compile(dialect))
        default = None if column.primary_key else _default_of(column, dialect)
        words = _column(kind, empty=bool(column.nullable), default=default, kept=kept)
        yield f"the column {table.name}.{column.name}", words
        for key in column.foreign_keys:
            yield _points(table.name, column.name, key.target_fullname), "there"
    yield f"the key of {table.name}", _index(_names(table.primary_key.columns), "", unique=True)
    for each in table.constraints | table.indexes:
        if isinstance(each, UniqueConstraint):
            names = _names(each.columns)
            yield _once(table.name, names), _index(names, "", unique=True)
        elif isinstance(each, Index):
            where = each.dialect_options[dialect.name]["where"]
            condition = "" if where is None else _condition(f"WHERE {where}")
            yield (
                f"the index {each.name} of {table.name}",
                _index(_names(each.columns), condition, unique=bool(each.unique)),
            )


def _live(connection: Connection) -> dict[str, dict[str, str]]:
    """Return the parts of every existing table, by table: name and description."""
    kind = connection.dialect.name
    found: dict[str, dict[str, str]] = {}
    for table, column, spelt, empty, default, kept in connection.execute(text(COLUMNS[kind])):
        plain = None if default is None or default.startswith("nextval(") else _default(default)
        words = _column(_spelt(spelt), empty=bool(empty), default=plain, kept=bool(kept))
        found.setdefault(table, {})[f"the column {table}.{column}"] = words
    for table, name, origin, unique, columns, condition in connection.execute(text(INDEXES[kind])):
        part = {"pk": f"the key of {table}", "u": _once(table, columns), "c": f"the index {name} of {table}"}[origin]
        found[table][part] = _index(columns, _condition(condition or ""), unique=bool(unique))
    for table, column, other, there in connection.execute(text(FOREIGN_KEYS[kind])):
        found[table][_points(table, column, f"{other}.{there}")] = "there"
    return found


def _points(table: str, column: str, target: str) -> str:
    return f"the foreign key from {table}.{column} to {target}"


def _once(table: str, columns: str) -> str:
    return f"the constraint that {columns} of {table} is there once"


def _names(columns: object) -> str:
    return ", ".join(column.name for column in columns)  # type: ignore[attr-defined]


def _spelt(kind: str) -> str:
    kind = kind.upper()
    for long, short in SPELT.items():
        kind = kind.replace(long, short)
    return kind


def _default_of(column: Column[object], dialect: Dialect) -> str | None:
    if column.server_default is None:
        return None
    value = column.server_default.arg  # type: ignore[attr-defined]
    return _default(value if isinstance(value, str) else str(value.compile(dialect=dialect)))


def _default(value: str) -> str:
    """Return a default value without its type and quotes."""
    return re.sub(r"::[\w ]+$", "", value).strip("'")


def _condition(statement: str) -> str:
    """Return the condition of an index without the types, brackets and spelling that PostgreSQL adds."""
    _, _, condition = " ".join(statement.split()).partition("WHERE ")
    bare = re.sub(r"::(character varying|\w+)(\[\])?|[()]", "", condition)
    return bare.replace("= ANY ARRAY[", "IN ").replace("]", "")
