"""`earshot team`: who may sign in, and with what. Imports the rules of signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.on_call import oncall

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

commands = typer.Typer(name="team", help="Let people of your team in.", no_args_is_help=True)
commands.command()(oncall)

Email = Annotated[str, typer.Argument(help="Their email address; they sign in with it.")]


@commands.command()
def add(
    email: Email,
    role: Annotated[str, typer.Option(help="lead, reviewer, outreach or safeguarding.")] = "reviewer",
) -> None:
    """Add somebody, or give them another role, and print a link with which they choose a password."""
    from bot.app import laid  # noqa: PLC0415 - keep start-up light
    from bot.cli.say import console, read_settings  # noqa: PLC0415
    from review.auth import make_link  # noqa: PLC0415

    settings = read_settings()
    with laid(settings) as base:
        token = make_link(base.writer, email, role, now=base.clock())
    out = console()
    out.print(f"Give this link to {email}. It works once, for 48 hours:", markup=False)
    out.print(f"{settings.public_url}/join/{token}", markup=False)


@commands.command()
def token(email: Email) -> None:
    """Make a token for the team's API. It is shown once; the ones before it stop working."""
    from secrets import token_urlsafe  # noqa: PLC0415 - keep start-up light

    from bot.app import laid  # noqa: PLC0415
    from bot.cli.say import FAILED, console, read_settings  # noqa: PLC0415
    from review.auth import digest, email_of  # noqa: PLC0415
    from storage.queries import api_tokens, team  # noqa: PLC0415

    address, made = email_of(email), token_urlsafe(32)
    with laid(read_settings()) as base:
        now = base.clock()

        def work(connection: Connection) -> bool:
            member = team.member_by_email(connection, address)
            if member is None or not member.active:
                return False
            api_tokens.replace_token(connection, member_id=member.id, token_hash=digest(made), now=now)
            team.record(
                connection,
                at=now,
                who="command line",
                act="member.token",
                object_kind="team_member",
                object_id=member.id,
            )
            return True

        known = base.writer.run(work)
    if not known:
        console(error=True).print("[red]×[/red] Nobody with this address is on the team. Add them first.")
        raise typer.Exit(FAILED)
    console().print(made, markup=False)
