"""After DELETE, or once words were replaced, nothing that waits repeats them, whoever deleted them and where."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import tables
from storage.protection.erasure import erase_story
from tests import walk
from tests.bot.service import Service, update

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

CHAT = 5550001234
OUTBOX = tables.Outbox.__table__
SECRET = "Zedekiah, my uncle, was there that winter."


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


def waiting(service: Service) -> list[str]:
    """Return the texts that are still to be sent, in order."""
    waits = {row.id for row in service.rows(tables.Outbox) if row.state == "queued"}
    return [message.say.text for number, _, message in service.outbox() if number in waits]


def all_sent(service: Service) -> None:
    sent = {"state": "sent", "payload": None, "handed_at": service.now - timedelta(seconds=5)}
    service.writer.run(lambda c: c.execute(OUTBOX.update().where(OUTBOX.c.state == "queued").values(sent)))


async def told(service: Service, *texts: str) -> None:
    """Say these in the chat, each answered and read before the next; only the last answer still waits."""
    for text in texts:
        all_sent(service)
        await service.chat(CHAT, text)


async def test_delete_leaves_only_its_own_question(service: Service) -> None:
    await told(service, *walk.AGREED_BY_CHAT, SECRET)
    await service.chat(CHAT, "DONE", "HELP")
    assert len(waiting(service)) > 2
    await service.chat(CHAT, "DELETE")
    (question,) = waiting(service)
    assert question.startswith("What shall we delete?")


async def test_a_signpost_that_waits_still_goes_when_delete_comes(service: Service) -> None:
    await told(service, *walk.AGREED_BY_CHAT)
    all_sent(service)
    await service.chat(CHAT, "I want to kill myself tonight")
    await service.chat(CHAT, "DELETE")
    assert any("116 123" in text for text in waiting(service)), "whoever may be in danger is told whom to ring"


async def test_who_keeps_all_after_delete_is_asked_again(service: Service) -> None:
    await told(service, *walk.AGREED_BY_CHAT, SECRET, "DONE")
    await service.chat(CHAT, "DELETE", "nothing")
    assert any("Where was this?" in text for text in waiting(service))


@pytest.mark.parametrize("asked", ["MY DATA", "DELETE"])
async def test_what_another_conversation_says_of_a_story_goes_with_it(service: Service, asked: str) -> None:
    await told(service, *walk.by_chat(SECRET))
    await told(service, "/start")
    all_sent(service)
    await service.chat(CHAT, asked)
    assert "Zedekiah" in repr(service.outbox(str(CHAT)))
    service.writer.run(lambda c: erase_story(c, service.rows(tables.Story)[0].id, service.now))
    left = [message for _, _, message in service.outbox(str(CHAT))]
    assert "Zedekiah" not in repr(left)


async def test_words_that_were_replaced_are_not_sent_any_more(service: Service) -> None:
    await told(service, *walk.AGREED_BY_CHAT, SECRET)
    await service.chat(CHAT, "DONE")
    assert "Zedekiah" in repr(waiting(service))
    await service.chat(CHAT, "CHANGE", "the story", "anew", "It was a cold winter.", "DONE")
    left = waiting(service)
    assert "Zedekiah" not in repr(left)
    assert any("It was a cold winter." in text for text in left), "what is kept is shown"


async def test_the_same_after_the_end_with_what_my_data_tells(service: Service) -> None:
    await told(service, *walk.by_chat(SECRET))
    await service.chat(CHAT, "MY DATA", "nothing")
    assert "Zedekiah" in repr(service.outbox(str(CHAT)))
    await service.chat(CHAT, "CHANGE", "the story", "anew", "It was a cold winter.", "DONE")
    assert [row.text for row in service.rows(tables.Story)] == ["It was a cold winter."]
    assert "Zedekiah" not in repr(service.outbox(str(CHAT)))


async def test_stop_does_not_undo_delete_chat(service: Service) -> None:
    await told(service, *walk.AGREED_BY_CHAT)
    await service.chat(CHAT, "/deletechat")
    await service.chat(CHAT, "stop")
    left = [row.kind for row in service.rows(tables.Outbox) if row.state == "queued"]
    assert left == ["unsay", "reply"], "the chat still goes, then the one confirmation"


# --- when the turn fails ----------------------------------------------------------------------------------------------


def broken(service: Service) -> None:
    """Let every stored conversation be unreadable."""
    conversation = tables.Conversation.__table__
    service.writer.run(lambda c: c.execute(conversation.update().values(state="{")))


async def test_stop_in_danger_gets_one_message_though_the_turn_fails(service: Service) -> None:
    await told(service, *walk.AGREED_BY_CHAT)
    broken(service)
    await service.chat(CHAT, "I want to kill myself tonight. STOP")
    (said,) = waiting(service)
    assert "116 123" in said
    assert "We have stopped" in said


async def test_a_message_changed_into_stop_counts_though_the_turn_fails(service: Service) -> None:
    await told(service, *walk.AGREED_BY_CHAT)
    all_sent(service)
    last = update(CHAT, "hm")
    await service.intake.take(service.told(last))
    broken(service)
    changed = {"update_id": last["update_id"] + 500, "edited_message": last["message"] | {"text": "stop"}}
    await service.intake.take(service.told(changed))
    assert service.rows(tables.Contributor)[0].opted_out
    assert len(waiting(service)) == 1


async def test_delete_withholds_their_words_though_the_turn_fails(service: Service) -> None:
    await told(service, *walk.AGREED_BY_CHAT, SECRET)
    await service.chat(CHAT, "DONE")
    broken(service)
    await service.chat(CHAT, "DELETE")
    assert "Zedekiah" not in repr(waiting(service)), waiting(service)
