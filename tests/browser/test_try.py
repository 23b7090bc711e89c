"""The simulator in a real browser: without JavaScript, with the keyboard alone, on a phone, in light and dark.

Needs Chromium on the machine (`apt-get install chromium`); axe-core is in tests/vendor, with its licence.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from playwright.sync_api import expect, sync_playwright

from bot.app import build
from bot.settings.environment import read
from tests import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.slow

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
AXE = (Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
"""Of what is no violation it tells one place for each rule: all of them are most of the work."""
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
STORY = "They closed the surgery in our village, and my mother has no bus to the next one."
SMALL = """() => [...document.querySelectorAll('button, select, textarea, nav a')]
  .filter(el => el.checkVisibility()).map(el => [el.innerText || el.name, el.getBoundingClientRect()])
  .filter(([_, box]) => box.height < 44 || box.width < 24).map(([words, box]) => [words, box.height, box.width])"""

TORN = "[...document.querySelectorAll('.contents li')].filter(one => one.getClientRects().length > 1).length"


class Service:
    """The whole service on a port of its own, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.address = ""

    async def _serve(self) -> None:
        app = build(read({"EARSHOT_DATA_DIR": str(self._folder / "var")}))
        listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app.asgi, log_level="error", lifespan="off", ws="none"))
        await app.start()
        self._ready.set()
        await self._server.serve([listening])
        await app.stop()

    def __enter__(self) -> str:
        self._thread.start()
        assert self._ready.wait(30)
        return self.address

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One service for all tests here; every browser context is somebody new."""
    with Service(tmp_path_factory.mktemp("service")) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests here."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Any]:
    """Open a browser of a new person; closed after the test."""
    contexts: list[BrowserContext] = []

    def opening(**how: Any) -> Page:
        contexts.append(chromium.new_context(**{"viewport": DESKTOP, **how}))
        return contexts[-1].new_page()

    yield opening
    for context in contexts:
        context.close()


def say(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def press(page: Page, label: str) -> None:
    page.locator("form.keys").get_by_role("button", name=label, exact=True).click()


def last(page: Page) -> Any:
    return page.locator(".bubble").last


def tell_by_chat(page: Page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()
    press(page, "Yes, 18 or over")
    press(page, "I agree")
    expect(last(page)).to_contain_text("Please tell us")
    say(page, STORY)
    expect(last(page)).to_contain_text(STORY)
    press(page, walk.FINISHED)
    expect(last(page)).to_contain_text("Where was this?")
    page.get_by_role("button", name="Share a position").click()
    press(page, "Only your team reads it")
    press(page, "No, please do not")
    expect(last(page)).to_contain_text("Is this about you")
    press(page, walk.ABOUT_ME)
    expect(page.locator("form.keys").get_by_role("button", name=f"✓ {walk.ABOUT_ME}")).to_be_visible()
    press(page, walk.FINISHED)
    expect(last(page)).to_contain_text("Your receipt")


@pytest.mark.parametrize("javascript", [False, True], ids=["without JavaScript", "with JavaScript"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_whole_story_is_told(opened: Any, site: str, size: Any, javascript: bool) -> None:
    page = opened(viewport=size, java_script_enabled=javascript)
    page.goto(f"{site}/try")
    tell_by_chat(page)
    kept = page.get_by_role("region", name="What the team has")
    expect(kept).to_contain_text("Story from Glenboig, North Lanarkshire")
    receipt = re.search(r"keep it safe: (\w+ \w+ \w+)", last(page).inner_text())
    assert receipt
    expect(kept).to_contain_text(receipt[1])
    assert "Glenboig" not in page.url
    assert page.url.startswith(f"{site}/try")
    kept.get_by_role("link", name="Read it as the team does").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_newest_message_is_in_sight_without_javascript(opened: Any, site: str) -> None:
    for size in (PHONE, DESKTOP):
        page = opened(viewport=size, java_script_enabled=False)
        page.goto(f"{site}/try")
        page.get_by_role("button", name="Start", exact=True).click()
        for label in ("Yes, 18 or over", "I agree"):
            press(page, label)
        assert page.url.endswith("/try#newest")
        expect(page.locator("form.keys button").last).to_be_in_viewport()
        expect(page.get_by_label("Your message")).to_be_in_viewport()


def tab_to(page: Page, words: str, backwards: bool = False) -> None:
    """Press Tab until what has the focus says these words; whatever has it on the way must be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        said, seen = page.evaluate(
            """() => { const el = document.activeElement;
                return [el.labels?.[0]?.innerText || el.innerText || '',
                        el === document.body || getComputedStyle(el).outlineStyle !== 'none']; }"""
        )
        assert seen, f"the focus cannot be seen on {said!r}"
        if words in said and len(said) < 80:
            return
    raise AssertionError(f"the keyboard does not reach {words!r}")


