"""Several processes on one PostgreSQL: they share the rate, take over from the dead, and outlast its absence."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from bot.channels.channel import Limits
from bot.channels.sms.sms_channel import ASK_SECONDS
from bot.outbound.sending_processes import DEAD_SECONDS
from storage import tables
from storage.db.database_trouble import Cause
from storage.db.writer import LostBatchError
from tests.bot.sending import Hand, Memory, Post

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

pytestmark = pytest.mark.postgresql
AWAY = "the database is away"


@pytest.fixture
def kind() -> str:
    return "postgresql"


@pytest.fixture
def hand() -> Hand:
    return Hand()


class Fleet:
    """Processes of one installation, each with a line of its own to the provider; `sent` is what the provider sees."""

    def __init__(self, engine: Engine, hand: Hand, limits: Limits, **settings: Any) -> None:
        self.engine, self.hand, self.limits, self.settings = engine, hand, limits, settings
        self.posts: list[Post] = []
        self.channels: list[Memory] = []

    def build(self, **channel: Any) -> Post:
        self.channels.append(Memory(self.hand, limits=self.limits, **channel))
        self.posts.append(Post(self.engine, self.channels[-1], hand=self.hand, **self.settings))
        return self.posts[-1]

    async def start(self, **channel: Any) -> Post:
        post = self.build(**channel)
        await post.sender.start()
        return post

    async def kill(self, post: Post) -> None:
        """End it without a word: nothing more is written, not even that a message went out."""
        post.writer.refuse.extend(LostBatchError(Cause.AWAY) for _ in range(10_000))
        flights = [flight for lane in post.sender.queues.values() for flight in lane.in_flight.values()]
        tasks = [*post.sender._running, *(flight.task for flight in flights if flight.task is not None)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(self) -> None:
        for post in self.posts:
            stopping = asyncio.create_task(post.sender.stop())
            await self.hand.run(20)
            await stopping

    @property
    def times(self) -> list[float]:
        return sorted(at for channel in self.channels for at in channel.times)

    @property
    def texts(self) -> list[str]:
        sent = sorted(row for channel in self.channels for row in channel.sent)
        return [text for _, _, text in sent]

    def most_in_a_second(self) -> int:
        times = self.times
        return max(sum(at <= other < at + 1 for other in times) for at in times)


# --- one rate for all -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2, 3])
async def test_however_many_processes_send_the_provider_never_counts_too_many(
    database: Engine, hand: Hand, processes: int
) -> None:
    fleet = Fleet(database, hand, Limits(per_second=30.0, per_person=0.0))
    for _ in range(processes):
        await fleet.start()
        await hand.run(0.3)  # one starts while others send
        for person in range(60):
            fleet.posts[-1].outbox.put(f"{len(fleet.posts)} {person}", "hello")
    await hand.run(10)
    assert len(fleet.times) == 60 * processes
    assert fleet.most_in_a_second() <= 30
    assert all(channel.sent for channel in fleet.channels), "and each of them takes part"
    await fleet.stop()


async def test_who_is_left_sends_at_the_whole_rate_again(database: Engine, hand: Hand) -> None:
    fleet = Fleet(database, hand, Limits(per_second=10.0, per_person=0.0))
    first, second = await fleet.start(), await fleet.start()
    await hand.run(5)
    stopping = asyncio.create_task(second.sender.stop())
    await hand.run(3)
    await stopping
    for person in range(40):
        first.outbox.put(str(person), "hello")
    begun = hand.at
    while len(fleet.times) < 40:
        await hand.run(0.5)
    assert hand.at - begun < 6, "forty at ten a second"
    await first.sender.stop()


async def test_two_processes_keep_their_distance_to_one_person(database: Engine, hand: Hand) -> None:
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=3.0))
    for _ in range(2):
        await fleet.start()
    await hand.run(3)
    first, second = fleet.posts
    for n in range(4):
        here, there = (first, second) if n % 2 else (second, first)
        there.sender.queues["telegram"].limiter.paused_until = hand.at + 60
        here.sender.queues["telegram"].limiter.paused_until = 0.0
        here.outbox.put("1", f"part {n}")
        while len(fleet.texts) <= n:
            await hand.run(0.5)
    assert [len(channel.sent) > 0 for channel in fleet.channels] == [True, True]
    assert min(after - before for before, after in zip(fleet.times, fleet.times[1:], strict=False)) >= 2.9
    await fleet.stop()


# --- a process that died --------------------------------------------------------------------------------------------


async def test_what_a_dead_process_had_in_hand_is_taken_over_in_seconds(database: Engine, hand: Hand) -> None:
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=0.0))
    living, dying = await fleet.start(takes=0.1), fleet.build(script=deque([asyncio.Event() for _ in range(50)]))
    await dying.sender.start()
    await hand.run(3)
    living.sender.queues["telegram"].limiter.pause(hand.at + 0.5)  # so that the other one takes them all
    for person in ("1", "2", "3"):
        dying.outbox.put(person, f"{person} first", f"{person} second")
    await hand.run(0.3)
    await fleet.kill(dying)
    assert fleet.texts == []
    await hand.run(DEAD_SECONDS + 6)
    for person in ("1", "2", "3"):
        assert [text for text in fleet.texts if text[0] == person] == [f"{person} first", f"{person} second"]
    rows = tables.Process.__table__
    assert living.writer.run(lambda c: c.execute(select(rows.c.id)).scalars().all()) == [living.sender.presence.name]
    await living.sender.stop()


async def test_texts_of_a_dead_process_go_out_within_fifteen_seconds_once_the_provider_s_list_can_be_trusted(
    database: Engine, hand: Hand
) -> None:
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=0.0, ask_after=ASK_SECONDS))
    living, dying = await fleet.start(), fleet.build(script=deque([asyncio.Event()]))
    await dying.sender.start()
    await hand.run(3)
    living.sender.queues["telegram"].limiter.pause(hand.at + 0.5)
    dying.outbox.put("1", "first", "second")
    await hand.run(0.3)
    await fleet.kill(dying)
    died = hand.at - 1000.0
    while len(fleet.texts) < 2:
        await hand.run(0.5)
        assert hand.at - 1000.0 - died < 15, "somebody waits for an answer"
    assert fleet.texts == ["first", "second"]
    assert fleet.times[0] - died >= ASK_SECONDS - 0.5, "asked before the list shows it, it would go out twice"
    await living.sender.stop()


async def test_what_a_dead_process_was_looking_into_is_looked_into_by_the_next(database: Engine, hand: Hand) -> None:
    """Killed one after the other, with a few seconds between: nobody waits for the next sweep."""
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=0.0, ask_after=ASK_SECONDS))
    first, second = fleet.build(script=deque([asyncio.Event()])), await fleet.start()
    await first.sender.start()
    await hand.run(3)
    second.sender.queues["telegram"].limiter.pause(hand.at + 0.5)
    first.outbox.put("1", "hello")
    await hand.run(0.3)
    handed = hand.at - 1000.0
    third = await fleet.start()
    await fleet.kill(first)
    await hand.run(DEAD_SECONDS + 2)  # the other two have seen it, and one has taken it over
    await fleet.kill(second)
    while not fleet.texts:
        await hand.run(0.5)
        assert hand.at - 1000.0 - handed < 2 * DEAD_SECONDS + 6, "it is looked into when the second death is noticed"
    assert fleet.times[0] - handed >= ASK_SECONDS
    assert fleet.texts == ["hello"]
    await third.sender.stop()


async def test_who_starts_after_a_crash_waits_seconds_and_sends_once(database: Engine, hand: Hand) -> None:
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=0.0))
    crashed = await fleet.start(script=deque([asyncio.Event()]))
    crashed.outbox.put("1", "first", "second")
    await hand.run(0.5)
    await fleet.kill(crashed)
    fresh = await fleet.start()
    fresh.outbox.put("2", "to somebody else")
    await hand.run(2.5)
    assert fleet.texts == ["to somebody else"]
    await hand.run(DEAD_SECONDS + 4)
    assert fleet.texts == ["to somebody else", "first", "second"]
    await fresh.sender.stop()


async def test_who_is_only_slow_is_not_taken_for_dead(database: Engine, hand: Hand) -> None:
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=0.0))
    slow, other = await fleet.start(takes=400.0), await fleet.start()
    await hand.run(3)
    other.sender.queues["telegram"].limiter.pause(hand.at + 0.5)
    slow.outbox.put("1", "a provider that takes its time")
    await hand.run(500)
    assert fleet.texts == ["a provider that takes its time"], "longer than any lease, and never twice"
    await fleet.stop()


async def test_who_was_taken_for_dead_and_lives_sends_nothing_that_others_have_now(
    database: Engine, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood still: a laptop's lid, a stalled machine. What it had not handed over is no longer its own."""
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=20.0))
    stalled, other = await fleet.start(), await fleet.start()
    await hand.run(3)
    other.sender.queues["telegram"].limiter.pause(hand.at + 1)
    stalled.outbox.put("1", "first", "second")
    await hand.run(2)
    assert fleet.texts == ["first"]
    monkeypatch.setattr(stalled.sender.presence, "tick", asyncio.Event().wait)
    await hand.run(60)
    monkeypatch.undo()
    await hand.run(5)
    assert fleet.texts == ["first", "second"]
    for post in fleet.posts:
        await fleet.kill(post)


