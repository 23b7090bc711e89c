"""`earshot places`: the project's own list of places, and the shipped gazetteer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer(
    name="places", help="Import the project's places, and build the gazetteer.", no_args_is_help=True
)


@commands.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns id and name, and more if you have them.")],
) -> None:
    """Replace the project's list of places by this file. Nothing changes if a line is wrong."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from flows.authoring.choosable import means_else  # noqa: PLC0415
    from storage.places import read_project_csv  # noqa: PLC0415
    from storage.queries.project_places import replace_project_places  # noqa: PLC0415

    out = console()
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        out.print(f"[red]×[/red] {file.name} is not saved as UTF-8. Save it as “CSV UTF-8” and import it again.")
        raise typer.Exit(FAILED) from None
    places, problems = read_project_csv(text, means_else)
    for problem in problems:
        out.print("[red]×[/red]", end=" ")
        out.print(str(problem), markup=False)
    if problems:
        out.print(f"Nothing was changed. Put {file.name} right and import it again.", markup=False)
        raise typer.Exit(FAILED)
    with opened_database(installed_settings(makes=True)) as base:
        now = base.clock()
        base.writer.run(lambda connection: replace_project_places(connection, places, now))
    out.print(f"{len(places)} places are in the list now. A running service uses them within a minute.")


@commands.command()
def build(
    out: Annotated[
        Path | None, typer.Option(help="The file to write. If left out: the shipped one is replaced.")
    ] = None,
) -> None:
    """Build the gazetteer of Britain and Ireland from the open data it comes from."""
    from bot.cli.console import console  # noqa: PLC0415 - keep start-up light
    from storage.places import SHIPPED  # noqa: PLC0415
    from storage.places.building.build import build as build_gazetteer  # noqa: PLC0415
    from storage.places.building.district_rows import BuildInputError  # noqa: PLC0415

    target = out or SHIPPED
    try:
        built = build_gazetteer(target)
    except BuildInputError as error:
        console(error=True).print(str(error), markup=False)
        raise typer.Exit(1) from None
    console().print(f"{target.name} is written: {built}", markup=False)
