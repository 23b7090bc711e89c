"""The complaint form: without JavaScript, without a cookie, nothing typed is lost, and what is sent is sealed."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import select

from bot.web import complaint_page, templating
from bot.web.complaint_page import (
    LEAST_SECONDS,
    LONGEST_REACH,
    LONGEST_SAID,
    ONE_PLACE,
    ONE_PROXY,
    PATH,
    TRAP,
    ComplaintQuota,
)
from flows.model.vocabulary.item_kinds import ItemKind, kinds_for
from storage import tables
from storage.db.engine import reader
from storage.queries.team import requests, team_items
from tests.bot.try_phone import HERE, Browser, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

SAID = "You printed my story with the name of my street. <b>Persimmon Road</b>"
REACH = "maya@example.org"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Form:
    """The form as a browser without JavaScript has it."""

    def __init__(self, browser: Browser, time: list[datetime]) -> None:
        self.browser = browser
        self.time = time
        self.answer: httpx.Response
        self.stamp = ""

    @property
    def words(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.answer.text)).split())

    async def open(self, path: str = PATH) -> None:
        self._got(await self.browser.client.get(path))

    async def send(self, said: str = SAID, reach: str = REACH, *, after: float = 30, **more: Any) -> int:
        self.time[0] += timedelta(seconds=after)
        headers = more.pop("headers", {})
        sent = {"said": said, "reach": reach, "stamp": self.stamp, TRAP: ""} | more
        self._got(await self.browser.client.post(PATH, data=sent, headers=headers, follow_redirects=True))
        return self.answer.status_code

    def _got(self, answer: httpx.Response) -> None:
        self.answer = answer
        assert "set-cookie" not in answer.headers
        found = re.search(r'name="stamp" value="([^"]+)"', answer.text)
        self.stamp = found[1] if found else self.stamp

    def typed(self) -> tuple[str, str]:
        said = re.search(r"<textarea[^>]*>(.*?)</textarea>", self.answer.text, re.DOTALL)
        reach = re.search(r'name="reach"[^>]*value="([^"]*)"', self.answer.text)
        assert said
        assert reach
        return unescape(said[1]), unescape(reach[1])

    def kept(self) -> list[requests.OpenRequest]:
        with reader(self.browser.app.engine) as connection:
            return requests.open_requests(connection)


@pytest.fixture
async def form(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Form]:
    time = [NOON]
    app = await opened(tmp_path, sqlite_template, clock=lambda: time[0])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=HERE) as client:
        made = Form(Browser(app, client), time)
        await made.open()
        yield made
    await app.sender.stop()
    await asyncio.to_thread(app.close)


async def test_a_complaint_is_sealed_and_gets_a_reference_and_a_day(form: Form) -> None:
    assert await form.send() == 200
    assert form.answer.url.path.startswith(f"{PATH}/sent/")
    assert "Your reference is R1 ." in form.words
    assert "23 December 2026" in form.words
    (standing,) = form.kept()
    assert (standing.kind, standing.origin, standing.waits_for) == ("complaint", "web", "acknowledge")
    assert standing.due_at - standing.opened_at == timedelta(days=30)
    app = form.browser.app
    with reader(app.engine) as connection:
        assert requests.words_of(connection, app.keyring, standing.id) == (SAID, REACH)
        sealed = connection.execute(select(tables.Request.__table__.c.sealed)).scalar_one()
    assert b"Persimmon" not in bytes(sealed)
    assert "Persimmon" not in form.answer.text
    assert "Persimmon" not in str(form.answer.url)


async def test_the_team_is_told_until_the_last_complaint_is_answered(form: Form) -> None:
    for _ in range(2):
        await form.open()
        await form.send()
    app = form.browser.app

    def still_told(number: int) -> int:
        assert app.writer.run(lambda c: requests.close(c, number, outcome="done", by=None, now=form.time[0]))
        return app.writer.run(team_items.count_items)[ItemKind.REQUEST]

    (item,) = app.writer.run(lambda c: team_items.open_items(c, kinds_for("lead")))
    assert (item.kind, item.pseudonym) == (ItemKind.REQUEST, "")
    assert [await asyncio.to_thread(still_told, number) for number in (1, 2)] == [1, 0]


async def test_a_reload_and_a_second_press_are_one_complaint(form: Form) -> None:
    stamp = form.stamp
    await form.send()
    first = str(form.answer.url)
    await form.send(stamp=stamp)
    assert str(form.answer.url) == first
    await form.open(form.answer.url.path)
    assert form.answer.status_code == 200
    assert len(form.kept()) == 1


async def test_how_to_reach_you_may_be_left_out(form: Form) -> None:
    assert await form.send(reach="") == 200
    assert len(form.kept()) == 1


@pytest.mark.parametrize(
    ("sent", "told", "status"),
    [
        ({"said": "   "}, "Tell us what happened", 422),
        ({"said": "x" * (LONGEST_SAID + 7)}, "It is 7 letters over.", 422),
        ({"reach": "x" * (LONGEST_REACH + 1)}, "That way to reach you is too long", 422),
        ({TRAP: "https://spam.example"}, "Please send it once more", 422),
        ({"stamp": ""}, "Please send it once more", 422),
        ({"stamp": "1-2-3"}, "Please send it once more", 422),
        ({"after": LEAST_SECONDS - 1}, "Please send it once more", 422),
        ({"after": 13 * 3600}, "Please send it once more", 422),
        ({"headers": {"Sec-Fetch-Site": "cross-site"}}, "This came from another site", 403),
        ({"headers": {"Origin": "https://elsewhere.example"}}, "This came from another site", 403),
    ],
)
async def test_nothing_typed_is_lost_and_it_can_be_sent_again(
    form: Form, sent: dict[str, Any], told: str, status: int
) -> None:
    assert await form.send(**sent) == status
    assert told in form.words
    assert "Nothing was sent" in form.words
    said, reach = form.typed()
    assert (said.strip(), reach) == (sent.get("said", SAID).strip(), sent.get("reach", REACH))
    assert form.kept() == []
    assert await form.send() == 200
    assert len(form.kept()) == 1


async def test_somebody_who_sends_many_waits_and_loses_nothing(form: Form) -> None:
    for number in range(ONE_PLACE):
        await form.open()
        assert await form.send(f"{SAID} {number}") == 200
    await form.open()
    assert await form.send() == 429
    assert "Try again in an hour." in form.words
    assert form.typed() == (SAID, REACH)
    assert len(form.kept()) == ONE_PLACE
    form.time[0] += timedelta(hours=1)
    assert await form.send(after=10) == 200


def test_one_place_never_closes_the_door_for_others() -> None:
    pace = ComplaintQuota()
    assert [pace.allows(f"2001:db8::{number:x}", NOON) for number in range(60)] == [True] * ONE_PLACE + [False] * 55
    assert pace.allows("2001:db8:0:1::1", NOON)
    assert all(pace.allows(f"10.0.{number // 250}.{number % 250}", NOON) for number in range(2_000)), "and many do not"
    site = [pace.allows(f"2001:db8:7:{number:x}::1", NOON) for number in range(200)]
    assert sum(site) == ONE_PROXY, "whoever has 65,000 lines of IPv6 is still one site"
    assert not pace.allows("2001:db8::ffff", NOON + timedelta(minutes=59))
    assert pace.allows("2001:db8::ffff", NOON + timedelta(minutes=61))
    assert len(pace._sent) <= 4, "what is over is forgotten"


def test_people_behind_a_web_server_that_nobody_named_do_not_close_the_door_for_each_other() -> None:
    pace = ComplaintQuota()
    for _ in range(60):
        pace.allows("172.18.0.1", NOON, behind="198.51.100.7")
    assert pace.allows("172.18.0.1", NOON, behind="192.0.2.1")
    ports = [pace.allows("172.18.0.9", NOON, behind=f"198.51.100.7:{number}") for number in range(100)]
    assert sum(ports) == complaint_page.ONE_PLACE, "a port is no place of its own"
    made_up = [pace.allows("203.0.113.5", NOON, behind=f"10.1.0.{number}") for number in range(100)]
    assert sum(made_up) == ONE_PROXY, "whoever makes up who they are gets no further than that"


async def test_a_rush_is_taken_and_buries_nobody(form: Form) -> None:
    app = form.browser.app

    def flood(connection: Connection) -> None:
        for number in range(700):
            requests.open_request(
                connection, app.keyring, kind="complaint", origin="web", said="spam",
                now=NOON - timedelta(minutes=30) + timedelta(seconds=number),
            )  # fmt: skip
        requests.open_request(connection, app.keyring, kind="access", origin="chat", now=NOON)

    app.writer.run(flood)
    assert await form.send() == 200, "the door is open"
    with reader(app.engine) as connection:
        listed, rushed = requests.open_requests(connection), requests.rushed_requests(connection)
    assert [one.kind for one in listed].count("access") == 1
    assert len(listed) == requests.RUSH + 1
    assert len(rushed) == 700 + 1 - requests.RUSH
    assert rushed[0].waits_for == "acknowledge", "they are due like all others"


@pytest.mark.parametrize("ticket", ["1-20261223-x", "1--", "x", "99999999999-1-1", "1-20261223"])
async def test_a_made_up_page_of_thanks_leads_to_the_form(form: Form, ticket: str) -> None:
    answer = await form.browser.client.get(f"{PATH}/sent/{ticket}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)


@pytest.mark.parametrize("middle", ["123456789012", "000000000000", "20261323", "ab12cd34ef56"])
async def test_the_stamp_of_a_form_is_no_ticket(form: Form, middle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its middle is made of digits alone once in 280 times, and then it looks like a day."""
    monkeypatch.setattr(complaint_page, "token_hex", lambda _: middle)
    await form.open()
    answer = await form.browser.client.get(f"{PATH}/sent/{form.stamp}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)


async def test_the_notice_leads_to_it_in_every_language(form: Form) -> None:
    languages = sorted(path.stem for path in (templating.TEMPLATES / "privacy").glob("*.html"))
    assert languages
    for code in languages:
        assert templating.exists(f"complaint/{code}.html"), f"the complaint form is not there in {code}"
    await form.open("/privacy")
    assert f'href="{PATH}"' in form.answer.text
