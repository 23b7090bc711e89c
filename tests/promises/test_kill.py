"""`kill -9` while two hundred people tell stories: what was answered with 200 is there, and nothing is said twice.

Right after each kill a copy of the database is looked at, as a restart would find it; at the end the whole.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from flows.model.messages import Message, sms_text
from storage.protection.crypto import Keyring, open_address
from storage.queries.delivery import outbox
from tests import walk
from tests.bot.running import earshot
from tests.bot.service import sms_form, update
from tests.promises.providers import Providers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bot.running import Earshot

pytestmark = pytest.mark.slow

CHATTING, TEXTING = 150, 50
PARTS = 4
KILLS = 4
SEED = 20261123
LONGEST_PAUSE = 0.4
"""Seconds between two messages of one person, at most."""

Sent = tuple[str, str]
"""To whom, and what."""


class Event(NamedTuple):
    """One webhook call; `number` is the provider's own."""

    channel: str
    number: str
    body: dict[str, Any]
    read: int
    """How many of our messages the person has read by then."""


def story_of(person: str) -> list[str]:
    return [f"Part {part} of what happened to {person}, as far as they remember it." for part in range(PARTS)]


def told_by_chat(number: int) -> tuple[str, list[Event]]:
    chat = 7_100_000_000 + number
    said = walk.paced_by_chat(*story_of(str(chat)), place="Coatbridge", about="1 6")
    updates = [(update(chat, text), read) for text, read in said]
    return str(chat), [Event("telegram", str(data["update_id"]), data, read) for data, read in updates]


def told_by_text(number: int) -> tuple[str, list[Event]]:
    phone = f"+4477009{number:05d}"
    said = walk.paced_by_text(*story_of(phone), place="Coatbridge", about="1 6")
    forms = [(sms_form(phone, text), read) for text, read in said]
    return phone, [Event("sms", form["MessageSid"], form, read) for form, read in forms]


def people() -> dict[str, list[Event]]:
    return dict([told_by_chat(n) for n in range(CHATTING)] + [told_by_text(n) for n in range(TEXTING)])


class Witness:
    """Brings events until they are acknowledged, and remembers which were; looks at what a kill left."""

    def __init__(self, providers: Providers, service: Earshot, folder: Path) -> None:
        self.providers, self.service, self.folder = providers, service, folder
        self.chance = random.Random(SEED)
        self.acknowledged: set[tuple[str, str]] = set()
        self.repeated = 0
        self.in_doubt: Counter[Sent] = Counter()
        self.checked = 0

    async def bring(self, event: Event) -> None:
        """Do as a provider does: bring it again until it is acknowledged."""
        while True:
            bring = self.providers.bring if event.channel == "telegram" else self.providers.bring_form
            if await bring(event.body) == 200:
                self.acknowledged.add((event.channel, event.number))
                return
            self.repeated += 1
            await asyncio.sleep(0.05)

    async def tell(self, person: str, events: list[Event]) -> None:
        await asyncio.sleep(self.chance.random() * 2)
        read = 0
        for event in events:
            if event.read > read:
                await self.providers.read(person, event.read)
                read = event.read
            await self.bring(event)
            await asyncio.sleep(self.chance.random() * LONGEST_PAUSE)

    async def trouble(self) -> None:
        for _ in range(KILLS):
            await asyncio.sleep(0.4 + self.chance.random() * 1.2)
            await self.service.kill()
            self.look(self.acknowledged)
            await self.service.start()
            await self.said_once_more()

    async def said_once_more(self) -> None:
        """Wait until what the kill cut off has gone: in hand at two kills in a row it is given up (decision 6)."""
        file = f"file:{self.folder / 'var' / 'earshot.db'}?mode=ro"
        for _ in range(200):
            with closing(sqlite3.connect(file, uri=True, timeout=5)) as database:
                (waiting,) = database.execute(
                    "SELECT count(*) FROM outbox WHERE error IN (?, ?) AND state IN ('queued', 'sending', 'unknown')",
                    (outbox.CUT_OFF, outbox.ONCE_MORE),
                ).fetchone()
            if not waiting:
                return
            await asyncio.sleep(0.1)

    def look(self, acknowledged: set[tuple[str, str]]) -> None:
        """Hold a copy of what the kill left against what was acknowledged until then."""
        with closing(self.copy()) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            kept = set(database.execute("SELECT channel, provider_id FROM inbound WHERE state = 'handled'"))
            assert acknowledged <= kept, "a message that was answered with 200 is lost"
            self.checked += len(acknowledged)
            self.in_doubt.update(self.being_sent(database))

    def copy(self) -> sqlite3.Connection:
        copied = self.folder / "left"
        shutil.rmtree(copied, ignore_errors=True)
        copied.mkdir()
        for file in (self.folder / "var").glob("earshot.db*"):
            shutil.copy(file, copied)
        return sqlite3.connect(copied / "earshot.db")

    def being_sent(self, database: sqlite3.Connection) -> Iterator[Sent]:
        keyring = Keyring.load_or_create(self.folder / "var" / "secret.key")
        rows = database.execute(
            "SELECT a.channel, a.sealed, o.payload FROM outbox AS o JOIN address AS a ON a.id = o.address_id"
            " WHERE o.state IN ('sending', 'unknown')"
        )
        for channel, sealed, payload in rows:
            say = Message.from_json(payload).say
            yield open_address(keyring, sealed), sms_text(say) if channel == "sms" else say.text


