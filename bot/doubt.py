"""Messages whose fate is unknown: the line broke while the provider had them, or we died (rule 16).

Where the provider can be asked, it is, and only what it never took is sent again. Where it cannot (Telegram), a reply
is sent once more: the same question twice does little harm, silence after somebody opened up does a lot. What nobody
asked for is not sent again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot import fate, metrics
from bot.channels.base import SendError
from bot.logs import log, told
from flows.messages import UnreadableMessageError
from storage.crypto import SealBrokenError
from storage.queries import outbox

if TYPE_CHECKING:
    from bot.delivery import Delivery, Lane
    from storage.queries.outbox import Due

LOOK_SECONDS = 2.0
SWEEP_SECONDS = 30.0
"""How often we look for what other processes left behind."""
FORGET_SECONDS = 300.0
AT_ONCE = 1000


class Doubt:
    """Looks into unknown fates. Belongs to one `Delivery`."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._raised: dict[int, float] = {}
        """When each doubt of our own came up, on the monotonic clock."""
        self._resent: set[int] = set()
        """Messages that were sent a second time without asking; there is no third."""
        self._swept = float("-inf")

    def raised(self, message: int, now: float) -> None:
        """Remember to look into a message."""
        self._raised[message] = now

    def settled(self, message: int) -> None:
        """Forget a message that went out, or never will."""
        self._raised.pop(message, None)
        self._resent.discard(message)

    def without_asking(self, due: Due) -> fate.Fate:
        """Say what becomes of a message whose provider cannot be asked."""
        now = self._delivery.clock()
        if due.kind not in fate.AT_ANY_HOUR or due.id in self._resent or not fate.patient(due, now):
            return fate.given_up(due, "unknown", now)
        self._resent.add(due.id)
        return fate.later(due, now, "unknown", "again", perhaps_read=True)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                log.error("unknown messages not looked into", **told(error))
            await self._delivery.sleep(LOOK_SECONDS)

    async def begin(self) -> None:
        """Put back what a dead process left behind and nobody can be asked about, before anything overtakes it."""
        for due in await self._delivery.writer.perform(partial(outbox.unknown, limit=AT_ONCE)):
            lane = self._delivery.lanes.get(due.channel)
            if lane is not None and lane.channel.limits.ask_after is None:
                await self._look_into(lane, due)

    async def look(self) -> None:
        """Look into everything that is due for it."""
        at, now = self._delivery.monotonic(), self._delivery.clock()
        sweep = at - self._swept >= SWEEP_SECONDS
        if not sweep and not self._raised:
            return
        if sweep:
            self._swept = at
            self._raised = {message: since for message, since in self._raised.items() if at - since < FORGET_SECONDS}
            await self._delivery.writer.perform(partial(outbox.release_expired_leases, now=now))
        for due in await self._delivery.writer.perform(partial(outbox.unknown, limit=AT_ONCE)):
            lane = self._delivery.lanes.get(due.channel)
            if lane is not None and due.id not in lane.flights and self._ripe(lane, due, at):
                await self._look_into(lane, due)

    def _ripe(self, lane: Lane, due: Due, at: float) -> bool:
        wait = lane.channel.limits.ask_after
        return wait is None or at - self._raised.get(due.id, float("-inf")) >= wait

    async def _look_into(self, lane: Lane, due: Due) -> None:
        try:
            end = await self._end(lane, due)
        except SendError as error:
            log.info("provider did not tell", channel=due.channel, outbox=due.id, code=error.code)
            self._raised[due.id] = self._delivery.monotonic()
            if fate.patient(due, self._delivery.clock()):
                return
            end = fate.given_up(due, "unknown", self._delivery.clock(), tell_team=True)
        except (SealBrokenError, UnreadableMessageError) as error:
            end = fate.given_up(due, type(error).__name__, self._delivery.clock(), tell_team=True)
        self._raised.pop(due.id, None)
        work = end.work if isinstance(end, fate.Fate) else partial(
            outbox.mark_all_sent, sent=[end], now=self._delivery.clock()
        )  # fmt: skip
        await self._delivery.writer.perform(work)
        metrics.sends.labels(due.channel, end.result if isinstance(end, fate.Fate) else "found").inc()
        self._delivery.wake()

    async def _end(self, lane: Lane, due: Due) -> outbox.Sent | fate.Fate:
        if lane.channel.limits.ask_after is None:
            return self.without_asking(due)
        provider_id, segments = "", 0
        pieces = self._delivery.pieces(due)
        for number in range(self._delivery.begun.get(due.id, 0), len(pieces)):
            found = await lane.channel.outcome(pieces[number], due.created_at)
            ids = [sent.provider_id for sent in found]
            known = await self._delivery.writer.perform(partial(outbox.recorded, channel=due.channel, provider_ids=ids))
            ours = [sent for sent in found if sent.provider_id not in known]
            if not ours:
                self._delivery.begun[due.id] = number
                return fate.later(due, self._delivery.clock(), "unknown", "again")
            provider_id, segments = ours[0].provider_id, segments + ours[0].segments
        return outbox.Sent(due.id, provider_id, segments or None)
