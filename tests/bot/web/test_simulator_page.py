"""The simulator, through its forms: the real intake, the real outbox, the real storage, and no script."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from storage import tables
from storage.upkeep import restore
from tests.bot.service import NOON, STORY
from tests.bot.try_phone import HERE, Browser, opened, told_by_chat, told_by_text

if TYPE_CHECKING:
    from pathlib import Path


# --- telling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tell", [told_by_chat, told_by_text], ids=["telegram", "sms"])
async def test_a_story_told_here_is_kept_and_marked_as_practice(browser: Browser, tell: Any) -> None:
    screen = await tell(browser)
    (story,) = browser.rows(tables.Story)
    assert (story.text, story.simulated, story.place_label) == (STORY, True, "Glenboig, North Lanarkshire")
    (person,) = browser.rows(tables.Contributor)
    assert person.simulated
    assert "Story from Glenboig, North Lanarkshire Practice Individual · Service user · Team only" in screen.text
    receipt = re.search(r"Receipt: (\w+ \w+ \w+)", screen.text)
    assert receipt
    assert receipt[1] in screen.messages[-1]


async def test_both_phones_keep_the_same_story(browser: Browser) -> None:
    await told_by_chat(browser)
    await told_by_text(browser)
    by_chat, by_text = (story._asdict() for story in browser.rows(tables.Story))
    own = {
        "id",
        "conversation_id",
        "contributor_id",
        "told_at",
        "changed_at",
        "receipt_lookup",
        "place_words",
        "kept_until",
    }
    different = {name for name, value in by_chat.items() if value != by_text[name]} - own
    assert different == {"channel"}
    tags = [(tag.dimension, tag.value) for tag in browser.rows(tables.Tag)]
    assert sorted(tags) == sorted(2 * tags[: len(tags) // 2])


async def test_a_phone_that_nobody_answers_says_why(browser: Browser) -> None:
    assert "earshot db release" not in (await browser.see()).text
    browser.app.writer.run(lambda connection: restore.hold(connection, [], NOON))
    screen = await browser.say("/start")
    assert screen.messages == ["You: /start"]
    assert "Nothing answers yet: a copy of the database was put back" in screen.text
    assert "earshot db release" in screen.text
    browser.app.writer.run(lambda connection: restore.release(connection, NOON, "command line", drop=False))
    assert "Nothing answers yet" not in (await browser.see()).text


async def test_text_messages_show_their_options_and_what_they_cost(browser: Browser) -> None:
    await browser.do("start", look="sms")
    screen = await browser.say("SHARE")
    assert screen.messages[-1].endswith("send AGREE. If not, NO. Younger? Send UNDER.")
    assert screen.keys == {}
    assert re.search(r"1 segment · 1\d\d characters · GSM-7", screen.text)
    assert re.search(r"2 segments · 2\d\d characters · GSM-7", screen.text)


async def test_a_letter_beyond_the_plain_alphabet_shows(tmp_path: Path, sqlite_template: Path) -> None:
    app = await opened(tmp_path, sqlite_template, EARSHOT_ORGANISATION="Słucham")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=HERE) as client:
        browser = Browser(app, client)
        await browser.do("start", look="sms")
        screen = await browser.say("SHARE")
    assert "· UCS-2" in screen.text
    await app.sender.stop()
    await asyncio.to_thread(app.close)


async def test_several_answers_are_switched_on_and_off(browser: Browser) -> None:
    await browser.say("/start", "yes", "agree", STORY, "done", "SKIP", "1", "2")
    assert "✓ I used it" in (await browser.press("I used it")).keys
    screen = await browser.press("✓ I used it")
    assert "I used it" in screen.keys
    assert sum("Is this about you" in message for message in screen.messages) == 1


async def test_buttons_of_earlier_questions_are_shown_as_past_and_do_nothing(browser: Browser) -> None:
    screen = await browser.say("/start")
    old = screen.keys["No, under 18"]
    screen = await browser.press("Yes, 18 or over")
    assert set(screen.keys) == {"I agree", "No, thank you"}
    assert "Yes, 18 or over (you pressed this)" in screen.text
    before = screen.messages
    assert (await browser.do("press", press=old)).messages == before


async def test_the_same_form_twice_has_the_effect_of_once(browser: Browser) -> None:
    once = (await browser.say("/start", "yes", "agree")).once
    first = await browser.do("say", text=STORY, once=once)
    second = await browser.do("say", text=STORY, once=once)
    assert first.messages == second.messages
    third = await browser.do("say", text="And something else.", once=once)
    assert len(third.messages) == len(second.messages) + 1


async def test_something_that_is_not_words_is_politely_refused(browser: Browser) -> None:
    screen = await browser.say("/start")
    screen = await browser.do("send", kind="voice")
    assert screen.messages[-2].strip().endswith("A voice message")
    assert "can only read words" in screen.messages[-1]


async def test_a_first_message_that_is_a_story_is_put_aside(browser: Browser) -> None:
    screen = await browser.say(STORY)
    assert "1 message is put aside, sealed and unread, until they agree." in screen.text
    assert len(browser.rows(tables.SealedMessage)) == 1
    screen = await browser.press("No, under 18")
    assert browser.rows(tables.SealedMessage) == []
    assert "Nothing was kept." in screen.text


async def test_the_other_flow_can_be_chosen(browser: Browser) -> None:
    screen = await browser.do("start", look="telegram", flow="feedback")
    assert 'value="/start feedback"' in (await browser.client.get("/try")).text
    screen = await browser.say("/start feedback")
    assert "how it was for you" in screen.messages[1]


# --- time -------------------------------------------------------------------------------------------------------------


async def test_two_minutes_of_quiet_ask_whether_that_was_all(browser: Browser) -> None:
    await browser.say("/start", "yes", "agree", STORY)
    screen = await browser.do("wait", time="minutes")
    assert "2 minutes later" in screen.text
    assert "Is that your whole story?" in screen.messages[-1]


async def test_two_days_bring_a_reminder_at_any_hour(browser: Browser) -> None:
    await browser.say("/start", "yes")
    screen = await browser.do("wait", time="days")
    assert "Hello again from" in screen.messages[-1]
    assert "Do you agree" not in screen.messages[-1]


async def test_a_week_ends_what_was_begun_and_destroys_what_was_held(browser: Browser) -> None:
    await browser.say(STORY)
    screen = await browser.do("wait", time="week")
    (conversation,) = browser.rows(tables.Conversation)
    assert conversation.status == "expired"
    assert browser.rows(tables.SealedMessage) == []
    assert "They went away before it was finished" in screen.text


async def test_after_a_break_they_may_go_on_or_begin_again(browser: Browser) -> None:
    await browser.say("/start", "yes")
    await browser.do("wait", time="day")
    assert "Would you like to go on, or start again?" in (await browser.say("banana")).messages[-1]
    assert "Do you agree that we keep it" in (await browser.press("Go on where I was")).messages[-1]


async def test_time_passes_for_one_phone_alone(browser: Browser) -> None:
    await browser.say("/start", "yes")
    (other,) = browser.rows(tables.Conversation)
    await browser.do("start", look="telegram")
    await browser.say("/start", "yes")
    await browser.do("wait", time="days")
    (unmoved,) = (row for row in browser.rows(tables.Conversation) if row.id == other.id)
    assert unmoved == other


async def test_a_phone_that_was_never_used_just_waits(browser: Browser) -> None:
    screen = await browser.do("wait", time="week")
    assert "A week later" in screen.text
    assert browser.rows(tables.Contributor) == []
