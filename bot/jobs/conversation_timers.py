"""Turns that start by the clock: a quiet gap, a nudge, an expiry. Due times are rows, so a late tick loses nothing.

Each conversation is read again under its person's lock, so that it moves on once even if a tick comes late, twice, or
in two processes at the same time.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.telemetry import metrics
from bot.telemetry.logs import error_fields, log
from bot.turn.runner import TurnRunner
from bot.turn.turn_services import TurnTrigger
from flows.model.conversation import Conversation, DueKind
from flows.model.signals import Expired, Nudged, Quiet
from flows.model.vocabulary.delivery import MessageKind
from flows.model.vocabulary.item_kinds import ItemKind
from storage.db.engine import reader
from storage.db.writer import LostBatchError, WriterBusyError, WriterClosedError
from storage.queries.contributors.consent_decisions import ASSISTED
from storage.queries.conversations import timers
from storage.queries.conversations import turn_queries as store
from storage.queries.team.safeguarding_items import is_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

    from bot.turn.turn_services import TurnServices
    from flows.model.conversation import DueKind
    from flows.model.signals import Signal
    from storage.db.writer import Writer
    from storage.queries.conversations.timers import DueConversation

AT_ONCE = 200
POSTPONED_FOR = timedelta(hours=1)
"""How long a conversation that cannot go on is left alone before the next try."""
SIGNALS: dict[DueKind, tuple[Signal, MessageKind]] = {
    DueKind.QUIET: (Quiet(), MessageKind.REPLY),
    DueKind.NUDGE: (Nudged(), MessageKind.NUDGE),
    DueKind.EXPIRE: (Expired(), MessageKind.NUDGE),
}
"""By kind of due time: the signal for the engine, and the kind of the resulting messages (rule 99 exempts replies)."""


class ConversationTimers:
    """Runs the turns of conversations whose due time has passed."""

    def __init__(
        self,
        *,
        engine: Engine,
        writer: Writer,
        services: TurnServices,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        surely: Callable[[], datetime] | None = None,
    ) -> None:
        """`surely` returns the last certain time; conversations expire by it. Quiet gaps use `clock`."""
        self.engine = engine
        self.writer = writer
        self.services = services
        self.clock = clock
        self.surely = surely or clock

    async def tick(self) -> int:
        """Run the turns of all due conversations. Returns how many there were."""
        moved = 0
        while True:
            now = self.clock()
            found = await asyncio.to_thread(self._find, now)
            results = await asyncio.gather(*(self._move_on(due, now) for due in found))
            moved += sum(results)
            if len(found) < AT_ONCE or not any(results):
                return moved

    def _find(self, now: datetime) -> list[DueConversation]:
        with reader(self.engine) as connection:
            return timers.due(connection, now, self.surely(), AT_ONCE)

    async def _move_on(self, due: DueConversation, now: datetime) -> bool:
        try:
            moved = await self.writer.perform(partial(self.turn, due=due, now=now), due.contributor_id)
        except (WriterBusyError, WriterClosedError, LostBatchError):
            return False  # the next tick finds it again
        except Exception as error:
            log.error("conversation stuck", contributor=due.contributor_id, kind=due.due_kind, **error_fields(error))
            metrics.ticks.labels(due.due_kind, "failed").inc()
            await self.writer.perform(partial(self._postpone, due=due, now=now), due.contributor_id)
            return False
        if moved:
            metrics.ticks.labels(due.due_kind, "moved").inc()
        return moved

    def turn(self, connection: Connection, due: DueConversation, now: datetime) -> bool:
        """Move one conversation on within a transaction; returns False where its time has not come."""
        person = store.person_at(connection, due.address_id, lock=True)
        stored = store.conversation_by_id(connection, due.id)
        if person is None or stored is None:
            return False
        conversation = Conversation.from_json(stored.state)
        if conversation.due is None or conversation.due_at is None:
            return False
        if conversation.due_at > (now if conversation.due == DueKind.QUIET else min(now, self.surely())):
            return False
        if person.channel == ASSISTED and conversation.due != DueKind.EXPIRE:
            timers.postpone(connection, due.id, now + POSTPONED_FOR)  # the worker who sits beside them asks
            return False
        if conversation.due == DueKind.NUDGE and is_open(connection, due.contributor_id):
            timers.postpone(connection, due.id, now + POSTPONED_FOR)  # the team looks after them (rule 84)
            return False
        signal, kind = SIGNALS[conversation.due]
        trigger = TurnTrigger(now=now, look=conversation.channel, kind=kind)
        turn = TurnRunner(connection, self.services, person, trigger, stored)
        turn.hear([signal])
        turn.leave_alone_until(now + POSTPONED_FOR)
        return True

    def _postpone(self, connection: Connection, due: DueConversation, now: datetime) -> None:
        """Leave a conversation that cannot go on unchanged, create an item for the team, and postpone the next try."""
        timers.postpone(connection, due.id, now + POSTPONED_FOR)
        store.raise_item(
            connection, kind=ItemKind.STUCK_CONVERSATION, now=now, contributor_id=due.contributor_id,
            conversation_id=due.id,
        )  # fmt: skip
