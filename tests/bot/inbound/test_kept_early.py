"""Once somebody said that they have finished, their story is kept: whatever they leave after that loses nothing."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update as change

from flows.model.conversation import Conversation
from storage import tables
from storage.export import select as gate
from storage.privacy import retention
from storage.privacy.retained_kinds import Periods
from storage.protection.erasure import erase_story
from storage.queries.stories import editions
from storage.stories import editing, own_stories
from storage.stories.editing import EditionMade
from tests import walk
from tests.bot.service import MAYA, NOON, STORY, TOM, Service, update

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

CHAT = 5_550_001_234
STORIES = tables.Story.__table__
CALM = "They closed the library in our street."
BONUS = walk.bonus(use="quote", contact="yes", about="1 6")


def exported(service: Service, use: str = "team") -> list[dict[str, Any]]:
    out = io.BytesIO()
    gate.run(service.engine, service.writer, format="jsonl", use=use, out=out, who="amina", now=service.now)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def state(service: Service) -> Conversation:
    return Conversation.from_json(service.rows(tables.Conversation)[0].state)


def items(service: Service) -> list[str]:
    return sorted(row.kind for row in service.rows(tables.TeamItem))


def approve(service: Service) -> None:
    service.writer.run(
        lambda c: c.execute(change(STORIES).values(state="approved", decided_at=service.now, reason="clear"))
    )


def decided(service: Service) -> tuple[str, str]:
    (story,) = service.rows(tables.Story)
    return story.state, story.reason


# --- at once --------------------------------------------------------------------------------------------------------


async def test_a_story_is_in_the_export_as_soon_as_its_teller_has_finished(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, "They closed it.", "Nobody asked us.")
    assert exported(service) == []
    told = await service.text(MAYA, "DONE")
    assert "They closed it.\nNobody asked us." in told[0], "kept is what was shown, and whole"
    (row,) = exported(service)
    assert (row["text"], row["use"]) == ("They closed it.\nNobody asked us.", "team")
    assert exported(service, "quote") == exported(service, "publish") == []


async def test_what_they_answer_afterwards_comes_to_the_same_story(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY), *BONUS)
    (row,) = exported(service)
    assert (row["text"], row["place"], row["use"]) == (STORY, "Easton, Bristol", "quote")
    assert (row["scales"], row["actors"]) == (["individual", "society"], ["service_user"])


@pytest.mark.parametrize("answered", range(len(BONUS)), ids=["place", "use", "contact", "about"])
@pytest.mark.parametrize("channel", ["sms", "telegram"])
async def test_whoever_stops_answering_loses_nothing(service: Service, channel: str, answered: int) -> None:
    if channel == "sms":
        await service.text(MAYA, *walk.kept_by_text(STORY), *BONUS[:answered])
    else:
        await service.chat(CHAT, *walk.kept_by_chat(STORY), *BONUS[:answered])
    person = MAYA if channel == "sms" else str(CHAT)
    service.answers(person)
    before = exported(service)
    receipt = service.receipt()
    for day in range(1, 10):
        service.now = NOON + timedelta(days=day)
        await service.timers.tick()
    assert service.answers(person) == [], "nobody is reminded of a bonus"
    assert state(service).status == "ended"
    service.now = NOON + timedelta(days=120)
    gone = await asyncio.to_thread(retention.run, service.engine, service.writer, Periods(warning=0), service.now)
    assert (gone.stories, gone.conversations, gone.stuck) == (0, 0, 0)
    (row,) = exported(service)
    assert row | {"id": ""} == before[0] | {"id": ""}
    assert "We found what was told in November 2026" in (await service.text(TOM, receipt))[-1]


# --- what the team decided meanwhile ----------------------------------------------------------------------------------


async def test_a_bonus_answer_takes_no_approval_back(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY), "Easton", "2", "1")
    approve(service)
    told = await service.text(MAYA, "1 6")
    assert "Your receipt" in told[-1]
    assert decided(service) == ("approved", "clear")
    assert items(service) == []
    (row,) = exported(service, "quote")
    assert row["scales"] == ["individual", "society"]


LATER: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, str]]] = {
    "a place": ((), ("Easton",), ("new", "")),
    "no place": ((), ("SKIP",), ("approved", "clear")),
    "a wider use": (("Easton",), ("2",), ("new", "")),
    "the narrowest use": (("Easton",), ("1",), ("approved", "clear")),
    "contact": (("Easton", "1"), ("1",), ("approved", "clear")),
}


@pytest.mark.parametrize(("before", "later", "stands"), LATER.values(), ids=LATER.keys())
async def test_only_what_a_reviewer_has_not_seen_goes_before_them_again(
    service: Service, before: tuple[str, ...], later: tuple[str, ...], stands: tuple[str, str]
) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY), *before)
    approve(service)
    await service.text(MAYA, *later)
    assert decided(service) == stands
    assert (own_stories.CHANGED in items(service)) is (stands[0] == "new")


async def test_what_the_team_edited_counts_no_more_once_the_words_are_others(service: Service) -> None:
    told = update(CHAT, STORY)
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    await service.intake.take(service.told(told))
    await service.chat(CHAT, "DONE", "Easton", "3", "1")
    approve(service)
    made = service.writer.run(
        lambda c: editing.edit(c, 1, text="A stop was taken away.", reason="Shorter", author="amina", now=service.now)
    )
    assert isinstance(made, EditionMade)
    service.writer.run(lambda c: editions.set_state(c, made.edition.id, "agreed"))
    approve(service)
    assert [row["text"] for row in exported(service, "publish")] == ["A stop was taken away."]
    await service.intake.take(service.told(edit(told, "My stop is back.")))
    assert [row.state for row in service.rows(tables.Edition)] == ["changed"]
    assert decided(service) == ("new", "")
    assert exported(service, "publish") == []
    assert [row["text"] for row in exported(service)] == ["My stop is back."]


async def test_an_edited_version_outlives_an_answer_that_changes_no_word(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY), "Easton", "2")
    made = service.writer.run(
        lambda c: editing.edit(c, 1, text="A stop was taken away.", reason="Shorter", author="amina", now=service.now)
    )
    assert isinstance(made, EditionMade)
    service.writer.run(lambda c: editions.set_state(c, made.edition.id, "agreed"))
    await service.text(MAYA, "1", "1 6")
    assert [row.state for row in service.rows(tables.Edition)] == ["agreed"]


async def test_a_use_narrowed_elsewhere_is_not_widened_by_an_answer(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY), "Easton", "2", "1")
    receipt = service.receipt()
    await service.text(TOM, receipt, "2", "1")
    assert [row.use for row in service.rows(tables.Story)] == ["team"]
    await service.text(MAYA, "1 6")
    assert [row.use for row in service.rows(tables.Story)] == ["team"]


@pytest.mark.parametrize("answered", [0, 1, 3])
async def test_a_story_that_is_gone_does_not_come_back_with_a_late_answer(service: Service, answered: int) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY), *BONUS[:answered])

    def erase(connection: Connection) -> bool:
        return erase_story(connection, 1, service.now)

    assert service.writer.run(erase)
    await service.text(MAYA, *BONUS[answered:])
    assert service.rows(tables.Story) == []
    assert exported(service) == []
    assert "bus stop" not in repr(service.rows(tables.Conversation))


# --- edits ------------------------------------------------------------------------------------------------------------


def edit(told: dict[str, Any], text: str) -> dict[str, Any]:
    """Return the update in which Telegram tells of another wording of a message."""
    return {"update_id": told["update_id"] + 500, "edited_message": told["message"] | {"text": text}}


@pytest.mark.parametrize("bonus", [(), BONUS], ids=["before the end", "after it"])
async def test_an_edit_is_what_is_kept_and_goes_before_the_team_again(service: Service, bonus: tuple[str, ...]) -> None:
    told, other = update(CHAT, "My doctor was Dr Ahmed."), update(CHAT, "Nobody rang back.")
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    for one in (told, other):
        await service.intake.take(service.told(one))
    await service.chat(CHAT, "DONE", *bonus)
    approve(service)
    await service.intake.take(service.told(edit(told, "My doctor was kind.")))
    assert service.answers(str(CHAT))[-1].startswith("Thank you")
    assert [row["text"] for row in exported(service)] == ["My doctor was kind.\nNobody rang back."]
    assert decided(service) == ("new", "")
    assert own_stories.CHANGED in items(service)
    everywhere = repr(service.everything("x")) + repr(service.rows(tables.Conversation))
    assert "Ahmed" not in everywhere


# --- time -------------------------------------------------------------------------------------------------------------


async def test_quiet_brings_a_sign_of_life_then_a_question_then_the_story_is_kept(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, CALM)
    said: dict[int, list[str]] = {}
    for second in range(0, 2000, 2):
        service.now = NOON + timedelta(seconds=second)
        if await service.timers.tick():
            said[second] = service.answers(MAYA)
            service.deliver()
    alive, asked, kept = said
    assert (alive, asked, kept) == (8, 98, 1898)
    assert said[alive] == ["We have that. Go on, or send DONE."]
    assert "Is that your whole story?" in said[asked][0]
    assert CALM in said[kept][0]
    assert [row["text"] for row in exported(service)] == [CALM]
    assert {kind for _, kind, _ in service.outbox(MAYA)} == {"reply"}, "it answers what they wrote, whatever the hour"


async def test_by_chat_there_is_no_sign_of_life(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT, CALM)
    service.answers(str(CHAT))
    said = []
    for seconds in (10, 91, 92 + 1800):
        service.now = NOON + timedelta(seconds=seconds)
        await service.timers.tick()
        said.append(len(service.answers(str(CHAT))))
    assert said == [0, 1, 2], "nothing; is that all; kept, and where was this"
    assert [row["text"] for row in exported(service)] == [CALM]


async def test_only_the_first_text_gets_a_sign_of_life(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, "They closed it.")
    service.now += timedelta(seconds=9)
    await service.timers.tick()
    assert len(service.answers(MAYA)) == 1
    assert await service.text(MAYA, "Nobody asked us.") == []
    service.now += timedelta(seconds=30)
    await service.timers.tick()
    assert service.answers(MAYA) == []


async def test_whoever_finishes_at_once_gets_no_sign_of_life(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY))
    service.answers(MAYA)
    service.now += timedelta(minutes=40)
    assert await service.timers.tick() == 0
    assert service.answers(MAYA) == []
