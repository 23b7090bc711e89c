"""`earshot db`: bring the schema up to date, make a copy, restore a copy."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings.environment import Settings
    from storage.privacy.vacuum import Erased
    from storage.protection.crypto import Keyring

commands = typer.Typer(name="db", help="Upgrade, copy and restore the database.", no_args_is_help=True)


@commands.command()
def upgrade() -> None:
    """Bring the database up to date with this version, and report tables that differ from this version's.

    `earshot serve` does this by itself.
    """
    from bot.cli.console import FAILED, console, read_settings  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import connect, schema_version  # noqa: PLC0415
    from storage.db.engine import upgrade as bring_up_to_date  # noqa: PLC0415
    from storage.upkeep import schema_check  # noqa: PLC0415

    engine = connect(read_settings().database_url)
    try:
        before = schema_version(engine)
        bring_up_to_date(engine, schema_check.check)
        after = schema_version(engine)
        more = schema_check.different(engine)
    finally:
        engine.dispose()
    console().print("The database was up to date." if before == after else f"The database is now at {after}.")
    if more:
        out = console(error=True)
        out.print(
            "[red]×[/red] It has tables or columns that this version does not know. They do no harm and are ignored:"
        )
        for each in more:
            out.print(f"  {each}.", markup=False)
        out.print("Remove them if you do not need them.")
        raise typer.Exit(FAILED)


@commands.command()
def backup(
    out: Annotated[Path, typer.Argument(help="The file to write. It is never written over another.")],
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Do not encrypt it: whoever gets the file can read every story, but no number."),
    ] = False,
) -> None:
    """Copy the database while the service runs, check that the copy is whole, and encrypt it with the key.

    The key file is not in it: keep a copy of that too, elsewhere. Without the key an encrypted copy cannot be opened.
    """
    from bot.cli.console import FAILED, console, read_settings  # noqa: PLC0415 - keep start-up light
    from storage.upkeep import backup as copies  # noqa: PLC0415

    settings = read_settings()
    source = _sqlite_file(settings)
    if out.exists():
        console(error=True).print(f"[red]×[/red] {out} is there already. Nothing was written; choose another name.")
        raise typer.Exit(FAILED)
    if not source.exists():
        console(error=True).print(f"[red]×[/red] There is no database at {source} yet.")
        raise typer.Exit(FAILED)
    try:
        copies.make(source, out, None if plain else _keys(settings, source))
    except copies.DamagedError as error:
        errors = console(error=True)
        errors.print("[red]×[/red] The database is damaged, so no copy was made:", end=" ")
        errors.print(f"{error}.", markup=False)
        errors.print(f"  {_last_good(source)} Keep it: stop the service and run earshot db restore FILE", markup=False)
        raise typer.Exit(FAILED) from None
    _record_copy(source)
    if plain:
        console().print(
            f"{out} holds a whole copy, and is not locked: whoever gets it can read all stories and answers. Numbers,"
            " chats and what waits for a yes are locked with the key in it as well: keep that too, elsewhere."
        )
    else:
        console().print(f"{out} holds a whole copy. Only your key opens it: keep a copy of that too, elsewhere.")


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `earshot db backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a copy in the place of the database. Stop the service first. The database of now is kept beside it.

    What people deleted since the copy was made is deleted again. A STOP and a narrowed use stay. Nothing is sent until
    you have looked and run: earshot db release
    """
    from bot.cli.console import FAILED, console, read_settings  # noqa: PLC0415 - keep start-up light
    from storage.protection.crypto import SealBrokenError  # noqa: PLC0415
    from storage.upkeep import backup as copies  # noqa: PLC0415

    settings = read_settings()
    target = _sqlite_file(settings)
    out = console()
    if _in_use(target):
        out.print("[red]×[/red] The database is in use. Stop the service, then restore. Nothing was changed.")
        raise typer.Exit(FAILED)
    fresh = Path(f"{target}{copies.RESTORING}")
    made = not target.parent.exists()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.is_file():
            raise copies.DamagedError("there is no such file")  # noqa: TRY301 - reported like the others
        copies.open_copy(file, fresh, _keys(settings) if copies.is_locked(file) else None)
        _check_key_of(settings, fresh)
        if not yes:
            typer.confirm(f"Put {file} in the place of {target}?", abort=True)
        kept = _move_aside(target) if target.exists() else None
        fresh.replace(target)
    except copies.DamagedError as error:
        out.print(f"{file} is not a whole copy of a database of ours: {error}. Nothing was changed.", markup=False)
        raise typer.Exit(FAILED) from None
    except SealBrokenError as error:
        out.print(f"{file} does not open: {error}. Nothing was changed.", markup=False)
        raise typer.Exit(FAILED) from None
    finally:
        fresh.unlink(missing_ok=True)
        if made:
            with contextlib.suppress(OSError):  # the copy holds its content
                target.parent.rmdir()
    out.print(f"{target} is the copy now.")
    _apply_changes_since(settings, kept)
    if kept is not None:
        out.print(
            f"What was there is in {kept}. Delete it when you no longer need it: it holds everything.", markup=False
        )


