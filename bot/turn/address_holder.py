"""Who it is that writes from an address now: the one who wrote before, or a stranger (design rule 13).

Looked at before anything is heard, so that nothing in a turn has to ask: a stranger has no stories, no questions that
wait, and no name. The three words of a receipt, sent from the address its story was told from, bring its teller back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.model.receipt_words import ends_in_one
from flows.model.receipt_words import read as read_receipt
from flows.model.signals import Said
from storage.protection import receipt_lookup
from storage.queries.conversations import address_holders
from storage.queries.conversations import turn_queries as store
from storage.tables.inbound import InboundState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.turn.turn_services import TurnServices
    from flows.model.signals import Signal
    from storage.queries.conversations.turn_queries import Person


def of_address(
    connection: Connection,
    services: TurnServices,
    person: Person,
    signals: Iterable[Signal],
    inbound_id: int,
    now: datetime,
) -> Person:
    """Return who writes: `person`, a stranger where the address is not surely theirs, or who a receipt shows."""
    found = person
    if not address_holders.opens(person, services.steady, now):
        found = address_holders.part(connection, person, now)
    for signal in signals:
        if isinstance(signal, Said) and ends_in_one(signal.text):
            found = _by_receipt(connection, services, found, signal.text, now)
    if found is not person:
        store.mark_inbound(connection, inbound_id, state=InboundState.HANDLED, contributor_id=found.contributor_id)
    return found


def _by_receipt(connection: Connection, services: TurnServices, person: Person, text: str, now: datetime) -> Person:
    spoken = services.languages
    openings = (services.releases.common("receipt_openings", language=code, look="sms") for code in spoken)
    words = next((words for opening in openings if (words := read_receipt(text, opening))), "")
    before = address_holders.former(connection, person.address_id) if words else []
    if not before or receipt_lookup.locked(connection, person.address_id, now):
        return person
    story = receipt_lookup.find(connection, services.keyring, words)
    teller = next((one for one in before if story is not None and one.contributor_id == story.contributor_id), None)
    return person if teller is None else address_holders.join(connection, person, teller, now)
