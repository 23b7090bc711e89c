"""After STOP nothing begins anew, whatever is asked and wherever it was said, by text and on Telegram."""

from __future__ import annotations

import pytest

from storage import tables
from tests import walk
from tests.bot.service import MAYA, Service

CHAT = 5_550_001_234
WORDS = "The bus stop on my road was taken away and I cannot get to the clinic."
BEFORE = [
    (),
    ("Hello",),
    (*walk.AGREED_BY_TEXT, WORDS),
    walk.kept_by_text(WORDS),
    walk.by_text(WORDS),
    ("Hello", "NO"),
    ("Hello", "UNDER"),
]
ASKED = [
    "who are you",
    "is this a robot?",
    "is this a scam",
    "what happens to my story",
    "can you help me",
    "i dont understand",
    "PRIVACY",
    "only the team please",
    "dont use my name",
]
BEGINS = ("May we keep", "First, are you", "How far may", "Where was this")


@pytest.mark.parametrize("before", BEFORE, ids=lambda before: before[-1][:12] if before else "nothing")
async def test_after_stop_no_question_begins_anew(service: Service, before: tuple[str, ...]) -> None:
    await service.text(MAYA, *before, "STOP")
    for asked in ASKED:
        said = " ".join(await service.text(MAYA, asked))
        assert not any(begin in said for begin in BEGINS), asked
    assert service.rows(tables.Contributor)[0].opted_out
    assert not [row for row in service.rows(tables.Conversation) if row.status == "open"]


async def test_nor_on_telegram(service: Service) -> None:
    await service.chat(CHAT, "STOP")
    for asked in ASKED:
        said = " ".join(await service.chat(CHAT, asked))
        assert not any(begin in said for begin in BEGINS), asked
    assert service.rows(tables.Conversation) == []


async def test_whoever_asks_who_we_are_after_stop_is_told_and_nothing_more(service: Service) -> None:
    await service.text(MAYA, "STOP")
    (said,) = await service.text(MAYA, "who are you")
    assert said.startswith("This is Easton Listens.")
