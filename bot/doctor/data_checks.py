"""Checks of the data folder, its keys, the database, copies, the clock and the disk."""

from __future__ import annotations

import shutil
import stat
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.doctor.finding import CheckContext, DoctorFinding, day_in_words
from bot.settings.environment import variable
from storage.db.engine import UnusableDatabaseError, connect, is_current, is_empty, reader
from storage.protection import key_check
from storage.protection.crypto import Keyring, UnusableKeyError
from storage.upkeep import restore, schema_check, timekeeping

if TYPE_CHECKING:
    from collections.abc import Iterator


SKEW = timedelta(minutes=5)
LEAST_FREE = 500_000_000
"""Bytes of free disk space below which the doctor warns."""


def data_folder(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check that the data folder exists and is readable by this user alone."""
    folder = context.settings.data_dir
    if (usual := context.settings.unused_default_folder) is not None:
        advice = f"Put {variable('data_dir')} right. For another installation make its folder first."
        yield DoctorFinding("wrong", f"There is no data folder {folder}, and {usual} holds a database.", advice)
        return
    if not folder.exists():
        yield DoctorFinding("warn", f"There is no data folder {folder} yet.", "earshot serve makes it.")
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        yield DoctorFinding("warn", f"Other people on this machine can look into {folder}.", f"chmod 700 {folder}")
    else:
        yield DoctorFinding("good", f"The data folder {folder} is yours alone.")


def keys(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check that the keys can be read, and by this user alone."""
    from bot.settings.open_database import KEY_FILE  # noqa: PLC0415 - that module imports everything

    settings = context.settings
    path = settings.data_dir / KEY_FILE
    try:
        if settings.secret_key is not None:
            context.keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
        elif path.exists():
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                yield DoctorFinding("wrong", f"Other people on this machine can read {path}.", f"chmod 600 {path}")
            context.keyring = key_check.from_file(path)
        else:
            return  # only the database can tell whether that is wrong
    except UnusableKeyError as error:
        what, _, advice = str(error).partition("\n")
        yield DoctorFinding(
            "wrong",
            what.rstrip(".") + ".",
            advice or "Put the key back from your copy. Without it, nobody can be answered.",
        )
        return
    yield DoctorFinding("good", "The keys can be used.")


def database(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check that the database answers, and that its tables are those of this version."""
    url = context.settings.database_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        if context.keyring is not None and context.settings.secret_key is None:
            yield DoctorFinding(
                "wrong", f"There is a key, and no database at {url.removeprefix('sqlite:///')}.",
                f"Put {variable('database_url')} right, or put a copy back: earshot db restore FILE",
            )  # fmt: skip
            return
        yield DoctorFinding("warn", "There is no database yet.", "earshot serve makes it.")
        return
    if url.startswith("sqlite") and is_empty(Path(url.removeprefix("sqlite:///"))):
        yield DoctorFinding(
            "wrong", f"The database {url.removeprefix('sqlite:///')} has no content at all: something has emptied it.",
            "Put a copy back: earshot db restore FILE. If nothing was ever kept in it, delete the file.",
        )  # fmt: skip
        return
    try:
        engine = connect(url)
        current = is_current(engine)
    except UnusableDatabaseError as error:
        yield DoctorFinding("wrong", f"{error}.", f"Put {variable('database_url')} right.")
        return
    except Exception as error:
        yield DoctorFinding(
            "wrong",
            f"The database does not answer ({type(error).__name__}).",
            f"Start it, or put {variable('database_url')} right.",
        )
        return
    context.engine = engine
    if not current:
        yield DoctorFinding("warn", "The database is of an older version.", "Run: earshot db upgrade")
        context.engine = None
        engine.dispose()
        return
    different = schema_check.different(engine)
    if wrong := [str(each) for each in different if not each.harmless]:
        yield DoctorFinding(
            "wrong", f"The tables are not those of this version: {'; '.join(wrong[:3])}.",
            "Run the version that made it, or put back a copy from before: earshot db restore FILE",
        )  # fmt: skip
        context.engine = None
        engine.dispose()
        return
    if different:
        yield DoctorFinding(
            "warn", f"Tables or columns that this version does not know: {'; '.join(map(str, different[:3]))}.",
            "They do no harm, but Earshot ignores them. Remove them if you do not need them.",
        )  # fmt: skip
    if engine.dialect.name == "sqlite":
        with reader(engine) as connection:
            sound = connection.exec_driver_sql("PRAGMA quick_check").scalar()
        if sound != "ok":
            yield DoctorFinding(
                "wrong", "The database file is damaged.", "Stop the service and run: earshot db restore FILE"
            )
            return
    yield DoctorFinding("good", "The database answers and is up to date.")


def sealed(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check that the keys open this database: after a move, one may have been left behind."""
    from bot.settings.open_database import KEY_FILE  # noqa: PLC0415 - that module imports everything

    path = context.settings.data_dir / KEY_FILE
    if context.keyring is None:
        if context.settings.secret_key is not None or path.exists():
            return  # `database` has reported what is wrong with it
        if context.engine is not None and key_check.needs_key(context.engine):
            yield DoctorFinding("wrong", f"The key of the database is not at {path}.", "Put it back from your copy.")
        else:
            yield DoctorFinding("warn", "There is no key yet.", "earshot serve makes one. Then keep a copy elsewhere.")
    elif context.engine is not None:
        if key_check.fits(context.engine, context.keyring):
            yield DoctorFinding("good", "The keys fit the database.")
        else:
            yield DoctorFinding(
                "wrong",
                "The keys do not fit the database.",
                "Put the old key back, or behind the new one.",
            )


def copies(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check whether a restored copy waits for somebody to look, and when the last good copy was made."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        made = restore.last_copy(connection)
        fenced, waits = restore.fenced(connection), restore.waiting(connection)
    if fenced:
        yield DoctorFinding(
            "wrong", f"A copy was put back, and nothing is sent until somebody has looked; {waits} messages wait.",
            "Look at what is there. Then: earshot db release",
        )  # fmt: skip
    if context.engine.dialect.name == "sqlite":
        when = f"The last good copy was made on {day_in_words(made.date())}." if made else "No copy was made yet."
        yield DoctorFinding("good", f"{when} To make one: earshot db backup FILE")


def clock(context: CheckContext) -> Iterator[DoctorFinding]:
    """Compare the clock with the newest time in the database: while they disagree, nothing is deleted by age."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        known = timekeeping.last_known(connection)
        leap = timekeeping.leap_between(connection, context.now)
    if leap is not None:
        yield DoctorFinding(
            "wrong",
            f"The clock of this machine is in doubt: {leap}. Nothing is deleted by its age until somebody says more.",
            "If it is right, say so: earshot clock right. Else set it, e.g. timedatectl set-ntp on",
        )
    elif known is not None and known - context.now > SKEW:
        yield DoctorFinding(
            "wrong", "The clock of this machine is behind.", "Switch network time on, e.g. timedatectl set-ntp on"
        )
    else:
        yield DoctorFinding("good", "The clock is not behind.")


def disk(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check how much of the disk is free."""
    folder = context.settings.data_dir
    while not folder.exists():
        folder = folder.parent if folder != folder.parent else Path()
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        yield DoctorFinding(
            "wrong", f"Only {free // 1_000_000} MB of disk are free.", "Make room, or move the data folder."
        )
    else:
        yield DoctorFinding("good", f"{free // 1_000_000_000} GB of disk are free.")
