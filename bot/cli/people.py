"""`earshot people`: find one person, give them their data, delete it, note what they ask.

Looking somebody up reveals who they are, so each of these commands asks for a reason and is recorded in the audit log.
A number is never printed back. Leave it out of the command and it is asked for, so that it does not stay in the shell's
history.
"""

from __future__ import annotations

import io
import os
import zipfile
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy.engine import Connection

    from bot.settings.open_database import OpenDatabase
    from storage.privacy.subject_file import PersonFile
    from storage.queries.contributors.find_person import PersonHit
    from storage.queries.stories.exports_made import Recall

commands = typer.Typer(name="people", help="Answer a person who asks about their data.", no_args_is_help=True)


class LookUpReason(StrEnum):
    """Why somebody is looked up. A fixed list, not free text: it stays in the audit log for ever, and names nobody."""

    asked = "asked"
    complaint = "complaint"
    safeguarding = "safeguarding"
    law = "law"
    repair = "repair"
    practice = "practice"


Who = Annotated[
    str,
    typer.Argument(
        help="A number, @ and a Telegram chat id, a pseudonym such as Heron 4821, or the three words of a receipt."
        " Left out, it is asked for.",
        show_default=False,
    ),
]
Reason = Annotated[
    LookUpReason,
    typer.Option(
        "--reason",
        help="Why: asked (by the person), complaint, safeguarding, law (a court or an authority), repair, practice.",
        show_default=False,
    ),
]


class LookUp(NamedTuple):
    """The result of looking somebody up."""

    hits: list[PersonHit]
    missing: str
    """The message to print if nobody was found."""


@commands.callback()
def group() -> None:
    """Answer a person who asks about their data."""


@commands.command()
def find(who: Who = "", *, reason: Reason) -> None:
    """Say under which pseudonym we know somebody and how much is held. The look-up is recorded."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.privacy.subject_file import about  # noqa: PLC0415

    wanted = who or _ask()
    with opened_database(installed_settings()) as base:
        hit = _find_one(base, wanted, "person.found", reason)
        with reader(base.engine) as connection:
            file = about(connection, base.keyring, hit.contributor_id, base.clock())
    _describe(console(), file)


@commands.command()
def export(
    who: Who = "",
    *,
    out: Annotated[
        Path, typer.Option(help="The file to write: .zip holds both, .json and .txt one of them.", show_default=False)
    ],
    reason: Reason,
) -> None:
    """Write everything held about somebody to a file for them. Nobody else's data is in it. The export is recorded."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.privacy.subject_file import about  # noqa: PLC0415

    if out.exists():
        console(error=True).print(f"[red]×[/red] {out} is there already. Nothing was written; choose another name.")
        raise typer.Exit(FAILED)
    wanted = who or _ask()
    with opened_database(installed_settings()) as base:
        hit = _find_one(base, wanted, "person.exported", reason)
        with reader(base.engine) as connection:
            file = about(connection, base.keyring, hit.contributor_id, base.clock())
    write(file, out)
    terminal = console()
    terminal.print(f"{out} holds everything about {file.pseudonym}. Only you can read it.", markup=False)
    terminal.print("Give it to the person in a safe way, then delete it here.")


