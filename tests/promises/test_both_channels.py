"""The same story, told by Telegram and by text message, pressed and typed, in numbers and in words, is stored alike."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests import walk
from tests.bot.running import earshot
from tests.promises.providers import Providers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

PARTS = ("They closed the surgery in our village.", "My mother has no bus to the next one.")
Way = tuple[str, "Callable[[Providers], Awaitable[None]]"]


def chatting(person: int, *acts: tuple[str, int]) -> Callable[[Providers], Awaitable[None]]:
    """Type, or press what stands in brackets, each with how many messages must have come before the next."""

    async def tell(providers: Providers) -> None:
        for said, messages in acts:
            by = providers.press(person, said[1:-1]) if said.startswith("[") else providers.chat(person, said)
            assert await by == 200, said
            await providers.read(str(person), messages)

    return tell


def texting(person: str, *acts: tuple[str, int]) -> Callable[[Providers], Awaitable[None]]:
    async def tell(providers: Providers) -> None:
        for said, messages in acts:
            assert await providers.text(person, said) == 200, said
            await providers.read(person, messages)

    return tell


WAYS = {
    "Telegram, pressed": chatting(
        7_000_000_001,
        ("/start", 2), ("[Yes, 18 or over]", 3), ("[I agree]", 4), (PARTS[0], 4), (PARTS[1], 4),
        ("[I have finished]", 6), ("Coatbridge", 7), ("[Quote it without my name]", 8), ("[No, please do not]", 9),
        (f"[{walk.ABOUT_ME}]", 9), (f"[{walk.ABOUT_RULES}]", 9), ("[I have finished]", 10),
    ),
    "Telegram, typed in words": chatting(
        7_000_000_002,
        ("hello", 2), ("yes", 3), ("I agree", 4), (PARTS[0], 4), (PARTS[1], 4), ("done", 6),
        ("Coatbridge", 7), ("you may quote it", 8), ("no", 9), ("me and the rules", 10),
    ),
    "Telegram, typed in numbers": chatting(
        7_000_000_003,
        ("/start", 2), ("yes", 3), ("I agree", 4), (PARTS[0], 4), (PARTS[1], 4), ("DONE", 6),
        ("Coatbridge", 7), ("2", 8), ("2", 9), ("1 6", 10),
    ),
    "text messages, in numbers": texting(
        "+447700900201",
        ("Hello", 2), ("AGREE", 3), (PARTS[0], 3), (PARTS[1], 3), ("DONE", 5), ("Coatbridge", 6), ("2", 7), ("2", 8),
        ("1 6", 9),
    ),
    "text messages, in words": texting(
        "+447700900202",
        ("hiya", 2), ("yes i agree", 3), (PARTS[0], 3), (PARTS[1], 3), ("done", 5), ("Coatbridge", 6),
        ("you may quote it", 7), ("no", 8), ("me and the rules", 9),
    ),
}  # fmt: skip

OWN = {"id", "story_id", "conversation_id", "contributor_id", "channel", "receipt_lookup", "ref"}
"""Columns that say which story and which way, not what was told."""
TIMES = {"told_at", "changed_at", "created_at", "received_at", "decided_at", "valid_until", "use_until", "kept_until"}
SHOWN = {"literal", "text_digest", "note"}
"""Words around the answers and the exact question: they are the way's own."""
ASKED_APART = {"age"}
"""By text message the age stands in the words that are agreed to, and no answer about it is recorded."""


def stories(file: Path) -> dict[int, dict[str, Any]]:
    """Return all that is stored about each story, but for what belongs to the way it came."""
    found: dict[int, dict[str, Any]] = {}
    with closing(sqlite3.connect(file)) as database:
        database.row_factory = sqlite3.Row

        def rows(table: str) -> list[dict[str, Any]]:
            return [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY rowid")]

        def told(row: dict[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in row.items() if name not in OWN | TIMES | SHOWN}

        for story in rows("story"):
            found[story["id"]] = {"story": told(story)}
        for table in ("story_part", "answer", "tag", "decision"):
            for row in rows(table):
                if row.get("step") in ASKED_APART:
                    continue
                found[row["story_id"]].setdefault(table, []).append(told(row))
    for story in found.values():
        for table in ("answer", "tag", "decision"):
            story[table].sort(key=repr)
    return found


async def test_the_same_story_by_every_way_is_stored_alike(tmp_path: Path) -> None:
    async with Providers().serving() as providers, earshot(tmp_path, **providers.settings()) as service:
        providers.service = service.url
        await asyncio.gather(*(tell(providers) for tell in WAYS.values()))
        receipts = [messages[-1].text for messages in providers.taken.values()]
        assert len(receipts) == len(WAYS)
        assert all("receipt" in receipt for receipt in receipts)
        assert await service.stop() == 0
    first, *others = stories(tmp_path / "var" / "earshot.db").values()
    assert len(others) == len(WAYS) - 1
    assert first["story"]["text"] == "\n".join(PARTS)
    assert (first["story"]["place_label"], first["story"]["use"]) == ("Coatbridge, North Lanarkshire", "quote")
    assert [part["text"] for part in first["story_part"]] == list(PARTS)
    assert {(tag["dimension"], tag["value"]) for tag in first["tag"]} == {
        ("scale", "individual"), ("scale", "society"), ("actor", "service_user"),
    }  # fmt: skip
    assert {(made["purpose"], made["answer"]) for made in first["decision"]} == {
        ("take_part", "yes"), ("use", "quote"), ("contact", "no"),
    }  # fmt: skip
    for other in others:
        assert other == first
