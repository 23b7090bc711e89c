"""A worker writes for a person who sits beside them: the same flow, on the same engine and database (rule 56).

The person has no address of their own with us, only one of the channel `assisted`, which nothing is ever sent to: what
is said is shown on the worker's screen, to be read aloud. With the three words of the receipt the person can come back
by their own phone.
"""

from __future__ import annotations

from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

from bot.turn.runner import TurnRunner
from bot.turn.turn_services import TurnTrigger
from flows.model.conversation import Status
from flows.model.effects import Begin
from flows.model.signals import Said
from flows.model.vocabulary.delivery import AddressState
from storage.protection.crypto import address_lookups, seal_address
from storage.queries.contributors.consent_decisions import ASSISTED
from storage.queries.conversations import turn_queries as store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.turn.turn_services import TurnServices
    from flows.model.conversation import Conversation
    from flows.model.effects import Say
    from storage.db.writer import Writer
    from storage.queries.contributors.consent_decisions import Assisted
    from storage.queries.contributors.people import Person


class AssistedSession:
    """One person beside one worker, until the conversation is over."""

    def __init__(
        self,
        *,
        writer: Writer,
        services: TurnServices,
        assisted: Assisted,
        clock: Callable[[], datetime],
        language: str = "",
    ) -> None:
        self.writer = writer
        self.services = services
        self.clock = clock
        self._assisted = assisted
        self._language = language
        self._person: Person | None = None
        self.conversation: Conversation | None = None

    def begin(self, flow: str = "") -> list[Say]:
        """Begin a flow, the first one if none is named; returns what to read aloud. Raises NoSuchFlowError."""
        return self.writer.run(partial(self._begin, flow=flow))

    def say(self, text: str) -> list[Say]:
        """Take what the person answered; returns what to read aloud next."""
        return self.writer.run(partial(self._say, text=text))

    @property
    def over(self) -> bool:
        """True once nothing waits for an answer any more."""
        return self.conversation is None or self.conversation.status != Status.OPEN

    def _begin(self, connection: Connection, flow: str) -> list[Say]:
        address = token_hex(16)
        self._person = store.make_person(
            connection,
            channel=ASSISTED,
            lookups=address_lookups(self.services.keyring, ASSISTED, address),
            sealed=seal_address(self.services.keyring, address),
            now=self.clock(),
            source=ASSISTED,
        )
        store.set_address_state(connection, self._person.address_id, AddressState.UNUSABLE, self.clock())
        turn = TurnRunner(connection, self.services, self._person, self._occasion())
        turn.begin(Begin(flow=flow))
        return self._taken(turn)

    def _say(self, connection: Connection, text: str) -> list[Say]:
        if self._person is None:
            raise RuntimeError("begin the conversation first")
        person = store.person_at(connection, self._person.address_id, lock=True)
        if person is None:
            return []  # everything was deleted on the way
        latest = store.latest_conversation(connection, person.contributor_id)
        turn = TurnRunner(connection, self.services, person, self._occasion(), latest)
        turn.hear([Said(text=text, ref=token_hex(8))])
        return self._taken(turn)

    def _taken(self, turn: TurnRunner) -> list[Say]:
        self.conversation = turn.conversation
        return turn.shown

    def _occasion(self) -> TurnTrigger:
        return TurnTrigger(now=self.clock(), look="sms", language_hint=self._language, assisted=self._assisted)
