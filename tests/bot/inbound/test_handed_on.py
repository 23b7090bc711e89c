"""What people send besides their own words: it is answered, and other people's words are kept under their name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.turn.menu_texts import COMMANDS, menus
from flows.language.keywords.recognise import recognise
from storage import tables
from tests import walk
from tests.bot.service import releases, update

if TYPE_CHECKING:
    from tests.bot.service import Service

CHAT = 5512345678
FORWARD = {"forward_origin": {"type": "hidden_user", "sender_user_name": "Ann", "date": 1795420000}}
BESIDE: dict[str, dict[str, Any]] = {
    "somebody's contact": {"contact": {"phone_number": "447700900456", "first_name": "Tom", "user_id": 42}},
    "a contact without account": {"contact": {"phone_number": "447700900456", "first_name": "Tom"}},
    "what a web page sent": {"web_app_data": {"data": "x", "button_text": "Open"}},
    "users": {"users_shared": {"request_id": 1, "users": [{"user_id": 42}]}},
    "a chat": {"chat_shared": {"request_id": 1, "chat_id": -100}},
    "something new": {"hologram": {"file_id": "a"}},
    "something new, forwarded": {"hologram": {"file_id": "a"}} | FORWARD,
}
SAID_BY_TELEGRAM = ("pinned_message", "message_auto_delete_timer_changed", "write_access_allowed", "gift")


@pytest.mark.parametrize("name", BESIDE)
async def test_whatever_is_sent_besides_words_gets_an_answer(service: Service, name: str) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    assert await service.intake.take(service.told(update(CHAT, **BESIDE[name]))) == "handled"
    (said,) = service.answers(str(CHAT))[-1:]
    assert "only read words" in said


@pytest.mark.parametrize("name", SAID_BY_TELEGRAM)
async def test_what_telegram_says_by_itself_is_not_answered(service: Service, name: str) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    assert await service.intake.take(service.told(update(CHAT, **{name: {}}))) == "other"
    assert service.answers(str(CHAT)) == []
    assert service.rows(tables.TeamItem) == []


async def test_forwarded_words_are_kept_and_shown_under_their_name(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT, "My mum could not get an appointment.")
    await service.intake.take(service.told(update(CHAT, "They closed the clinic.", **FORWARD)))
    shown = "\n".join(await service.chat(CHAT, "It made her cry.", "DONE"))
    (story,) = service.rows(tables.Story)
    marked = "[Forwarded]\n> They closed the clinic."
    assert story.text == f"My mum could not get an appointment.\n{marked}\nIt made her cry."
    assert marked in shown


def test_every_command_of_the_menu_is_one_of_our_words_and_says_what_it_does() -> None:
    shown = menus(releases())
    assert shown
    for language, menu in shown.items():
        assert [name for name, _ in menu] == list(COMMANDS)
        for name, does in menu:
            word = recognise(f"/{name}", language=language, channel="telegram")
            assert word is not None
            assert word.word.value.lower().replace(" ", "_") == name
            assert 1 <= len(does) <= 256
