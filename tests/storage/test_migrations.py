"""The step that makes all tables makes what eleven steps made before it, and takes their databases over. On both."""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import text

from storage import tables
from storage.db import engine as db
from storage.upkeep import schema_check
from tests.storage.db.test_database import definitions_of, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Engine

FOLDER = db.MIGRATIONS.parent
LANDED = FOLDER / "landed.sha256"
DUMPS = Path(__file__).parent / "schema_0011"
"""What a database held before the eleven steps became one, as the tools of SQLite and PostgreSQL wrote it down."""
ROOT = Path(__file__).parents[2]

BEFORE_ROWS_CHANGE = ("0003", "0007", "0010", "0011")
BY_HAND = {
    "the columns, in their order": """
        SELECT t.relname, c.attnum, c.attname, format_type(c.atttypid, c.atttypmod), c.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), c.attstattarget
        FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = c.attnum
        WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'S') ORDER BY 1, 2""",
    "the constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "the numbers given out": """
        SELECT sequencename::text, data_type::text, start_value, increment_by FROM pg_sequences ORDER BY 1""",
}


def everything(engine: Engine) -> dict[str, Any]:
    """All that a database says of its own schema."""
    found: dict[str, Any] = {"tables": schema_of(engine)}
    # PostgreSQL spells the types in a condition differently once a dump was put back.
    found["statements"] = [
        [re.sub(r"::[a-z ]+(\[\])?|[()]", "", part) for part in each] for each in definitions_of(engine)
    ]
    with db.reader(engine) as connection:
        if engine.dialect.name == "postgresql":
            for what, asked in BY_HAND.items():
                found[what] = [tuple(row) for row in connection.execute(text(asked))]
                assert found[what]
        else:
            found["order"] = [
                tuple(row)
                for row in connection.execute(
                    text(
                        'SELECT m.name, c.cid, c.name, c.type, c."notnull", c.dflt_value, c.pk'
                        " FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2"
                    )
                )
                if row[0] != "sqlite_sequence"
            ]
    return found


def put_back_dump(engine: Engine) -> None:
    dump = (DUMPS / f"{engine.dialect.name}.sql").read_text(encoding="utf-8")
    with engine.begin() as connection:
        for statement in dump.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def make(engine: Engine, revision: str) -> None:
    """Make a database as an old version left it."""
    with db._migrating(engine) as connection:
        command.upgrade(db._alembic(connection, db.BEFORE), revision)


def fill(engine: Engine) -> dict[str, dict[str, Any]]:
    """Put a row into every table, and return them all."""
    there = sa.MetaData()
    there.reflect(engine)
    with engine.begin() as connection:
        for table in there.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(table.delete())
                connection.execute(table.insert().values({column.name: something(column) for column in table.columns}))
    return rows(engine, there)


def something(column: sa.Column[Any]) -> Any:
    """The same for every column of a kind, so that whatever points somewhere finds it."""
    kinds: list[tuple[type[Any], Any]] = [
        (sa.Boolean, True), (sa.BigInteger, 1_790_000_000_000_000), (sa.Integer, 1), (sa.Float, 51.5),
        (sa.DateTime, datetime(2026, 11, 30, 12, 0, 1, 5, tzinfo=UTC)), (sa.LargeBinary, b"\x00\xff"),
        (sa.String, "wörds"),
    ]  # fmt: skip
    return next(value for kind, value in kinds if isinstance(column.type, kind))


def rows(engine: Engine, there: sa.MetaData) -> dict[str, dict[str, Any]]:
    with db.reader(engine) as connection:
        return {
            table.name: dict(connection.execute(table.select()).mappings().one())
            for table in there.sorted_tables
            if table.name != "alembic_version"
        }


def now_in(engine: Engine, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    there = sa.MetaData()
    there.reflect(engine, only=list(names))
    return rows(engine, there)


def test_the_one_step_makes_what_the_eleven_made(bare_database: Engine, database: Engine) -> None:
    put_back_dump(bare_database)
    before = everything(bare_database)
    assert db.schema_version(bare_database) == "0011"
    db.upgrade(bare_database, schema_check.check)
    assert db.schema_version(bare_database) == db.newest()
    assert everything(bare_database) == everything(database)
    if db.newest() == "0012":
        assert everything(bare_database) == before, "not one table was touched"
    assert schema_check.different(bare_database) == []


def test_the_eleven_still_make_what_was_written_down(bare_database: Engine, database: Engine) -> None:
    make(bare_database, "0011")
    found = everything(bare_database)
    with bare_database.begin() as connection:
        left = sa.MetaData()
        left.reflect(connection)
        left.drop_all(connection)
    put_back_dump(bare_database)
    assert everything(bare_database) == found


@pytest.mark.parametrize("revision", [f"{number:04}" for number in range(1, 12)])
def test_a_database_of_any_older_version_keeps_every_row(
    bare_database: Engine, database: Engine, revision: str
) -> None:
    if bare_database.dialect.name == "postgresql" and revision not in BEFORE_ROWS_CHANGE:
        pytest.skip("the step after it changes no row, and SQLite takes it")
    make(bare_database, revision)
    before = fill(bare_database)
    assert len(before) > 10
    if revision < "0011":
        before.pop("receipt_guess", None)  # what was counted is good for a day
    db.upgrade(bare_database, schema_check.check)
    after = now_in(bare_database, before)
    assert {name: {column: after[name][column] for column in row} for name, row in before.items()} == before
    assert everything(bare_database) == everything(database)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE team_item DROP COLUMN note", "the column team_item.note is missing; it should be VARCHAR"),
        ("DROP INDEX ix_outbox_due", "the index ix_outbox_due of outbox is missing"),
    ],
    ids=["column", "index"],
)
def test_what_the_eleven_did_not_make_is_not_taken_over(bare_database: Engine, change: str, said: str) -> None:
    put_back_dump(bare_database)
    with bare_database.begin() as connection:
        connection.execute(text(change))
    before = everything(bare_database)
    with pytest.raises(db.UnusableDatabaseError, match="Nothing was changed") as refused:
        db.upgrade(bare_database)
    assert said in str(refused.value)
    assert "0011" in str(refused.value)
    assert everything(bare_database) == before
    assert db.schema_version(bare_database) == "0011"


KILLED = """
import os, signal, sys
from sqlalchemy import event
from storage.db import engine as db
engine = db.connect(sys.argv[1])
@event.listens_for(engine, "before_cursor_execute")
def die(connection, cursor, statement, *rest):
    if statement.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
db.upgrade(engine)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("revision", "at"),
    [
        ("base", "INSERT INTO alembic_version"),
        ("0003", "UPDATE alembic_version SET version_num='0011'"),
        ("0011", "UPDATE alembic_version SET version_num = "),
    ],
)
def test_killed_in_the_middle_it_is_as_before_and_the_next_start_does_it(
    bare_database: Engine, database: Engine, revision: str, at: str
) -> None:
    if revision != "base":
        make(bare_database, revision)
    before = fill(bare_database)
    schema = schema_of(bare_database)
    address = bare_database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, address, at], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert schema_of(bare_database) == schema
    assert now_in(bare_database, before) == before
    db.upgrade(bare_database, schema_check.check)
    assert everything(bare_database) == everything(database)
    assert len(schema_of(bare_database)) == len(tables.metadata.tables)


