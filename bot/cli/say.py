"""How commands speak: plain words on the terminal, and errors that say what happened and what to do. Imports rich."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from sqlalchemy.exc import OperationalError

from bot import settings
from bot.logs import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.settings import Settings

FAILED = 1
NOT_OURS = 70
"""Exit status for an error that we did not expect (EX_SOFTWARE of sysexits)."""


def console(*, error: bool = False) -> Console:
    """Return the terminal; colours only where somebody looks."""
    return Console(stderr=error, highlight=False, soft_wrap=True)


def read_settings() -> Settings:
    """Return the settings of this folder and environment, and point out slips in their names on standard error."""
    for problem in settings.unknown(os.environ, Path.cwd()):
        console(error=True).print(f"[yellow]![/yellow] {problem}")
    return settings.read(os.environ, Path.cwd())


def known_errors() -> tuple[type[Exception], ...]:
    """Return the errors whose own words are meant for the person at the terminal."""
    from bot.releases import NoSuchFlowError  # noqa: PLC0415
    from flows.catalogue import UnreadableCatalogueError  # noqa: PLC0415
    from flows.findings import FlowError  # noqa: PLC0415 - keep start-up light
    from review.auth import NotAnEmailError, NotARoleError  # noqa: PLC0415
    from storage.crypto import SealBrokenError, UnusableKeyError  # noqa: PLC0415
    from storage.database import UnusableDatabaseError  # noqa: PLC0415
    from storage.export.select import RestlessStoriesError, UnknownFormatError, UnknownUseError  # noqa: PLC0415
    from storage.places import GazetteerError  # noqa: PLC0415

    return (
        settings.BadSettingsError, FlowError, GazetteerError, NoSuchFlowError, NotARoleError, NotAnEmailError,
        RestlessStoriesError, SealBrokenError, UnknownFormatError, UnknownUseError, UnreadableCatalogueError,
        UnusableDatabaseError, UnusableKeyError,
    )  # fmt: skip


def _advice(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "Check how the name is written, and that the folder is there."
    if isinstance(error, PermissionError):
        return "You may not write or read there: choose another place, or change whose it is."
    return "Run earshot doctor."


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Turn an error into plain words and an exit status; one we did not expect shows its class and place only."""
    try:
        yield
    except OSError as error:
        where = f": {error.filename}" if isinstance(error.filename, str) else ""
        out = console(error=True)
        out.print("[red]×[/red]", end=" ")
        out.print(f"{error.strerror or type(error).__name__}{where}", markup=False)
        out.print(f"  {_advice(error)}", markup=False)
        sys.exit(FAILED)
    except OperationalError as error:
        out = console(error=True)
        out.print("[red]×[/red] The database cannot be used: it does not answer, is locked, or the disk is full.")
        out.print(f"  Run earshot doctor. ({told(error)['error']})", markup=False)
        sys.exit(FAILED)
    except Exception as error:
        out = console(error=True)
        if isinstance(error, known_errors()):
            for line in str(error).splitlines():
                out.print("[red]×[/red]", end=" ")
                out.print(line, markup=False)
            sys.exit(FAILED)
        fault = told(error)
        out.print(f"[red]×[/red] Something went wrong that should not: {fault['error']}.", markup=True)
        out.print(f"  Nothing was lost. Report it with this line: {fault['trace']}", markup=False)
        sys.exit(NOT_OURS)
