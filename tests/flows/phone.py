"""A contributor's phone for tests: type, press, wait. The simulated phone of the service, with what tests look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bot.simulation.simulation import Simulation
from flows.authoring.loader import load
from flows.authoring.release import Release, compile_release
from flows.authoring.texts import texts_for
from flows.model.effects import KeepStory, RecordConsent, Say
from flows.model.messages import sms_text
from flows.model.organisation_facts import OrganisationFacts
from flows.model.signals import Chose, Edited, PlaceChoice
from storage import tables
from storage.queries.conversations import turn_queries as store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection

    from flows.model.conversation import Conversation
    from flows.model.effects import Effect
    from flows.model.signals import Signal

CONVERSATION = tables.Conversation.__table__
SEALED = tables.SealedMessage.__table__
STORY = tables.Story.__table__

ORGANISATION = OrganisationFacts(
    organisation="Glenboig Listening Project", contact="ring 01236 000000", privacy_url="https://example.org/privacy",
    crisis_line="Samaritans, 116 123", youth_line="Childline, 0800 1111",
)  # fmt: skip
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

GLENBOIG = PlaceChoice(id="geonames:2648523", label="Glenboig, North Lanarkshire", kind="village")


@lru_cache
def releases() -> dict[str, Release]:
    """Compile every shipped flow once, in English."""
    return {flow.id: compile_release(flow, texts_for(flow, {}), ORGANISATION) for flow in load()}


class Phone:
    """One person's phone. `heard` holds what we said since they last did something."""

    def __init__(
        self, flow: str = "share", channel: str = "sms", known: dict[str, Release] | None = None, now: datetime = NOON
    ) -> None:
        self.flow, self.channel, self.known = flow, channel, known or releases()
        self.simulation = Simulation(releases=self.known, flow=flow, channel=channel, now=now)
        self.heard: list[Say] = []
        self._kept: dict[str, KeepStory] = {}

    # --- what they do -------------------------------------------------------------------------------------------

    def say(self, *texts: str) -> str:
        """Type one message after another; returns what came back to the last, as plain text."""
        for text in texts:
            self._done(self.simulation.say(text))
        return self.text

    def press(self, label: str) -> str:
        """Press the newest button with this label."""
        return self._done(self.simulation.press(label))

    def send(self, signal: Signal) -> str:
        """Do something else: what a provider's event is read as."""
        kind = "press" if isinstance(signal, Chose) else "edit" if isinstance(signal, Edited) else "message"
        return self._done(self.simulation.take(signal, kind))

    def wait(self, **time: float) -> str:
        """Let time pass; what falls due on the way happens."""
        return self._done(self.simulation.wait(timedelta(**time)))

    def is_stopped_by_provider(self) -> None:
        """The provider says that they want no more messages; we never saw the STOP."""

        def stop(connection: Connection) -> None:
            person = self.simulation.person(connection)
            assert person is not None
            store.set_address_state(connection, person.address_id, "opted_out", self.now)

        self.simulation.look_up(stop)

    def _done(self, effects: Iterable[Effect]) -> str:
        effects = tuple(effects)
        self.heard = [effect for effect in effects if isinstance(effect, Say)]
        for effect in effects:
            if isinstance(effect, KeepStory):
                self._kept[self.state.id] = effect
        return self.text

    # --- what tests look at -------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What was said last, as one text with options in numbered lines."""
        return "\n\n".join(sms_text(say) for say in self.heard)

    @property
    def now(self) -> datetime:
        return self.simulation.now

    @now.setter
    def now(self, now: datetime) -> None:
        self.simulation.now = now

    @property
    def release(self) -> Release:
        return self.known[self.flow]

    @property
    def state(self) -> Conversation:
        return self.simulation.state

    @property
    def step(self) -> str | None:
        """The step that waits."""
        return self.state.step

    @property
    def effects(self) -> list[Effect]:
        return self.simulation.history

    @property
    def decisions(self) -> list[RecordConsent]:
        return [effect for effect in self.effects if isinstance(effect, RecordConsent)]

    @property
    def sealed(self) -> list[tuple[str, str]]:
        """What is held sealed, as (ref, words)."""
        rows = self.simulation.look_up(
            lambda connection: connection.execute(select(SEALED.c.ref, SEALED.c.sealed).order_by(SEALED.c.id)).all()
        )
        keyring = self.simulation.services.keyring
        return [(ref, keyring.open("sealed_message.sealed", sealed).decode()) for ref, sealed in rows]

    @property
    def texts(self) -> list[str]:
        """The words of all stories that are kept, oldest first."""
        rows = self.simulation.look_up(lambda connection: connection.execute(select(STORY.c.text)).scalars().all())
        return list(rows)

    @property
    def stories(self) -> dict[str, KeepStory]:
        """How each story that is kept was kept last, by conversation."""
        rows = self.simulation.look_up(
            lambda connection: connection.execute(select(STORY.c.conversation_id)).scalars().all()
        )
        return {told_in: self._kept[told_in] for told_in in rows}

    @property
    def conversations(self) -> int:
        """How many were begun."""
        count = select(func.count()).select_from(CONVERSATION)
        return self.simulation.look_up(lambda connection: connection.execute(count).scalar_one())
