"""The outbox on its way out: takes what is due, sends it, writes down what became of it. Never on the inbound path.

One exchange with the database at a time: it writes down what happened since the last one and takes what may go now,
while senders work beside it. To one person goes one message at a time, in order; each channel keeps its own pace, and
one that is held back holds up no other. What was cut off is asked after, never sent again blindly
(`bot.outbound.reconciler`). Time, sleep and chance are handed in.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.channels.channel import SendError
from bot.outbound import chat_deletion, outcome
from bot.outbound.channel_queue import ChannelQueue, InFlight
from bot.outbound.outbound_context import OutboundContext
from bot.outbound.quiet_hours import opens
from bot.outbound.rate_limiter import RateLimiter, RecipientSpacing
from bot.outbound.reconciler import Reconciler
from bot.outbound.sending_processes import BEAT_SECONDS, Presence
from bot.telemetry import metrics
from bot.telemetry.logs import error_fields, log
from flows.model.messages import UnreadableMessageError
from flows.model.vocabulary.delivery import MessageKind
from flows.model.vocabulary.item_kinds import ItemKind
from storage.db.database_trouble import cause_of
from storage.db.writer import LostBatchError, WriterBusyError, WriterClosedError
from storage.protection.crypto import SealBrokenError
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.delivery import outbox
from storage.upkeep import restore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy.engine import Connection, Engine

    from bot.channels.channel import Channel
    from bot.settings.setting_values import QuietHours
    from storage.db.writer import Writer
    from storage.protection.crypto import Keyring
    from storage.queries.delivery.outbox import DueMessage

POLL_SECONDS = 1.0
"""How often we look for what fell due by itself, or was written by another process."""
LEASE_SECONDS = 180
"""Longer than any message takes, waits and timeouts included; after it a sender without a beat is presumed dead."""
SPARE = 4
"""One in so many senders is kept for what somebody waits for, whatever else hangs."""
GRACE_SECONDS = 3.0
"""How long messages that are on their way may take when we stop. Docker kills after ten seconds in all."""
LONGEST_HOLD = 5.0
"""A message that would wait longer than this goes back to the outbox."""
LEAST_WAIT = 0.001
"""Waits shorter than a clock tick are not waited."""
TOLD_EVERY = 3600.0
AWAY_AFTER = 3
"""So many failures one after the other are an outage; the first message that goes out ends it for all that wait."""


class Sender(OutboundContext):
    """Sends what is in the outbox. One for the process."""

    def __init__(  # noqa: PLR0913 - named one by one where everything is put together
        self,
        *,
        engine: Engine,
        writer: Writer,
        keyring: Keyring,
        channels: Mapping[str, Channel],
        quiet_hours: QuietHours,
        timezone: ZoneInfo,
        senders: int = 128,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        surely: Callable[[], datetime] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:
        queues = {
            name: ChannelQueue(
                channel, keyring, RateLimiter(channel.limits.per_second), RecipientSpacing(channel.limits)
            )
            for name, channel in channels.items()
        }
        alone = engine.dialect.name == "sqlite"
        presence = Presence(writer, alone=alone, clock=clock, monotonic=monotonic)
        super().__init__(
            writer=writer, keyring=keyring, queues=queues, presence=presence, clock=clock, surely=surely or clock,
            monotonic=monotonic, sleep=sleep, chance=chance or random.Random(),  # noqa: S311 - spreads retries only
        )  # fmt: skip
        self._engine, self._alone = engine, alone
        self._quiet, self._timezone, self._senders = quiet_hours, timezone, senders
        self._sent: list[outbox.SentMessage] = []
        self._outcomes: list[outcome.Work] = []
        self._ids: dict[int, list[str]] = {}
        """The provider's ids of the pieces of a long message that went out."""
        self._told: dict[tuple[str, str], float] = {}
        self._woken = asyncio.Event()
        self._noticed = False
        self._stopping = False
        self._running: list[asyncio.Task[None]] = []
        self._reconciler = Reconciler(self)

    @property
    def fit(self) -> bool:
        """True while everything that should run does."""
        return bool(self._running) and not any(task.done() for task in self._running)

    async def start(self) -> None:
        """Begin to send. What a process that died had in hand is looked into first."""
        await self.presence.join()
        release = partial(outbox.release_expired_leases, now=self.clock(), all_of_them=self._alone)
        if left := await self.writer.perform(release):
            log.info("messages cut off", count=left)
        await self._reconciler.begin()
        loop = asyncio.get_running_loop()
        self.writer.on_commit(partial(self._committed, loop))
        self._running = [loop.create_task(work) for work in (self._run(), self._tick(), self._reconciler.run())]
        self.wake()

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Take nothing more, let what is on its way arrive, and write down what could not wait."""
        self._stopping = True
        self.wake()
        if not self._running:
            return
        main, *others = self._running
        for task in others:
            task.cancel()
        await asyncio.gather(main, *others, return_exceptions=True)  # an exchange is never cut off: it takes messages
        tasks = [one.task for queue in self.queues.values() for one in queue.in_flight.values() if one.task is not None]
        timer = asyncio.create_task(self._cancel_after(grace, tasks))
        await asyncio.gather(*tasks, return_exceptions=True)
        timer.cancel()
        await self._exchange({})
        await self.presence.leave()
        self._running = []

    async def _cancel_after(self, seconds: float, tasks: Iterable[asyncio.Task[None]]) -> None:
        await self.sleep(seconds)
        for task in tasks:
            task.cancel()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._noticed = False
        self._woken.set()

    # --- taking and writing down --------------------------------------------------------------------------------

    def _committed(self, loop: asyncio.AbstractEventLoop, topics: frozenset[str]) -> None:
        """Called in a writing thread after a commit."""
        if "outbox" in topics and not self._noticed and not self._stopping:
            self._noticed = True
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(self.wake)

    async def _tick(self) -> None:
        while True:
            await self.sleep(BEAT_SECONDS)
            if (left := await self.presence.tick()) is not None:  # it may also have been looking into some
                self._reconciler.left_behind(left)
            for queue in self.queues.values():
                queue.limiter.share(self.presence.living)
            self.wake()

    async def _run(self) -> None:
        while not self._stopping:
            await self._woken.wait()
            self._woken.clear()
            rooms = self._rooms()
            if not rooms and not self._sent and not self._outcomes:
                continue
            for due in await self._exchange(rooms):
                queue = self.queues[due.channel]
                in_flight = queue.in_flight[due.id] = InFlight(due)
                queue.queueing += 1
                in_flight.task = asyncio.get_running_loop().create_task(self._fly(queue, in_flight))

    def _rooms(self) -> dict[str, int]:
        """Return how many messages of each channel may be taken now."""
        if not self.presence.may_send:
            return {}
        now, among = self.monotonic(), self.presence.living
        rooms = {name: queue.room(self._senders, now, among) for name, queue in self.queues.items()}
        return {name: room for name, room in rooms.items() if room > 0}

    async def _exchange(self, rooms: Mapping[str, int]) -> list[DueMessage]:
        """Write down everything settled so far and take up to so many messages of each channel."""
        sent, outcomes, self._sent, self._outcomes = self._sent, self._outcomes, [], []
        now = self.clock()

        def work(connection: Connection) -> list[list[DueMessage]]:
            if sent:
                self.mark_sent(connection, sent, now)
            for each in outcomes:
                each(connection)
            if rooms and restore.fenced(connection):
                return [[] for _ in rooms]
            return [self._claim(connection, now, name, room) for name, room in rooms.items()]

        try:
            taken = await self.writer.perform(work, urgent=True)
        except WriterClosedError:
            log.error("outbox not written", count=len(sent) + len(outcomes))
            return []
        except (LostBatchError, WriterBusyError):
            self._sent, self._outcomes = sent + self._sent, outcomes + self._outcomes
        except Exception as error:
            log.error("outbox not written", count=len(sent) + len(outcomes), **error_fields(error))
            await self._one_by_one(sent, outcomes)
        else:
            if any(len(some) == room for some, room in zip(taken, rooms.values(), strict=True)):
                self._woken.set()  # there may be more
            return [due for some in taken for due in some]
        if not self._stopping:
            await self.sleep(POLL_SECONDS)
            self._woken.set()
        return []

    def _claim(self, connection: Connection, now: datetime, name: str, room: int) -> list[DueMessage]:
        """Take messages of one channel; what other processes have just sent to their people keeps its distance too."""
        queue, owner = self.queues[name], self.presence.name
        taken = outbox.claim_due(connection, now, name, room, LEASE_SECONDS, owner=owner, spare=room // SPARE)
        if taken and self.presence.living > 1 and (apart := queue.channel.limits.per_person):
            people = {due.address_id for due in taken}
            for last in outbox.handed_by_others(connection, owner, people, now - timedelta(seconds=apart)):
                ago = (now - last.handed_at).total_seconds()
                queue.spacing.sent_elsewhere(last.address_id, last.inbound_id, ago, self.monotonic())
        return taken

    async def _one_by_one(self, sent: Iterable[outbox.SentMessage], outcomes: Iterable[outcome.Work]) -> None:
        """Write down what can be, so that one bad message does not hold up the others.

        What the database's trouble keeps from being written is kept for the next exchange: it is known, and forgetting
        it would send it twice.
        """
        now = self.clock()
        for mark in sent:
            if not await self._written(partial(self.mark_sent, sent=[mark], now=now)):
                self._sent.append(mark)
        for work in outcomes:
            if not await self._written(work):
                self._outcomes.append(work)

    async def _written(self, work: outcome.Work) -> bool:
        """Write one thing down; returns False if it is to be tried again."""
        try:
            await self.writer.perform(work, urgent=True)
        except Exception as error:
            log.error("message not settled", **error_fields(error))
            return cause_of(error) is None and not isinstance(error, WriterBusyError)
        return True

    # --- sending ------------------------------------------------------------------------------------------------

    def settle(self, due: DueMessage, end: outbox.SentMessage | outcome.SendOutcome) -> None:
        """Have it written down with the next exchange."""
        if isinstance(end, outcome.SendOutcome):
            result = end.result
            self._outcomes.append(end.work)
            if result == "unknown":
                self._reconciler.raised(due)
        else:
            result = "sent"
            self._sent.append(end)
        if result in {"sent", "failed", "cancelled", "taken over"}:
            self.begun.pop(due.id, None)
            self._ids.pop(due.id, None)
            self._reconciler.settled(due.id)
        metrics.sends.labels(due.channel, result).inc()

    async def _fly(self, queue: ChannelQueue, in_flight: InFlight) -> None:
        due = in_flight.due
        try:
            self.settle(due, await self._deliver(queue, in_flight))
        except asyncio.CancelledError:
            unknown, later = outcome.unknown(due, outbox.CUT_OFF), outcome.later(due, self.clock(), "stopped")
            self.settle(due, unknown if in_flight.calling else later)
            raise
        except Exception as error:
            log.error("message not sent", channel=due.channel, outbox=due.id, **error_fields(error))
            self.settle(due, outcome.given_up(due, type(error).__name__, self.clock(), tell_team=True))
        finally:
            queue.leave_queue(in_flight)
            del queue.in_flight[due.id]
            self.wake()

    async def _deliver(self, queue: ChannelQueue, in_flight: InFlight) -> outbox.SentMessage | outcome.SendOutcome:
        due, now = in_flight.due, self.clock()
        if reason := outcome.refusal(due):
            return outcome.cancelled(due, reason, now)
        if due.in_care and (pause := outcome.while_in_care(due, now)) is not None:
            return pause
        unasked = due.kind not in outcome.AT_ANY_HOUR and not queue.channel.limits.any_hour
        if unasked and (when := opens(now, self._quiet, self._timezone)) is not None:
            return outcome.later(due, when, "quiet_hours")
        try:
            if due.kind == MessageKind.CHAT_DELETION:
                taking = partial(chat_deletion.pieces, self._engine, self.keyring, queue.channel, due, now)
                pieces = await asyncio.to_thread(taking)
            else:
                pieces = queue.pieces(due)
        except (SealBrokenError, UnreadableMessageError) as error:
            log.error("message cannot be read", channel=due.channel, outbox=due.id, **error_fields(error))
            return outcome.given_up(due, type(error).__name__, now, tell_team=True)
        provider_ids = self._ids.setdefault(due.id, [])
        segments = 0
        for number in range(self.begun.get(due.id, 0), len(pieces)):
            hold = await self._turn_comes(queue, in_flight)
            if hold is not None:
                return outcome.later(due, self.clock() + timedelta(seconds=hold), "held back")
            if (end := await self._hand_over(due)) is not None:
                return end
            in_flight.calling = True
            try:
                sent = await queue.channel.send(pieces[number])
            except SendError as error:
                return self._failed(queue, due, error)
            in_flight.calling = False
            if queue.failures >= AWAY_AFTER:
                self._outcomes.append(partial(outbox.hurry, channel=queue.channel.name, now=self.clock()))
            queue.failures = 0
            segments += sent.segments
            provider_ids.append(sent.provider_id)
            queue.spacing.sent(due.address_id, sent.provider_id, due.inbound_id, self.monotonic())
            self.begun[due.id] = number + 1
        if queue.channel.limits.ask_after is not None:
            provider_ids = provider_ids[-1:]  # such a provider reports on a message by its one id
        return outbox.SentMessage(due.id, ",".join(filter(None, provider_ids)) or None, segments or None)

    async def _hand_over(self, due: DueMessage) -> outcome.SendOutcome | None:
        """Write down that it goes now; returns what becomes of it if their word came while it waited for its turn."""

        def work(connection: Connection) -> str:
            return outbox.hand_over(
                connection, due.id, self.clock(), asked_for=due.kind in outcome.ASKED_FOR, owner=self.presence.name
            )

        try:
            reason = await self.writer.perform(work, urgent=True)
        except Exception as error:  # it stays ours, and is tried again
            log.error("message not handed over", channel=due.channel, outbox=due.id, **error_fields(error))
            return outcome.later(due, self.clock() + timedelta(seconds=POLL_SECONDS), type(error).__name__)
        if reason == outbox.TAKEN_OVER:
            log.warning("message taken over", channel=due.channel, outbox=due.id)
            return outcome.not_ours()
        return outcome.cancelled(due, reason, self.clock()) if reason else None

    async def _turn_comes(self, queue: ChannelQueue, in_flight: InFlight) -> float | None:
        """Wait until this message may go. Returns seconds if it should rather wait those in the outbox."""
        due = in_flight.due
        first = self.begun.get(due.id, 0) == 0
        free_at = queue.spacing.free_at(due.address_id, due.inbound_id if first else None)
        if (wait := free_at - self.monotonic()) > LEAST_WAIT:
            queue.leave_queue(in_flight)
            self.wake()  # somebody else may go meanwhile
            await self.sleep(wait)
            queue.join_queue(in_flight)
        while not self._stopping:
            now = self.monotonic()
            if (pause := queue.limiter.paused_until - now) > LONGEST_HOLD:
                return pause
            if (wait := queue.limiter.reserve(now) - now) > LEAST_WAIT:
                await self.sleep(wait)
            if queue.limiter.paused_until <= self.monotonic():
                queue.leave_queue(in_flight)
                return None
        return 0.0

    def _failed(self, queue: ChannelQueue, due: DueMessage, error: SendError) -> outcome.SendOutcome:
        now = self.clock()
        queue.failures += error.kind in {"retry", "unknown"}
        log.info("send failed", channel=due.channel, outbox=due.id, kind=error.kind, code=error.code)
        if error.kind == "paused":
            queue.limiter.pause(self.monotonic() + (error.retry_after or POLL_SECONDS))
            if error.tell_team:
                self._tell(due.channel, error.code, now)
        if error.kind == "unknown" and queue.channel.limits.ask_after is None:
            return self.without_asking(due, error.code)
        return outcome.failed(due, error, now, self.chance.random(), self.surely())

    def _tell(self, channel: str, code: str, now: datetime) -> None:
        """Have the team told that a whole channel is stuck, now and then rather than for every message."""
        at = self.monotonic()
        if at - self._told.get((channel, code), -TOLD_EVERY) < TOLD_EVERY:
            return
        self._told[channel, code] = at
        log.error("channel stuck", channel=channel, code=code)
        self._outcomes.append(partial(raise_item, kind=ItemKind.CHANNEL, now=now))
