"""An answer counts only for a question that its writer can have seen (design rule 10). On both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.channels.channel import SendError
from bot.turn.seen_messages import EVERYTHING, Seen, judge
from flows.model.conversation import Conversation
from storage import tables
from storage.queries.conversations import turn_queries as store
from storage.queries.conversations.turn_queries import AskedQuestion
from storage.queries.delivery import outbox
from tests.bot.sending import NOON, Hand, Memory, Post
from tests.bot.service import MAYA, Service, sms_form, update

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Engine

    from bot.channels.channel import Inbound

CHAT = 5550001234


JUDGED = [
    ("nothing is known any more", [], EVERYTHING),
    ("read long ago", [(3, -60, "sent"), (2, -61, "sent")], EVERYTHING),
    ("just long enough", [(3, -0.6, "sent")], EVERYTHING),
    ("too fresh to have been read", [(3, -0.5, "sent"), (2, -9, "sent")], Seen(2)),
    ("still waits to be sent", [(3, None, "queued"), (2, -9, "sent")], Seen(2)),
    ("handed over, and nobody knows whether it arrived", [(3, -2, "unknown"), (2, -9, "sent")], EVERYTHING),
    ("taken by a sender, not handed over", [(3, None, "sending"), (2, -9, "sent")], Seen(2)),
    ("handed over after the message was written", [(3, 4, "sent"), (2, 2, "sent"), (1, -9, "sent")], Seen(1)),
    ("the first question of all waits", [(1, None, "queued")], Seen(0)),
    ("the ones before are not known any more", [(7, None, "queued")], Seen(6)),
    ("never went out", [(3, None, "cancelled"), (2, -9, "sent")], Seen(2, lost=True)),
    ("was refused", [(3, None, "failed"), (2, -9, "sent")], Seen(2, lost=True)),
    ("cancelled, but its repetition was read", [(4, -3, "sent"), (3, None, "cancelled")], EVERYTHING),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "seen"), [case[1:] for case in JUDGED], ids=[case[0] for case in JUDGED])
def test_what_was_read_when_somebody_wrote(rows: list[tuple[int, float | None, str]], seen: Seen) -> None:
    asked = [
        AskedQuestion(serial, None if when is None else NOON + timedelta(seconds=when), state)
        for serial, when, state in rows
    ]
    assert judge(asked, NOON) == seen


def state(service: Service) -> Conversation:
    (row,) = service.rows(tables.Conversation)
    return Conversation.from_json(row.state)


def agreed(service: Service) -> list[str]:
    return [row.purpose for row in service.rows(tables.Decision) if row.purpose == "take_part" and row.answer == "yes"]


def texted(service: Service, words: str, sid: str | None = None) -> Inbound:
    return service.event(sms_form(MAYA, words, sid))


def chatted(service: Service, words: str) -> Inbound:
    return service.told(update(CHAT, words))


@pytest.mark.parametrize("write", [texted, chatted], ids=["sms", "telegram"])
async def test_answers_before_any_question_was_sent_agree_to_nothing(
    service: Service, write: Callable[[Service, str], Inbound]
) -> None:
    for words in ("Hello" if write is texted else "/start", "1", "yes", "1", "AGREE", "yes"):
        await service.intake.take(write(service, words))
    assert agreed(service) == []
    service.deliver()
    for words in ("AGREE",) if write is texted else ("yes", "I agree"):
        await service.intake.take(write(service, words))
        service.deliver()
    assert agreed(service) == ["take_part"], "what was read can be answered"


async def test_yes_twice_at_once_answers_one_question(service: Service) -> None:
    await service.chat(CHAT, "/start")
    service.deliver()
    first = state(service)
    for _ in range(2):
        await service.intake.take(chatted(service, "yes"))
    assert agreed(service) == []
    assert len(state(service).trail) == len(first.trail) + 1


@pytest.mark.parametrize("write", [texted, chatted], ids=["sms", "telegram"])
async def test_the_same_words_under_two_ids_are_one_answer(
    service: Service, write: Callable[[Service, str], Inbound]
) -> None:
    await service.intake.take(write(service, "Hello" if write is texted else "/start"))
    service.deliver()
    before = state(service)
    for _ in range(2):
        await service.intake.take(write(service, "AGREE" if write is texted else "yes"))
    assert len(state(service).trail) == len(before.trail) + 1


async def test_what_is_fetched_late_is_judged_by_when_it_was_written(service: Service) -> None:
    """After an outage: the questions have gone out since, but nobody had read them."""
    await service.intake.take(chatted(service, "/start"))
    written = [chatted(service, "1"), chatted(service, "1")]
    service.now += timedelta(hours=2)
    for event in written:
        service.deliver()
        service.now += timedelta(seconds=30)
        await service.intake.take(event)
    assert agreed(service) == []


async def test_an_event_that_was_stored_is_judged_by_when_it_came(service: Service) -> None:
    await service.intake.take(texted(service, "Hello"))
    await service.intake.set_aside(texted(service, "AGREE"))
    service.now += timedelta(minutes=10)
    service.deliver()
    assert await service.recovery.stored() == 1
    assert agreed(service) == []


async def test_who_practises_has_seen_everything(service: Service) -> None:
    for words in ("Hello", "AGREE"):
        event = replace(texted(service, words), channel="simulator", address="s" * 16)
        await service.intake.take(event)
    assert agreed(service) == ["take_part"]


async def test_a_question_that_never_went_out_is_asked_for_anew(service: Service) -> None:
    await service.chat(CHAT, "/start")
    box = tables.Outbox.__table__
    never = {"state": "cancelled", "payload": None, "error": "delete_chat", "handed_at": None}
    service.writer.run(lambda c: c.execute(box.update().where(box.c.serial.is_not(None)).values(**never)))
    await service.intake.take(chatted(service, "yes"))
    assert agreed(service) == []
    assert service.last(str(CHAT)).say.serial == state(service).serial, "a question waits that will be sent"
    service.answers(str(CHAT))


# --- when a message was handed over ---------------------------------------------------------------------------------


async def test_when_it_is_handed_over_stands_in_the_database_before_the_provider_has_it(database: Engine) -> None:
    hand = Hand()
    wire = asyncio.Event()
    channel = Memory(hand)
    channel.script.append(wire)
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    first, second = post.outbox.put("maya", "first", "second")
    await hand.run(0.5)
    assert channel.flying == 1
    assert post.outbox.row(first).handed_at == NOON
    assert (post.outbox.row(second).handed_at, post.outbox.row(second).state) == (None, "queued")
    left = post.writer.run(lambda c: outbox.release_expired_leases(c, hand.clock(), all_of_them=True))
    assert left == 1
    row = post.outbox.row(first)
    assert (row.state, row.handed_at) == ("unknown", NOON), "after a crash they may have read it"
    wire.set()
    await hand.run(5)
    await post.sender.stop()


REFUSED = [
    ("put off", SendError("retry", "503"), None),
    ("the whole channel pauses", SendError("paused", "429", retry_after=60), None),
    ("refused for good", SendError("permanent", "400"), None),
    ("perhaps taken", SendError("unknown", "timeout"), NOON),
]


@pytest.mark.parametrize(("error", "handed_at"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
async def test_what_the_provider_did_not_take_was_not_seen(
    database: Engine, error: SendError, handed_at: object
) -> None:
    hand = Hand()
    channel = Memory(hand)
    channel.script.append(error)
    post = Post(database, channel, hand=hand)
    (number,) = post.outbox.put("maya", "a question", due_at=NOON)
    await post.sender.start()
    await hand.settle()
    row = post.outbox.row(number)
    if error.kind == "unknown":
        assert row.handed_at is not None
    else:
        assert (row.handed_at, row.state != "sent") == (handed_at, True)
    await post.sender.stop()


def test_the_newest_questions_of_a_conversation(database: Engine) -> None:
    post = Post(database, hand=Hand())
    for serial in range(1, 11):
        post.outbox.put("maya", "a question", conversation_id="here", serial=serial)
    post.outbox.put("maya", "no question", conversation_id="here")
    post.outbox.put("maya", "another's", conversation_id="there", serial=99)
    found = post.writer.run(lambda c: store.asked(c, "here"))
    assert [one.serial for one in found] == [10, 9, 8, 7, 6, 5, 4, 3]
