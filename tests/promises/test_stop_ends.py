"""After STOP, DELETE or DELETE CHAT nothing that still waited goes out (design rule 11). On both databases."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.channels.channel import Limits, SendError, StatusReport
from storage import tables
from storage.protection import cancel_waiting
from storage.queries.contributors.people import opt_out, set_address_state
from storage.queries.delivery import outbox
from tests.bot.sending import Hand, Memory, Post
from tests.bot.service import MAYA, Service, update

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

CHAT = 5550001234


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


def stop(post: Post, name: str = "maya", channel: str = "telegram") -> None:
    person = post.outbox.person(name, channel)
    post.writer.run(lambda c: opt_out(c, person.contributor_id, post.hand.clock()))


def ends(post: Post, *numbers: int) -> list[tuple[str, Any]]:
    rows = [post.outbox.row(number) for number in numbers]
    assert all(row.payload is None for row in rows)
    return [(row.state, row.error) for row in rows]


async def test_replies_that_wait_for_a_paused_provider(database: Engine) -> None:
    hand = Hand()
    channel = Memory(hand, script=deque([SendError("paused", "429", retry_after=4)]))
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    numbers = post.outbox.put("maya", "greeting", "question")
    others = post.outbox.put("tom", "greeting")
    await hand.run(1)
    stop(post)
    await hand.run(30)
    assert channel.texts == ["greeting"]
    assert [post.outbox.row(number).state for number in others] == ["sent"]
    assert ends(post, *numbers) == [("cancelled", "opted_out")] * 2
    await post.sender.stop()


async def test_a_second_text_that_waits_for_the_report_on_the_first(database: Engine) -> None:
    hand = Hand()
    limits = Limits(per_second=1000.0, per_person=3.0, until_delivered=True)
    channel = Memory(hand, name="sms", limits=limits)
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    _, second = post.outbox.put("maya", "first", "second", channel="sms")
    await hand.run(1)
    assert post.outbox.row(second).state == "sending", "it has been taken, and waits for its turn"
    stop(post, channel="sms")
    await hand.run(30)
    assert channel.texts == ["first"]
    assert ends(post, second) == [("cancelled", "opted_out")]
    await post.sender.stop()


async def test_people_who_wait_for_the_rate(database: Engine) -> None:
    hand = Hand()
    channel = Memory(hand, limits=Limits(per_second=1.0, per_person=0.0))
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    numbers = [post.outbox.put(name, f"to {name}")[0] for name in ("ann", "bo", "cy", "di")]
    await hand.run(0.5)
    for name in ("ann", "bo", "cy", "di"):
        stop(post, name)
    await hand.run(30)
    assert channel.texts == ["to ann"], "it had gone before"
    assert ends(post, *numbers[1:]) == [("cancelled", "opted_out")] * 3
    await post.sender.stop()


AFTER_THE_WIRE = [
    ("put off", SendError("retry", "503"), "cancelled"),
    ("nobody knows", SendError("unknown", "timeout"), "cancelled"),
    ("refused", SendError("permanent", "400"), "failed"),
]


@pytest.mark.parametrize(
    ("error", "state"), [one[1:] for one in AFTER_THE_WIRE], ids=[one[0] for one in AFTER_THE_WIRE]
)
async def test_what_was_on_the_wire_is_not_tried_again(database: Engine, error: SendError, state: str) -> None:
    hand = Hand()
    channel = Memory(hand, takes=2.0, script=deque([error]))
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    first, second = post.outbox.put("maya", "first", "second")
    await hand.run(1)
    assert channel.flying == 1
    stop(post)
    await hand.run(400)
    assert channel.sent == []
    assert [found for found, _ in ends(post, first, second)] == [state, "cancelled"]
    await post.sender.stop()


async def test_the_pieces_of_a_long_message_that_had_not_gone(database: Engine) -> None:
    hand = Hand()
    wire = asyncio.Event()
    channel = Memory(hand, script=deque([wire]))
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    post.outbox.put("maya", "first|second|third")
    await hand.run(1)
    stop(post)
    wire.set()
    await hand.run(30)
    assert channel.texts == ["first"]
    await post.sender.stop()


@pytest.mark.parametrize(("kind", "state"), [("opted_out", "opted_out"), ("permanent", "blocked")])
async def test_once_a_provider_says_so_the_rest_of_the_answer_is_not_tried(
    database: Engine, kind: Any, state: str
) -> None:
    hand = Hand()
    error = SendError(kind, "21610", address_state="blocked" if state == "blocked" else "")
    channel = Memory(hand, script=deque([error]))
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    first, *rest = post.outbox.put("maya", "first", "second", "third")
    await hand.run(30)
    assert channel.sent == []
    assert post.outbox.address_state("maya") == state
    assert ends(post, first, *rest) == [("failed", "21610"), ("cancelled", state), ("cancelled", state)]
    await post.sender.stop()


async def test_an_opt_out_that_is_reported_before_we_know_the_message_counts(database: Engine) -> None:
    """With a Messaging Service 21610 comes as a report, and it may overtake the answer to our request."""
    hand = Hand()
    channel = Memory(hand, name="sms")
    channel.meaning = lambda report: SendError("opted_out", report.error)  # type: ignore[method-assign]
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    await post.sender.reported(StatusReport(channel="sms", provider_id="id-1", status="undelivered", error="21610"))
    first, second = post.outbox.put("maya", "first", "second", channel="sms")
    await hand.run(30)
    assert channel.texts == ["first"]
    assert post.outbox.address_state("maya", "sms") == "opted_out"
    assert ends(post, second) == [("cancelled", "opted_out")]
    assert post.outbox.row(first).state == "undelivered"
    await post.sender.stop()


def test_what_nobody_knows_the_fate_of_is_never_sent_again(database: Engine) -> None:
    post = Post(database, hand=Hand())
    (number,) = post.outbox.put("maya", "perhaps sent")
    post.outbox.change("outbox", number, state="unknown", handed_at=post.hand.clock())
    stop(post)
    assert ends(post, number) == [("cancelled", "opted_out")]


def test_alerts_to_the_team_and_other_people_are_left_alone(database: Engine) -> None:
    post = Post(database, hand=Hand())
    (alert,) = post.outbox.put("maya", "somebody may need help", kind="alert")
    (other,) = post.outbox.put("tom", "hello")
    stop(post)
    assert [post.outbox.row(number).state for number in (alert, other)] == ["queued", "queued"]


def test_a_blocked_address_leaves_the_others_of_its_person_alone(database: Engine) -> None:
    post = Post(database, hand=Hand())
    (number,) = post.outbox.put("maya", "hello")
    (other,) = post.outbox.put("maya", "hello", channel="sms")
    person = post.outbox.person("maya")
    post.writer.run(lambda c: set_address_state(c, person.address_id, "blocked", post.hand.clock()))
    assert ends(post, number) == [("cancelled", "blocked")]
    assert post.outbox.row(other).state == "queued"


def test_only_what_repeats_their_words_is_withheld_when_delete_comes(database: Engine) -> None:
    post = Post(database, hand=Hand())
    (words,) = post.outbox.put("maya", "Your story: …", private=True)
    (question,) = post.outbox.put("maya", "Where was it?")
    person = post.outbox.person("maya")
    assert post.writer.run(lambda c: cancel_waiting.from_person(c, person.contributor_id, "deleted", private=True)) == 1
    assert ends(post, words) == [("cancelled", "deleted")]
    assert post.outbox.row(question).state == "queued"


def test_a_message_that_was_taken_back_is_not_handed_over(database: Engine) -> None:
    post = Post(database, hand=Hand())
    (number,) = post.outbox.put("maya", "hello")
    post.writer.run(lambda c: outbox.claim_due(c, post.hand.clock()))
    stop(post)
    seen = post.writer.run(lambda c: outbox.hand_over(c, number, post.hand.clock(), asked_for=True))
    assert (seen, post.outbox.row(number).handed_at) == ("taken_back", None)


# --- in the conversation --------------------------------------------------------------------------------------------


def waiting(service: Service) -> list[str]:
    return [row.kind for row in service.rows(tables.Outbox) if row.state == "queued"]


def reasons(service: Service) -> set[str]:
    return {row.error for row in service.rows(tables.Outbox) if row.state == "cancelled"}


async def test_stop_by_chat_leaves_one_confirmation(service: Service) -> None:
    await service.chat(CHAT, "/start")
    assert waiting(service)
    await service.chat(CHAT, "please stop texting me")
    assert waiting(service) == ["reply"]
    assert reasons(service) == {"opted_out"}


async def test_a_stop_that_the_carrier_took_leaves_nothing(service: Service) -> None:
    await service.text(MAYA, "Hello")
    assert waiting(service)
    await service.text(MAYA, "STOP")
    assert waiting(service) == []
    assert reasons(service) == {"opted_out"}


async def test_my_data_and_then_stop(service: Service) -> None:
    await service.chat(CHAT, "/start", "MY DATA", "STOP")
    assert waiting(service) == ["reply"]


async def test_delete_chat_sends_nothing_first(service: Service) -> None:
    await service.chat(CHAT, "/start")
    await service.chat(CHAT, "/deletechat")
    assert waiting(service) == ["unsay", "reply"]
    assert reasons(service) == {"delete_chat"}


async def test_a_question_cancelled_by_delete_chat_comes_back_when_they_write_again(service: Service) -> None:
    for words in ("/start", "/deletechat"):
        await service.intake.take(service.told(update(CHAT, words)))
    service.now += timedelta(minutes=5)
    service.answers(str(CHAT))
    assert await service.chat(CHAT, "hello?"), "somebody who writes is answered"
    assert service.last(str(CHAT)).say.serial is not None
