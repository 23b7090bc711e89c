"""A person's own file behind its link: who gets in, what is shown before, and what never tells of it."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest

from bot.app import App, build
from bot.settings.environment import read
from storage import tables
from storage.db.engine import reader
from storage.privacy import file_link
from storage.privacy.file_link import LASTS
from storage.protection.crypto import Keyring
from storage.protection.erasure import erase_contributor
from storage.queries.conversations import address_holders
from storage.queries.team import requests
from storage.tables.address import ClosedWhy
from tests import walk
from tests.bot.service import MAYA, STORY, all_is_read, sms_form

if TYPE_CHECKING:
    import io
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PUBLIC = "https://listen.example.org"


class Time:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Door(NamedTuple):
    app: App
    client: httpx.AsyncClient
    time: Time

    def link(self, contributor_id: int = 1) -> str:
        """Return a link as MY DATA sends it."""

        def ask(connection: Connection) -> str:
            known = contributor_id if contributor_id == 1 else None
            asked = {"kind": "access", "origin": "chat", "now": self.time.now, "contributor_id": known}
            filed = requests.open_request(connection, None, **asked)  # type: ignore[arg-type]  # its own names
            return file_link.make(self.app.keyring, contributor_id, filed.id, self.time.now)

        return f"/mydata/{self.app.writer.run(ask)}"


@pytest.fixture
async def door(data_dir: Path) -> AsyncIterator[Door]:
    time = Time()
    app = build(
        read({"EARSHOT_DATA_DIR": str(data_dir), "EARSHOT_PUBLIC_URL": PUBLIC,
              "EARSHOT_TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "EARSHOT_TWILIO_AUTH_TOKEN": "c" * 32,
              "EARSHOT_TWILIO_FROM": "+447700900999"}),
        time,
    )  # fmt: skip
    sms = app.channels["sms"]
    for text in walk.by_text(STORY, place="Coatbridge"):
        event = sms.parse("&".join(f"{k}={v.replace('+', '%2B')}" for k, v in sms_form(MAYA, text).items()).encode())
        await app.intake.take(event)  # type: ignore[arg-type]
        all_is_read(app.writer, time.now)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=PUBLIC) as client:
        yield Door(app, client, time)
    app.close()


async def test_the_door_shows_nothing_and_uses_nothing_up(door: Door) -> None:
    link = door.link()
    for _ in range(3):  # a chat app draws a preview, a phone looks ahead, a person opens
        shown = await door.client.get(link)
        assert shown.status_code == 200
        assert "For you alone" in shown.text
        assert STORY not in shown.text
        assert MAYA not in shown.text
        assert "og:" not in shown.text
    assert STORY in (await door.client.post(link, data={"as": "page"})).text


async def test_behind_it_is_everything_to_read_and_to_take_away(door: Door) -> None:
    page = await door.client.post(door.link(), data={"as": "page"})
    assert STORY in page.text
    saved = re.search(r'href="data:application/json;base64,([^"]+)" download', page.text)
    assert saved is not None
    assert json.loads(base64.b64decode(saved[1]))["stories"][0]["text"] == STORY
    file = await door.client.post(door.link(), data={"as": "json"})
    assert file.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert json.loads(file.text)["stories"][0]["text"] == STORY


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("state", ["open", "over"])
async def test_nobody_keeps_it_finds_it_or_is_told_of_it(door: Door, method: str, state: str) -> None:
    link = door.link() if state == "open" else "/mydata/over"
    answer = await door.client.request(method, link, data={"as": "page"} if method == "POST" else None)
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


async def closed(door: Door, link: str) -> bool:
    answers = [await door.client.get(link), await door.client.post(link, data={"as": "json"})]
    assert all("There is nothing here" in answer.text and STORY not in answer.text for answer in answers)
    return [answer.status_code for answer in answers] == [410, 410]


@pytest.mark.parametrize("first", ["page", "json"])
async def test_it_opens_once_and_that_is_written_down(door: Door, first: str) -> None:
    link = door.link()
    assert STORY in (await door.client.post(link, data={"as": first})).text
    assert await closed(door, link)
    with reader(door.app.engine) as connection:
        acts = connection.execute(tables.Audit.__table__.select()).all()
        opened = connection.execute(tables.Request.__table__.select()).all()
    assert [(row.act, row.who) for row in acts] == [("request.file_opened", file_link.WHO)]
    assert [row.link_opened_at for row in opened] == [door.time.now]


@pytest.mark.parametrize("kind", ["multipart/form-data", "text/plain", "multipart/form-data; boundary=x"])
async def test_a_request_that_cannot_be_read_leaves_it_whole(door: Door, kind: str) -> None:
    link = door.link()
    answer = await door.client.post(link, content=b"--x\r\n\xff", headers={"content-type": kind})
    assert answer.status_code in {400, 415}
    assert STORY in (await door.client.post(link, data={"as": "page"})).text


async def test_a_line_that_breaks_before_all_was_asked_leaves_it_whole(door: Door) -> None:
    link = door.link()

    async def half() -> AsyncIterator[bytes]:
        yield b"as="
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await door.client.post(link, content=half(), headers={"content-type": "application/x-www-form-urlencoded"})
    assert STORY in (await door.client.post(link, data={"as": "page"})).text


async def test_it_is_over_once_its_number_may_have_a_new_owner(door: Door) -> None:
    link = door.link()
    door.app.writer.run(lambda c: address_holders.close(c, 1, ClosedWhy.DEAD, door.time.now))
    assert await closed(door, link)


async def test_it_is_over_after_a_day(door: Door) -> None:
    link = door.link()
    door.time.now += LASTS - timedelta(seconds=1)
    assert (await door.client.get(link)).status_code == 200
    door.time.now += timedelta(seconds=1)
    assert await closed(door, link)


@pytest.mark.parametrize("farewell", [False, True])
async def test_it_is_over_after_an_erasure(door: Door, *, farewell: bool) -> None:
    link = door.link()
    door.time.now += timedelta(minutes=1)
    door.app.writer.run(lambda c: erase_contributor(c, 1, door.time.now, farewell=farewell))
    assert await closed(door, link)


async def test_nobody_else_can_make_alter_or_guess_one(door: Door) -> None:
    token = door.link().removeprefix("/mydata/")
    other = file_link.make(Keyring([b"x" * 32]), 1, 1, NOON)
    sealed = base64.urlsafe_b64decode(token + "==")
    turned = [bytes([*sealed[:n], sealed[n] ^ 1, *sealed[n + 1 :]]) for n in range(len(sealed))]
    tokens = [other, token[:-1], token + "A", "1", "%00", "A" * 66, "A" * 5000]
    tokens += [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in turned]
    for wrong in tokens:
        assert file_link.read(door.app.keyring, wrong) is None, wrong
    for wrong in tokens[:7]:
        assert (await door.client.get(f"/mydata/{wrong}")).status_code in {404, 410}
    assert await closed(door, door.link(contributor_id=99))
    assert len({door.link() for _ in range(20)}) == 20


async def test_the_token_is_in_no_log_and_no_figure(door: Door, log_output: io.StringIO) -> None:
    link = door.link()
    await door.client.get(link)
    await door.client.post(link, data={"as": "json"})
    await door.client.put(link)
    figures = (await door.client.get("/metrics", headers={"Host": "127.0.0.1"})).text
    token = link.removeprefix("/mydata/")
    assert token not in log_output.getvalue() + figures
    with reader(door.app.engine) as connection:
        held = [connection.execute(table.select()).all() for table in tables.metadata.tables.values()]
    assert held
    assert token not in repr(held)
