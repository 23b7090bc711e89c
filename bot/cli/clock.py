"""`earshot clock`: shows the time, and lets an operator confirm a clock that leapt."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

commands = typer.Typer(
    name="clock", help="Look at the clock, and say that it is right after it leapt.", no_args_is_help=True
)


@commands.command()
def show() -> None:
    """Say what the clock reads, and whether it can be trusted. While it is in doubt, nothing is deleted by its age."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light

    settings = installed_settings()
    with opened_database(settings) as base:
        leap, reads = base.time.leap, base.time.wall().astimezone(settings.timezone)
    out = console()
    out.print(f"The clock reads {reads:%d %B %Y %H:%M} ({settings.timezone.key}).", markup=False)
    if leap is None:
        out.print("It goes on from the last time we know of.")
        return
    out.print(f"[yellow]![/yellow] It leapt: {leap}.")
    out.print("  Nothing is deleted by its age meanwhile, no conversation is closed, and nobody is reminded.")
    out.print("  Was Earshot switched off for so long, and is the date right? Then say so: earshot clock right")
    out.print("  Is it wrong? Set it right, for example: timedatectl set-ntp on. Nothing else has to be done then.")
    raise typer.Exit(FAILED)


@commands.command()
def right(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Confirm that the clock is right although it leapt: Earshot was switched off, or the clock was wrong before.

    From then on, everything that is over by this date is deleted.
    """
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.upkeep import timekeeping  # noqa: PLC0415

    settings = installed_settings()
    out = console()
    with opened_database(settings) as base:
        leap = base.time.leap
        if leap is None:
            out.print("The clock is not in doubt. Nothing was changed.")
            return
        out.print(f"The clock leapt: {leap}.", markup=False)
        if not yes:
            typer.confirm(f"Is today {leap.reads.astimezone(settings.timezone):%d %B %Y}?", abort=True)
        base.writer.run(partial(timekeeping.believe, reads=base.time.wall(), who="command line"))
    out.print("The clock is believed again. Things end by it from now on; a running service knows within a minute.")