@commands.command()
def erase(
    who: Who = "",
    *,
    reason: Reason,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the pseudonym.")] = False,
) -> None:
    """Delete a person and everything of theirs, at once. It cannot be undone. The deletion is recorded."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.privacy.subject_file import about  # noqa: PLC0415
    from storage.privacy.vacuum import vacuum  # noqa: PLC0415
    from storage.queries.stories import exports_made  # noqa: PLC0415

    settings = installed_settings()
    wanted = who or _ask()
    out = console()
    with opened_database(settings) as base:
        hit = _find_one(base, wanted, "person.found", reason)
        with reader(base.engine) as connection:
            file = about(connection, base.keyring, hit.contributor_id, base.clock())
            stories = [row["id"] for row in file.held["stories"]]
            held_in = exports_made.recalls(connection, story_ids=stories) if stories else []
        _describe(out, file)
        if not yes:
            typed = typer.prompt(f"Type {hit.pseudonym} to delete all of this for ever")
            if " ".join(typed.split()).casefold() != hit.pseudonym.casefold():
                out.print("[red]×[/red] That is not the pseudonym. Nothing was deleted.")
                raise typer.Exit(FAILED)
        base.writer.run(partial(_erase, hit=hit, reason=reason, now=base.clock()))
        clean = vacuum(base.engine, base.writer, settings.data_dir, base.clock(), patient=False).clean
    out.print(f"{hit.pseudonym} is deleted, with everything above.", markup=False)
    if not clean:
        out.print("The database is in use just now: the service cleans the last bytes out within the hour.")
    out.print(STAYS)
    for recall in held_in:
        out.print(recall_sentence(recall), markup=False)
    if held_in:
        out.print("Tell whoever has these files to delete those rows. All such exports: earshot export recalls")


STAYS = (
    "What stays: a token that only the key could turn back into a number, so nobody writes to them again; the dates"
    " and answers of consent, without the person and their words; counts and times of what the team did.\n"
    "Backups made before now still hold them until they are thrown away; a restore deletes them again."
)


@commands.command()
def request(
    kind: Annotated[RequestKind, typer.Argument(help="access, erasure, correction, objection or complaint.")],
    *,
    who: Annotated[
        str, typer.Option(help="The person, written as for find. Leave it out if you do not know.", show_default=False)
    ] = "",
    came: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day it came, such as 2026-11-20; today if left out."),
    ] = None,
) -> None:
    """Record a request or a complaint that came by letter, phone or in person. Its month starts on the day it came."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.queries.team import members, requests  # noqa: PLC0415

    settings = installed_settings()
    out = console()
    with opened_database(settings) as base:
        now = base.clock()
        opened = now if came is None else min(now, came.replace(tzinfo=settings.timezone).astimezone(UTC))
        if came is not None and came.replace(tzinfo=settings.timezone).astimezone(UTC) > now:
            out.print("[red]×[/red] That day is still to come. Nothing was noted.")
            raise typer.Exit(FAILED)
        hit = _find_one(base, who, "person.found", LookUpReason.asked) if who else None
        said = typer.prompt("What do they ask for, in a sentence or two (it is locked)", default="", show_default=False)
        reach = typer.prompt("How do we answer them (it is locked)", default="", show_default=False)

        def work(connection: Connection) -> requests.Filed:
            filed = requests.open_request(
                connection, base.keyring, kind=kind, origin=RequestOrigin.TEAM, now=opened, said=said.strip(),
                reach=reach.strip(), contributor_id=hit.contributor_id if hit else None,
            )  # fmt: skip
            members.record(
                connection, at=now, who="command line", act="request.opened", object_kind="request",
                object_id=filed.id, detail=kind,
            )  # fmt: skip
            return filed

        filed = base.writer.run(work)
    what = "Say that you have it by" if kind is RequestKind.COMPLAINT else "Answer it by"
    day, aim = (_day(at.astimezone(settings.timezone)) for at in (filed.due_at, filed.target_at))
    out.print(f"{filed.reference} is noted. {what} {day}; our own aim is {aim}.", markup=False)
    out.print(f"It is on {settings.public_url}/requests", markup=False)


def write(file: PersonFile, out: Path) -> None:
    """Write a person's data in the format of the suffix, readable by its owner only. Raises OSError if it exists."""
    if out.suffix == ".json":
        content = file.to_json().encode()
    elif out.suffix == ".txt":
        content = file.to_text().encode()
    else:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("what-we-hold.txt", file.to_text())
            archive.writestr("what-we-hold.json", file.to_json())
        content = held.getvalue()
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(content)


