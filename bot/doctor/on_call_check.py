"""Checks of the members who are alerted when somebody may need help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.finding import CheckContext, DoctorFinding
from flows.model.vocabulary.delivery import AddressState
from storage.db.engine import reader
from storage.queries.team import on_call, safeguarding_items

if TYPE_CHECKING:
    from collections.abc import Iterator


def on_call_contacts(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check that an alert about somebody who may need help reaches a member of the team (rule 79)."""
    if context.engine is None:
        return
    settings = context.settings
    with reader(context.engine) as connection:
        open_now = safeguarding_items.count_open(connection, context.now)
        contacts = on_call.contacts(connection)
        missed = [
            contact.email
            for contact in contacts
            if contact.missed_at is not None
            and contact.address_id is not None
            and not on_call.reached_since(connection, contact.address_id, contact.missed_at)
        ]
    if open_now.overdue:
        yield DoctorFinding(
            "wrong", f"{open_now.overdue} safeguarding items are overdue: nobody has looked.",
            f"Sign in now: {settings.public_url}/safeguarding",
        )  # fmt: skip
    if not any(contact.reachable for contact in contacts):
        real = settings.sms_on or settings.telegram_on or open_now.open
        yield DoctorFinding(
            "wrong" if real else "warn",
            "Nobody is on call: if somebody may need help, no alert goes to anybody.",
            "Run: earshot team oncall EMAIL --position 1",
        )
    elif not any(contact.reachable and contact.position > 1 for contact in contacts):
        yield DoctorFinding(
            "warn", "There is no second contact: when the first does not look, nobody else is told.",
            "Run: earshot team oncall EMAIL --position 2",
        )  # fmt: skip
    for contact in contacts:
        if not contact.active:
            yield DoctorFinding(
                "warn", f"{contact.email} is on call and has left the team.",
                f"Run: earshot team oncall {contact.email} --off",
            )  # fmt: skip
        elif contact.state is None:
            yield DoctorFinding(
                "warn", f"{contact.email} is on call and has linked no phone.",
                f"Run: earshot team oncall {contact.email} --position {contact.position}",
            )  # fmt: skip
        elif contact.state != AddressState.REACHABLE:
            yield DoctorFinding(
                "wrong", f"Alerts to {contact.email} have stopped: that phone said STOP, blocked us or is gone.",
                "Let them text START to us, or link another phone.",
            )  # fmt: skip
    for email in missed:
        yield DoctorFinding(
            "wrong", f"The last alert to {email} could not be delivered.",
            f"Try it: earshot team oncall {email} --test",
        )  # fmt: skip
    if contacts and not missed and all(contact.reachable for contact in contacts) and not open_now.overdue:
        yield DoctorFinding("good", "Somebody is on call.", "")
