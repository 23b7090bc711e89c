"""`earshot doctor`: reports what is wrong with this installation and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import typer

commands = typer.Typer()

MARKS = {"good": "[green]✓[/green]", "warn": "[yellow]![/yellow]", "wrong": "[red]×[/red]"}


@commands.command()
def doctor() -> None:
    """Check settings, database, keys, channels, clock, disk and flows. Fails if something does not work."""
    from bot.cli.console import FAILED, console  # noqa: PLC0415
    from bot.doctor.examine import examine  # noqa: PLC0415
    from bot.doctor.finding import CheckContext  # noqa: PLC0415
    from bot.settings import environment  # noqa: PLC0415 - keep start-up light

    out = console()
    folder = Path.cwd()
    try:
        found = environment.read(os.environ, folder)
    except environment.BadSettingsError as error:
        for problem in error.problems:
            out.print(f"{MARKS['wrong']} {problem.variable}: {problem.wrong}")
            out.print(f"  {problem.advice}", markup=False)
        raise typer.Exit(FAILED) from None
    wrong = 0
    for finding in examine(CheckContext(settings=found, unknown=environment.unknown(os.environ, folder))):
        out.print(MARKS[finding.grade], end=" ")
        out.print(finding.what, markup=False)
        if finding.advice:
            out.print(f"  {finding.advice}", markup=False)
        wrong += finding.grade == "wrong"
    if wrong:
        out.print("[red]One thing does not work.[/red]" if wrong == 1 else f"[red]{wrong} things do not work.[/red]")
        raise typer.Exit(FAILED)
    out.print("[green]Nothing is wrong.[/green]")
