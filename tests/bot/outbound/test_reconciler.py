"""Messages whose outcome is unknown: asked after where that is possible, never sent again blindly."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.channels.channel import Limits, SendError, SentPiece
from tests.bot.sending import NOON, Hand, Memory, Post

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

CHAT = Limits(per_second=1000.0, per_person=0.0)
PHONE = Limits(per_second=1000.0, per_person=0.0, ask_after=15.0)
CUT = SendError("unknown", "no answer")


@pytest.fixture
def hand() -> Hand:
    return Hand()


KINDS = [("reply", "sent", ["hello"], 0), ("care", "sent", ["hello"], 0)] + [
    (kind, "failed", [], 1) for kind in ("prompt", "nudge", "notice")
]


def in_hand(post: Post, number: int) -> None:
    """Let another process have given a message to the provider, and not be heard of since."""
    lease = NOON + timedelta(seconds=100)
    post.outbox.change("outbox", number, state="sending", attempts=1, handed_at=NOON, lease_until=lease)


@pytest.mark.parametrize(("kind", "state", "texts", "items"), KINDS, ids=[row[0] for row in KINDS])
async def test_where_nobody_can_be_asked_only_what_somebody_waits_for_is_sent_again(
    sqlite_database: Engine, hand: Hand, kind: str, state: str, texts: list[str], items: int
) -> None:
    channel = Memory(hand, limits=CHAT)
    channel.script.append(CUT)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", kind=kind)
    await post.sender.start()
    await hand.run(60)
    assert (post.outbox.row(number).state, channel.texts) == (state, texts)
    assert post.outbox.items() == ["sending"] * items, "the team hears of what will never go out"
    await post.sender.stop()


AWAY = {
    "refuses every call": SendError("retry", "network"),
    "answers with pages of a proxy": SendError("retry", "not telegram"),
    "closes the line or hangs": CUT,
}


@pytest.mark.parametrize("minutes", [0.5, 5])
@pytest.mark.parametrize("error", AWAY.values(), ids=AWAY)
async def test_an_outage_is_many_tries_and_ends_for_everybody_at_once(
    sqlite_database: Engine, hand: Hand, error: SendError, minutes: float
) -> None:
    channel = Memory(hand, limits=CHAT, away=error)
    post = Post(sqlite_database, channel, hand=hand)
    for name in ("1", "2", "3"):
        post.outbox.put(name, f"{name} first", f"{name} second")
    await post.sender.start()
    await hand.run(minutes * 60)
    assert channel.texts == []
    channel.away = None
    await hand.run(min(31.0, 2 + minutes * 60 / 2))
    for name in ("1", "2", "3"):
        assert [text for _, to, text in channel.sent if to == name] == [f"{name} first", f"{name} second"]
    assert channel.times[-1] - channel.times[0] < 2, "the first that goes out ends the waiting of all"
    assert post.outbox.items() == []
    await post.sender.stop()


@pytest.mark.parametrize("error", AWAY.values(), ids=AWAY)
async def test_after_a_day_a_reply_is_given_up_and_the_team_told(
    sqlite_database: Engine, hand: Hand, error: SendError
) -> None:
    channel = Memory(hand, limits=CHAT, away=error)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello")
    post.outbox.change("outbox", number, created_at=NOON - timedelta(hours=23, minutes=58))
    await post.sender.start()
    await hand.run(100)
    assert post.outbox.row(number).state == "queued"
    await hand.run(60)
    assert (post.outbox.row(number).state, post.outbox.items()) == ("failed", ["sending"])
    await post.sender.stop()


async def test_what_two_processes_died_with_is_not_sent_a_third_time(sqlite_database: Engine, hand: Hand) -> None:
    """The row remembers, whatever else went wrong in between: a question is never seen three times (ADR 6)."""
    post = Post(sqlite_database, Memory(hand, limits=CHAT), hand=hand)
    (number,) = post.outbox.put("1", "hello")
    hangs = asyncio.Event()
    for between in ([], [SendError("retry", "network")]):
        channel = Memory(hand, limits=CHAT)
        channel.script.extend([*between, hangs])
        dying = Post(sqlite_database, channel, hand=hand)
        await dying.sender.start()
        await hand.run(10)
        assert post.outbox.row(number).state == "sending"
        for task in dying.sender._running:
            task.cancel()  # dies: nothing is written down any more
    channel = Memory(hand, limits=CHAT)
    last = Post(sqlite_database, channel, hand=hand)
    await last.sender.start()
    await hand.run(60)
    assert (post.outbox.row(number).state, channel.texts, post.outbox.items()) == ("failed", [], ["sending"])
    await last.sender.stop()


async def test_a_later_reply_does_not_overtake_the_one_in_doubt(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=CHAT)
    channel.script.append(CUT)
    post = Post(sqlite_database, channel, hand=hand)
    post.outbox.put("1", "first", "second")
    await post.sender.start()
    await hand.run(60)
    assert channel.texts == ["first", "second"]
    await post.sender.stop()


ANSWERS: list[tuple[str, list[SentPiece], list[str], str]] = [
    ("it arrived", [SentPiece("SM9", 1)], [], "SM9"),
    ("it did not", [], ["hello"], "id-1"),
]


@pytest.mark.parametrize(
    ("found", "texts", "provider_id"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
async def test_where_the_provider_can_be_asked_it_is(
    sqlite_database: Engine, hand: Hand, found: list[SentPiece], texts: list[str], provider_id: str
) -> None:
    channel = Memory(hand, "sms", PHONE, found=found)
    channel.script.append(CUT)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms", kind="prompt")
    await post.sender.start()
    await hand.run(14)
    assert (post.outbox.row(number).state, channel.asked) == ("unknown", []), "its list needs a moment"
    await hand.run(10)
    row = post.outbox.row(number)
    assert (row.state, row.provider_id, channel.texts) == ("sent", provider_id, texts)
    await post.sender.stop()


async def test_an_older_message_with_the_same_words_is_not_taken_for_this_one(
    sqlite_database: Engine, hand: Hand
) -> None:
    channel = Memory(hand, "sms", PHONE, found=[SentPiece("id-1", 1)])
    post = Post(sqlite_database, channel, hand=hand)
    first, second = post.outbox.put("1", "hello", "hello", channel="sms")
    await post.sender.start()
    channel.script.extend([None, CUT])
    await hand.run(60)
    assert [post.outbox.row(number).provider_id for number in (first, second)] == ["id-1", "id-2"]
    assert channel.texts == ["hello", "hello"]
    await post.sender.stop()


async def test_a_provider_that_does_not_tell_is_asked_again(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE, found=[SentPiece("SM9", 1)])
    channel.script.extend([CUT, SendError("retry", "network"), SendError("unknown", "no answer")])
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms")
    await post.sender.start()
    await hand.run(60)
    assert (post.outbox.row(number).provider_id, len(channel.asked), channel.texts) == ("SM9", 3, [])
    await post.sender.stop()


async def test_a_text_in_doubt_holds_up_its_person_and_nobody_else(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE)
    channel.script.append(CUT)
    post = Post(sqlite_database, channel, hand=hand)
    post.outbox.put("1", "greeting", "question", channel="sms")
    await post.sender.start()
    await hand.run(5)
    post.outbox.put("2", "hello", channel="sms")
    await hand.run(5)
    assert channel.texts == ["hello"]
    await hand.run(10)
    assert channel.texts == ["hello", "greeting", "question"]
    await post.sender.stop()


async def test_whoever_is_killed_every_few_seconds_still_looks_into_what_was_left(
    sqlite_database: Engine, hand: Hand
) -> None:
    """Else its people would wait as long as the kills go on: each start would give the list its time anew."""
    post = Post(sqlite_database, Memory(hand, "sms", PHONE), hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms")
    begun, asked, texts = hand.at, [], []
    for _ in range(4):
        channel = Memory(hand, "sms", PHONE)
        channel.script.extend([asyncio.Event()] if post.outbox.row(number).state == "queued" else [])
        dying = Post(sqlite_database, channel, hand=hand)
        await dying.sender.start()
        for _ in range(14):
            await hand.run(0.5)
            asked += [hand.at - begun for _ in channel.asked]
            channel.asked.clear()
        texts += channel.texts
        for task in dying.sender._running:
            task.cancel()  # dies: nothing is written down any more
    assert texts == ["hello"]
    wait = PHONE.ask_after or 0.0
    assert len(asked) == 1
    assert wait < asked[0] < wait + 5, "not before the list can be trusted, and soon after"


async def test_the_list_is_given_its_time_also_for_what_a_dead_process_left(
    sqlite_database: Engine, hand: Hand
) -> None:
    channel = Memory(hand, "sms", PHONE)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms")
    in_hand(post, number)
    await post.sender.start()
    await hand.run(14)
    assert channel.asked == []
    channel.found = [SentPiece("SM9", 1)]
    await hand.run(3)
    assert (post.outbox.row(number).provider_id, channel.texts) == ("SM9", [])
    await post.sender.stop()


async def test_when_the_list_is_there_again_nobody_waits_long(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE, away=CUT)
    post = Post(sqlite_database, channel, hand=hand)
    for name in range(20):
        post.outbox.put(str(name), "hello", channel="sms")
    await post.sender.start()
    await hand.run(45)
    channel.away = None
    channel.sent.clear()
    await hand.run(15)
    assert len(channel.sent) == 20
    await post.sender.stop()


async def test_a_provider_that_takes_nothing_and_says_so_is_left_after_a_day(
    sqlite_database: Engine, hand: Hand
) -> None:
    channel = Memory(hand, "sms", PHONE)
    channel.script.append(CUT)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms", now=NOON - timedelta(hours=25))
    await post.sender.start()
    await hand.run(30)
    assert (post.outbox.row(number).state, channel.texts, post.outbox.items()) == ("failed", [], ["sending"])
    await post.sender.stop()


async def test_a_provider_that_never_tells_is_left_after_a_day(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE)
    channel.script.extend([CUT, SendError("retry", "network")])
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms", now=NOON - timedelta(hours=25))
    await post.sender.start()
    await hand.run(30)
    assert (post.outbox.row(number).state, channel.texts, post.outbox.items()) == ("failed", [], ["sending"])
    await post.sender.stop()


async def test_of_a_long_message_only_what_is_missing_goes_out(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE)
    channel.script.extend([None, CUT])
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "one|two|three", channel="sms")
    await post.sender.start()
    await hand.run(60)
    assert channel.texts == ["one", "two", "three"]
    assert post.outbox.row(number).state == "sent"
    await post.sender.stop()


DEAD: list[tuple[str, str, Limits, list[SentPiece], list[str], str]] = [
    ("a reply by chat", "reply", CHAT, [], ["hello", "next"], "sent"),
    ("a prompt by chat", "prompt", CHAT, [], ["next"], "failed"),
    ("a text that arrived", "reply", PHONE, [SentPiece("SM9", 1)], ["next"], "sent"),
    ("a text that did not", "reply", PHONE, [], ["hello", "next"], "sent"),
    ("a prompt by text that did not", "prompt", PHONE, [], ["next", "hello"], "sent"),
]


@pytest.mark.parametrize(("kind", "limits", "found", "texts", "state"), [r[1:] for r in DEAD], ids=[r[0] for r in DEAD])
async def test_what_a_dead_process_was_sending(
    sqlite_database: Engine, hand: Hand, kind: str, limits: Limits, found: list[SentPiece], texts: list[str], state: str
) -> None:
    name = "sms" if limits is PHONE else "telegram"
    channel: Any = Memory(hand, name, limits, found=found)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel=name, kind=kind)
    post.outbox.put("1", "next", channel=name)
    in_hand(post, number)
    await post.sender.start()
    await hand.run(60)
    assert (channel.texts, post.outbox.row(number).state) == (texts, state)
    await post.sender.stop()


async def test_the_lease_of_another_process_is_waited_out(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, limits=CHAT)
    post = Post(sqlite_database, channel, hand=hand)
    post.sender._alone = False
    (number,) = post.outbox.put("1", "hello")
    in_hand(post, number)
    await post.sender.start()
    await hand.run(99)
    assert channel.texts == []
    await hand.run(60)
    assert channel.texts == ["hello"]
    await post.sender.stop()


async def test_a_message_nobody_can_read_any_more_is_given_up(sqlite_database: Engine, hand: Hand) -> None:
    channel = Memory(hand, "sms", PHONE)
    post = Post(sqlite_database, channel, hand=hand)
    (number,) = post.outbox.put("1", "hello", channel="sms")
    post.outbox.change("outbox", number, state="unknown", payload="{}")
    await post.sender.start()
    await hand.run(20)
    assert (post.outbox.row(number).state, post.outbox.items()) == ("failed", ["sending"])
    await post.sender.stop()
