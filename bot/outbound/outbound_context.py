"""What sending a message and asking after it have in common: the queues, the clock, and what is written down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from bot.outbound import outcome, provider_reports
from bot.telemetry import metrics
from flows.model.vocabulary.delivery import MessageState
from storage.queries.delivery import provider_statuses

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from bot.channels.channel import StatusReport
    from bot.outbound.channel_queue import ChannelQueue
    from bot.outbound.sending_processes import Presence
    from storage.db.writer import Writer
    from storage.protection.crypto import Keyring
    from storage.queries.delivery import outbox
    from storage.queries.delivery.outbox import DueMessage


class OutboundContext(ABC):
    """The outbox on its way out, as sender and reconciler both see it."""

    def __init__(  # noqa: PLR0913 - named one by one where everything is put together
        self,
        *,
        writer: Writer,
        keyring: Keyring,
        queues: Mapping[str, ChannelQueue],
        presence: Presence,
        clock: Callable[[], datetime],
        surely: Callable[[], datetime],
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        chance: random.Random,
    ) -> None:
        self.writer, self.keyring = writer, keyring
        self.queues = queues
        self.presence = presence
        self.clock = clock
        self.surely = surely
        """The time by which a message may be given up (ADR 19)."""
        self.monotonic, self.sleep = monotonic, sleep
        self.chance = chance
        self.begun: dict[int, int] = {}
        """Pieces of a long message that went out before it was interrupted."""

    @abstractmethod
    def wake(self) -> None:
        """Look into the outbox now."""

    async def reported(self, report: StatusReport) -> None:
        """Write down a provider's word on a message; returns after the commit (rule 17)."""
        queue = self.queues.get(report.channel)
        channel = queue.channel if queue is not None else None
        work = partial(provider_reports.apply, channel=channel, report=report, now=self.clock())
        changed = await self.writer.perform(work)
        if changed:
            metrics.sends.labels(report.channel, report.status).inc()
        if queue is not None and provider_statuses.STATUSES.get(report.status) == MessageState.DELIVERED:
            queue.spacing.delivered(report.provider_id)

    def mark_sent(self, connection: Connection, sent: Sequence[outbox.SentMessage], now: datetime) -> None:
        """Note that the provider took these messages."""
        provider_reports.mark_sent(connection, {name: queue.channel for name, queue in self.queues.items()}, sent, now)

    def without_asking(self, due: DueMessage, reason: str) -> outcome.SendOutcome:
        """Say what becomes of a message that may have gone out, where nobody can be asked (ADR 6)."""
        return outcome.without_asking(due, reason, self.clock(), self.chance.random(), self.surely())
