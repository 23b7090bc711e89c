"""`earshot stories`: look after single stories. Each command is a file of its own."""

from __future__ import annotations

import typer

from bot.cli.assist import assist
from bot.cli.proof import proof

commands = typer.Typer(name="stories", help="Look after single stories.", no_args_is_help=True)
commands.command()(proof)
commands.command()(assist)


@commands.callback()
def group() -> None:
    """Look after single stories."""
