"""`earshot stories`: prove what a story may be used for; write one down for somebody beside you. Imports storage."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from bot.app import Base
    from bot.assisted import Sitting
    from flows.effects import Say
    from storage.proof import Decided, Proof
    from storage.queries.team import Member

commands = typer.Typer(name="stories", help="Look after single stories.", no_args_is_help=True)

ALOUD = """\
Read each question aloud, word for word, with all the answers. Wait. Type what the person says, not what you think.
A person may say no to anything; thank them just the same. They can stop at any time: type STOP.
To leave, press Ctrl-D. Nothing is kept before they say so."""


@commands.callback()
def group() -> None:
    """Look after single stories."""


@commands.command()
def proof(
    which: Annotated[
        str,
        typer.Argument(
            metavar="STORY", help="The story's number, such as 12; or a row of an export, such as 3:0f9a… (export:row)."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the records of ISO/IEC TS 27560, with receipts, as JSON.")
    ] = False,
) -> None:
    """Show what was asked and answered for a story, and whether every use since was within it."""
    from bot.app import laid  # noqa: PLC0415 - keep start-up light
    from bot.cli.say import FAILED, console, read_settings  # noqa: PLC0415
    from storage import proof as proofs  # noqa: PLC0415
    from storage.database import reader  # noqa: PLC0415
    from storage.queries import team  # noqa: PLC0415

    export, _, row = which.strip().rpartition(":")
    if not (row.isdecimal() if not export else export.isdecimal() and row):
        raise typer.BadParameter(f"{which} is neither a story's number nor a row of an export, such as 3:0f9a…")
    out = console()
    with laid(read_settings()) as base:
        try:
            with reader(base.engine) as connection:
                story = proofs.story_of_row(connection, int(export), row) if export else int(row)
                shown = proofs.of_story(connection, story)
        except proofs.NoSuchStoryError as error:
            console(error=True).print(f"[red]×[/red] {error}")
            raise typer.Exit(FAILED) from None
        base.writer.run(
            partial(
                team.record, at=base.clock(), who="command line", act="story.proved", object_kind="story",
                object_id=story,
            )
        )  # fmt: skip
        out.print(_as_json(shown, base) if as_json else _as_text(shown, base), markup=False)
    if not shown.within:
        raise typer.Exit(FAILED)


def _as_json(shown: Proof, base: Base) -> str:
    from storage.consent_record import receipt, record  # noqa: PLC0415 - keep start-up light

    now = base.clock()
    whole = {
        "story": shown.story_id,
        "exists": shown.exists,
        "taken_back_at": shown.taken_back_at.isoformat() if shown.taken_back_at else None,
        "records": [record(decided, now) for decided in shown.decisions],
        "receipts": [receipt(decided, now) for decided in shown.decisions],
        "uses": [
            {
                "export": used.export_id, "row": used.row, "at": used.at.isoformat(), "who": used.who, "use": used.use,
                "format": used.format, "consent_then": used.allowed, "within": used.within,
            }
            for used in shown.uses
        ],
        "every_use_within_consent": shown.within,
    }  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=2)


def _as_text(shown: Proof, base: Base) -> str:
    zone = base.settings.timezone
    head = f"Story {shown.story_id}"
    if shown.taken_back_at is not None:
        head += f", taken back on {shown.taken_back_at.astimezone(zone):%d %b %Y at %H:%M}"
    elif not shown.exists:
        head += ", no longer held"
    lines = [head, ""]
    for number, decided in enumerate(shown.decisions, start=1):
        lines += [*_decision_lines(number, decided, base), ""]
    if not shown.decisions:
        lines += ["No decision is on record for it.", ""]
    for used in shown.uses:
        fits = "within the consent of that moment" if used.within else "NOT within the consent of that moment"
        lines.append(
            f"Export {used.export_id}, row {used.row}: {used.at.astimezone(zone):%d %b %Y at %H:%M}, by {used.who},"
            f" for use {used.use} ({used.format}). Consent then: {used.allowed}. {fits.capitalize()}."
        )
    if not shown.uses:
        lines.append("It has not left in any export.")
    else:
        lines.append("Every use was within consent." if shown.within else "SOME USE WAS NOT WITHIN CONSENT. See above.")
    return "\n".join(lines)


def _decision_lines(number: int, decided: Decided, base: Base) -> list[str]:
    from storage.consent_record import state_of  # noqa: PLC0415 - keep start-up light

    zone = base.settings.timezone
    until = f", valid until {decided.valid_until.astimezone(zone):%d %b %Y}" if decided.valid_until else ""
    state = state_of(decided, base.clock())
    reply = f"“{decided.literal}”" if decided.literal else "(words gone with the person or the story)"
    replied = f"Replied {reply} on {decided.decided_at.astimezone(zone):%d %b %Y at %H:%M:%S %Z}, by {decided.channel}"
    shown = f"Shown, text version {decided.version} of flow {decided.flow}, release {decided.release[:12]}"
    lines = [
        f"{number}. {decided.purpose}: {decided.answer}{until}. Now: {state}.",
        f"   {replied}, in {decided.language}, as {decided.principal or 'somebody who has been erased'}.",
        f"   {shown}, notice {decided.notice_digest[:12] or 'none'}:",
        *(f"   │ {line}".rstrip() for line in decided.text.splitlines()),
    ]
    if decided.assisted_by:
        aloud = "read aloud" if decided.read_aloud else "not read aloud"
        lines.insert(2, f"   Written down by {decided.assisted_by} at {decided.assisted_where}, {aloud}.")
    return lines


@commands.command()
def assist(
    worker: Annotated[str, typer.Option(help="The email address of the worker who writes.", show_default=False)],
    where: Annotated[str, typer.Option(help="Where you sit together, such as Glenboig library.", show_default=False)],
    read_aloud: Annotated[
        bool, typer.Option("--read-aloud", help="Say that the worker reads every question aloud.")
    ] = False,
    flow: Annotated[str, typer.Option(help="The flow; the first one if left out.")] = "",
) -> None:
    """Write down what somebody beside you tells, with their consent. Only with --read-aloud."""
    from bot.app import keep_notice, laid  # noqa: PLC0415 - keep start-up light
    from bot.assisted import Sitting  # noqa: PLC0415
    from bot.cli.say import FAILED, console, read_settings  # noqa: PLC0415
    from bot.house import house  # noqa: PLC0415
    from bot.occasion import Means  # noqa: PLC0415
    from bot.releases import Releases  # noqa: PLC0415
    from storage.places import Resolver  # noqa: PLC0415
    from storage.queries.stories import Assisted  # noqa: PLC0415

    out = console()
    if not read_aloud:
        console(error=True).print(
            "[red]×[/red] Nobody can agree to what they have not heard. Read every question aloud, and say so with"
            " --read-aloud. Nothing was begun."
        )
        raise typer.Exit(FAILED)
    if not where.strip():
        raise typer.BadParameter("say where you sit together", param_hint="--where")
    settings = read_settings()
    releases = Releases.compile(house(settings), settings.default_flow, settings.flow_folders, settings.text_folders)
    with laid(settings) as base:
        member = _member(base, worker)
        if member is None:
            console(error=True).print(
                "[red]×[/red] Nobody with this address is on the team, or they have left. Nothing was begun."
            )
            raise typer.Exit(FAILED)
        base.writer.run(partial(releases.publish, now=base.clock()))
        means = Means(
            keyring=base.keyring, releases=releases, resolver=Resolver(countries=(settings.country,)),
            languages=settings.languages, notice=keep_notice(base), staffed=settings.staffed_hours,
        )  # fmt: skip
        sitting = Sitting(
            writer=base.writer, means=means, assisted=Assisted(member.id, where.strip()), clock=base.clock
        )
        out.print(ALOUD, markup=False)
        _listen(out, sitting.begin(flow), sitting)


def _listen(out: Console, asked: list[Say], sitting: Sitting) -> None:
    _show(out, asked)
    while not sitting.over:
        try:
            answer = out.input("> ")
        except (EOFError, KeyboardInterrupt):
            out.print("\nLeft. What was not kept is let go in time.")
            return
        if answer.strip():
            _show(out, sitting.say(answer))
    conversation = sitting.conversation
    if conversation is not None and conversation.kept:
        out.print(
            f"\nWrite these three words on a card for the person: {conversation.receipt}\n"
            "With them they can come back by their own phone, to add to it, narrow it or take it back.",
            markup=False,
        )


def _show(out: Console, asked: list[Say]) -> None:
    from flows.messages import sms_text  # noqa: PLC0415 - keep start-up light

    for say in asked:
        out.print()
        for line in sms_text(say).splitlines():
            out.print(f"  {line}".rstrip(), markup=False)


def _member(base: Base, worker: str) -> Member | None:
    from review.auth import email_of  # noqa: PLC0415 - keep start-up light
    from storage.database import reader  # noqa: PLC0415
    from storage.queries import team  # noqa: PLC0415

    with reader(base.engine) as connection:
        member = team.member_by_email(connection, email_of(worker))
    return member if member is not None and member.active else None
