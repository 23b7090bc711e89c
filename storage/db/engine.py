"""Opens the database and brings its schema up to date.

SQLite runs in WAL mode with `synchronous=FULL`: in simulated power losses NORMAL lost acknowledged commits and FULL
none. Anybody may read, through `reader`; only `storage.db.writer` writes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from storage.db.schema import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alembic.config import Config
    from sqlalchemy import MetaData
    from sqlalchemy.engine import URL

BUSY_SECONDS = 8
"""Seconds that SQLite waits for another process that writes, such as a command beside the service. A provider that
waits for our answer gives up after fifteen."""
LOCK_SECONDS = 8
"""Seconds that PostgreSQL waits for a lock that another transaction holds."""
LINE_SECONDS = 5
"""Seconds without an answer after which a connection to PostgreSQL counts as broken."""

CACHE_KIBIBYTES = 4096
"""Page cache of one SQLite connection; the operating system keeps the rest, so memory stays flat as stories grow."""

WAL_KEPT_BYTES = 4 * 1024 * 1024
"""The write-ahead log is cut back to this size once its content has reached the database file."""

MIGRATION_LOCK = 0x45617273
"""PostgreSQL advisory lock that lets two processes start at the same time; the number has no meaning."""

APPLICATION = 0x45617273
"""The `application_id` of our SQLite files."""

READING = "earshot_reading"
MIGRATIONS = Path(__file__).parents[1] / "migrations" / "versions"
BEFORE = MIGRATIONS.parent / "before"
"""Migrations that became one. Only a database made by an older version still runs the rest of them."""


class UnusableDatabaseError(ValueError):
    """The database address cannot be used. Nothing was opened; the message says what to write instead."""


def connect(url: str) -> Engine:
    """Open the database at `url`. Creates the folder and file of an SQLite database, readable by the owner only.

    Accepts `sqlite:///path/to/file` and `postgresql+psycopg://…` (`postgresql://` means the same). Raises
    UnusableDatabaseError for anything else. No error raised later repeats the values of a statement.
    """
    try:
        target = make_url(url)
    except ArgumentError:
        raise UnusableDatabaseError(
            "the database address cannot be read; write sqlite:///var/earshot.db or postgresql+psycopg://user@host/name"
        ) from None
    if target.get_backend_name() == "sqlite":
        return _sqlite(target)
    if target.drivername in {"postgresql", "postgresql+psycopg"}:
        return _postgresql(target.set(drivername="postgresql+psycopg"))
    raise UnusableDatabaseError(
        f"databases of the kind {target.drivername} are not supported; write sqlite:///… or postgresql+psycopg://…"
    )


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise UnusableDatabaseError("an SQLite database needs a file, for example sqlite:///var/earshot.db")
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make(path)
    elif is_empty(path):
        raise UnusableDatabaseError(
            f"the database {path} has no content at all: something has emptied it. Nothing was changed. Put a copy"
            " back with earshot db restore FILE; if nothing was ever kept in it, delete the file"
        )
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    set_up_sqlite(
        engine,
        (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "wal_autocheckpoint=0",
            f"journal_size_limit={WAL_KEPT_BYTES}",
            f"cache_size=-{CACHE_KIBIBYTES}",
            "temp_store=MEMORY",
            "secure_delete=ON",
        ),
    )
    return engine


def set_up_sqlite(engine: Engine, pragmas: Sequence[str]) -> None:
    """Have every connection of an SQLite engine begin with these pragmas, and its transactions be begun by us."""

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that starts by reading and then writes fails at once if another wrote in between.
        reading = connection.get_execution_options().get(READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def must_be_there(url: str, key: Path) -> None:
    """Raise UnusableDatabaseError if there is a key file but the SQLite database is gone: the key is made after it."""
    try:
        target = make_url(url)
    except ArgumentError:
        return  # `connect` reports what is wrong with it
    if target.get_backend_name() == "sqlite" and target.database and not Path(target.database).exists():
        raise UnusableDatabaseError(
            f"There is a key at {key}, but no database at {Path(target.database).absolute()}. Nothing was changed.\n"
            "In a new one everybody would be a stranger. Check EARSHOT_DATABASE_URL and EARSHOT_DATA_DIR, or put a copy"
            " back: earshot db restore FILE. To begin with an empty one all the same: earshot db upgrade"
        )


def is_empty(path: Path) -> bool:
    """Return True if a database file has no bytes. We never leave such a file, even when killed."""
    log = Path(f"{path}-wal")
    return path.stat().st_size == 0 and not (log.exists() and log.stat().st_size)


def _make(path: Path) -> None:
    """Create a file that is a valid database from its first moment, readable by its owner only."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600, exist_ok=False)
    try:
        with contextlib.closing(sqlite3.connect(draft)) as connection:
            connection.execute(f"PRAGMA application_id={APPLICATION}")
        with contextlib.suppress(FileExistsError):  # another process was quicker
            os.link(draft, path)
    finally:
        draft.unlink()


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=12,
        max_overflow=12,
        pool_recycle=1800,
        pool_timeout=LINE_SECONDS,
        connect_args={
            "options": f"-c timezone=UTC -c lock_timeout={LOCK_SECONDS}s",
            "application_name": "earshot",
            "connect_timeout": LINE_SECONDS,
            "keepalives_idle": LINE_SECONDS,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 2000 * LINE_SECONDS,
        },
    )


