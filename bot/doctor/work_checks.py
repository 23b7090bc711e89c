"""Checks of what waits for the team: messages, deletions, requests, quiet contacts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.doctor.finding import CheckContext, DoctorFinding, day_in_words
from storage.db.engine import reader
from storage.privacy import vacuum
from storage.privacy.retained_kinds import leaving
from storage.queries.conversations import failed_events
from storage.queries.delivery import outbox
from storage.queries.team import requests, team_items
from storage.upkeep.backup import BEFORE

if TYPE_CHECKING:
    from collections.abc import Iterator


UNCLEAN = timedelta(days=1)
SOON = timedelta(days=7)
"""A request is named this long before it is due."""


def waiting(context: CheckContext) -> Iterator[DoctorFinding]:
    """Count messages that failed, that cannot arrive, or that may or may not have arrived."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        failed = failed_events.count_unhandled(connection)
        counts = outbox.backlog(connection)
        never = team_items.people_not_reached(connection)
    if never:
        yield DoctorFinding(
            "warn",
            f"{never} {'person' if never == 1 else 'people'} will never get a message that was meant for them.",
            "The log says why, at “send failed”. If they should hear from you, write to them yourselves.",
        )
    if failed:
        yield DoctorFinding("warn", f"{failed} messages could not be handled.", "Look at them: earshot inbox list")
    if counts["unknown"]:
        yield DoctorFinding(
            "warn",
            f"Nobody knows whether {counts['unknown']} messages arrived.",
            "They are looked up at the provider where that can be done, and never sent twice blindly.",
        )
    if not failed and not counts["unknown"] and not never:
        yield DoctorFinding("good", "Every message was handled.")


def erasures(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check whether deleted content still waits to be cleaned out of free pages and logs, and of an old copy."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        since = vacuum.unclean(connection)
    if since is not None and context.now - since > UNCLEAN:
        yield DoctorFinding(
            "warn",
            f"Words deleted on {day_in_words(since.date())} are still in free pages of the database.",
            "Let earshot serve run; it cleans them out. On PostgreSQL look for a transaction that never ends.",
        )
    elif since is None:
        yield DoctorFinding("good", "What was deleted is gone from the database's files as well.")
    if context.engine.dialect.name == "sqlite":
        file = Path(context.settings.database_url.removeprefix("sqlite:///"))
        for left in sorted(file.parent.glob(f"{file.name}{BEFORE}*")):
            yield DoctorFinding(
                "warn", f"{left} still holds what was there before a restore.", "Delete it once you are sure."
            )


def requests_due(context: CheckContext) -> Iterator[DoctorFinding]:
    """Name data-protection requests and complaints that are due soon (rules 59 and 66)."""
    if context.engine is None:
        return
    with reader(context.engine) as connection:
        waiting = [one for one in requests.open_requests(connection) if one.waits_for]
        rushed = len(requests.rushed_requests(connection))
    page = f"{context.settings.public_url}/requests"
    for one in waiting:
        what = "must be told that we have it" if one.waits_for == "acknowledge" else "must be answered"
        if one.overdue(context.now):
            yield DoctorFinding(
                "wrong", f"{one.reference} ({one.kind}) {what} by {day_in_words(one.due_at.date())}: overdue.", page
            )
        elif one.due_at - context.now < SOON:
            yield DoctorFinding(
                "warn", f"{one.reference} ({one.kind}) {what} by {day_in_words(one.due_at.date())}.", page
            )
    if rushed:
        yield DoctorFinding("warn", f"{rushed} complaints came in a rush. Look through them: some may be real.", page)
    if not waiting and not rushed:
        yield DoctorFinding("good", "No request or complaint waits for an answer.")


def contacts_leaving(context: CheckContext) -> Iterator[DoctorFinding]:
    """Name quiet contacts that will be deleted soon."""
    from bot.settings.open_database import periods  # noqa: PLC0415 - that module imports everything

    if context.engine is None:
        return
    with reader(context.engine) as connection:
        groups = leaving(connection, periods(context.settings))
    for group in groups:
        who = "1 quiet contact" if group.people == 1 else f"{group.people} quiet contacts"
        day = day_in_words(group.on.astimezone(context.settings.timezone).date())
        yield DoctorFinding(
            "warn",
            f"{who} will be deleted on {day}.",
            "They have been quiet for too long. A message from them before that day stops it.",
        )
