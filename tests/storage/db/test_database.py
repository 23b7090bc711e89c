"""Opening a database and bringing it up to date, on both kinds."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from storage import tables
from storage.db import engine as db

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine


def history() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    return ScriptDirectory.from_config(config)


def schema_of(engine: Engine) -> dict[str, Any]:
    """Everything the database itself says about its tables."""
    look = inspect(engine)
    found: dict[str, Any] = {}
    for name in sorted(set(look.get_table_names()) - {"alembic_version"}):
        found[name] = {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in look.get_columns(name)
            },
            "key": look.get_pk_constraint(name),
            "unique": sorted(map(str, look.get_unique_constraints(name))),
            "foreign": sorted(map(str, look.get_foreign_keys(name))),
            "indexes": sorted((str(i["name"]), i["column_names"], i["unique"]) for i in look.get_indexes(name)),
        }
    return found


def definitions_of(engine: Engine) -> list[list[str]]:
    """The statements the database remembers, clause by clause, for what an inspector overlooks."""
    if engine.dialect.name == "sqlite":
        asked = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT IN ('sqlite_sequence', :own)"
    else:
        asked = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> :own"
    with db.reader(engine) as connection:
        statements = connection.execute(text(asked), {"own": "alembic_version"}).scalars().all()
    assert len(statements) > 20
    return sorted(sorted(part.strip() for part in statement.replace("\n)", ",").split(",")) for statement in statements)


def test_a_fresh_schema_equals_a_migrated_one(bare_database: Engine, database: Engine) -> None:
    with bare_database.begin() as connection:
        tables.metadata.create_all(connection)
    assert len(schema_of(database)) == len(tables.metadata.tables) > 20
    assert schema_of(bare_database) == schema_of(database)
    assert definitions_of(bare_database) == definitions_of(database)


def test_alembic_finds_nothing_left_to_migrate(database: Engine) -> None:
    with db.reader(database) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_the_history_is_one_line() -> None:
    revisions = list(history().walk_revisions())
    assert revisions
    assert len(history().get_heads()) == 1
    assert len(history().get_bases()) == 1
    assert all(isinstance(revision.down_revision, str | None) for revision in revisions)
    assert [revision.revision for revision in reversed(revisions)] == db._numbers(db.MIGRATIONS)
    assert db._numbers(db.BEFORE) + db._numbers(db.MIGRATIONS) == [f"{n:04}" for n in range(1, 12 + len(revisions))]


def test_every_step_goes_back_and_forth(bare_database: Engine) -> None:
    head = history().get_current_head()
    assert db.schema_version(bare_database) is None
    db.upgrade(bare_database)
    whole = definitions_of(bare_database)
    assert db.schema_version(bare_database) == head
    for revision in list(history().walk_revisions()):
        db.downgrade(bare_database, revision.down_revision or "base")  # type: ignore[arg-type]
        assert db.schema_version(bare_database) == revision.down_revision
    assert schema_of(bare_database) == {}
    db.upgrade(bare_database)
    assert definitions_of(bare_database) == whole


def test_two_processes_may_start_at_once(bare_database: Engine) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: db.upgrade(bare_database), range(2)))
    assert db.schema_version(bare_database) == history().get_current_head()


def test_a_reader_cannot_write(database: Engine) -> None:
    with db.reader(database) as connection, pytest.raises(Exception, match=r"(?i)read-?only"):
        connection.execute(text("INSERT INTO stray (channel, kind, count) VALUES ('sms', 'short', 1)"))
    with database.begin() as connection:
        connection.execute(text("INSERT INTO stray (channel, kind, count) VALUES ('sms', 'short', 1)"))


def test_a_reader_sees_one_moment(database: Engine) -> None:
    with db.reader(database) as connection:
        before = connection.execute(text("SELECT count(*) FROM stray")).scalar()
        with database.begin() as other:
            other.execute(text("INSERT INTO stray (channel, kind, count) VALUES ('sms', 'short', 1)"))
        assert connection.execute(text("SELECT count(*) FROM stray")).scalar() == before == 0
    with db.reader(database) as connection:
        assert connection.execute(text("SELECT count(*) FROM stray")).scalar() == 1


def test_sqlite_runs_as_it_must(sqlite_database: Engine) -> None:
    with sqlite_database.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "wal_autocheckpoint")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": db.BUSY_SECONDS * 1000,
        "wal_autocheckpoint": 0,
    }


def test_an_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    engine = db.connect(f"sqlite:///{tmp_path}/new/earshot.db")
    db.upgrade(engine)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    files = list((tmp_path / "new").iterdir())
    assert len(files) == 3  # with its log and its index
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://localhost/x", "not supported"),
        ("postgresql+asyncpg://localhost/x", "not supported"),
        ("var/earshot.db", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_to_write(url: str, said: str) -> None:
    with pytest.raises(db.UnusableDatabaseError, match=said):
        db.connect(url)


def test_postgresql_has_one_driver() -> None:
    engine = db.connect("postgresql://someone@localhost/x")
    assert engine.url.drivername == "postgresql+psycopg"
    engine.dispose()


def test_the_newest_revision_is_known_by_the_names_of_the_files() -> None:
    heads = ScriptDirectory(str(db.MIGRATIONS.parent)).get_heads()
    assert heads == [db.newest()]
