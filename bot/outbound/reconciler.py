"""Messages whose outcome is unknown: the line broke while the provider had them, or we died (rule 16).

Where the provider can be asked, it is, and only what it never took is sent again. Where it cannot (Telegram), what a
dead process had in hand is sent once more: the same question twice does little harm, silence after somebody opened up
does a lot. What nobody asked for is not sent again. Until it is settled, nothing else goes to its person.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from bot.channels.channel import SendError
from bot.outbound import outcome, retry_policy
from bot.outbound.sending_processes import SILENT_SECONDS
from bot.telemetry import metrics
from bot.telemetry.logs import error_fields, log
from flows.model.messages import UnreadableMessageError
from storage.protection.crypto import SealBrokenError
from storage.queries.delivery import outbox, provider_statuses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection

    from bot.outbound.channel_queue import ChannelQueue
    from bot.outbound.outbound_context import OutboundContext
    from storage.queries.delivery.outbox import DueMessage

LOOK_SECONDS = 1.0
SWEEP_SECONDS = 30.0
"""How often we look for what other processes left behind."""
AT_ONCE = 1000
CALL_SECONDS = 2.0
"""How long after it was handed over a provider may have got a message, if its sender died meanwhile."""
CLOCKS_DIFFER_SECONDS = 2.0
"""By how much the clocks of two machines may differ."""
LOOKERS = 8
"""How many messages are looked into beside each other; a provider that hangs must not hold up all others."""


class Reconciler:
    """Looks into unknown fates. Belongs to one sender."""

    def __init__(self, context: OutboundContext) -> None:
        self._context = context
        self._ripe: dict[int, float] = {}
        """When the provider may be asked about a message, on the monotonic clock."""
        self._asked: dict[int, int] = {}
        """How often it was asked in vain."""
        self._left: dict[int, float] = {}
        """When a process that died can last have given each of its messages to the provider."""
        self._swept = float("-inf")

    def raised(self, due: DueMessage) -> None:
        """Remember to look into a message, once its provider's list may be trusted to show it."""
        self._ripe[due.id] = self._context.monotonic() + self._wait(due)

    def _found(self, due: DueMessage) -> None:
        """Remember to look into a message that a process before us, or beside us, had in hand when it died.

        A process that is killed again and again would wait from the beginning each time, and its people for ever: so
        the time counts in which the provider had the message already.
        """
        now, wait = self._context.monotonic(), self._wait(due)
        slack = CALL_SECONDS if self._context.presence.alone else CALL_SECONDS + CLOCKS_DIFFER_SECONDS
        ago = (self._context.surely() - due.handed_at).total_seconds() if due.handed_at is not None else 0.0
        since = now - min(max(0.0, ago - slack), wait)
        self._ripe[due.id] = min(since, self._left.get(due.id, now)) + wait

    def _wait(self, due: DueMessage) -> float:
        return self._context.queues[due.channel].channel.limits.ask_after or 0.0

    def left_behind(self, messages: Iterable[int]) -> None:
        """Look at once for what a process that died had in hand, or was looking into itself.

        What it had in hand its provider has had for some seconds already.
        """
        self._left |= dict.fromkeys(messages, self._context.monotonic() - SILENT_SECONDS)
        self._swept = float("-inf")

    def settled(self, message: int) -> None:
        """Forget a message that went out, or never will."""
        self._ripe.pop(message, None)
        self._asked.pop(message, None)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                log.error("unknown messages not looked into", **error_fields(error))
            await self._context.sleep(LOOK_SECONDS)

    async def begin(self) -> None:
        """Put back what a dead process left behind and nobody can be asked about, before anything overtakes it."""
        for due in await self._context.writer.perform(partial(outbox.unknown, limit=AT_ONCE)):
            queue = self._context.queues.get(due.channel)
            if queue is not None and queue.channel.limits.ask_after is None:
                await self._look_into(queue, due)

    async def look(self) -> None:
        """Look into everything that is due for it."""
        at, now = self._context.monotonic(), self._context.clock()
        sweep = at - self._swept >= SWEEP_SECONDS
        if not sweep and not any(ripe <= at for ripe in self._ripe.values()):
            return
        if sweep:
            self._swept = at
            await self._context.writer.perform(partial(outbox.release_expired_leases, now=now))
        left = await self._context.writer.perform(partial(outbox.unknown, limit=AT_ONCE))
        if sweep:
            self._forget_all_but({due.id for due in left}, at)
        ripe: list[tuple[ChannelQueue, DueMessage]] = []
        for due in left:
            queue = self._context.queues.get(due.channel)
            if queue is not None and due.id not in queue.in_flight:
                if due.id not in self._ripe:
                    self._found(due)
                if self._ripe[due.id] <= at:
                    ripe.append((queue, due))
        if self._swept == at:  # not if another process was found dead meanwhile
            self._left.clear()
        await self._all_of(ripe)

    def _forget_all_but(self, messages: set[int], at: float) -> None:
        self._ripe = {number: ripe for number, ripe in self._ripe.items() if number in messages or ripe > at}
        self._asked = {number: times for number, times in self._asked.items() if number in messages}

    async def _all_of(self, ripe: Iterable[tuple[ChannelQueue, DueMessage]]) -> None:
        some = asyncio.Semaphore(LOOKERS)

        async def one(queue: ChannelQueue, due: DueMessage) -> None:
            async with some:
                try:
                    await self._look_into(queue, due)
                except Exception as error:
                    log.error(
                        "unknown message not looked into", channel=due.channel, outbox=due.id, **error_fields(error)
                    )

        await asyncio.gather(*(one(queue, due) for queue, due in ripe))

    async def _look_into(self, queue: ChannelQueue, due: DueMessage) -> None:
        try:
            end = await self._end(queue, due)
        except SendError as error:
            log.info("provider did not tell", channel=due.channel, outbox=due.id, code=error.code)
            times = self._asked[due.id] = self._asked.get(due.id, 0) + 1
            self._ripe[due.id] = self._context.monotonic() + retry_policy.backoff(times, 0.5)
            if retry_policy.patient(due, self._context.surely()):
                return
            end = outcome.given_up(due, "unknown", self._context.clock(), tell_team=True)
        except (SealBrokenError, UnreadableMessageError) as error:
            end = outcome.given_up(due, type(error).__name__, self._context.clock(), tell_team=True)
        self.settled(due.id)
        now = self._context.clock()
        write = (
            end.work if isinstance(end, outcome.SendOutcome) else partial(self._context.mark_sent, sent=[end], now=now)
        )

        def work(connection: Connection) -> bool:
            if unsettled := outbox.still_unknown(connection, due.id):
                write(connection)
            return unsettled

        if await self._context.writer.perform(work):
            metrics.sends.labels(due.channel, end.result if isinstance(end, outcome.SendOutcome) else "found").inc()
            self._context.wake()

    async def _end(self, queue: ChannelQueue, due: DueMessage) -> outbox.SentMessage | outcome.SendOutcome:
        if queue.channel.limits.ask_after is None:
            return self._context.without_asking(due, "unknown")
        provider_id, segments = "", 0
        pieces = queue.pieces(due)
        for number in range(self._context.begun.get(due.id, 0), len(pieces)):
            found = await queue.channel.outcome(pieces[number], due.created_at)
            ids = [sent.provider_id for sent in found]
            known = await self._context.writer.perform(
                partial(provider_statuses.recorded, channel=due.channel, provider_ids=ids)
            )
            ours = [sent for sent in found if sent.provider_id not in known]
            if not ours:
                if not retry_policy.patient(due, self._context.surely()):
                    return outcome.given_up(due, "unknown", self._context.clock(), tell_team=True)
                self._context.begun[due.id] = number
                return outcome.later(due, self._context.clock(), "unknown", "again")
            provider_id, segments = ours[0].provider_id, segments + ours[0].segments
        return outbox.SentMessage(due.id, provider_id, segments or None)
