"""`earshot team`: who may sign in, with which role, and API tokens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.cli.on_call import oncall
from flows.model.vocabulary.item_kinds import Role

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.settings.open_database import OpenDatabase
    from storage.queries.team.members import Member

commands = typer.Typer(name="team", help="Add, remove and sign out members of your team.", no_args_is_help=True)
commands.command()(oncall)

Email = Annotated[str, typer.Argument(help="Their email address; they sign in with it.")]


@commands.command()
def add(
    email: Email,
    role: Annotated[str, typer.Option(help="lead, reviewer, outreach or safeguarding.")] = Role.REVIEWER.value,
) -> None:
    """Add somebody, or give them another role, and print a link for choosing a password."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from review.kit.accounts import make_link  # noqa: PLC0415
    from review.kit.end_membership import LastLeadError  # noqa: PLC0415

    settings = installed_settings(makes=True)
    with opened_database(settings) as base:
        try:
            token = make_link(base.writer, email, role, now=base.clock())
        except LastLeadError as error:
            _fail(str(error))
    out = console()
    out.print(f"Give this link to {email}. It works once, for 48 hours:", markup=False)
    out.print(f"{settings.public_url}/join/{token}", markup=False)


@commands.command()
def remove(email: Email) -> None:
    """Remove somebody: their sessions, links and tokens end at once. What they did keeps their name."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from review.kit import end_membership  # noqa: PLC0415

    with opened_database(installed_settings()) as base:
        try:
            left = end_membership.remove_member(
                base.writer, _member(base, email).id, now=base.clock(), who="command line"
            )
        except ValueError as error:
            _fail(str(error))
    out = console()
    out.print(f"{left.member.email} is removed: their sessions, links and tokens have ended.", markup=False)
    if left.handed_back:
        out.print(f"What they had taken is open again: {left.handed_back} on the safeguarding page.", markup=False)
    if left.was_on_call:
        out.print(
            "They are off call."
            if left.on_call_left
            else "They are off call, and nobody else is on it: earshot team oncall",
            markup=False,
        )


@commands.command("sign-out")
def sign_out(email: Email) -> None:
    """End all sessions of somebody, for example after a lost laptop. Their password still works."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from review.kit import end_membership  # noqa: PLC0415

    with opened_database(installed_settings()) as base:
        try:
            ended = end_membership.sign_out_everywhere(
                base.writer, _member(base, email).id, now=base.clock(), who="command line"
            )
        except ValueError as error:
            _fail(str(error))
    console().print(f"Signed out of {ended} {'browser' if ended == 1 else 'browsers'}.", markup=False)


@commands.command("list")
def list_() -> None:
    """List who is on the team, and who has left."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.queries.team import members as team  # noqa: PLC0415

    with opened_database(installed_settings()) as base:
        members = base.writer.run(team.all_members)
    out = console()
    for one in members:
        standing = "left" if not one.active else one.role if one.password_hash else f"{one.role}, no password yet"
        out.print(f"{one.email}  {standing}", markup=False)
    if not members:
        out.print("Nobody is on the team yet. earshot serve prints a link for the first lead.", markup=False)


@commands.command()
def token(email: Email) -> None:
    """Make a token for the team's API. It is shown once. Earlier tokens of this member stop working."""
    from secrets import token_urlsafe  # noqa: PLC0415 - keep start-up light

    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415
    from review.kit.accounts import digest, email_of  # noqa: PLC0415
    from storage.queries.team import api_tokens  # noqa: PLC0415
    from storage.queries.team import members as team  # noqa: PLC0415

    address, made = email_of(email), token_urlsafe(32)
    with opened_database(installed_settings()) as base:
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
        _fail("Nobody with this address is on the team. Add them first.")
    console().print(made, markup=False)


def _member(base: OpenDatabase, email: str) -> Member:
    """Return the active member with this address. Raises NotOnTheTeamError and NotAnEmailError."""
    from review.kit.accounts import email_of  # noqa: PLC0415
    from review.kit.end_membership import NotOnTheTeamError  # noqa: PLC0415
    from storage.queries.team import members as team  # noqa: PLC0415

    found = base.writer.run(partial(team.member_by_email, email=email_of(email)))
    if found is None or not found.active:
        raise NotOnTheTeamError
    return found


def _fail(words: str) -> NoReturn:
    from bot.cli.console import FAILED, console  # noqa: PLC0415

    console(error=True).print(f"[red]×[/red] {words}")
    raise typer.Exit(FAILED)
