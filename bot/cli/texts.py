"""`earshot texts`: collects every text for translators, and updates their files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer(name="texts", help="Texts in other languages.", no_args_is_help=True)

TEMPLATE = "earshot.pot"

Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="The folder of the PO files. If left out: that of Earshot.", show_default=False),
]


@commands.command()
def extract(folder: Folder = None) -> None:
    """Write every source text to earshot.pot, the template that translators start from."""
    from flows.authoring.catalogue import template  # noqa: PLC0415 - keep start-up light
    from flows.authoring.loader import load  # noqa: PLC0415
    from flows.authoring.texts import TEXTS, all_sources  # noqa: PLC0415

    sources = all_sources(load())
    path = (folder or TEXTS) / TEMPLATE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template(sources), encoding="utf-8")
    typer.echo(f"{path.name}: {len(sources)} texts")


@commands.command()
def update(
    languages: Annotated[
        list[str] | None, typer.Argument(help="Languages, such as cy. If left out: all there are.", show_default=False)
    ] = None,
    folder: Folder = None,
) -> None:
    """Update PO files: translations stay, those of changed texts are marked fuzzy, none is lost."""
    from flows.authoring.catalogue import UnreadableCatalogueError, updated  # noqa: PLC0415 - keep start-up light
    from flows.authoring.loader import load  # noqa: PLC0415
    from flows.authoring.texts import TEXTS, all_sources  # noqa: PLC0415

    sources = all_sources(load())
    where = folder or TEXTS
    where.mkdir(parents=True, exist_ok=True)
    chosen = languages or sorted(path.stem for path in where.glob("*.po"))
    if not chosen:
        typer.echo("There is no PO file yet. Name a language to begin one, for example: earshot texts update cy")
        raise typer.Exit(2)
    for language in chosen:
        path = where / f"{language}.po"
        try:
            text, change = updated(path.read_bytes() if path.is_file() else None, language, sources)
        except UnreadableCatalogueError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        path.write_text(text, encoding="utf-8")
        typer.echo(
            f"{path.name}: {change.kept} as they were, {change.changed} to look at again, {change.new} to translate,"
            f" {change.dropped} no longer used"
        )
