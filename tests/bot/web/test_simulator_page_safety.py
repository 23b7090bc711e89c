"""The simulator and what should not happen to it: other sites, odd words, broken forms, restarts."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.app import build
from bot.settings.environment import read
from storage import tables
from tests.bot.service import STORY
from tests.bot.try_phone import HERE, Browser, Screen, opened, told_by_chat

if TYPE_CHECKING:
    from pathlib import Path


# --- whose phone ------------------------------------------------------------------------------------------------------


async def test_each_browser_has_a_phone_of_its_own_that_no_script_and_no_address_shows(browser: Browser) -> None:
    answer = await browser.client.get("/try")
    del answer
    fresh = httpx.AsyncClient(transport=httpx.ASGITransport(browser.app.asgi), base_url=HERE)
    async with fresh:
        answer = await fresh.get("/try")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.lower()
        address = re.search(r"earshot_try=([^;]+)", cookie)
        assert address
        assert address[1] not in answer.text
        mine = await browser.say("/start")
        assert len(mine.messages) == 3
        assert Screen((await fresh.get("/try")).text).messages == []


async def test_starting_again_makes_somebody_new_and_leaves_the_story(browser: Browser) -> None:
    await told_by_chat(browser)
    screen = await browser.do("start", look="telegram")
    assert screen.messages == []
    assert "Nothing yet." in screen.text
    await browser.say("/start")
    assert len(browser.rows(tables.Contributor)) == 2
    assert len(browser.rows(tables.Story)) == 1


async def test_a_phone_that_was_erased_says_so_and_starts_afresh(browser: Browser) -> None:
    await told_by_chat(browser)
    await browser.say("DELETE")
    screen = await browser.press("Everything you hold from me")
    assert "Everything you told us is deleted" in screen.messages[-1]
    assert browser.rows(tables.Story) == []
    assert "Nothing yet." in screen.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=["another site", "hidden", "another port", "cross-site", "same-site"],
)
@pytest.mark.parametrize("act", ["say", "press", "send", "wait", "start"])
async def test_a_form_of_another_site_is_turned_away(browser: Browser, act: str, headers: dict[str, str]) -> None:
    form = {"text": STORY, "kind": "voice", "time": "week", "look": "sms", "press": "x"}
    answer = await browser.client.post(f"/try/{act}", data=form, headers=headers)
    assert answer.status_code == 403
    assert browser.rows(tables.Contributor) == []


@pytest.mark.parametrize("headers", [{"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}])
async def test_our_own_forms_are_taken(browser: Browser, headers: dict[str, str]) -> None:
    answer = await browser.client.post("/try/say", data={"text": "/start"}, headers=headers)
    assert answer.status_code == 303
    assert len((await browser.see()).messages) == 3


# --- what should not happen -------------------------------------------------------------------------------------------


async def test_it_is_not_there_unless_it_is_switched_on(tmp_path: Path) -> None:
    for settings in ({"EARSHOT_SIMULATOR": "off"}, {"EARSHOT_PUBLIC_URL": "https://listen.example.org"}):
        app = build(read({"EARSHOT_DATA_DIR": str(tmp_path / "var"), **settings}))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=HERE) as client:
            assert (await client.get("/try")).status_code == 404
            assert (await client.post("/try/say", data={"text": "hi"})).status_code in {404, 405}
            assert (await client.get("/privacy")).status_code == 200
        await asyncio.to_thread(app.close)


async def test_over_https_the_cookie_is_bound_to_this_host(tmp_path: Path) -> None:
    app = build(
        read(
            {
                "EARSHOT_DATA_DIR": str(tmp_path / "var"),
                "EARSHOT_PUBLIC_URL": "https://listen.example.org",
                "EARSHOT_SIMULATOR": "on",
            }
        )
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=HERE) as client:
        cookie = (await client.get("/try")).headers["set-cookie"]
    assert cookie.startswith("__Host-earshot_try=")
    assert "Secure" in cookie
    await asyncio.to_thread(app.close)


async def test_a_message_that_is_too_long_is_given_back(browser: Browser) -> None:
    answer = await browser.client.post("/try/say", data={"text": "long " * 900})
    assert answer.status_code == 422
    assert "your words are still here" in answer.text
    assert "long long" in answer.text.split("<textarea")[1].split("</textarea>")[0]
    assert browser.rows(tables.Inbound) == []


async def test_words_that_cannot_be_taken_now_are_given_back(browser: Browser) -> None:
    await asyncio.to_thread(browser.app.writer.close)
    answer = await browser.client.post("/try/say", data={"text": STORY})
    assert answer.status_code == 503
    assert STORY in answer.text.split("<textarea")[1]


@pytest.mark.parametrize(
    ("act", "form", "status"),
    [
        ("say", {"once": "1"}, 303),
        ("say", {"text": "   "}, 303),
        ("press", {"once": "1"}, 303),
        ("press", {"press": "rubbish"}, 303),
        ("press", {"press": "x" * 70_000}, 413),
        ("send", {"kind": "virus"}, 400),
        ("wait", {"time": "forever"}, 400),
        ("start", {"look": "fax", "flow": "nothing", "language": "xx"}, 303),
    ],
)
async def test_forms_that_are_not_ours_do_no_harm(
    browser: Browser, act: str, form: dict[str, str], status: int
) -> None:
    answer = await browser.client.post(f"/try/{act}", data=form)
    assert answer.status_code == status
    assert (await browser.client.get("/try")).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "\0 nothing \0",
        "\ud800",
        "\u202etxet desrever",
        "😞" * 500,
        "(voice)",
    ],
    ids=["markup", "template", "nul", "surrogate", "right-to-left", "emoji", "brackets"],
)
async def test_odd_words_are_words(browser: Browser, text: str) -> None:
    await browser.say("/start", "yes", "agree")
    body = "text=" + "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await browser.client.post("/try/say", content=body.encode(), headers=headers)
    assert answer.status_code == 303
    page = (await browser.client.get("/try")).text
    assert "<script>alert" not in page
    screen = await browser.press("I have finished")
    assert "Where was this?" in screen.messages[-1]


@pytest.mark.parametrize(
    "cookie", ["", "sms-short", "fax-aaaaaaaaaaaaaaaaaaaaaaaa", "telegram-" + "x" * 99, "../../etc"]
)
async def test_a_cookie_that_is_not_ours_gets_a_new_phone(browser: Browser, cookie: str) -> None:
    answer = await browser.client.get("/try", headers={"Cookie": f"earshot_try={cookie}"})
    assert answer.status_code == 200
    assert "earshot_try=telegram-" in answer.headers["set-cookie"]


async def test_a_page_that_has_not_changed_is_not_sent_again(browser: Browser) -> None:
    await browser.say("/start")
    first = await browser.client.get("/try")
    tag = first.headers["etag"]
    assert (await browser.client.get("/try", headers={"If-None-Match": tag})).status_code == 304
    await browser.say("yes")
    assert (await browser.client.get("/try", headers={"If-None-Match": tag})).status_code == 200


async def test_after_a_restart_the_phone_is_empty_and_the_conversation_goes_on(
    tmp_path: Path, sqlite_template: Path
) -> None:
    cookies = None
    for number in (1, 2):
        app = await opened(tmp_path, sqlite_template)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=HERE, cookies=cookies) as client:
            browser = Browser(app, client)
            if number == 1:
                await browser.say("/start", "yes", "agree", STORY)
            else:
                assert (await browser.see()).messages == []
                assert "Where was this?" in (await browser.say("done")).messages[-1]
            cookies = client.cookies
        await app.sender.stop()
        await asyncio.to_thread(app.close)


async def test_nothing_on_the_page_is_inline(browser: Browser) -> None:
    await told_by_chat(browser)
    for path in ("/try", "/privacy"):
        answer = await browser.client.get(path)
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:", answer.text) == []


async def test_the_files_a_page_needs_are_there_and_may_be_kept(browser: Browser) -> None:
    page = (await browser.client.get("/try")).text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(files) >= 4
    for file in files:
        answer = await browser.client.get(file)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