@commands.command("after-restore")
@commands.command("erase-again", hidden=True)
def after_restore() -> None:
    """Apply what happened since the copy was made: deletions, STOPs, narrowed uses. Run it before the service starts.

    `earshot db restore` does this by itself; run it yourself after pg_restore.
    """
    from bot.cli.console import installed_settings  # noqa: PLC0415 - keep start-up light

    _apply_changes_since(installed_settings(), None)


@commands.command()
def release(
    drop: Annotated[
        bool, typer.Option("--drop", help="Cancel the messages that wait; only later ones are sent.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send messages again after a restore. Look first: earshot doctor, and the team's pages."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.upkeep import restore as restored  # noqa: PLC0415

    out = console()
    with opened_database(installed_settings()) as base:
        with reader(base.engine) as connection:
            fenced, waits = restored.fenced(connection), restored.waiting(connection)
        if not fenced:
            out.print("Sending is not held back. Nothing was changed.")
            return
        out.print(f"{waits} messages wait that were written since the copy was put back.")
        if not yes:
            typer.confirm("Cancel them, and send only what comes from now on?" if drop else "Send them?", abort=True)
        base.writer.run(lambda connection: restored.release(connection, base.clock(), "command line", drop=drop))
    out.print("Messages go out again.")


@commands.command("new-key")
def new_key() -> None:
    """Encrypt all that is kept with the first key of EARSHOT_SECRET_KEY, so that the keys behind it may go.

    Stop the service first. It can be broken off and run again.
    """
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415 - keep start-up light
    from bot.settings.open_database import opened_database  # noqa: PLC0415
    from storage.protection import crypto  # noqa: PLC0415

    settings = installed_settings()
    given = settings.secret_key.get_secret_value() if settings.secret_key is not None else ""
    if "," not in given:
        console(error=True).print(
            "[red]×[/red] There is one key, so nothing was changed. Write the new key first and the old one behind it:"
            " EARSHOT_SECRET_KEY=new,old"
        )
        raise typer.Exit(FAILED)
    with opened_database(settings) as base:
        done = crypto.rotate(base.writer, base.keyring)
    out = console()
    out.print(f"{done.sealed} values and {done.receipts} receipts are under the first key now.")
    if done.left:
        out.print(
            f"[yellow]Keep the old key too.[/yellow] {done.left} hashes can be found by it alone: addresses that were"
            " deleted after a STOP, and receipts of deleted conversations. Without it they are not known again."
        )
    else:
        out.print("The old key may go, once no backup is left that was made with it.")


def _apply_changes_since(settings: Settings, before: Path | None) -> None:
    """Apply the list in the data folder, and what the database that was here before (the file `before`) knows."""
    from bot.cli.console import console  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.privacy import vacuum  # noqa: PLC0415
    from storage.upkeep import restore as restored  # noqa: PLC0415

    lines = vacuum.read_list(settings.data_dir)
    if before is not None:
        lines += _changes_known_to(before)
    with opened_database(settings) as base:
        now, leap = base.clock(), base.time.leap
        done = base.writer.run(lambda connection: restored.hold(connection, lines, now))
        vacuum.vacuum(base.engine, base.writer, settings.data_dir, now, patient=False)
    out = console()
    if done.stories or done.people:
        out.print(f"{done.stories} stories and {done.people} people that had been deleted since were deleted again.")
    elif before is not None or (settings.data_dir / vacuum.LIST).exists():
        out.print("Nothing in it had been deleted since.")
    else:
        out.print(
            f"[yellow]There is no {vacuum.LIST} in {settings.data_dir}[/yellow], so nobody knows what people deleted,"
            " stopped or narrowed since. Put your copy of it there, then: earshot db after-restore"
        )
    if done.stops or done.uses:
        out.print(
            f"{done.stops} people said STOP since and get no messages;"
            f" {done.uses} stories have their narrower use again."
        )
    if done.left:
        out.print(f"{done.left} members who had left since are removed again.")
    out.print("All members sign in again, with the password that is in the copy: earshot team list")
    if done.messages:
        out.print(f"{done.messages} messages that waited in it are not sent: they may have gone out since.")
    if leap is not None:
        out.print(f"It is {leap.days} days old: nothing is deleted by its age until you say: earshot clock right")
    out.print("[yellow]Nothing is sent[/yellow] until you have looked. Then: earshot db release")


def _keys(settings: Settings, source: Path | None = None) -> Keyring:
    """Return the keys of the database `source`; without it, those of this installation, for an encrypted copy.

    Makes no keys. Raises UnusableKeyError, and DamagedError if `source` is no sound database.
    """
    from sqlalchemy.exc import DatabaseError  # noqa: PLC0415 - keep start-up light

    from bot.settings.open_database import KEY_FILE  # noqa: PLC0415
    from storage.db.database_trouble import Cause, cause_of  # noqa: PLC0415
    from storage.db.engine import connect  # noqa: PLC0415
    from storage.protection.crypto import Keyring, UnusableKeyError  # noqa: PLC0415
    from storage.protection.key_check import from_file, keys_for, missing  # noqa: PLC0415
    from storage.upkeep.backup import DamagedError  # noqa: PLC0415

    path = settings.data_dir / KEY_FILE
    given = settings.secret_key.get_secret_value() if settings.secret_key is not None else None
    if source is None:
        if given is not None:
            return Keyring.from_setting(given)
        if not path.exists():
            raise UnusableKeyError(missing(path))
        return from_file(path)
    engine = connect(f"sqlite:///{source}")
    try:
        return keys_for(engine, path, given)  # a copy encrypted with another key could never be opened again
    except DatabaseError as error:
        if cause_of(error) is not Cause.CORRUPT:
            raise
        raise DamagedError(str(error.orig)) from None
    finally:
        engine.dispose()


def _check_key_of(settings: Settings, fresh: Path) -> None:
    """Check that the installation's key opens a copy, before the copy replaces anything. Deletes the copy if not."""
    from bot.settings.open_database import KEY_FILE  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import connect  # noqa: PLC0415
    from storage.protection.key_check import keys_for  # noqa: PLC0415

    given = settings.secret_key.get_secret_value() if settings.secret_key is not None else None
    engine = connect(f"sqlite:///{fresh}")
    try:
        keys_for(engine, settings.data_dir / KEY_FILE, given)
    except BaseException:
        engine.dispose()
        fresh.unlink()
        raise
    finally:
        engine.dispose()
        for name in ("-wal", "-shm"):
            Path(f"{fresh}{name}").unlink(missing_ok=True)


def _changes_known_to(file: Path) -> list[Erased]:
    """Return the deletions, STOPs and narrowed uses that a database knows; an empty list if it cannot be read."""
    from sqlalchemy import create_engine  # noqa: PLC0415 - keep start-up light
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from storage.privacy import vacuum  # noqa: PLC0415
    from storage.upkeep import refusals_list  # noqa: PLC0415

    engine = create_engine(f"sqlite:///file:{file.resolve()}?immutable=1&uri=true", hide_parameters=True)
    try:
        found = vacuum.listed(engine)
        with engine.connect() as connection:
            return found + refusals_list.known_to(connection)
    except SQLAlchemyError:
        return []
    finally:
        engine.dispose()


def _move_aside(target: Path) -> Path:
    """Move the database out of the way and return its new path. A damaged one is kept too; nothing is overwritten."""
    from storage.upkeep import backup as copies  # noqa: PLC0415 - keep start-up light

    first = target.with_name(f"{target.name}{copies.BEFORE}")
    kept, number = first, 1
    while kept.exists():
        number += 1
        kept = first.with_name(f"{first.name}-{number}")
    try:
        copies.copy(target, kept)
    except copies.DamagedError:
        kept.unlink(missing_ok=True)
        kept.touch(mode=0o600)
        shutil.copyfile(target, kept)
    for name in ("-wal", "-shm"):
        Path(f"{target}{name}").unlink(missing_ok=True)
    return kept


def _last_good(source: Path) -> str:
    from storage.db.column_types import from_microseconds  # noqa: PLC0415 - keep start-up light

    try:
        with contextlib.closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            (at,) = connection.execute("SELECT backed_up_at FROM installation").fetchone()
    except (sqlite3.DatabaseError, TypeError):
        at = None
    if at is None:
        return "Look for the last good copy."
    return f"The last good copy was made on {from_microseconds(at):%d %B %Y at %H:%M} UTC."


def _record_copy(source: Path) -> None:
    """Record when the last good copy was made. Does nothing if the database is of an older version or busy."""
    from storage.db.column_types import to_microseconds  # noqa: PLC0415
    from storage.upkeep.timekeeping import present  # noqa: PLC0415 - keep start-up light

    with (
        contextlib.suppress(sqlite3.DatabaseError),
        contextlib.closing(sqlite3.connect(source)) as connection,
        connection,
    ):
        connection.execute("UPDATE installation SET backed_up_at = ?", (to_microseconds(present()),))


def _sqlite_file(settings: Settings) -> Path:
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - keep start-up light

    from bot.cli.console import FAILED, console  # noqa: PLC0415

    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        console(error=True).print(
            "This is a PostgreSQL database. Use its own tools: pg_dump to copy, pg_restore to put back."
        )
        raise typer.Exit(FAILED)
    return Path(url.database)


def _in_use(file: Path) -> bool:
    """Return True if another process has the database open. SQLite then refuses an exclusive lock."""
    if not file.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=0.5)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.rollback()
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        return False  # not a database any more, which is one more reason to restore
    return False
