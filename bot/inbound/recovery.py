"""Messages that did not come in by themselves: set aside by the fallback route, failed, or missed while we were down.

Everything goes through the intake again, which knows what was handled already.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.channels.channel import Inbound, SendError
from bot.telemetry.logs import error_fields, log
from storage.db.engine import reader
from storage.protection.crypto import SealBrokenError
from storage.queries.conversations import failed_events
from storage.queries.conversations.published import first_published
from storage.tables.inbound import InboundState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy.engine import Engine

    from bot.channels.channel import Channel
    from bot.inbound.intake import Intake
    from storage.protection.crypto import Keyring
    from storage.queries.conversations.failed_events import Failed

AT_ONCE = 100
LIST_LAGS = timedelta(seconds=60)
"""So long after it was refused, at the latest, a provider's list shows a message."""
IN_TROUBLE = timedelta(minutes=3)
"""How often we try to fetch what was refused while the trouble goes on."""
AGAIN = timedelta(seconds=20)
CLOCKS_DIFFER = timedelta(minutes=5)
LOOK_BACK = timedelta(days=7)
"""How far back we ask a provider for what we missed; older words would be answered too late to help anybody."""


@dataclass(slots=True)
class Recovered:
    """What a recovery did, in numbers of events."""

    handled: int = 0
    failed: int = 0
    lost: int = 0
    """Cannot be read any more: emptied by an erasure, or the key or the channel is gone."""


class Recovery:
    """Brings in what is waiting."""

    def __init__(
        self,
        *,
        engine: Engine,
        keyring: Keyring,
        intake: Intake,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.engine = engine
        self.keyring = keyring
        self.intake = intake
        self.channels = channels
        self.clock = clock
        self._refused_since: datetime | None = None
        """When the first message was refused that we cannot be sure to have fetched."""
        self._refused_last = self._fetched_at = datetime.min.replace(tzinfo=UTC)

    def refused(self) -> None:
        """Remember that a provider was told to come again; not every one does."""
        self._refused_last = self.clock()
        self._refused_since = self._refused_since or self._refused_last

    async def after_refusal(self) -> int:
        """Fetch what was refused: when the trouble is over, and every few minutes while it is not.

        Once more a little later: a provider's list lags. Returns how many events that were.
        """
        now = self.clock()
        since, fetched, last = self._refused_since, self._fetched_at, self._refused_last
        if since is None:
            return 0
        if self.intake.writer.health.cause is not None:
            ripe = now - max(fetched, since) >= IN_TROUBLE
        elif fetched < last:
            ripe = now - fetched >= AGAIN
        else:
            ripe = now - last >= LIST_LAGS
        if not ripe:
            return 0
        self._fetched_at = now
        found, whole = await self._fetch(since - CLOCKS_DIFFER)
        if whole and now - self._refused_last >= LIST_LAGS:
            self._refused_since = None
        return found

    async def stored(self) -> int:
        """Handle what the fallback route set aside; returns how many events that were."""
        return (await self._again(lambda event: event.state == InboundState.STORED)).handled

    async def replay(self, only: Collection[int] = ()) -> Recovered:
        """Handle again what failed or was set aside: all of it, or only these numbers."""
        done = await self._again(lambda event: not only or event.id in only)
        if done.handled:
            await self.intake.writer.perform(partial(failed_events.close_mended, now=self.clock()))
        return done

    async def missed(self) -> int:
        """Fetch from every provider what it holds for us and we never saw, oldest first; returns how many events."""
        found, _ = await self._fetch(await asyncio.to_thread(self._since))
        return found

    async def _fetch(self, since: datetime) -> tuple[int, bool]:
        """Return how many events were new, and whether every provider told us all."""
        found, whole = 0, True
        for name, channel in self.channels.items():
            try:
                events = await channel.missed(since)
            except SendError as error:
                log.warning("missed messages not fetched", channel=name, code=error.code)
                whole = False
                continue
            unseen = set(await asyncio.to_thread(self._unseen, name, [event.provider_id for event in events]))
            for event in events:
                if event.provider_id in unseen:
                    await self.intake.take(replace(event, late=True))
                    found += 1
        return found, whole

    async def _again(self, wanted: Callable[[Failed], bool]) -> Recovered:
        done = Recovered()
        after = 0
        while events := await asyncio.to_thread(self._unhandled, after):
            after = events[-1].id
            for event in filter(wanted, events):
                inbound = self._opened(event)
                if inbound is None:
                    done.lost += 1
                elif await self.intake.take(inbound) == "failed":
                    done.failed += 1
                else:
                    done.handled += 1
        return done

    def _opened(self, event: Failed) -> Inbound | None:
        channel = self.channels.get(event.channel)
        if channel is None or event.sealed is None:
            return None
        try:
            parsed = channel.parse(self.keyring.open("inbound.sealed", event.sealed))
        except SealBrokenError as error:
            log.error("event cannot be opened", inbound=event.id, **error_fields(error))
            return None
        if not isinstance(parsed, Inbound):
            return None
        written_by = min(parsed.written_by or event.received_at, event.received_at)
        return replace(parsed, written_by=written_by, late=True)

    def _unhandled(self, after: int) -> list[Failed]:
        with reader(self.engine) as connection:
            return failed_events.unhandled(connection, after=after, limit=AT_ONCE)

    def _unseen(self, channel: str, provider_ids: list[str]) -> list[str]:
        with reader(self.engine) as connection:
            return failed_events.unseen(connection, channel=channel, provider_ids=provider_ids)

    def _since(self) -> datetime:
        """Return from when on a message may be for us: not from before we were set up, and not from long ago."""
        earliest = self.clock() - LOOK_BACK
        with reader(self.engine) as connection:
            set_up = first_published(connection)
        return max(earliest, set_up) if set_up is not None else self.clock()
