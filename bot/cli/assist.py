"""`earshot stories assist`: write a story down for somebody who sits beside a worker."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from bot.settings.open_database import OpenDatabase
    from bot.turn.assisted_session import AssistedSession
    from flows.model.effects import Say
    from storage.queries.team.members import Member

ALOUD = """\
Read each question aloud, word for word, with all the answers. Wait. Type what the person says, not what you think.
A person may say no to anything; thank them just the same. They can stop at any time: type STOP.
To leave, press Ctrl-D. Nothing is kept before they say so."""


def assist(
    worker: Annotated[str, typer.Option(help="The email address of the worker who writes.", show_default=False)],
    where: Annotated[str, typer.Option(help="Where you sit together, such as Glenboig library.", show_default=False)],
    read_aloud: Annotated[
        bool, typer.Option("--read-aloud", help="Say that the worker reads every question aloud.")
    ] = False,
    flow: Annotated[str, typer.Option(help="The flow; the first one if left out.")] = "",
) -> None:
    """Write down what somebody beside you tells, with their consent. Needs --read-aloud."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database, store_privacy_facts  # noqa: PLC0415 - keep start-up light
    from bot.settings.organisation import organisation_facts  # noqa: PLC0415
    from bot.turn.assisted_session import AssistedSession  # noqa: PLC0415
    from bot.turn.releases import Releases  # noqa: PLC0415
    from bot.turn.turn_services import TurnServices  # noqa: PLC0415
    from storage.places import Resolver  # noqa: PLC0415
    from storage.queries.contributors.consent_decisions import Assisted  # noqa: PLC0415

    out = console()
    if not read_aloud:
        console(error=True).print(
            "[red]×[/red] Nobody can agree to what they have not heard. Read every question aloud, and say so with"
            " --read-aloud. Nothing was begun."
        )
        raise typer.Exit(FAILED)
    if not where.strip():
        raise typer.BadParameter("say where you sit together", param_hint="--where")
    settings = installed_settings()
    releases = Releases.compile(
        organisation_facts(settings), settings.default_flow, settings.flow_folders, settings.text_folders
    )
    with opened_database(settings) as base:
        member = _member(base, worker)
        if member is None:
            console(error=True).print(
                "[red]×[/red] Nobody with this address is on the team, or they have left. Nothing was begun."
            )
            raise typer.Exit(FAILED)
        base.writer.run(partial(releases.publish, now=base.clock()))
        services = TurnServices(
            keyring=base.keyring, releases=releases, resolver=Resolver(countries=(settings.country,)),
            languages=settings.languages, notice=store_privacy_facts(base), staffed=settings.staffed_hours,
        )  # fmt: skip
        session = AssistedSession(
            writer=base.writer, services=services, assisted=Assisted(member.id, where.strip()), clock=base.clock
        )
        out.print(ALOUD, markup=False)
        _listen(out, session.begin(flow), session)


def _listen(out: Console, asked: list[Say], session: AssistedSession) -> None:
    _show(out, asked)
    while not session.over:
        try:
            answer = out.input("> ")
        except (EOFError, KeyboardInterrupt):
            out.print("\nYou left. What was not kept is deleted after its period.")
            return
        if answer.strip():
            _show(out, session.say(answer))
    conversation = session.conversation
    if conversation is not None and conversation.kept:
        out.print(
            f"\nWrite these three words on a card for the person: {conversation.receipt}\n"
            "With them they can come back by their own phone, to add to it, narrow it or take it back.",
            markup=False,
        )


def _show(out: Console, asked: list[Say]) -> None:
    from flows.model.messages import sms_text  # noqa: PLC0415 - keep start-up light

    for say in asked:
        out.print()
        for line in sms_text(say).splitlines():
            out.print(f"  {line}".rstrip(), markup=False)


def _member(base: OpenDatabase, worker: str) -> Member | None:
    from review.kit.accounts import email_of  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.queries.team import members  # noqa: PLC0415

    with reader(base.engine) as connection:
        member = members.member_by_email(connection, email_of(worker))
    return member if member is not None and member.active else None