# --- a database that is away ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [4.0, 30.0, 300.0])
async def test_while_the_database_was_away_nobody_gets_a_repeat_or_waits_long(
    database: Engine, hand: Hand, seconds: float
) -> None:
    """The messages were on their way when it went: that they arrived is remembered, and written when it is back."""
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=0.0))
    for _ in range(2):
        await fleet.start(takes=0.5)
    await hand.run(3)
    for person in range(20):
        fleet.posts[0].outbox.put(str(person), f"{person} first", f"{person} second")
    await hand.run(0.2)
    gone = [post.writer for post in fleet.posts]
    for writer in gone:
        writer.away = LostBatchError(Cause.AWAY)
    await hand.run(seconds)
    for writer in gone:
        writer.away = None
    await hand.run(5)
    assert sorted(fleet.texts) == sorted(f"{person} {which}" for person in range(20) for which in ("first", "second"))
    for person in range(20):
        own = [text for text in fleet.texts if text.startswith(f"{person} ")]
        assert own == [f"{person} first", f"{person} second"]
    assert set(fleet.posts[0].outbox.states()) == {"sent"}
    await fleet.stop()


@pytest.mark.parametrize("error", [LostBatchError(Cause.AWAY), RuntimeError("one bad message")], ids=["away", "bad"])
async def test_a_mark_is_dropped_only_for_a_fault_of_its_own(database: Engine, hand: Hand, error: Exception) -> None:
    fleet = Fleet(database, hand, Limits(per_second=1000.0, per_person=0.0))
    post = await fleet.start(takes=0.5)
    await hand.run(3)
    (number,) = post.outbox.put("1", "hello")
    await hand.run(0.4)
    post.writer.refuse.extend([RuntimeError("the whole exchange"), error])
    await hand.run(5)
    assert (post.outbox.row(number).state == "sent") == isinstance(error, LostBatchError)
    await fleet.stop()
