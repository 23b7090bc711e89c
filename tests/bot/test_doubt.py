"""Messages whose fate is unknown: asked after where that is possible, never sent again blindly."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.channels.base import Limits, SendError, Sent
from tests.bot.sending import NOON, Hand, Memory, Post

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

CHAT = Limits(per_second=1000.0, per_person=0.0)
PHONE = Limits(per_second=1000.0, per_person=0.0, ask_after=15.0)
CUT = SendError("unknown", "no answer")


@pytest.fixture
def hand() -> Hand:
    return Hand()


KINDS = [("reply", "sent", ["hello"]), ("prompt", "failed", []), ("nudge", "failed", []), ("notice", "failed", [])]


@pytest.mark.parametrize(("kind", "state", "texts"), KINDS, ids=[row[0] for row in KINDS])
async def test_where_nobody_can_be_asked_only_a_reply_is_sent_once_more(
    sqlite_database: Engine, hand: Hand, kind: str, state: str, texts: list[str]
) -> None:
    channel = Memory(hand, limits=CHAT)
    channel.script.append(CUT)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", kind=kind)
    await post.delivery.start()
    await hand.run(60)
    assert (post.outbox.row(number).state, channel.texts) == (state, texts)
    await post.delivery.stop()


async def test_there_is_no_third_time(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=CHAT)
    channel.script.extend([CUT, CUT])
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello")
    await post.delivery.start()
    await hand.run(600)
    row = post.outbox.row(number)
    assert (row.state, row.error, row.attempts, channel.texts) == ("failed", "unknown", 2, [])
    await post.delivery.stop()


async def test_a_later_reply_does_not_overtake_the_one_in_doubt(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=CHAT)
    channel.script.append(CUT)
    post = Post(sqlite_database, channel, hand=hand)
    post.outbox.put("1", "first", "second")
    await post.delivery.start()
    await hand.run(60)
    assert channel.texts == ["first", "second"]
    await post.delivery.stop()


ANSWERS: list[tuple[str, list[Sent], list[str], str]] = [
    ("it arrived", [Sent("SM9", 1)], [], "SM9"),
    ("it did not", [], ["hello"], "id-1"),
]


@pytest.mark.parametrize(
    ("found", "texts", "provider_id"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
async def test_where_the_provider_can_be_asked_it_is(
    sqlite_database: Engine, hand: Hand, found: list[Sent], texts: list[str], provider_id: str
) -> None:
    channel = Memory(hand, "sms", PHONE, found=found)
    channel.script.append(CUT)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms", kind="prompt")
    await post.delivery.start()
    await hand.run(14)
    assert (post.outbox.row(number).state, channel.asked) == ("unknown", []), "its list needs a moment"
    await hand.run(10)
    row = post.outbox.row(number)
    assert (row.state, row.provider_id, channel.texts) == ("sent", provider_id, texts)
    await post.delivery.stop()


async def test_an_older_message_with_the_same_words_is_not_taken_for_this_one(
    sqlite_database: Engine, hand: Hand
) -> None:
    channel = Memory(hand, "sms", PHONE, found=[Sent("id-1", 1)])
    post = Post(sqlite_database, channel, hand=hand)
    first, second = post.outbox.put("1", "hello", "hello", channel="sms")
    await post.delivery.start()
    channel.script.extend([None, CUT])
    await hand.run(60)
    assert [post.outbox.row(number).provider_id for number in (first, second)] == ["id-1", "id-2"]
    assert channel.texts == ["hello", "hello"]
    await post.delivery.stop()


async def test_a_provider_that_does_not_tell_is_asked_again(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE, found=[Sent("SM9", 1)])
    channel.script.extend([CUT, SendError("retry", "network"), SendError("unknown", "no answer")])
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms")
    await post.delivery.start()
    await hand.run(60)
    assert (post.outbox.row(number).provider_id, len(channel.asked), channel.texts) == ("SM9", 3, [])
    await post.delivery.stop()


async def test_a_provider_that_never_tells_is_left_after_a_day(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE)
    channel.script.extend([CUT, SendError("retry", "network")])
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms", now=NOON - timedelta(hours=25))
    await post.delivery.start()
    await hand.run(30)
    assert (post.outbox.row(number).state, channel.texts, post.outbox.items()) == ("failed", [], ["sending"])
    await post.delivery.stop()


async def test_of_a_long_message_only_what_is_missing_goes_out(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE)
    channel.script.extend([None, CUT])
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "one|two|three", channel="sms")
    await post.delivery.start()
    await hand.run(60)
    assert channel.texts == ["one", "two", "three"]
    assert post.outbox.row(number).state == "sent"
    await post.delivery.stop()


DEAD: list[tuple[str, str, Limits, list[Sent], list[str], str]] = [
    ("a reply by chat", "reply", CHAT, [], ["hello", "next"], "sent"),
    ("a prompt by chat", "prompt", CHAT, [], ["next"], "failed"),
    ("a text that arrived", "reply", PHONE, [Sent("SM9", 1)], ["next"], "sent"),
    ("a text that did not", "prompt", PHONE, [], ["next", "hello"], "sent"),
]


@pytest.mark.parametrize(("kind", "limits", "found", "texts", "state"), [r[1:] for r in DEAD], ids=[r[0] for r in DEAD])
async def test_what_a_dead_process_was_sending(
    sqlite_database: Engine, hand: Hand, kind: str, limits: Limits, found: list[Sent], texts: list[str], state: str
) -> None:
    name = "sms" if limits is PHONE else "telegram"
    channel: Any = Memory(hand, name, limits, found=found)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel=name, kind=kind)
    post.outbox.put("1", "next", channel=name)
    post.outbox.change("outbox", number, state="sending", attempts=1, lease_until=NOON + timedelta(seconds=100))
    await post.delivery.start()
    await hand.run(60)
    assert (channel.texts, post.outbox.row(number).state) == (texts, state)
    await post.delivery.stop()


async def test_the_lease_of_another_process_is_waited_out(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=CHAT)
    post = Post(sqlite_database, channel, hand=hand)
    post.delivery._alone = False
    (number,) = post.outbox.put("1", "hello")
    post.outbox.change("outbox", number, state="sending", attempts=1, lease_until=NOON + timedelta(seconds=100))
    await post.delivery.start()
    await hand.run(99)
    assert channel.texts == []
    await hand.run(60)
    assert channel.texts == ["hello"]
    await post.delivery.stop()


async def test_a_message_nobody_can_read_any_more_is_given_up(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms")
    post.outbox.change("outbox", number, state="unknown", payload="{}")
    await post.delivery.start()
    await hand.run(20)
    assert (post.outbox.row(number).state, post.outbox.items()) == ("failed", ["sending"])
    await post.delivery.stop()
