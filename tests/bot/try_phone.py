"""A browser without JavaScript in front of the simulator: it sends forms, follows them, and reads the page."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import select

from bot.app import App, build
from bot.settings.environment import read
from storage.db.engine import reader
from storage.upkeep.timekeeping import present
from tests import walk
from tests.bot.service import STORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

HERE = "http://127.0.0.1:8000"
NEWEST = "/try#newest"


class Screen(HTMLParser):
    """What a page shows: messages, the buttons that can be pressed, and the hidden number of its forms."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.keys: dict[str, str] = {}
        self.once = ""
        self._inside = ""
        self._value = ""
        self.feed(page)
        self.text = " ".join(re.sub(r"<[^>]+>", " ", page).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "p" and str(given.get("class", "")).startswith("bubble"):
            self.messages.append("")
            self._inside = "bubble"
        elif tag == "button" and given.get("name") == "press":
            self._inside, self._value = "key", str(given["value"])
        elif tag == "input" and given.get("name") == "once":
            self.once = str(given["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "button"}:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "bubble":
            self.messages[-1] += data
        elif self._inside == "key":
            self.keys[data.strip()] = self._value


class Browser:
    """Somebody's browser without JavaScript."""

    def __init__(self, app: App, client: httpx.AsyncClient) -> None:
        self.app = app
        self.client = client

    async def see(self) -> Screen:
        answer = await self.client.get("/try")
        assert answer.status_code == 200
        return Screen(answer.text)

    async def do(self, act: str, **form: str) -> Screen:
        """Send a form, follow where it leads, and look."""
        form.setdefault("once", (await self.see()).once)
        answer = await self.client.post(f"/try/{act}", data=form)
        assert answer.status_code == 303, (answer.status_code, answer.text[-300:])
        assert answer.headers["location"] == ("/try" if act == "start" else NEWEST)
        return await self.see()

    async def press(self, label: str) -> Screen:
        return await self.do("press", press=(await self.see()).keys[label])

    async def say(self, *texts: str) -> Screen:
        for text in texts:
            screen = await self.do("say", text=text)
        return screen

    def rows(self, table: Any) -> list[Any]:
        with reader(self.app.engine) as connection:
            return list(connection.execute(select(table.__table__)).all())


async def opened(folder: Path, template: Path, clock: Callable[[], datetime] = present, **settings: str) -> App:
    """Return a service that sends, in a folder of its own."""
    (folder / "var").mkdir(exist_ok=True)
    if not (folder / "var" / "earshot.db").exists():
        shutil.copyfile(template, folder / "var" / "earshot.db")
    app = build(read({"EARSHOT_DATA_DIR": str(folder / "var"), **settings}), clock)
    await app.sender.start()
    return app


async def told_by_chat(browser: Browser) -> Screen:
    await browser.say("/start")
    for label in walk.AGREED_BY_PRESS:
        await browser.press(label)
    await browser.say(STORY)
    await browser.press(walk.FINISHED)
    await browser.do("send", kind="location")
    for label in walk.BONUS_BY_PRESS:
        screen = await browser.press(label)
    return screen


async def told_by_text(browser: Browser) -> Screen:
    await browser.do("start", look="sms")
    return await browser.say(*walk.ONCE_MORE, STORY, "DONE", *walk.bonus("Glenboig"))