def _alive(engine: Engine) -> Connection:
    """Return a connection that answers: one in the pool may have broken meanwhile."""
    connection = engine.connect()
    try:
        connection.exec_driver_sql("SELECT 1")
        connection.rollback()
    except DBAPIError as error:
        connection.close()
        if not error.connection_invalidated:
            raise
        return engine.connect()  # the pool has dropped its old connections
    return connection


@contextmanager
def reader(engine: Engine) -> Iterator[Connection]:
    """Yield a read-only connection that sees the database as it was at one moment."""
    options: dict[str, Any] = {READING: True}
    if engine.dialect.name == "postgresql":
        options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    if engine.dialect.name == "postgresql":
        with _alive(engine) as plain, plain.execution_options(**options).begin():
            yield plain
        return
    with engine.connect() as plain:
        connection = plain.execution_options(**options)
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA query_only=ON")
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute("PRAGMA query_only=OFF")


def _alembic(connection: Connection, steps: Path = MIGRATIONS) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - ten megabytes that a running service has no use for

    config = Config()
    config.set_main_option("script_location", str(steps.parent).replace("%", "%%"))
    config.set_main_option("version_locations", str(steps).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in one transaction for all migrations: a failing one leaves the schema unchanged."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name == "sqlite":
            driver.execute("PRAGMA foreign_keys=OFF")  # a table that is rebuilt is dropped for a moment
        try:
            with connection.begin():
                if engine.dialect.name == "postgresql":
                    connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may migrate for long
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
                before = _revision(connection)
                yield connection
                moved = _revision(connection) != before  # checking every row is for a migration, not for each start
                sqlite = engine.dialect.name == "sqlite"
                if moved and sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError("the migration would leave rows that point nowhere; nothing was changed")
        finally:
            if engine.dialect.name == "sqlite":
                driver.execute("PRAGMA foreign_keys=ON")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _numbers(steps: Path) -> list[str]:
    """Return the revisions of a folder, oldest first; each file's name begins with its own."""
    return sorted(path.name.partition("_")[0] for path in steps.glob("[0-9]*.py"))


def newest() -> str:
    """Return the newest revision that this version knows."""
    return _numbers(MIGRATIONS)[-1]


def upgrade(engine: Engine, look: Callable[[Connection], None] | None = None) -> None:
    """Migrate the schema to the newest revision; safe when two processes do it at the same time.

    Then call `look` with the connection, also if there was nothing to migrate; an error in it undoes the migration.
    Raises UnusableDatabaseError, with nothing changed, if the database is of a newer version, or if its tables are not
    those of its revision.
    """
    if is_current(engine):
        if look is not None:
            with reader(engine) as connection:
                look(connection)
        return
    from alembic import command  # noqa: PLC0415 - see above

    with _migrating(engine) as connection:
        revision = _revision(connection)
        if revision in _numbers(BEFORE):
            _take_over(connection)
        elif revision is not None and revision not in _numbers(MIGRATIONS):
            raise UnusableDatabaseError(
                f"the database is of a newer version than this one: it is at {revision}, which is not known here."
                " Nothing was changed. Bring Earshot up to date"
            )
        command.upgrade(_alembic(connection), "head")
        if look is not None:
            look(connection)


def _take_over(connection: Connection) -> None:
    """Run what is left of the migrations that became one, then mark the database as made by that one."""
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    command.upgrade(_alembic(connection, BEFORE), "head")
    (first,) = ScriptDirectory.from_config(_alembic(connection)).get_revisions(_numbers(MIGRATIONS)[0])
    must_have(connection, first.module.TABLES)
    connection.execute(text("UPDATE alembic_version SET version_num = :first"), {"first": first.revision})


def must_have(connection: Connection, wanted: MetaData) -> None:
    """Raise UnusableDatabaseError if the tables differ from `wanted` so that we would fail; the message names how."""
    found = [f"{each}.\n" for each in differences(connection, wanted) if not each.harmless]
    if found:
        raise UnusableDatabaseError(
            f"The tables of the database are not what they should be at {_revision(connection)}. Nothing was changed.\n"
            f"{''.join(found)}It was made with a version in between, or changed by hand. Run that version again, or put"
            " back a copy from before it: earshot db restore FILE"
        )


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate back to `revision` (`base` for an empty database). Data in dropped tables and columns is lost."""
    from alembic import command  # noqa: PLC0415 - see above

    with _migrating(engine) as connection:
        command.downgrade(_alembic(connection), revision)


def schema_version(engine: Engine) -> str | None:
    """Return the database's revision; None for a database without a schema."""
    with reader(engine) as connection:
        return _revision(connection)


def is_current(engine: Engine) -> bool:
    """Return True if the schema is at the newest revision that this version knows."""
    with reader(engine) as connection:
        return _revision(connection) == newest()
