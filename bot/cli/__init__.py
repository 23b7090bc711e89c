"""The `earshot` command: one file per group of commands, listed in `GROUPS`.

A file in this folder that is named in `GROUPS` holds a `commands: typer.Typer`. If that has a name, it is a group
(`earshot team add`); if not, its commands stand at the top level (`earshot serve`). A new group is one file and one
word in `GROUPS`: the word that is typed first. Files import what is heavy inside their commands, so that `earshot
--help` answers at once. When a command is named, only its own file is loaded, so that a running service does not carry
the others.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = (
    "serve",
    "chat",
    "doctor",
    "export",
    "flows",
    "texts",
    "inbox",
    "team",
    "people",
    "stories",
    "places",
    "retention",
    "clock",
    "db",
)


def build(groups: Sequence[str] = GROUPS) -> typer.Typer:
    """Return the whole command, or the part of it that these groups make up."""
    app = typer.Typer(
        name="earshot",
        help="Earshot gathers lived experience by text and chat, with consent, by scale and place.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its error pages show the values of variables
        rich_markup_mode=None,
    )
    for name in groups:
        app.add_typer(import_module(f"bot.cli.{name}").commands)
    return app


def main() -> None:
    """Run the command. A known error is printed in plain words, any other by its class and place only."""
    from bot.cli.console import plain_errors  # noqa: PLC0415 - keep start-up light

    with plain_errors():
        build(groups_named(sys.argv[1:]))()


def groups_named(words: Sequence[str]) -> Sequence[str]:
    """Return the group that the typed words name, or all groups if they name none."""
    return words[:1] if words and words[0] in GROUPS else GROUPS
