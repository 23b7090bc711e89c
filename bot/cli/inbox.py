"""`earshot inbox`: the team's open items, and messages that failed. Nobody's words are shown here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.settings.environment import Settings
    from storage.queries.team.team_items import ItemLine

commands = typer.Typer(name="inbox", help="The team's open items, and messages that failed.", no_args_is_help=True)
Outcome = Literal["closed", "nobody", "not theirs", "unknown", "before"]
SAID: dict[Outcome, str] = {
    "nobody": "Nobody with this address is on the team.",
    "not theirs": "This is not their work: only a lead, or somebody in the role that the list names, closes it.",
    "unknown": "There is no item with this number. See: earshot inbox items",
    "before": "It was closed before.",
}


@commands.command()
def items(
    close: Annotated[
        int | None, typer.Option(help="Close the item with this number.", min=1, show_default=False)
    ] = None,
    by: Annotated[str, typer.Option(help="Email of whoever closes it.", show_default=False)] = "",
    note: Annotated[str, typer.Option(help="What colleagues should know: no names, no numbers.")] = "",
) -> None:
    """List the items that nobody has closed, oldest first; or close one in a member's name."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from flows.model.vocabulary.item_kinds import ItemKind  # noqa: PLC0415
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.queries.team import team_items  # noqa: PLC0415

    if (close is None) != (not by):
        raise typer.BadParameter("--close NUMBER and --by EMAIL belong together.")
    if len(note) > team_items.LONGEST_NOTE:
        raise typer.BadParameter(f"A note has at most {team_items.LONGEST_NOTE} letters.")
    settings = installed_settings()
    with opened_database(settings) as base:
        if close is not None:
            outcome = base.writer.run(partial(_close, number=close, by=by, note=note, now=base.clock()))
            if outcome != "closed":
                console(error=True).print(f"[red]×[/red] {SAID[outcome]}")
                raise typer.Exit(FAILED)
            console().print(f"Item {close} is closed.")
            return
        with reader(base.engine) as connection:
            lines = team_items.open_items(connection, tuple(ItemKind))
            open_now = sum(team_items.count_items(connection).values())
    _print(lines, open_now, settings)


def _print(lines: list[ItemLine], open_now: int, settings: Settings) -> None:
    from rich.table import Table  # noqa: PLC0415 - keep start-up light

    from bot.cli.console import console  # noqa: PLC0415
    from review.kit.labels import ROLES, label  # noqa: PLC0415

    out = console()
    if not lines:
        out.print("Nothing is open.")
        return
    table = Table("number", "since", "what", "who", "whose work", "story", box=None)
    for line in lines:
        since = line.raised_at.astimezone(settings.timezone).strftime("%d %b %Y %H:%M")
        story = str(line.story_id or "")
        table.add_row(str(line.id), since, line.kind.label, line.pseudonym, label(ROLES, line.kind.role), story)
    out.print(table)
    for kind in dict.fromkeys(line.kind for line in lines):
        out.print(f"{kind.label}: {kind.advice}", markup=False)
    if open_now > len(lines):
        out.print(f"{open_now - len(lines)} more are not shown.")
    out.print("Close one with: earshot inbox items --close NUMBER --by EMAIL")


def _close(connection: Connection, *, number: int, by: str, note: str, now: datetime) -> Outcome:
    from flows.model.vocabulary.item_kinds import ItemKind, kinds_for  # noqa: PLC0415 - keep start-up light
    from review.kit.accounts import email_of  # noqa: PLC0415
    from storage.queries.team import members, team_items  # noqa: PLC0415

    member = members.member_by_email(connection, email_of(by))
    if member is None or not member.active:
        return "nobody"
    item = team_items.one_item(connection, number, tuple(ItemKind))
    if item is None:
        return "unknown"
    if item.kind not in kinds_for(member.role):
        return "not theirs"
    if not team_items.close_item(connection, number, by=member.id, note=note.strip(), now=now):
        return "before"
    members.record(
        connection,
        at=now,
        who=member.email,
        act="item.closed",
        object_kind="team_item",
        object_id=number,
        detail=item.kind.value,
    )
    return "closed"


@commands.command("list")
def list_events() -> None:
    """List the messages that failed and wait for another try: when they came, by which channel, what went wrong."""
    from rich.table import Table  # noqa: PLC0415 - keep start-up light

    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.queries.conversations import failed_events  # noqa: PLC0415

    settings = installed_settings()
    table = Table("number", "came", "channel", "state", "error", "tries", box=None)
    with opened_database(settings) as base, reader(base.engine) as connection:
        after = 0
        while events := failed_events.unhandled(connection, after=after):
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
        list[int] | None, typer.Argument(help="Their numbers. If left out: all.", show_default=False)
    ] = None,
) -> None:
    """Try failed messages again. No message takes effect twice."""
    import asyncio  # noqa: PLC0415 - keep start-up light

    from bot.app import build  # noqa: PLC0415
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415

    app = build(installed_settings())
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
