"""What the handlers of effects see of the turn they run in, and may change: one record, with the turn's transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from storage.queries.contributors.consent_decisions import Circumstances

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.turn.turn_services import TurnServices, TurnTrigger
    from flows.authoring.release import Release
    from flows.model.conversation import Conversation
    from flows.model.signals import Signal
    from storage.queries.conversations.turn_queries import Person, Stored


class HandlerContext(ABC):
    """One turn of one person, between their lock and the commit."""

    release: Release
    conversation: Conversation
    stored: bool
    """True once the conversation has a row."""

    def __init__(self, connection: Connection, services: TurnServices, person: Person, trigger: TurnTrigger) -> None:
        self.connection = connection
        self.services = services
        self.person = person
        self.trigger = trigger
        self.now: datetime = trigger.now
        self.answering: list[int] = []
        """Numbers of the messages that answer what is heard now: they go though all that waited is cancelled."""
        self.aloof = False
        """True: not the conversation that is talked in, so that nothing is asked in it."""
        self.takes_back = False
        """True: what it heard takes back the agreement to its story, and the person is to be asked about that."""
        self.erased = False

    @property
    def circumstances(self) -> Circumstances:
        """Return where, when and under which notice the person decides now."""
        return Circumstances(
            self.conversation, self.release.whole, self.services.notice, self.now, self.trigger.assisted
        )

    def sealed(self, text: str) -> bytes:
        """Return words encrypted as they wait for consent."""
        return self.services.keyring.seal("sealed_message.sealed", text.encode())

    @abstractmethod
    def hear(self, signals: Iterable[Signal]) -> None:
        """Take signals through the engine and carry out what comes of them."""

    @abstractmethod
    def elsewhere(self, stored: Stored) -> HandlerContext:
        """Return a turn of another conversation of this person, in the same transaction."""
