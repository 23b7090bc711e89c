"""What commands share: the terminal, the settings they read, and how errors are printed."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from bot.settings.environment import Settings

FAILED = 1
KNOWN = frozenset({
    "bot.turn.releases.NoSuchFlowError", "bot.settings.environment.BadSettingsError",
    "flows.authoring.catalogue.UnreadableCatalogueError", "flows.authoring.findings.FlowError",
    "review.kit.accounts.NotARoleError", "review.kit.accounts.NotAnEmailError",
    "storage.protection.crypto.SealBrokenError", "storage.protection.crypto.UnusableKeyError",
    "storage.db.engine.UnusableDatabaseError", "storage.export.export_request.UnknownFormatError",
    "storage.export.export_request.UnknownUseError",
    "storage.export.select.RestlessStoriesError", "storage.places.gazetteer.GazetteerError",
})  # fmt: skip
"""Errors whose own message is meant for the person at the terminal. Full names, so that none has to be imported."""
DATABASE = "sqlalchemy.exc.DBAPIError"
NOT_OURS = 70
"""Exit status for an error that we did not expect (EX_SOFTWARE in sysexits.h)."""


def console(*, error: bool = False) -> Console:
    """Return the terminal, in colour only if it is one and not a pipe. `error`: standard error."""
    from rich.console import Console  # noqa: PLC0415 - keep start-up light

    return Console(stderr=error, highlight=False, soft_wrap=True)


def read_settings() -> Settings:
    """Return the settings of this folder and environment, and print misspelt variable names to standard error."""
    from bot.settings import environment  # noqa: PLC0415 - keep start-up light

    for problem in environment.unknown(os.environ, Path.cwd()):
        console(error=True).print(f"[yellow]![/yellow] {problem}")
    return environment.read(os.environ, Path.cwd())


def installed_settings(*, makes: bool = False) -> Settings:
    """Return the settings of an installation that has a database; exits with an error where there is none.

    `makes`: the command may create the database, if the data folder exists or is the default one. A misspelt folder
    must not create a second installation.
    """
    import typer  # noqa: PLC0415 - keep start-up light
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    from bot.settings.environment import variable  # noqa: PLC0415

    found = read_settings()
    try:
        url = make_url(found.database_url)
    except ArgumentError:
        return found  # opening the database reports it
    if url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists():
        return found
    if makes and ("data_dir" not in found.model_fields_set or found.data_dir.exists()):
        return found
    out = console(error=True)
    out.print("[red]×[/red]", end=" ")
    out.print(f"There is no database at {Path(url.database).absolute()}. Nothing was made.", markup=False)
    out.print(f"  Check how {variable('data_dir')} is written, and in which folder you are.")
    out.print("  A new installation gets its database from earshot serve, or from earshot db upgrade.")
    raise typer.Exit(FAILED)


def settings_for_start() -> Settings:
    """Return the settings for a start. Exits if the named data folder is missing and the default one has a database."""
    import typer  # noqa: PLC0415 - keep start-up light

    from bot.settings.environment import variable  # noqa: PLC0415

    found = read_settings()
    usual = found.unused_default_folder
    if usual is None:
        return found
    out = console(error=True)
    out.print("[red]×[/red]", end=" ")
    out.print(
        f"There is no data folder {found.data_dir}, and {usual} holds a database. Nothing was made.", markup=False
    )
    out.print(f"  Check how {variable('data_dir')} is written. For another installation make its folder first.")
    raise typer.Exit(FAILED)


def _advice(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "Check how the name is written, and that the folder is there."
    if isinstance(error, PermissionError):
        return "You are not allowed to read or write there: choose another place, or change its owner."
    return "Run earshot doctor."


def _names(error: Exception) -> set[str]:
    """Return the full names of an error's class and its base classes."""
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}


def _trouble(error: Exception) -> str:
    """Return what is wrong with the database; empty if the error is not the database's fault, but ours."""
    from storage.db.database_trouble import SAYINGS, cause_of  # noqa: PLC0415 - keep start-up light

    cause = cause_of(error)
    if cause is not None:
        return SAYINGS[cause].what
    return "The database cannot be used: it does not answer." if "OperationalError" in type(error).__name__ else ""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print an error in plain words and exit with a status; an unexpected one shows its class and place only."""
    try:
        yield
    except OSError as error:
        where = f": {error.filename}" if isinstance(error.filename, str) else ""
        out = console(error=True)
        out.print("[red]×[/red]", end=" ")
        out.print(f"{error.strerror or type(error).__name__}{where}", markup=False)
        out.print(f"  {_advice(error)}", markup=False)
        sys.exit(FAILED)
    except Exception as error:
        from bot.telemetry.logs import error_fields  # noqa: PLC0415 - keep start-up light

        out, names = console(error=True), _names(error)
        if DATABASE in names and (trouble := _trouble(error)):
            out.print(f"[red]×[/red] {trouble} What was asked was not done.")
            out.print(
                f"  Put that right and try again; earshot doctor looks further. ({error_fields(error)['error']})",
                markup=False,
            )
            sys.exit(FAILED)
        if names & KNOWN:
            for line in str(error).splitlines():
                out.print("[red]×[/red]", end=" ")
                out.print(line, markup=False)
            sys.exit(FAILED)
        fault = error_fields(error)
        out.print(f"[red]×[/red] Something went wrong that should not: {fault['error']}.", markup=True)
        out.print(f"  Nothing was lost. Report it with this line: {fault['trace']}", markup=False)
        sys.exit(NOT_OURS)