def test_what_does_not_fit_after_an_upgrade_undoes_it(bare_database: Engine) -> None:
    make(bare_database, "0010")

    def refuse(_: object) -> None:
        raise db.UnusableDatabaseError("no")

    before = everything(bare_database)
    with pytest.raises(db.UnusableDatabaseError):
        db.upgrade(bare_database, refuse)
    assert everything(bare_database) == before
    assert db.schema_version(bare_database) == "0010"


def astray(folder: Path) -> list[str]:
    """Return what the list of landed migrations does not agree with."""
    lines = [line.split() for line in (folder / LANDED.name).read_text(encoding="utf-8").splitlines()]
    listed = {name: digest for digest, name in lines}
    assert len(listed) == len(lines), "each stands there once"
    there = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*/*.py")
    }
    return [
        *(f"{name} was edited: a landed migration is never edited; add a new one" for name in sorted(
            name for name in there.keys() & listed.keys() if there[name] != listed[name]
        )),
        *(f"{name} is not in {LANDED.name}; add: sha256sum {name}" for name in sorted(there.keys() - listed.keys())),
        *(f"{name} is gone: a landed migration is never deleted" for name in sorted(listed.keys() - there)),
    ]  # fmt: skip


def test_a_landed_migration_is_never_edited() -> None:
    assert len(list(FOLDER.glob("*/*.py"))) >= 12
    assert astray(FOLDER) == []


def test_an_edit_and_a_missing_or_superfluous_digest_are_seen(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "migrations")
    (folder / "before" / "0011_codes.py").write_text("revision = '0011'\n")
    (folder / "before" / "0001_team.py").unlink()
    (folder / "versions" / "9999_new.py").write_text("revision = '9999'\n")
    edited, unlisted, gone = astray(folder)
    assert "before/0011_codes.py was edited: a landed migration is never edited; add a new one" in edited
    assert "versions/9999_new.py is not in" in unlisted
    assert "before/0001_team.py is gone" in gone
