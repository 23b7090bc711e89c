"""The opened database: what every command and the service start from."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot.settings.privacy_facts import privacy_facts
from storage.db.engine import connect, must_be_there, upgrade
from storage.db.writer import writer_for
from storage.privacy.retained_kinds import Periods
from storage.protection.key_check import keys_for, remember
from storage.queries.contributors import consent_decisions
from storage.upkeep import schema_check
from storage.upkeep.timekeeping import Timekeeper, present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine

    from bot.settings.environment import Settings
    from storage.db.writer import Writer
    from storage.protection.crypto import Keyring

KEY_FILE = "secret.key"


@dataclass(frozen=True, kw_only=True)
class OpenDatabase:
    """The database with its writer, the keys and the time."""

    settings: Settings
    engine: Engine
    writer: Writer
    keyring: Keyring
    time: Timekeeper

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock that gives the time to record."""
        return self.time.now

    def close(self) -> None:
        """Finish pending writes and close the database."""
        self.writer.close()
        self.engine.dispose()


def open_database(settings: Settings, clock: Callable[[], datetime] = present) -> OpenDatabase:
    """Open the database, find its keys, and migrate it to this version. A new installation gets both.

    Raises UnusableDatabaseError, UnusableKeyError and OSError, with nothing changed.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    given = settings.secret_key.get_secret_value() if settings.secret_key is not None else None
    key_file = settings.data_dir / KEY_FILE
    if given is None and key_file.exists():
        must_be_there(settings.database_url, key_file)
    engine = connect(settings.database_url)
    try:
        keyring = keys_for(engine, key_file, given)
        upgrade(engine, schema_check.check)
    except BaseException:
        engine.dispose()
        raise
    base = OpenDatabase(
        settings=settings, engine=engine, writer=writer_for(engine), keyring=keyring, time=Timekeeper(clock)
    )

    def begin(connection: Connection) -> None:
        remember(connection, keyring)
        base.time.settle(connection)

    base.writer.run(begin)
    return base


@contextmanager
def opened_database(settings: Settings) -> Iterator[OpenDatabase]:
    """Open the database while a command runs, and close it afterwards. Raises what `open_database` raises."""
    base = open_database(settings)
    try:
        yield base
    finally:
        base.close()


def periods(settings: Settings) -> Periods:
    """Return how long this installation keeps each kind of data."""
    return Periods(
        raw=settings.keep_raw_days,
        unfinished=settings.keep_unfinished_days,
        contact=settings.keep_contact_days,
        warning=settings.keep_warning_days,
    )


def store_privacy_facts(base: OpenDatabase) -> str:
    """Store the current privacy facts if they changed. Returns the digest by which decisions name them."""
    now = privacy_facts(base.settings)
    base.writer.run(partial(consent_decisions.keep_notice, digest=now.digest, body=now.body))
    return now.digest
