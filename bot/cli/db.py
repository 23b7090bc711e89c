"""`earshot db`: bring the schema up to date, make a copy, put a copy back. Imports storage."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings import Settings
    from storage.scrub import Erased

commands = typer.Typer(name="db", help="Look after the database.", no_args_is_help=True)

PAGES_AT_ONCE = 2_000
"""Pages copied before others may write again."""


@commands.command()
def upgrade() -> None:
    """Bring the database up to date with this version. `earshot serve` does this by itself."""
    from bot.cli.say import console, read_settings  # noqa: PLC0415 - keep start-up light
    from storage.database import connect, schema_version  # noqa: PLC0415
    from storage.database import upgrade as bring_up_to_date  # noqa: PLC0415

    engine = connect(read_settings().database_url)
    try:
        before = schema_version(engine)
        bring_up_to_date(engine)
        after = schema_version(engine)
    finally:
        engine.dispose()
    console().print("The database was up to date." if before == after else f"The database is now at {after}.")


@commands.command()
def backup(
    out: Annotated[
        Path, typer.Argument(help="The file to write. It holds everything: keep it as safe as the original.")
    ],
) -> None:
    """Copy the database while the service runs. The key file is not in it: keep a copy of that too, elsewhere."""
    from bot.cli.say import FAILED, console, read_settings  # noqa: PLC0415 - keep start-up light

    settings = read_settings()
    source = _sqlite_file(settings)
    if out.exists():
        console(error=True).print(f"[red]×[/red] {out} is there already. Nothing was written; choose another name.")
        raise typer.Exit(FAILED)
    if not source.exists():
        console(error=True).print(f"[red]×[/red] There is no database at {source} yet.")
        raise typer.Exit(FAILED)
    _copy(source, out)
    console().print(f"{out} holds a whole copy. Without the key file it cannot be read: keep that too, elsewhere.")


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `earshot db backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a copy in the place of the database. Stop the service first. What is there now is kept beside it.

    What people had deleted since the copy was made is deleted in it again.
    """
    from bot.cli.say import FAILED, console, read_settings  # noqa: PLC0415 - keep start-up light

    settings = read_settings()
    target = _sqlite_file(settings)
    out = console()
    if not _whole(file):
        out.print(f"[red]×[/red] {file} is not a whole copy of a database of ours. Nothing was changed.")
        raise typer.Exit(FAILED)
    if _in_use(target):
        out.print("[red]×[/red] The database is in use. Stop the service, then restore. Nothing was changed.")
        raise typer.Exit(FAILED)
    if not yes:
        typer.confirm(f"Put {file} in the place of {target}?", abort=True)
    kept = target.with_name(f"{target.name}.before-restore")
    with contextlib.suppress(FileNotFoundError):
        kept.unlink()
    if target.exists():
        _copy(target, kept)
        for name in ("", "-wal", "-shm"):
            Path(f"{target}{name}").unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _copy(file, target)
    out.print(f"{target} is the copy now.")
    _erase_again(settings, kept if kept.exists() else None)
    if kept.exists():
        out.print(
            f"What was there is in {kept}. Delete it when you no longer need it: it holds everything.", markup=False
        )


@commands.command("erase-again")
def erase_again() -> None:
    """Delete in a database that was put back what people had deleted before. `restore` does this by itself."""
    from bot.cli.say import read_settings  # noqa: PLC0415 - keep start-up light

    _erase_again(read_settings(), None)


def _erase_again(settings: Settings, before: Path | None) -> None:
    """Go by the list in the data folder, and by what the database that was here before knows."""
    from bot.base import laid  # noqa: PLC0415 - keep start-up light
    from bot.cli.say import console  # noqa: PLC0415
    from storage import scrub  # noqa: PLC0415

    erased = scrub.read_list(settings.data_dir)
    if before is not None:
        erased += _known_to(before)
    with laid(settings) as base:
        now = base.clock()
        done = base.writer.run(lambda connection: scrub.again(connection, erased, now))
        scrub.scrub(base.engine, base.writer, settings.data_dir, now, patient=False)
    console().print(
        f"{done.stories} stories and {done.people} people that had been deleted since were deleted again."
        if done.stories or done.people
        else "Nothing in it had been deleted since."
    )


def _known_to(file: Path) -> list[Erased]:
    """Return the erasures that a database knows of; one that cannot be read knows of none."""
    from storage import scrub  # noqa: PLC0415
    from storage.types import from_microseconds  # noqa: PLC0415

    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?immutable=1", uri=True)) as connection:
            rows = connection.execute("SELECT at, kind, token FROM erasure ORDER BY id").fetchall()
    except sqlite3.DatabaseError:
        return []
    return [scrub.Erased(from_microseconds(at), kind, token) for at, kind, token in rows]


def _sqlite_file(settings: Settings) -> Path:
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - keep start-up light

    from bot.cli.say import FAILED, console  # noqa: PLC0415

    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        console(error=True).print(
            "This is a PostgreSQL database. Use its own tools: pg_dump to copy, pg_restore to put back."
        )
        raise typer.Exit(FAILED)
    return Path(url.database)


def _copy(source: Path, out: Path) -> None:
    """Copy a live database into a new file that only its owner can read, and make sure it is on the disk."""
    out.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(source)) as read, contextlib.closing(sqlite3.connect(out)) as written:
        read.backup(written, pages=PAGES_AT_ONCE)
    with out.open("rb") as file:
        os.fsync(file.fileno())


def _whole(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            sound: bool = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return sound and connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    except sqlite3.DatabaseError:
        return False


def _in_use(file: Path) -> bool:
    """Tell whether another process has the database open: it then cannot be taken out of its shared mode."""
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
        return False  # not a database any more: all the more reason to restore
    return False
