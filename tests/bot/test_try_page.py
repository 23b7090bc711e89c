"""The practice phone, through its forms: the real intake, the real outbox, the real storage, and no script."""

from __future__ import annotations

import asyncio
import re
import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import select

from bot.app import App, build
from bot.settings import read
from storage import tables
from storage.database import reader
from tests.bot.service import STORY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
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


async def opened(folder: Path, template: Path, **settings: str) -> App:
    """Return a service that sends, in a folder of its own."""
    (folder / "var").mkdir(exist_ok=True)
    if not (folder / "var" / "earshot.db").exists():
        shutil.copyfile(template, folder / "var" / "earshot.db")
    app = build(read({"EARSHOT_DATA_DIR": str(folder / "var"), **settings}))
    await app.delivery.start()
    return app


@pytest.fixture
async def browser(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Browser]:
    app = await opened(tmp_path, sqlite_template)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=HERE) as client:
        yield Browser(app, client)
    await app.delivery.stop()
    await asyncio.to_thread(app.close)


async def told_by_chat(browser: Browser) -> Screen:
    await browser.say("/start")
    for label in ("Yes, 18 or over", "I agree"):
        await browser.press(label)
    await browser.say(STORY)
    for label in ("I have finished", "Me, or people close to me", "I have finished", "Using a service"):
        await browser.press(label)
    await browser.do("send", kind="location")
    for label in ("Keep it", "Only your team reads it", "No, please do not"):
        screen = await browser.press(label)
    return screen


async def told_by_text(browser: Browser) -> Screen:
    await browser.do("start", look="sms")
    return await browser.say("SHARE", "AGREE", STORY, "DONE", "1", "1", "Glenboig", "keep", "1")


# --- telling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tell", [told_by_chat, told_by_text], ids=["telegram", "sms"])
async def test_a_story_told_here_is_kept_and_marked_as_practice(browser: Browser, tell: Any) -> None:
    screen = await tell(browser)
    (story,) = browser.rows(tables.Story)
    assert (story.text, story.simulated, story.place_label) == (STORY, True, "Glenboig, North Lanarkshire")
    (person,) = browser.rows(tables.Contributor)
    assert person.simulated
    assert "Story from Glenboig, North Lanarkshire Practice Individual · Service user · Team only" in screen.text
    receipt = re.search(r"Receipt: (\w+ \w+ \w+)", screen.text)
    assert receipt
    assert receipt[1] in screen.messages[-1]


async def test_both_phones_keep_the_same_story(browser: Browser) -> None:
    await told_by_chat(browser)
    await told_by_text(browser)
    by_chat, by_text = (story._asdict() for story in browser.rows(tables.Story))
    own = {"id", "conversation_id", "contributor_id", "told_at", "changed_at", "receipt_lookup", "place_words"}
    different = {name for name, value in by_chat.items() if value != by_text[name]} - own
    assert different == {"channel"}
    tags = [(tag.dimension, tag.value) for tag in browser.rows(tables.Tag)]
    assert sorted(tags) == sorted(2 * tags[: len(tags) // 2])


async def test_text_messages_show_their_options_and_what_they_cost(browser: Browser) -> None:
    await browser.do("start", look="sms")
    screen = await browser.say("SHARE")
    assert screen.messages[-1].endswith("1 AGREE, and I am 18 or over\n2 NO, thank you\n3 I am under 18")
    assert screen.keys == {}
    assert re.search(r"3 segments · 3\d\d characters · GSM-7", screen.text)


async def test_a_letter_beyond_the_plain_alphabet_shows(tmp_path: Path, sqlite_template: Path) -> None:
    app = await opened(tmp_path, sqlite_template, EARSHOT_ORGANISATION="Słucham")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app.asgi), base_url=HERE) as client:
        browser = Browser(app, client)
        await browser.do("start", look="sms")
        screen = await browser.say("SHARE")
    assert "· UCS-2" in screen.text
    await app.delivery.stop()
    await asyncio.to_thread(app.close)


async def test_several_answers_are_switched_on_and_off(browser: Browser) -> None:
    await browser.say("/start", "yes", "agree", STORY, "done")
    assert "✓ Me, or people close to me" in (await browser.press("Me, or people close to me")).keys
    screen = await browser.press("✓ Me, or people close to me")
    assert "Me, or people close to me" in screen.keys
    assert sum("What is your story about?" in message for message in screen.messages) == 1


