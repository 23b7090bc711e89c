"""Nothing we send unasked says on a locked phone what it is about (rule 83), wherever a conversation waits."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flows.authoring.loader import everywhere, load
from storage import tables
from tests import walk
from tests.bot.service import MAYA, NOON, STORY, Service

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
    """Whoever writes a text for an unasked message writes its name here, and has it looked at."""
    known = {"everywhere/nudge.text"}
    texts = {text.address: text.text for text in everywhere()}
    assert known <= set(texts)
    for address in known:
        assert not SPEAKS_OF_IT.search(texts[address]), texts[address]


async def test_every_kind_of_unasked_message_is_one_of_these(service: Service) -> None:
    await service.text(MAYA, "Hello")
    kinds = {row.kind for row in service.rows(tables.Outbox)}
    assert kinds == {"reply"}
