"""`earshot retention`: deletes what has been kept for its full period; shows counts, never content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from storage.privacy.retention import RetentionReport

commands = typer.Typer(name="retention", help="Delete what has been kept for long enough.", no_args_is_help=True)

WORDS = {
    "raw_events": ("message as it came in", "messages as they came in", "emptied"),
    "sealed_messages": ("message that was put aside", "messages that were put aside", "deleted"),
    "messages": ("record of a message we sent", "records of messages we sent", "deleted"),
    "delivery_events": ("note of a provider about a message", "notes of providers about messages", "deleted"),
    "holder_codes": ("confirmation number sent to a phone", "confirmation numbers sent to phones", "deleted"),
    "receipt_guesses": ("receipt that fitted no story", "receipts that fitted no story", "deleted"),
    "conversations": ("conversation that kept no story", "conversations that kept no story", "deleted"),
    "stories": ("story whose consent has ended", "stories whose consent has ended", "deleted; the decisions stay"),
    "warnings": ("quiet contact", "quiet contacts", "reported to the team: deleted later, unless they write"),
    "contributors": ("quiet contributor without a story", "quiet contributors without a story", "deleted"),
    "contacts": (
        "number or chat of a quiet contributor",
        "numbers or chats of quiet contributors",
        "deleted; their stories stay",
    ),
}
"""Singular, plural, and what happens to it, by field of `RetentionReport`. A person with two addresses counts once."""


@commands.callback()
def group() -> None:
    """Delete what has been kept for long enough."""


@commands.command()
def run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted. Nothing is changed.")
    ] = False,
) -> None:
    """Delete now what has been kept for long enough. The service does this by itself every hour."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database, periods  # noqa: PLC0415 - keep start-up light
    from storage.privacy import retention  # noqa: PLC0415

    settings = installed_settings()
    with opened_database(settings) as base:
        leap = base.time.leap
        gone = retention.run(
            base.engine, base.writer, periods(settings), base.time.surely(), who="command line", dry_run=dry_run
        )
    out = console()
    if leap is not None:
        out.print(f"[yellow]![/yellow] The clock is in doubt: {leap}.", highlight=False)
        out.print("  Only what was over by then is deleted. If the clock is right, say so: earshot clock right")
    for line in sentences(gone, dry_run=dry_run):
        out.print(line, markup=False)
    if gone.stuck:
        out.print(f"{gone.stuck} could not be deleted. Everything else was. Run it again; if they stay, report it.")
        raise typer.Exit(FAILED)


def sentences(gone: RetentionReport, *, dry_run: bool = False) -> list[str]:
    """Return what was, or would be, deleted: one line for each kind."""
    lines = [
        f"{count} {one if count == 1 else many}: {'would be ' if dry_run else ''}{outcome}."
        for name, (one, many, outcome) in WORDS.items()
        if (count := getattr(gone, name))
    ]
    if not lines and not gone.stuck:
        return ["Nothing has been kept for too long."]
    return lines + (["Nothing was changed. Without --dry-run they are deleted."] if dry_run else [])
