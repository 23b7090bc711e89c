"""Nothing we send unasked says on a locked phone what it is about (rule 83), wherever a conversation waits."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flows.authoring.loader import everywhere, load
from storage import tables
from tests import walk
from tests.bot.asking import Asking
from tests.bot.service import MAYA, NOON, STORY, TOM, Service

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from flows.model.messages import Message
    from storage.db.writer import Writer

UNASKED = {"nudge", "prompt", "notice"}
SPEAKS_OF_IT = re.compile(
    r"\b(stor(y|ies)|health|faith|famil\w*|abuse\w*|violence|suicid\w*|harm\w*|drink\w*|drugs?|debts?|prison|asylum|refuge\w*"
    r"|benefit\w*|diagnos\w*|illness\w*|hospital|clinic|surgery|pregnan\w*|disab\w*|survivor\w*|victim\w*|what happened"
    r"|consent|private things|service user|distress|crisis)\b",
    re.IGNORECASE,
)
KNOWN = {text.address: text.text for text in everywhere() if "unasked" in text.comment and text.kind == "text"}
STEPS = {
    "take_part": ("Hello",),
    "story": walk.AGREED_BY_TEXT,
}


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """The service on a database of either kind."""
    return Service(database, writer)


def unasked(service: Service) -> list[Message]:
    return [message for _, kind, message in service.outbox(MAYA) if kind in UNASKED]


@pytest.mark.parametrize("step", STEPS)
async def test_a_reminder_says_nothing_of_what_it_reminds_of(service: Service, step: str) -> None:
    await service.text(MAYA, *STEPS[step])
    for hours in range(0, 9 * 24, 3):
        service.now = NOON + timedelta(hours=hours)
        await service.timers.tick()
    sent = unasked(service)
    assert len(sent) >= 1
    for message in sent:
        assert not SPEAKS_OF_IT.search(message.say.text), message.say.text
        assert message.say.options == ()
        assert STORY not in message.say.text


@pytest.mark.parametrize(
    "told", [(*walk.AGREED_BY_TEXT, STORY), walk.kept_by_text(STORY)], ids=["DONE forgotten", "kept"]
)
async def test_nobody_is_reminded_whose_story_is_kept(service: Service, told: tuple[str, ...]) -> None:
    """What is asked after it is a bonus; a story whose teller forgot to say DONE is kept after half an hour."""
    await service.text(MAYA, *told)
    for hours in range(0, 9 * 24, 3):
        service.now = NOON + timedelta(hours=hours)
        await service.timers.tick()
    assert [row.text for row in service.rows(tables.Story)] == [STORY]
    assert unasked(service) == []


def test_the_words_that_are_looked_for_are_found_in_what_we_ask() -> None:
    asked = [step.text for flow in load() for step in flow.steps.values() if step.waits]
    assert len(asked) > 8
    assert sum(bool(SPEAKS_OF_IT.search(text)) for text in asked) >= 4


def test_the_texts_that_may_go_out_unasked_are_known() -> None:
    """Whoever writes a text for an unasked message says so in its note and writes its name here: it is looked at."""
    assert set(KNOWN) == {"everywhere/nudge.text", "everywhere/asked_back.text", "everywhere/asked_back.text_sms"}
    for text in KNOWN.values():
        assert not SPEAKS_OF_IT.search(text), text


async def test_every_unasked_message_is_one_of_these(service: Service) -> None:
    """All that is written of our own accord: reminders of a question, and a question with its own reminder."""
    service.proves = True
    await service.text(TOM, "Hello")
    asking = Asking(service)
    asking.edits(await asking.told())
    for hours in range(0, 16 * 24, 3):
        service.now = NOON + timedelta(hours=hours)
        await service.timers.tick()
        await asking.follow_ups.tick()
    sent = [(kind, message) for _, kind, message in service.outbox() if kind != "reply"]
    assert {kind for kind, _ in sent} == {"nudge", "notice"}
    may_be_said = {text.replace("{organisation}", "Easton Listens") for text in KNOWN.values()}
    assert {message.say.text for _, message in sent} <= may_be_said
    assert not any(SPEAKS_OF_IT.search(option.label) for _, message in sent for option in message.say.options)