async def test_buttons_of_earlier_questions_are_shown_as_past_and_do_nothing(browser: Browser) -> None:
    screen = await browser.say("/start")
    old = screen.keys["No, under 18"]
    screen = await browser.press("Yes, 18 or over")
    assert set(screen.keys) == {"I agree", "No, thank you"}
    assert "Yes, 18 or over (you pressed this)" in screen.text
    before = screen.messages
    assert (await browser.do("press", press=old)).messages == before


async def test_the_same_form_twice_has_the_effect_of_once(browser: Browser) -> None:
    once = (await browser.say("/start", "yes", "agree")).once
    first = await browser.do("say", text=STORY, once=once)
    second = await browser.do("say", text=STORY, once=once)
    assert first.messages == second.messages
    third = await browser.do("say", text="And something else.", once=once)
    assert len(third.messages) == len(second.messages) + 1


async def test_something_that_is_not_words_is_politely_refused(browser: Browser) -> None:
    screen = await browser.say("/start")
    screen = await browser.do("send", kind="voice")
    assert screen.messages[-2].strip().endswith("A voice message")
    assert "can only read words" in screen.messages[-1]


async def test_a_first_message_that_is_a_story_is_put_aside(browser: Browser) -> None:
    screen = await browser.say(STORY)
    assert "1 message is put aside, sealed and unread, until they agree." in screen.text
    assert len(browser.rows(tables.SealedMessage)) == 1
    screen = await browser.press("No, under 18")
    assert browser.rows(tables.SealedMessage) == []
    assert "Nothing was kept." in screen.text


async def test_the_other_flow_can_be_chosen(browser: Browser) -> None:
    screen = await browser.do("start", look="telegram", flow="feedback")
    assert 'value="/start feedback"' in (await browser.client.get("/try")).text
    screen = await browser.say("/start feedback")
    assert "how it was for you" in screen.messages[1]


# --- time -------------------------------------------------------------------------------------------------------------


async def test_two_minutes_of_quiet_ask_whether_that_was_all(browser: Browser) -> None:
    await browser.say("/start", "yes", "agree", STORY)
    screen = await browser.do("wait", time="minutes")
    assert "2 minutes later" in screen.text
    assert "Is that your whole story?" in screen.messages[-1]


async def test_two_days_bring_a_reminder_at_any_hour(browser: Browser) -> None:
    await browser.say("/start", "yes")
    screen = await browser.do("wait", time="days")
    assert "Hello again from" in screen.messages[-2]
    assert "Do you agree" in screen.messages[-1]


async def test_a_week_ends_what_was_begun_and_destroys_what_was_held(browser: Browser) -> None:
    await browser.say(STORY)
    screen = await browser.do("wait", time="week")
    (conversation,) = browser.rows(tables.Conversation)
    assert conversation.status == "expired"
    assert browser.rows(tables.SealedMessage) == []
    assert "They went away before it was finished" in screen.text


async def test_after_a_break_they_may_go_on_or_begin_again(browser: Browser) -> None:
    await browser.say("/start", "yes", "agree", STORY, "done")
    await browser.do("wait", time="day")
    assert "Would you like to go on, or start again?" in (await browser.say("hello")).messages[-1]
    assert "What does your story touch?" in (await browser.press("Go on where I was")).messages[-1]


async def test_time_passes_for_one_phone_alone(browser: Browser) -> None:
    await browser.say("/start", "yes")
    (other,) = browser.rows(tables.Conversation)
    await browser.do("start", look="telegram")
    await browser.say("/start", "yes")
    await browser.do("wait", time="days")
    (unmoved,) = (row for row in browser.rows(tables.Conversation) if row.id == other.id)
    assert unmoved == other


async def test_a_phone_that_was_never_used_just_waits(browser: Browser) -> None:
    screen = await browser.do("wait", time="week")
    assert "A week later" in screen.text
    assert browser.rows(tables.Contributor) == []


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
    assert "What is your story about?" in screen.messages[-1]


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
                assert "What is your story about?" in (await browser.say("done")).messages[-1]
            cookies = client.cookies
        await app.delivery.stop()
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
