"""From the outbox to the provider: order, pace, refusals, failures, stopping."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import Limits, SendError, StatusReport
from bot.outbound.retry_policy import backoff
from bot.telemetry import metrics
from storage.db.writer import LostBatchError, WriterBusyError
from storage.queries.conversations.turn_queries import opt_out
from tests.bot.sending import NOON, Hand, Memory, Post

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

CALM = Limits(per_second=30.0, per_person=1.0)
PHONES = Limits(per_second=1.0, per_person=3.0, until_delivered=True, ask_after=15.0)


@pytest.fixture
def hand() -> Hand:
    return Hand()


# --- order and pace -------------------------------------------------------------------------------------------------


async def test_messages_to_one_person_go_in_order_and_to_several_at_once(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, takes=0.05)
    post = Post(sqlite_database, channel, hand=hand)
    for name in ("1", "2", "3"):
        post.outbox.put(name, f"{name}a", f"{name}b", f"{name}c")
    await post.sender.start()
    await hand.run(0.3)
    assert channel.most == 3
    for name in ("1", "2", "3"):
        assert [text for _, to, text in channel.sent if to == name] == [f"{name}a", f"{name}b", f"{name}c"]
    assert post.outbox.states() == ["sent"] * 9
    assert post.outbox.row(1).payload is None
    await post.sender.stop()


async def test_a_commit_wakes_the_senders(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand)
    post = Post(sqlite_database, channel, hand=hand)
    await post.sender.start()
    await hand.run(0.5)
    post.outbox.put("1", "hello")
    await hand.run(0.01)
    assert channel.texts == ["hello"]
    await post.sender.stop()


async def test_what_falls_due_by_itself_is_found(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand)
    post = Post(sqlite_database, channel, hand=hand)
    post.outbox.put("1", "later", due_at=NOON + timedelta(seconds=90))
    await post.sender.start()
    await hand.run(89)
    assert channel.texts == []
    await hand.run(2)
    assert channel.texts == ["later"]
    await post.sender.stop()


async def test_only_so_many_are_on_their_way_at_once(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, takes=0.05)
    post = Post(sqlite_database, channel, hand=hand, senders=4)
    for name in range(20):
        post.outbox.put(str(name), "hello")
    await post.sender.start()
    await hand.run(0.26)
    assert channel.most == 4
    assert len(channel.sent) == 20
    await post.sender.stop()


@pytest.mark.parametrize(("limits", "seconds"), [(CALM, 8), (PHONES, 100)], ids=["telegram", "sms"])
async def test_no_second_holds_more_than_the_channel_may_send(
    sqlite_database: Engine, hand: Hand, limits: Limits, seconds: float
) -> None:
    channel = Memory(hand, limits=limits)
    post = Post(sqlite_database, channel, hand=hand)
    people = 100 if limits is CALM else 30
    for name in range(people):
        post.outbox.put(str(name), "one", "two")
    await post.sender.start()
    await hand.run(seconds)
    assert len(channel.sent) == 2 * people
    for at in channel.times:
        assert sum(at <= other < at + 1 for other in channel.times) <= limits.per_second
    for name in range(people):
        first, second = (at for at, to, _ in channel.sent if to == str(name))
        assert second - first >= limits.per_person
    assert channel.times[-1] <= 2 * people * 1.1 / limits.per_second + limits.per_person + 1, "no time is wasted either"
    await post.sender.stop()


async def test_a_phone_that_wrote_again_or_got_the_message_need_not_wait(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", Limits(per_second=1000.0, per_person=3.0, until_delivered=True))
    post = Post(sqlite_database, channel, hand=hand)
    await post.sender.start()
    first, second = post.outbox.put("1", "first", "second", channel="sms")
    await hand.run(1)
    assert channel.texts == ["first"]
    report = StatusReport(channel="sms", provider_id="id-1", status="delivered")
    await post.sender.reported(report)
    await hand.run(3)
    assert channel.times[1] - channel.times[0] >= 3.0, "it was waiting already"
    assert [post.outbox.row(number).state for number in (first, second)] == ["delivered", "sent"]
    await post.sender.reported(StatusReport(channel="sms", provider_id="id-2", status="delivered"))
    post.outbox.put("1", "third", channel="sms")
    await hand.run(0.1)
    assert channel.texts == ["first", "second", "third"]
    await post.sender.stop()


async def test_one_channel_that_stands_still_holds_up_no_other(sqlite_database: Engine, hand: Hand) -> None:
    slow, fast = Memory(hand, "sms", limits=Limits(per_second=1.0, per_person=0.0)), Memory(hand)
    slow.script.append(SendError("paused", "429", retry_after=30))
    post = Post(sqlite_database, slow, fast, hand=hand)
    for name in range(5):
        post.outbox.put(str(name), "by text", channel="sms")
        post.outbox.put(str(name), "by chat")
    await post.sender.start()
    await hand.run(10)
    assert (len(fast.sent), len(slow.sent)) == (5, 0)
    await hand.run(30)
    assert len(slow.sent) == 5
    assert slow.times[0] >= 30
    await post.sender.stop()


async def test_messages_that_wait_when_the_provider_wants_quiet_keep_quiet(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=CALM)
    channel.script.append(SendError("paused", "429", retry_after=3))
    post = Post(sqlite_database, channel, hand=hand)
    for name in range(30):
        post.outbox.put(str(name), "hello")
    await post.sender.start()
    await hand.run(2.9)
    assert channel.sent == []
    await hand.run(3)
    assert len(channel.sent) == 30
    assert channel.times[0] >= 3.0
    await post.sender.stop()


# --- refused when sending -------------------------------------------------------------------------------------------

STATES = [
    ("reply", "reachable", False, "sent"),
    ("reply", "opted_out", True, "sent"),
    ("reply", "blocked", False, "cancelled"),
    ("reply", "unusable", False, "cancelled"),
    ("prompt", "reachable", False, "sent"),
    ("prompt", "reachable", True, "cancelled"),
    ("prompt", "opted_out", False, "cancelled"),
    ("nudge", "blocked", False, "cancelled"),
    ("nudge", "reachable", True, "cancelled"),
    ("notice", "opted_out", True, "cancelled"),
]


@pytest.mark.parametrize(("kind", "address", "opted_out", "state"), STATES)
async def test_consent_to_contact_is_looked_at_when_sending(
    sqlite_database: Engine, hand: Hand, kind: str, address: str, opted_out: bool, state: str
) -> None:
    channel = Memory(hand)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", kind=kind)
    person = post.outbox.person("1")
    post.outbox.change("address", person.address_id, state=address)
    post.outbox.change("contributor", person.contributor_id, opted_out=opted_out)
    await post.sender.start()
    await hand.run(1)
    row = post.outbox.row(number)
    assert row.state == state
    assert bool(channel.sent) is (state == "sent")
    assert row.payload is None
    if state == "cancelled":
        assert row.error in {"opted_out", "blocked", "unusable"}
    await post.sender.stop()


async def test_stop_said_while_a_prompt_waits_for_its_turn(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=Limits(per_second=1.0, per_person=0.0))
    post = Post(sqlite_database, channel, hand=hand)
    for name in range(5):
        post.outbox.put(str(name), "hello", kind="prompt")
    await post.sender.start()
    await hand.run(0.5)
    person = post.outbox.person("4")
    post.writer.run(lambda c: opt_out(c, person.contributor_id, hand.clock()))
    await hand.run(10)
    assert {to for _, to, _ in channel.sent} == {"0", "1", "2", "3"}
    await post.sender.stop()


async def test_nobody_is_woken_at_night_but_whoever_writes_is_answered(sqlite_database: Engine, hand: Hand) -> None:
    hand = Hand(NOON - timedelta(hours=3, minutes=5))
    channel = Memory(hand)
    post = Post(sqlite_database, channel, hand=hand, quiet_hours=(time(20), time(9)))
    post.outbox.put("1", "a nudge", kind="nudge")
    post.outbox.put("2", "a prompt", kind="prompt")
    post.outbox.put("1", "a reply")
    await post.sender.start()
    await hand.run(60)
    assert channel.texts == ["a reply"]
    await hand.run(300)
    assert sorted(channel.texts) == ["a nudge", "a prompt", "a reply"]
    assert all(at >= 300 for at in channel.times[1:])
    await post.sender.stop()


# --- failures -------------------------------------------------------------------------------------------------------


async def test_a_failure_is_tried_again_ever_more_slowly(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand)
    channel.script.extend(SendError("retry", "network") for _ in range(5))
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello")
    await post.sender.start()
    await hand.run(200)
    row = post.outbox.row(number)
    assert (row.state, row.attempts, channel.texts) == ("sent", 6, ["hello"])
    await post.sender.stop()


async def test_a_reply_is_given_up_after_a_day_and_the_team_is_told(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand)
    channel.script.extend([SendError("retry", "network")] * 2)
    post = Post(sqlite_database, channel, hand=hand)
    (old,) = post.outbox.put("1", "hello", now=NOON - timedelta(hours=24))
    (young,) = post.outbox.put("2", "hello", now=NOON - timedelta(hours=23))
    await post.sender.start()
    await hand.run(5)
    assert (post.outbox.row(old).state, post.outbox.row(old).error) == ("failed", "network")
    assert post.outbox.row(young).state == "sent"
    assert post.outbox.items() == ["sending"]
    await post.sender.stop()


@given(attempts=st.integers(0, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_stay_within_half_a_minute(attempts: int, chance: float) -> None:
    wait = backoff(attempts, chance)
    assert 0.5 <= wait <= 30
    assert wait <= 1.5**attempts if attempts < 20 else wait >= 15


ENDS = [
    ("blocked", SendError("permanent", "403", address_state="blocked"), "blocked", []),
    ("unusable", SendError("permanent", "21211", address_state="unusable"), "unusable", []),
    ("opted out", SendError("opted_out", "21610"), "opted_out", []),
    ("our fault", SendError("configuration", "21408"), "reachable", ["sending"]),
    ("refused", SendError("permanent", "400", tell_team=True), "reachable", ["sending"]),
]


@pytest.mark.parametrize(("error", "address", "items"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
async def test_what_will_never_arrive_is_not_sent_again(
    sqlite_database: Engine, hand: Hand, error: SendError, address: str, items: list[str]
) -> None:
    channel = Memory(hand)
    channel.script.append(error)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello")
    (waiting,) = post.outbox.put("1", "a prompt", kind="prompt", due_at=NOON + timedelta(seconds=20))
    await post.sender.start()
    await hand.run(25)
    row = post.outbox.row(number)
    assert (row.state, row.error, row.payload) == ("failed", error.code, None)
    assert post.outbox.address_state("1") == address
    assert post.outbox.items() == items
    assert post.outbox.row(waiting).state == ("sent" if address == "reachable" else "cancelled")
    await post.sender.stop()


async def test_a_stuck_channel_is_told_once_and_loses_nothing(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand)
    channel.script.extend(SendError("paused", "401", retry_after=10, tell_team=True) for _ in range(20))
    post = Post(sqlite_database, channel, hand=hand)
    for name in range(5):
        post.outbox.put(str(name), "hello")
    await post.sender.start()
    await hand.run(25)
    assert post.outbox.items() == ["channel"]
    assert channel.sent == []
    await hand.run(200)
    assert sorted(to for _, to, _ in channel.sent) == list("01234")
    await post.sender.stop()


async def test_a_long_message_goes_on_where_it_was_cut_off(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=Limits(per_second=1000.0, per_person=1.0))
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "one|two|three")
    await post.sender.start()
    await hand.run(0.5)
    channel.script.append(SendError("retry", "network"))
    await hand.run(60)
    assert channel.texts == ["one", "two", "three"]
    assert all(later - earlier >= 1.0 for earlier, later in zip(channel.times, channel.times[1:], strict=False))
    assert (post.outbox.row(number).state, post.outbox.row(number).provider_id) == ("sent", "id-1,id-2,id-3")
    await post.sender.stop()


BAD_ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("payload", "outbox", {"payload": '{"colour":"red"}'}),
    ("address", "address", {"sealed": b"\1nonsense-nonsense-nonsense"}),
]


@pytest.mark.parametrize(("table", "values"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS])
async def test_a_message_that_cannot_be_read_stops_nobody_else(
    sqlite_database: Engine, hand: Hand, table: str, values: dict[str, Any]
) -> None:
    channel = Memory(hand)
    post = Post(sqlite_database, channel, hand=hand)
    (bad,), (good,) = post.outbox.put("1", "bad"), post.outbox.put("2", "good")
    post.outbox.change(table, bad if table == "outbox" else post.outbox.person("1").address_id, **values)
    await post.sender.start()
    await hand.run(1)
    assert [post.outbox.row(number).state for number in (bad, good)] == ["failed", "sent"]
    assert post.outbox.items() == ["sending"]
    await post.sender.stop()


async def test_a_fault_in_a_channel_costs_one_message(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand)
    channel.script.append(ZeroDivisionError("our own mistake"))
    post = Post(sqlite_database, channel, hand=hand)
    numbers = [post.outbox.put(name, "hello")[0] for name in ("1", "2")]
    await post.sender.start()
    await hand.run(1)
    assert sorted(post.outbox.row(number).state for number in numbers) == ["failed", "sent"]
    assert post.sender.fit
    await post.sender.stop()
    assert not post.sender.fit


@pytest.mark.parametrize("error", [LostBatchError(), WriterBusyError("x"), RuntimeError("disk full")], ids=repr)
async def test_what_was_sent_is_written_down_even_if_it_takes_two_tries(
    sqlite_database: Engine, hand: Hand, error: Exception
) -> None:
    channel = Memory(hand, takes=0.5)
    post = Post(sqlite_database, channel, hand=hand)
    numbers = [post.outbox.put(name, "hello")[0] for name in ("1", "2")]
    await post.sender.start()
    await hand.run(0.4)
    post.writer.refuse.append(error)
    await hand.run(5)
    assert [post.outbox.row(number).state for number in numbers] == ["sent", "sent"]
    assert len(channel.sent) == 2
    await post.sender.stop()


# --- stopping -------------------------------------------------------------------------------------------------------


async def test_stopping_lets_what_is_on_its_way_arrive(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=Limits(per_second=1000.0, per_person=100.0), takes=2.0)
    post = Post(sqlite_database, channel, hand=hand)
    first, second = post.outbox.put("1", "first", "second")
    await post.sender.start()
    await hand.run(1)
    stopping = asyncio.create_task(post.sender.stop())
    await hand.run(5)
    await stopping
    assert (post.outbox.row(first).state, post.outbox.row(second).state) == ("sent", "queued")
    assert channel.texts == ["first"]


async def test_what_hangs_when_we_stop_is_unknown_and_what_waits_stays(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=CALM)
    channel.script.append(asyncio.Event())
    post = Post(sqlite_database, channel, hand=hand)
    for name in range(40):
        post.outbox.put(str(name), "hello")
    await post.sender.start()
    await hand.run(0.2)
    stopping = asyncio.create_task(post.sender.stop(grace=3))
    await hand.run(4)
    await stopping
    states = post.outbox.states()
    assert states.count("unknown") == 1
    assert "sending" not in states
    assert states.count("sent") == len(channel.sent) > 0
    assert states.count("queued") == 39 - len(channel.sent)


async def test_stopping_what_never_started_does_nothing(sqlite_database: Engine, hand: Hand) -> None:
    await Post(sqlite_database, Memory(hand), hand=hand).sender.stop()


# --- reports --------------------------------------------------------------------------------------------------------


async def test_reports_are_applied_in_whatever_order_they_come(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms")
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms")
    await post.sender.start()
    await hand.run(1)
    for status in ("delivered", "sent", "delivered", "queued", "flying"):
        await post.sender.reported(StatusReport(channel="sms", provider_id="id-1", status=status))
    await post.sender.reported(StatusReport(channel="sms", provider_id="nobody-knows-me", status="sent"))
    assert post.outbox.row(number).state == "delivered"
    await post.sender.stop()


async def test_a_report_may_end_an_address(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms")
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms")
    await post.sender.start()
    await hand.run(1)
    report = StatusReport(channel="sms", provider_id="id-1", status="undelivered", error="30005")
    await post.sender.reported(report)
    assert (post.outbox.row(number).state, post.outbox.row(number).error) == ("undelivered", "30005")
    assert post.outbox.address_state("1", "sms") == "unusable"
    await post.sender.stop()


async def test_what_became_of_messages_is_counted(sqlite_database: Engine, hand: Hand) -> None:
    def counted(result: str) -> float:
        return (
            metrics.registry.get_sample_value("earshot_sends_total", {"channel": "telegram", "result": result}) or 0.0
        )

    before = {result: counted(result) for result in ("sent", "retry", "failed")}
    channel = Memory(hand)
    channel.script.extend([SendError("retry", "network"), SendError("permanent", "403", address_state="blocked")])
    post = Post(sqlite_database, channel, hand=hand)
    for name in ("1", "2", "3"):
        post.outbox.put(name, "hello")
    await post.sender.start()
    await hand.run(30)
    assert {result: counted(result) - before[result] for result in before} == {"sent": 2, "retry": 1, "failed": 1}
    await post.sender.stop()
