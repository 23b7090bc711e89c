"""`earshot inbox`: messages that could not be handled. They are kept sealed; nobody's words are shown here."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

commands = typer.Typer(name="inbox", help="Messages that could not be handled.", no_args_is_help=True)


@commands.command("list")
def list_events() -> None:
    """List the messages that wait to be handled again: when they came, by which channel, and what went wrong."""
    from rich.table import Table  # noqa: PLC0415 - keep start-up light

    from bot.app import laid  # noqa: PLC0415
    from bot.cli.say import console, read_settings  # noqa: PLC0415
    from storage.database import reader  # noqa: PLC0415
    from storage.queries import inbox  # noqa: PLC0415

    settings = read_settings()
    table = Table("number", "came", "channel", "state", "error", "tries", box=None)
    with laid(settings) as base, reader(base.engine) as connection:
        after = 0
        while events := inbox.unhandled(connection, after=after):
            after = events[-1].id
            for event in events:
                came = event.received_at.astimezone(settings.timezone).strftime("%d %b %Y %H:%M")
                row = (str(event.id), came, event.channel, event.state, event.error or "", str(event.attempts))
                table.add_row(*row)
    if not table.row_count:
        console().print("Every message was handled.")
        return
    console().print(table)
    console().print("Handle them again with: earshot inbox replay")


@commands.command()
def replay(
    numbers: Annotated[
        list[int] | None, typer.Argument(help="Which ones. Without any: all.", show_default=False)
    ] = None,
) -> None:
    """Handle messages again that could not be handled. A message is never handled twice."""
    from bot.app import build  # noqa: PLC0415 - keep start-up light
    from bot.cli.say import FAILED, console, read_settings  # noqa: PLC0415

    app = build(read_settings())
    try:
        done = asyncio.run(app.recovery.replay(numbers or ()))
    finally:
        app.close()
    out = console()
    out.print(f"{done.handled} handled. Answers go out as soon as the service runs.")
    if numbers and not done.handled + done.lost + done.failed:
        out.print("No message that waits has such a number. See: earshot inbox list")
        raise typer.Exit(FAILED)
    if done.lost:
        out.print(f"[yellow]{done.lost} cannot be read any more[/yellow]: erased, or the key or the channel is gone.")
    if done.failed:
        out.print(f"[red]{done.failed} failed again.[/red] They are still kept. See the log for where it went wrong.")
        raise typer.Exit(FAILED)
