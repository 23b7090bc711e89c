"""Sends follow-up questions to contributors, reminds once, and closes questions that got no answer in time.

Due times are rows, so a late tick loses nothing. Each question is read again under its person's lock. Nobody is asked
while a number may have a new owner, at night, during another question, after STOP, or while the team looks after them
(rules 84, 99 and 100).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.outbound.quiet_hours import opens
from bot.telemetry import metrics
from bot.telemetry.logs import error_fields, log
from bot.turn.runner import TurnRunner
from bot.turn.turn_services import TurnTrigger
from flows.model.conversation import Conversation, Status
from flows.model.signals import AskedBack
from flows.model.vocabulary.delivery import MessageKind
from flows.model.vocabulary.item_kinds import ItemKind
from storage.db.engine import reader
from storage.db.writer import LostBatchError, WriterBusyError, WriterClosedError
from storage.queries.conversations import address_holders
from storage.queries.conversations import turn_queries as store
from storage.queries.stories import follow_ups_asked
from storage.queries.team import safeguarding_items
from storage.stories import renewal, sign_off
from storage.tables.ask_back import FollowUpKind, FollowUpState

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection, Engine

    from bot.settings.setting_values import QuietHours
    from bot.turn.turn_services import TurnServices
    from storage.db.writer import Writer
    from storage.queries.stories.follow_ups_asked import AskBack

AT_ONCE = 200
LOOK_AGAIN = timedelta(hours=1)
REMIND_AFTER = timedelta(days=7)
"""One reminder, a week after the question; never a second (rule 100)."""
APART = timedelta(days=14)
"""The shortest time between two follow-up questions to one person: one thing at a time (rule 75)."""


class FollowUps:
    """Sends and closes follow-up questions that are due."""

    def __init__(
        self,
        *,
        engine: Engine,
        writer: Writer,
        services: TurnServices,
        quiet_hours: QuietHours,
        timezone: ZoneInfo,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.engine = engine
        self.writer = writer
        self.services = services
        self.clock = clock
        self._quiet, self._timezone = quiet_hours, timezone

    async def tick(self) -> int:
        """Process all due questions. Returns how many there were."""
        now = self.clock()
        if opens(now, self._quiet, self._timezone) is not None:
            return 0
        done = 0
        while True:
            found = await asyncio.to_thread(self._find, now)
            results = [await self._process(due, now) for due in found]
            done += sum(results)
            if len(found) < AT_ONCE or not any(results):
                return done

    async def renew(self) -> int:
        """End consent that nobody renewed, and ask for consent that ends soon. Returns how many uses that concerned."""
        lapsed = await self.writer.perform(partial(renewal.lapse_uses, now=self.clock(), notice=self.services.notice))
        return lapsed + await self.writer.perform(partial(renewal.ask_in_good_time, now=self.clock()))

    def _find(self, now: datetime) -> list[AskBack]:
        with reader(self.engine) as connection:
            return follow_ups_asked.due(connection, now, AT_ONCE)

    async def _process(self, due: AskBack, now: datetime) -> bool:
        try:
            moved = await self.writer.perform(partial(self.turn, due=due, now=now), due.contributor_id)
        except (WriterBusyError, WriterClosedError, LostBatchError):
            return False  # the next tick finds it again
        except Exception as error:
            log.error("question not asked", contributor=due.contributor_id, kind=due.kind, **error_fields(error))
            metrics.ticks.labels(due.kind, "failed").inc()
            later = partial(follow_ups_asked.look_again, ask_back=due.id, when=now + LOOK_AGAIN)
            await self.writer.perform(later, due.contributor_id)
            return False
        if moved:
            metrics.ticks.labels(due.kind, "moved").inc()
        return moved

    # --- in the transaction -------------------------------------------------------------------------------------

    def turn(self, connection: Connection, due: AskBack, now: datetime) -> bool:
        """See to one question within a transaction; returns False where there was nothing to do."""
        reach = follow_ups_asked.reach(connection, due.contributor_id, now)
        person = store.person_at(connection, reach.address_id, lock=True) if reach.address_id is not None else None
        closed = reach.why_not == "closed"
        if person is not None and not address_holders.opens(person, self.services.steady, now):
            person, closed = None, True
        found = follow_ups_asked.get(connection, due.id)
        if found is None or found.due_at is None or found.due_at > now:
            return False
        if found.until is not None and found.until <= now:
            self._close_unanswered(connection, found, now)
        elif found.kind == FollowUpKind.SIGN_OFF and sign_off.asked(connection, found) is None:
            follow_ups_asked.settle(connection, found.id, FollowUpState.CANCELLED, now=now)
        elif person is None:
            if closed and found.state == FollowUpState.WAITING:
                store.raise_item(
                    connection, kind=ItemKind.NUMBER_CLOSED, now=now, contributor_id=found.contributor_id,
                    story_id=found.story_id,
                )  # fmt: skip
            self._unreachable(connection, found, now)
        else:
            self._ask(connection, found, person, now)
        return True

    @staticmethod
    def _close_unanswered(connection: Connection, found: AskBack, now: datetime) -> None:
        """Close a question that got no answer in time. `renew` narrows a use that ends with it."""
        if found.kind == FollowUpKind.SIGN_OFF:
            sign_off.lapse(connection, found, now)
        else:
            follow_ups_asked.settle(connection, found.id, FollowUpState.LAPSED, now=now)

    @staticmethod
    def _unreachable(connection: Connection, found: AskBack, now: datetime) -> None:
        if found.state == FollowUpState.ASKED and found.until is not None:
            follow_ups_asked.look_again(connection, found.id, found.until)
        elif found.kind == FollowUpKind.SIGN_OFF:
            sign_off.give_up(connection, found, now)
        else:
            follow_ups_asked.settle(connection, found.id, FollowUpState.CANCELLED, now=now)

    def _ask(self, connection: Connection, found: AskBack, person: store.Person, now: datetime) -> None:
        first = found.state == FollowUpState.WAITING
        other = follow_ups_asked.asked_of(connection, found.contributor_id, but=found.id, since=now - APART)
        if first and other is not None:
            follow_ups_asked.look_again(connection, found.id, other + APART)
            return
        until = found.until or now + sign_off.ANSWER_WITHIN
        if self._announce(connection, found, person, until, now):
            remind_at = min(now + REMIND_AFTER, until) if first else until
            if first:
                follow_ups_asked.asked(connection, found.id, now=now, until=until, due_at=remind_at)
            else:
                follow_ups_asked.look_again(connection, found.id, until)
        else:
            follow_ups_asked.look_again(connection, found.id, min(now + LOOK_AGAIN, found.until or now + LOOK_AGAIN))

    def _announce(
        self, connection: Connection, found: AskBack, person: store.Person, until: datetime, now: datetime
    ) -> bool:
        """Send the message that a question waits. Returns False if this is not the moment for it."""
        if safeguarding_items.is_open(connection, found.contributor_id):
            return False
        stored = store.latest_conversation(connection, found.contributor_id)
        if stored is None or stored.status == Status.OPEN:
            return False
        look = Conversation.from_json(stored.state).channel
        turn = TurnRunner(
            connection, self.services, person, TurnTrigger(now=now, look=look, kind=MessageKind.NOTICE), stored
        )
        turn.hear([AskedBack(id=found.id, until=until.isoformat())])
        return turn.said > 0