def recall_sentence(recall: Recall) -> str:
    """Return one line that names an export and its rows that were taken back or narrowed."""
    rows = ", ".join((*recall.gone, *recall.narrowed))
    return f"Export {recall.id} of {_day(recall.at)} ({recall.use}, {recall.format}, by {recall.who}): rows {rows}"


def _ask() -> str:
    return str(typer.prompt("Who"))


def _find_one(base: OpenDatabase, wanted: str, act: str, reason: LookUpReason) -> PersonHit:
    """Find one person, and record the look-up before anything is shown. Exits unless exactly one person fits."""
    from bot.cli.console import FAILED, console  # noqa: PLC0415
    from storage.queries.team import members  # noqa: PLC0415

    looked = _look_up(base, wanted)
    found = looked.hits[0].contributor_id if len(looked.hits) == 1 else ""
    base.writer.run(
        partial(
            members.record, at=base.clock(), who="command line", act=act, object_kind="contributor", object_id=found,
            detail=reason.value,
        )
    )  # fmt: skip
    out = console(error=True)
    if not looked.hits:
        out.print(f"[red]×[/red] {looked.missing}")
        raise typer.Exit(FAILED)
    if len(looked.hits) > 1:
        out.print("[red]×[/red] This fits more than one person. Ask for something else, then give the pseudonym:")
        for hit in looked.hits:
            out.print(f"  {hit.pseudonym}", markup=False)
        raise typer.Exit(FAILED)
    return looked.hits[0]


def _look_up(base: OpenDatabase, wanted: str) -> LookUp:
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.queries.contributors import find_person  # noqa: PLC0415

    text = wanted.strip()
    with reader(base.engine) as connection:
        if find_person.is_pseudonym(text):
            return LookUp(find_person.by_pseudonym(connection, text), "Nobody has this pseudonym. Was it deleted?")
        if find_person.is_receipt(text):
            missing = "No story has this receipt. Check the three words; a story that was taken back has none."
            return LookUp(find_person.by_receipt(connection, base.keyring, text), missing)
        places = addresses(text, base.settings.country)
        if not places:
            missing = (
                "This is neither a number, nor @ and a chat id, nor a pseudonym such as Heron 4821,"
                " nor the three words of a receipt."
            )
            return LookUp([], missing)
        hits = {hit for place in places for hit in find_person.by_address(connection, base.keyring, *place)}
        left = [at for place in places if (at := find_person.erased_at(connection, base.keyring, *place))]
    if left:
        gone = (
            f"Nobody with it is known any more: what was held was deleted on {_day(max(left))}. Only a token is left."
        )
        return LookUp(sorted(hits), gone)
    return LookUp(
        sorted(hits), "Nobody with it has ever written to us, or they were deleted long ago. Nothing is held."
    )


def addresses(text: str, country: str) -> list[tuple[str, str]]:
    """Return the (channel, address) pairs that a text may mean: a number as people write it, or @ and a chat id."""
    import phonenumbers  # noqa: PLC0415 - keep start-up light

    if text.startswith("@"):
        return [("telegram", text[1:].strip())] if text[1:].strip().lstrip("-").isdigit() else []
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return []
    if not phonenumbers.is_possible_number(number):
        return []
    return [("sms", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))]


def _erase(connection: Connection, hit: PersonHit, reason: LookUpReason, now: datetime) -> None:
    from storage.protection.erasure import erase_contributor  # noqa: PLC0415
    from storage.queries.team import members  # noqa: PLC0415

    erase_contributor(connection, hit.contributor_id, now)
    members.record(
        connection, at=now, who="command line", act="person.erased", object_kind="contributor",
        object_id=hit.contributor_id, detail=reason.value,
    )  # fmt: skip


def _describe(out: Console, file: PersonFile) -> None:
    out.print(f"{file.pseudonym}. Held:", markup=False)
    for name, count in file.counts().items():
        if count and name != "person":
            out.print(f"  {count} {name.replace('_', ' ')}", markup=False)


def _day(at: datetime) -> str:
    return f"{at.day} " + at.strftime("%B %Y")
