"""`earshot stories proof`: what a story may be used for, and whether every use was allowed."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings.open_database import OpenDatabase
    from storage.privacy.proof import DecisionProved, Proof


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
    """Show what was asked and answered for a story, and whether every use since was allowed by it."""
    from bot.cli.console import FAILED, console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from storage.db.engine import reader  # noqa: PLC0415
    from storage.privacy import proof as proofs  # noqa: PLC0415
    from storage.queries.team import members  # noqa: PLC0415

    export, _, row = which.strip().rpartition(":")
    if not (row.isdecimal() if not export else export.isdecimal() and row):
        raise typer.BadParameter(f"{which} is neither a story's number nor a row of an export, such as 3:0f9a…")
    out = console()
    with opened_database(installed_settings()) as base:
        try:
            with reader(base.engine) as connection:
                story = proofs.story_of_row(connection, int(export), row) if export else int(row)
                shown = proofs.of_story(connection, story)
        except proofs.NoSuchStoryError as error:
            console(error=True).print(f"[red]×[/red] {error}")
            raise typer.Exit(FAILED) from None
        base.writer.run(
            partial(
                members.record, at=base.clock(), who="command line", act="story.proved", object_kind="story",
                object_id=story,
            )
        )  # fmt: skip
        out.print(_as_json(shown, base) if as_json else _as_text(shown, base), markup=False)
    if not shown.within:
        raise typer.Exit(FAILED)


def _as_json(shown: Proof, base: OpenDatabase) -> str:
    from storage.privacy.consent_record import receipt, record  # noqa: PLC0415 - keep start-up light

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


def _as_text(shown: Proof, base: OpenDatabase) -> str:
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


def _decision_lines(number: int, decided: DecisionProved, base: OpenDatabase) -> list[str]:
    from storage.privacy.consent_record import state_of  # noqa: PLC0415 - keep start-up light

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
