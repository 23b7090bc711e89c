"""Somebody who changes their mind in their own words, about how far it may travel or about deleting it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storage import tables
from tests import walk
from tests.bot.service import MAYA, Service, update

CHAT = 5_550_001_234
WORDS = "The bus stop on my road was taken away and I cannot get to the clinic."


def decided(service: Service) -> list[tuple[str, str]]:
    return [(row.purpose, row.answer) for row in service.rows(tables.Decision)]


def uses(service: Service) -> list[str]:
    return [row.use for row in service.rows(tables.Story)]


# --- how far it may travel ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["you can publish it", "yes publish it", "you may quote it"])
async def test_leave_to_let_it_travel_further_is_no_wish_for_less(service: Service, said: str) -> None:
    await service.text(MAYA, *walk.by_text(WORDS))
    assert (await service.text(MAYA, said))[0].startswith("To let it travel further than you said before, send CHANGE.")
    assert uses(service) == ["team"]


@pytest.mark.parametrize("said", ["you can publish it", "yes publish it"])
async def test_leave_given_once_more_takes_nothing_back(service: Service, said: str) -> None:
    await service.text(MAYA, *walk.by_text(WORDS, use="publish"))
    before = decided(service)
    assert "We may publish it" in (await service.text(MAYA, said))[0]
    assert uses(service) == ["publish"]
    assert decided(service) == before


async def test_you_may_quote_it_is_less_than_publishing_it(service: Service) -> None:
    await service.text(MAYA, *walk.by_text(WORDS, use="publish"))
    await service.text(MAYA, "you may quote it")
    assert uses(service) == ["quote"]


async def test_leave_to_use_a_name_takes_no_name_away(service: Service) -> None:
    named = walk.bonus(use="publish", named=("3", "Maya"))
    await service.text(MAYA, *walk.kept_by_text(WORDS), *named)
    before = decided(service)
    await service.text(MAYA, "you can use my name")
    assert decided(service) == before


@pytest.mark.parametrize("named", [(), ("3",)])
async def test_whom_to_name_is_not_asked_once_it_is_not_to_be_published(
    service: Service, named: tuple[str, ...]
) -> None:
    await service.text(MAYA, *walk.kept_by_text(WORDS), walk.PLACE, "3", *named)
    said = await service.text(MAYA, "actually no dont publish it")
    assert said[0].startswith("Thank you. It is written down")
    assert len(said) == 2
    assert not any("name" in text for text in said[1:])
    assert uses(service) == ["team"]
    assert ("naming", "name") not in decided(service)[-1:]


async def test_the_question_that_waits_is_asked_once_more_after_a_mind_was_changed(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(WORDS), walk.PLACE, "2")
    said = await service.text(MAYA, "actually only the team please")
    assert "May we write to you" in said[-1]


# --- deleting it ----------------------------------------------------------------------------------------------------


async def unread(service: Service, *texts: str) -> None:
    """Write faster than our answers come through."""
    for text in texts:
        await service.intake.take(service.told(update(CHAT, text)))


@pytest.mark.parametrize("said", ["everything", "because my husband reads what I write and he was angry with me"])
async def test_what_is_written_right_behind_delete_is_no_part_of_the_story(service: Service, said: str) -> None:
    await service.chat(CHAT, *walk.kept_by_chat(WORDS))
    service.deliver()
    service.answers(str(CHAT))
    await unread(service, "DELETE", said)
    assert [row.text for row in service.rows(tables.Story)] == [WORDS]
    assert not any(WORDS in text or "added" in text for text in service.answers(str(CHAT)))


@pytest.mark.parametrize("said", ["yes delete it", "delete it", "this one"])
async def test_where_there_is_one_story_yes_delete_it_means_that(service: Service, said: str) -> None:
    service.proves = True
    await service.text(MAYA, *walk.by_text(WORDS))
    await service.text(MAYA, "DELETE", said)
    assert service.rows(tables.Story) == []


@pytest.mark.parametrize("said", ["dont delete it", "no dont delete this one", "yes", "maybe this one"])
async def test_what_does_not_plainly_say_so_deletes_nothing(service: Service, said: str) -> None:
    await service.chat(CHAT, *walk.by_chat(WORDS))
    await service.chat(CHAT, "DELETE", said)
    assert [row.text for row in service.rows(tables.Story)] == [WORDS]


async def test_where_there_are_two_they_must_say_which(service: Service) -> None:
    await service.chat(CHAT, *walk.by_chat(WORDS))
    await service.chat(CHAT, "SHARE", *walk.by_chat("The library is warm and quiet in winter.")[1:])
    await service.chat(CHAT, "DELETE", "delete it", "this one")
    assert len(service.rows(tables.Story)) == 2


@pytest.mark.parametrize("said", ["I dont agree any more", "I no longer agree", "i regret telling you"])
async def test_whoever_takes_their_agreement_back_is_asked_what_to_delete(service: Service, said: str) -> None:
    await service.text(MAYA, *walk.by_text(WORDS))
    assert (await service.text(MAYA, said))[0].startswith("What shall we delete?")


# --- in the middle, and after ---------------------------------------------------------------------------------------


async def test_whoever_asks_how_to_stop_in_the_middle_of_a_story_is_told_and_goes_on(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, WORDS)
    said = await service.text(MAYA, "how do i stop")
    assert said == ["To stop these messages, send STOP. Go on, or send DONE when you have finished."]
    assert not service.rows(tables.Contributor)[0].opted_out
    await service.text(MAYA, "Then I walked home.", "DONE")
    assert [row.text for row in service.rows(tables.Story)] == [f"{WORDS}\nThen I walked home."]


@pytest.mark.parametrize("said", ["how do i stop these messages", "please stop", "stop"])
async def test_whoever_says_stop_there_is_heard(service: Service, said: str) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, WORDS, said)
    assert service.rows(tables.Contributor)[0].opted_out


async def test_whoever_comes_back_after_stop_reads_that_what_they_told_is_there(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, WORDS, "STOP", "START")
    assert await service.text(MAYA, "1") == ["Thank you. We have what you wrote. Go on, or send DONE."]


async def test_nothing_is_said_to_follow_that_does_not(service: Service) -> None:
    await service.text(MAYA, *walk.by_text(WORDS))
    said = await service.text(MAYA, "I lost my three words")
    assert "Here it is again" not in " ".join(said)
    assert said


async def test_whoever_sent_under_by_mistake_is_told_no_way_that_is_closed(service: Service) -> None:
    await service.text(MAYA, "Hello", "UNDER")
    said = " ".join(await service.text(MAYA, "oops I pressed the wrong one, I am 45"))
    assert "BACK" not in said
    assert said


# --- more of deleting, and an answer about age that is changed ------------------------------------------------------


@pytest.mark.parametrize("said", ["all of it", "the lot", "delete everything", "all of them"])
async def test_all_of_it_is_everything(service: Service, said: str) -> None:
    await service.chat(CHAT, *walk.by_chat(WORDS))
    await service.chat(CHAT, "SHARE", *walk.by_chat("The library is warm and quiet in winter.")[1:])
    await service.chat(CHAT, "DELETE", said)
    assert service.rows(tables.Story) == []


async def edit(service: Service, told: dict[str, Any], text: str) -> list[str]:
    """Change an earlier message of the chat; returns what is said to that."""
    service.deliver()
    service.answers(str(CHAT))
    changed = {"update_id": told["update_id"] + 1_000_000, "edited_message": {**told["message"], "text": text}}
    await service.intake.take(service.told(changed))
    return service.answers(str(CHAT))


async def written(service: Service, *texts: str) -> list[dict[str, Any]]:
    """Write these in a chat; returns the updates, so that they can be changed."""
    updates = []
    for text in texts:
        service.deliver()
        updates.append(update(CHAT, text))
        await service.intake.take(service.told(updates[-1]))
    return updates


@pytest.mark.parametrize("later", [(), ("SHARE", *walk.by_chat("The library is warm.")[1:])])
async def test_a_story_changed_into_a_wish_to_delete_it_is_no_story(service: Service, later: tuple[str, ...]) -> None:
    told = (await written(service, *walk.by_chat(WORDS), *later))[3]
    said = await edit(service, told, "delete this story please")
    assert said[0].startswith("What shall we delete?")
    assert service.rows(tables.Story)[0].text == WORDS


@pytest.mark.parametrize("said", ["no, under 18", "I am 15"])
async def test_whoever_corrects_their_age_to_under_age_keeps_nothing_with_us(service: Service, said: str) -> None:
    told = (await written(service, *walk.by_chat(WORDS)))[1]
    answer = await edit(service, told, said)
    assert "aged 18 or over" in answer[0]
    assert service.rows(tables.Story) == []


# --- what is no words -----------------------------------------------------------------------------------------------

PHOTO: dict[str, Any] = {
    "photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}],
    "media_group_id": "1",
}


async def test_ten_photos_at_once_get_one_answer(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    for _ in range(10):
        await service.intake.take(service.told(update(CHAT, **PHOTO)))
    assert [text for text in service.answers(str(CHAT)) if "only read words" in text] == [
        "Thank you. We can only read words for now, so we have not kept that. Please write it, if you can."
    ]
    service.now += timedelta(minutes=1)
    await service.intake.take(service.told(update(CHAT, **PHOTO)))
    assert len(service.answers(str(CHAT))) == 1


async def test_words_under_one_of_them_are_heard(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    for caption in ({}, {"caption": WORDS}, {}):
        await service.intake.take(service.told(update(CHAT, **PHOTO, **caption)))
    await service.chat(CHAT, "DONE")
    assert [row.text for row in service.rows(tables.Story)] == [WORDS]


# --- new words, half told -------------------------------------------------------------------------------------------


async def test_my_data_in_the_middle_of_new_words_loses_none_of_them(service: Service) -> None:
    service.proves = True
    await service.text(MAYA, *walk.by_text(WORDS))
    await service.text(MAYA, "CHANGE", "1", "2", "New words that I like better.")
    said = await service.text(MAYA, "MY DATA")
    assert said[-1] == "Go on, or send DONE when you have finished."
    await service.text(MAYA, "It rained all day too.", "DONE")
    assert [row.text for row in service.rows(tables.Story)] == ["New words that I like better.\nIt rained all day too."]
