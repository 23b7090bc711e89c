"""Delivery with time in the test's hand: a clock that moves when told to, a writer in place, a channel in memory."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.channels.channel import Inbound, Limits, Outgoing, Piece, Rejected, SendError, SentPiece, StatusReport
from bot.outbound.sender import Sender
from flows.model.effects import Say
from flows.model.messages import Message
from storage import tables
from storage.db.database_trouble import Health
from storage.db.work_queue import NOTED
from storage.protection.crypto import Keyring, address_lookups, seal_address
from storage.queries.conversations import turn_queries as store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEYRING = Keyring([b"k" * 32])
NEVER = (time(0), time(0))


class Hand:
    """Holds the time. `run` moves it on, letting everybody who sleeps wake at their moment."""

    def __init__(self, begin: datetime = NOON) -> None:
        self.begin, self.at = begin, 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def clock(self) -> datetime:
        return self.begin + timedelta(seconds=self.at - 1000.0)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.at + seconds, next(self._order), future))
        await future

    async def settle(self) -> None:
        for _ in range(25):
            await asyncio.sleep(0)

    async def run(self, seconds: float) -> None:
        end = self.at + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self.at, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
                await self.settle()
        self.at = end


class WriterInPlace:
    """Does the work at once, in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.listeners: list[Callable[[frozenset[str]], None]] = []
        self.refuse: deque[Exception] = deque()
        self.away: Exception | None = None
        """While set: what every piece of work ends with."""
        self.health = Health()

    def run(self, work: Callable[[Connection], Any], key: object = None) -> Any:
        if self.away is not None:
            raise self.away
        if self.refuse:
            raise self.refuse.popleft()
        with self.engine.begin() as connection:
            result = work(connection)
            topics = frozenset(connection.info.pop(NOTED, ()))
        for listener in self.listeners:
            listener(topics)
        return result

    def perform(
        self, work: Callable[[Connection], Any], key: object = None, *, urgent: bool = False
    ) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        try:
            future.set_result(self.run(work))
        except Exception as error:
            future.set_exception(error)
        return future

    def on_commit(self, listener: Callable[[frozenset[str]], None]) -> None:
        self.listeners.append(listener)


@dataclass
class Memory:
    """A channel that remembers. `script` is played first: an error to raise, or an event to wait for."""

    hand: Hand
    name: str = "telegram"
    limits: Limits = field(default_factory=lambda: Limits(per_second=1000.0, per_person=0.0))
    sent: list[tuple[float, str, str]] = field(default_factory=list)
    script: deque[Any] = field(default_factory=deque)
    takes: float = 0.0
    flying: int = 0
    most: int = 0
    found: list[SentPiece] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    away: SendError | None = None
    """While set: what every call ends with."""
    reach: str = ""

    def pieces(self, outgoing: Outgoing) -> tuple[Piece, ...]:
        return tuple(Piece(address=outgoing.address, text=text) for text in outgoing.say.text.split("|"))

    async def send(self, piece: Piece) -> SentPiece:
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            if self.takes:
                await self.hand.sleep(self.takes)
            if self.away is not None:
                raise self.away
            step = self.script.popleft() if self.script else None
            if isinstance(step, Exception):
                raise step
            if step is not None:
                await step.wait()
            self.sent.append((self.hand.at - 1000.0, piece.address, piece.text))
            return SentPiece(f"id-{len(self.sent)}", 1)
        finally:
            self.flying -= 1

    async def outcome(self, piece: Piece, since: datetime) -> Sequence[SentPiece]:
        self.asked.append(piece.text)
        if self.away is not None:
            raise self.away
        if self.script and isinstance(self.script[0], SendError):
            raise self.script.popleft()
        return self.found

    def meaning(self, report: StatusReport) -> SendError | None:
        return SendError("permanent", report.error, address_state="unusable") if report.error == "30005" else None

    async def missed(self, since: datetime) -> Sequence[Inbound]:
        return ()

    def secrets(self) -> tuple[str, ...]:
        return ()

    def receive(self, path: str, query: str, headers: Any, body: bytes) -> Rejected:
        return Rejected(403, "secret")

    def parse(self, raw: bytes) -> Rejected:
        return Rejected(400, "unreadable")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def acknowledge(self, inbound: Inbound) -> None: ...

    def answer_group(self, inbound: Inbound, text: str) -> None: ...

    @property
    def texts(self) -> list[str]:
        return [text for _, _, text in self.sent]

    @property
    def times(self) -> list[float]:
        return [at for at, _, _ in self.sent]


class Outbox:
    """The outbox as a test writes and reads it."""

    def __init__(self, writer: WriterInPlace | Writer, clock: Callable[[], datetime] = lambda: NOON) -> None:
        self.writer, self.clock = writer, clock
        self.people: dict[tuple[str, str], store.Person] = {}

    def person(self, name: str, channel: str = "telegram") -> store.Person:
        if (channel, name) not in self.people:
            self.people[channel, name] = self.writer.run(
                lambda c: store.make_person(
                    c, channel=channel, lookups=address_lookups(KEYRING, channel, name),
                    sealed=seal_address(KEYRING, name), now=self.clock(),
                )
            )  # fmt: skip
        return self.people[channel, name]

    def put(self, name: str, *texts: str, channel: str = "telegram", kind: str = "reply", **more: Any) -> list[int]:
        """Write messages to somebody, all in one transaction, as a turn does."""
        person, now = self.person(name, channel), self.clock()
        row = {
            "address_id": person.address_id, "contributor_id": person.contributor_id, "conversation_id": None,
            "inbound_id": None, "channel": channel, "kind": kind, "due_at": now, "now": now,
        } | more  # fmt: skip
        payloads = [Message(say=Say(text=text)).to_json() for text in texts]
        return list(self.writer.run(lambda c: [store.enqueue(c, **{"payload": p} | row) for p in payloads]))

    def change(self, table: str, number: int, **values: Any) -> None:
        rows = tables.metadata.tables[table]
        self.writer.run(lambda c: c.execute(rows.update().where(rows.c.id == number).values(**values)))

    def row(self, number: int) -> Any:
        rows = tables.Outbox.__table__
        return self.writer.run(lambda c: c.execute(select(rows).where(rows.c.id == number)).one())

    def states(self) -> list[str]:
        rows = tables.Outbox.__table__
        return list(self.writer.run(lambda c: c.execute(select(rows.c.state).order_by(rows.c.id)).scalars().all()))

    def items(self) -> list[str]:
        rows = tables.TeamItem.__table__
        return list(self.writer.run(lambda c: c.execute(select(rows.c.kind)).scalars().all()))

    def address_state(self, name: str, channel: str = "telegram") -> str:
        rows = tables.Address.__table__
        number = self.people[channel, name].address_id
        return str(self.writer.run(lambda c: c.execute(select(rows.c.state).where(rows.c.id == number)).scalar()))


class Post:
    """A delivery with everything around it."""

    def __init__(self, engine: Engine, *channels: Memory, hand: Hand, **settings: Any) -> None:
        self.hand = hand
        self.writer = WriterInPlace(engine)
        self.outbox = Outbox(self.writer, hand.clock)
        self.sender = Sender(
            **{
                "engine": engine, "writer": self.writer, "keyring": KEYRING, "quiet_hours": NEVER,
                "channels": {channel.name: channel for channel in channels}, "timezone": ZoneInfo("Europe/London"),
                "clock": hand.clock, "monotonic": hand.monotonic, "sleep": hand.sleep, "chance": random.Random(7),
            } | settings
        )  # fmt: skip