@pytest.mark.parametrize("javascript", [False, True], ids=["without JavaScript", "with JavaScript"])
def test_a_story_is_told_by_keyboard_alone(opened: Any, site: str, javascript: bool) -> None:
    if not javascript:
        page = opened(java_script_enabled=False)
        page.goto(f"{site}/try")
        for label in ("Start", "Yes, 18 or over", "I agree"):
            page.get_by_role("button", name=label, exact=True).focus()
            page.keyboard.press("Enter")
        expect(last(page)).to_contain_text("Please tell us")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type(STORY)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(last(page)).to_contain_text(STORY)
        return
    page = opened()
    page.goto(f"{site}/try")
    tab_to(page, "Text message")
    page.keyboard.press("Enter")
    expect(page.locator(".phone.sms")).to_be_visible()
    tab_to(page, "Send “SHARE”")
    page.keyboard.press("Enter")
    expect(last(page)).to_contain_text("May we keep")
    tab_to(page, "Your message")
    for typed, answer in (
        ("AGREE", "Please tell us"),
        (STORY, STORY),
        ("DONE", "Where was this?"),
        ("Coatbridge", "How far may your story travel?"),
        ("1", "May we text you about it"),
        ("2", "Is this about you"),
        ("1", "Your receipt"),
    ):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(last(page)).to_contain_text(answer)
    tab_to(page, "Read it as the team does")


def test_a_pressed_button_leads_the_keyboard_on_to_the_next_ones(opened: Any, site: str) -> None:
    page = opened()
    page.goto(f"{site}/try")
    tab_to(page, "Start")
    for label in ("Yes, 18 or over", "I agree", "I have finished"):
        page.keyboard.press("Enter")
        expect(page.locator("form.keys").get_by_role("button", name=label, exact=True)).to_be_visible()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText") == label


def test_with_javascript_nothing_is_loaded_again_and_nothing_overtakes(opened: Any, site: str) -> None:
    page = opened()
    page.goto(f"{site}/try")
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="Start", exact=True).click()
    press(page, "Yes, 18 or over")
    press(page, "I agree")
    expect(last(page)).to_contain_text("Please tell us")
    parts = [f"Part {number} of it." for number in range(6)]
    for part in (*parts, "Part 5 of it."):
        say(page, part)
    expect(page.locator(".yours .bubble")).to_have_count(8)
    said = [text.removeprefix("You:").strip() for text in page.locator(".yours .bubble").all_inner_texts()]
    assert said[1:] == [*parts, "Part 5 of it."]
    assert page.evaluate("window.stayed")


def test_what_comes_by_itself_turns_up(opened: Any, site: str) -> None:
    page = opened()
    page.goto(f"{site}/try")
    say(page, "/start")
    expect(last(page)).to_contain_text("18 or over?")
    other = page.context.new_page()
    other.goto(f"{site}/try")
    press(other, "Yes, 18 or over")
    expect(last(other)).to_contain_text("Do you agree")
    expect(last(page)).to_contain_text("Do you agree", timeout=9000)


def test_a_message_that_is_too_long_is_explained_and_not_lost(opened: Any, site: str) -> None:
    page = opened()
    page.goto(f"{site}/try")
    say(page, "very long " * 500)
    expect(page.get_by_role("alert")).to_contain_text("too long for one message")
    assert page.get_by_label("Your message").input_value() == "very long " * 500


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_everybody_can_use_it(opened: Any, site: str, size: Any, scheme: Any) -> None:
    """WCAG 2.2 AA as far as axe can see, targets of 44 pixels, nothing cut off at 320, nothing the policy forbids."""
    page = opened(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def check(name: str) -> None:
        page.evaluate(AXE)
        found = page.evaluate(RUN_AXE, RULES)
        assert len(found["passes"]) > 10, name
        broken = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found["violations"]]
        assert not broken, (name, broken)
        assert page.evaluate(SMALL) == [], name
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        page.set_viewport_size(size)

    page.goto(f"{site}/privacy")
    check("privacy")
    assert page.evaluate(TORN) == 0, "no line of the list stands half in one column and half in the next"
    page.goto(f"{site}/try")
    check("new")
    tell_by_chat(page)
    check("told")
    page.get_by_role("button", name="A week").click()
    expect(page.locator(".note")).to_contain_text("A week later")
    check("a week later")
    page.get_by_role("button", name="Text message", exact=True).click()
    expect(page.locator(".phone.sms")).to_be_visible()
    check("new, by text")
    page.get_by_role("button", name="Send “SHARE”").click()
    expect(page.locator(".segments").last).to_contain_text("2 segments")
    check("by text")
    assert complaints == []


def test_at_twice_the_size_nothing_is_cut_off(opened: Any, site: str) -> None:
    page = opened(viewport={"width": 640, "height": 450}, device_scale_factor=2)
    page.goto(f"{site}/try")
    tell_by_chat(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.bubble, .keys li, button, h2')]
            .filter(el => el.checkVisibility() && el.scrollWidth > el.clientWidth + 1).map(el => el.innerText)"""
    )
    assert cut == []


def test_it_waits_no_longer_than_it_must(opened: Any, site: str) -> None:
    page = opened()
    page.goto(f"{site}/try")
    began = time.monotonic()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(last(page)).to_contain_text("18 or over?")
    assert time.monotonic() - began < 3
