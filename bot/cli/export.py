"""`earshot export`: exports stories through the one gate, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.queries.stories.review_queue import Filters

commands = typer.Typer(name="export", help="Export stories, through the one gate.", invoke_without_command=True)


@commands.callback()
def export(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="The file to write. If left out: the stories are printed.", show_default=False)
    ] = None,
    format_name: Annotated[str, typer.Option("--format", help="csv or jsonl.")] = "csv",
    use: Annotated[str, typer.Option(help="How far the stories are to travel: team, quote or publish.")] = "team",
    practice: Annotated[
        bool | None,
        typer.Option("--practice/--no-practice", help="Include or leave out stories told in the simulator."),
    ] = None,
    state: Annotated[str, typer.Option(help="Only new or approved ones.", show_default=False)] = "",
    scale: Annotated[
        str, typer.Option(help="Only of this scale: individual, organisational, society, or none.", show_default=False)
    ] = "",
    place: Annotated[str, typer.Option(help="Only from places with this in their name.", show_default=False)] = "",
    actor: Annotated[
        str,
        typer.Option(help="Only told by: service_user, carer, employee, partner, other, or none.", show_default=False),
    ] = "",
    kind: Annotated[str, typer.Option(help="Only of this kind: story or feedback.", show_default=False)] = "",
    channel: Annotated[
        str, typer.Option(help="Only told by this channel: sms, telegram or assisted.", show_default=False)
    ] = "",
) -> None:
    """Write the stories whose tellers agreed to this use, and a note that explains the columns."""
    if context.invoked_subcommand is not None:
        return
    from storage.export.export_request import checked_use, format_named  # noqa: PLC0415 - keep start-up light

    format_named(format_name)
    checked_use(use)
    asked = {"state": state, "scale": scale, "place": place, "actor": actor, "kind": kind, "channel": channel}
    filters = _filters(asked)
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.export import select  # noqa: PLC0415

    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"There is no folder {out.parent}. Nothing was exported: make it first.")
    with opened_database(installed_settings()) as base:
        summary = select.run(
            base.engine,
            base.writer,
            format=format_name,
            use=use,
            out=out or sys.stdout.buffer,
            who="command line",
            now=base.clock(),
            filters=filters,
            practice=practice,
        )
    notes = console(error=out is None)  # what is printed can be piped to another program
    for sentence in summary.sentences():
        notes.print(sentence, markup=False)
    if out is not None:
        notes.print(f"They are in {out}.", markup=False)


def _filters(asked: Mapping[str, str]) -> Filters:
    """Return the filters as the export page reads them. Exits for a value that does not exist."""
    from review.export.export_page import export_filters  # noqa: PLC0415 - keep start-up light

    filters = export_filters(asked)
    for name, value in asked.items():
        if name != "place" and value and getattr(filters, name) != value:
            raise typer.BadParameter(f"There is no {name} {value!r}. Nothing was exported.", param_hint=f"--{name}")
    return filters


@commands.command()
def recalls() -> None:
    """List exports with stories that were taken back or narrowed since, so that you can tell whoever received them."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.cli.people import recall_sentence  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.queries.stories import exports_made  # noqa: PLC0415

    with opened_database(installed_settings()) as base, reader(base.engine) as connection:
        found = exports_made.recalls(connection)
    out = console()
    for recall in found:
        out.print(recall_sentence(recall), markup=False)
    if found:
        out.print("Tell whoever has these files to delete those rows. The name of a row is in its first column.")
    else:
        out.print("No export holds a story that was taken back or narrowed since.")
