"""An event on its way in, with what is prepared for it before its transaction, and what is written down of it there.

Never commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bot.channels import is_simulated
from bot.turn.runner import HOUR, MOST_BESIDE
from flows.model.effects import Say
from flows.model.messages import Message
from flows.model.vocabulary.delivery import MessageKind
from storage.protection.crypto import address_lookups, seal_address
from storage.queries.conversations import failed_events
from storage.queries.conversations import turn_queries as store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.channels.channel import Inbound
    from bot.turn.turn_services import TurnServices
    from flows.model.signals import Signal
    from storage.queries.conversations.turn_queries import Person
    from storage.tables.inbound import InboundState

Result = Literal["handled", "duplicate", "stray", "other", "failed"]
"""What became of an event."""


class InboundEvent:
    """One event, sealed, with the signals that the engine is to hear of it."""

    __slots__ = ("inbound", "lookups", "now", "sealed", "services", "signals")

    def __init__(self, inbound: Inbound, services: TurnServices, now: datetime, signals: Sequence[Signal] = ()) -> None:
        self.inbound = inbound
        self.services = services
        self.now = now
        self.signals = signals
        self.lookups = address_lookups(services.keyring, inbound.channel, inbound.address)
        self.sealed = services.keyring.seal("inbound.sealed", inbound.raw)

    def claim(self, connection: Connection, person: Person | None) -> int | None:
        """Take the event for a person who is held until the commit; None if it was handled before."""
        return store.claim(
            connection,
            channel=self.inbound.channel,
            provider_id=self.inbound.provider_id,
            received_at=self.now,
            sealed=self.sealed,
            contributor_id=person.contributor_id if person is not None else None,
        )

    def keep(self, connection: Connection, state: InboundState, error: str | None = None) -> int | None:
        """Keep the event sealed, to be handled later; None if it was handled, or kept, before."""
        return failed_events.keep_event(
            connection,
            channel=self.inbound.channel,
            provider_id=self.inbound.provider_id,
            received_at=self.now,
            sealed=self.sealed,
            state=state,
            error=error,
        )

    def meet(self, connection: Connection, inbound_id: int, state: InboundState, source: str | None = None) -> Person:
        """Write down somebody whom we did not know, and that the event is theirs; returns them."""
        person = store.make_person(
            connection,
            channel=self.inbound.channel,
            lookups=self.lookups,
            sealed=seal_address(self.services.keyring, self.inbound.address),
            now=self.now,
            source=self.inbound.entry if source is None else source,
            simulated=is_simulated(self.inbound.channel),
        )
        store.mark_inbound(connection, inbound_id, state=state, contributor_id=person.contributor_id)
        return person

    def answer(self, connection: Connection, person: Person, inbound_id: int, text: str) -> None:
        """Answer without a conversation, unless so many such answers went out that a machine must be at the end."""
        if store.answered_beside(connection, person.address_id, self.now - HOUR) >= MOST_BESIDE:
            return
        store.enqueue(
            connection,
            beside=True,
            address_id=person.address_id,
            contributor_id=person.contributor_id,
            conversation_id=None,
            inbound_id=inbound_id,
            channel=person.channel,
            kind=MessageKind.REPLY,
            payload=Message(say=Say(text=text), thread_id=self.inbound.thread_id).to_json(),
            due_at=self.now,
            now=self.now,
        )