async def test_kill_9_at_random_moments_with_two_hundred_people(tmp_path: Path) -> None:
    talks = people()
    assert len(talks) == CHATTING + TEXTING
    async with (
        Providers().serving() as providers,
        earshot(tmp_path, **providers.settings(EARSHOT_SENDERS="32")) as service,
    ):
        providers.service, providers.delay = service.url, 0.02
        witness = Witness(providers, service, tmp_path)
        await asyncio.gather(witness.trouble(), *(witness.tell(*talk) for talk in talks.items()))
        await everybody_answered(providers, talks)
        assert await service.stop() == 0
    witness.look({(event.channel, event.number) for events in talks.values() for event in events})
    assert witness.repeated > KILLS, "the kills came in the middle of it"
    assert witness.checked > len(talks), "there was something to lose"

    with closing(witness.copy()) as database:
        texts = sorted(row[0] for row in database.execute("SELECT text FROM story"))
        parts = list(database.execute("SELECT text FROM story_part ORDER BY story_id, position"))
        events = dict(database.execute("SELECT state, count(*) FROM inbound GROUP BY state"))
        left = list(
            database.execute(
                "SELECT a.channel, o.state, o.error FROM outbox AS o JOIN address AS a ON a.id = o.address_id"
                " WHERE o.state NOT IN ('sent', 'delivered')"
            )
        )
    assert texts == sorted("\n".join(story_of(person)) for person in talks), "every story once, whole and in order"
    assert len(parts) == len(talks) * PARTS
    assert events == {"handled": sum(map(len, talks.values()))}
    given_up = ("telegram", "failed", "unknown")  # in hand at two kills: nobody can be asked, a third would be too much
    assert [row for row in left if row != given_up] == []
    assert left.count(given_up) <= KILLS

    said = Counter((to, message.text) for to, messages in providers.taken.items() for message in messages)
    twice = {sent: times for sent, times in said.items() if times > 1}
    assert {sent: times for sent, times in twice.items() if times > 1 + witness.in_doubt[sent]} == {}
    assert [to for to, _ in twice if to.startswith("+")] == [], "Twilio can be asked what it took"
    replies = Counter(
        len({text for to, text in said if to == person and walk.SIGN_OF_LIFE not in text}) for person in talks
    )
    assert replies == {walk.ALL_BY_CHAT: CHATTING, walk.ALL_BY_TEXT: TEXTING}, "nobody was left without an answer"


async def everybody_answered(providers: Providers, talks: dict[str, list[Event]]) -> None:
    """Wait until everybody has their receipt."""
    waiting = set(talks)
    for _ in range(900):
        waiting = {person for person in waiting if not any("receipt" in one.text for one in providers.taken[person])}
        if not waiting:
            await asyncio.sleep(1.0)  # for what may be said twice
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{len(waiting)} people wait for their answer")
