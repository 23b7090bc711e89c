"""The team's room in a real browser: keyboard alone, without JavaScript, on a phone, in light and dark.

Needs Chromium on the machine (`apt-get install chromium`); axe-core is in tests/vendor, with its licence.
"""

from __future__ import annotations

import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from playwright.sync_api import expect, sync_playwright

from flows.model.staffed_hours import StaffedHours
from flows.model.vocabulary.item_kinds import ItemKind
from review.kit import accounts
from storage import tables
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.stories import whole_story
from storage.queries.team import members, requests
from storage.queries.team.safeguarding_items import raise_concern
from storage.queries.team.team_items import close_item
from tests.review.conftest import KEYS, PASSWORD
from tests.review.room import NOON, fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from sqlalchemy.engine import Connection

    from tests.review.conftest import Room

pytestmark = pytest.mark.slow

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
AXE = (Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
"""Of what is no violation it tells one place for each rule: all of them are most of the work."""
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PAGES = {
    "queue": "/?state=all",
    "filtered": "/?scale=individual&place=bristol&state=all",
    "nothing found": "/?place=Atlantis",
    "second screen": "/?after=1-1",
    "story": "/stories/6",
    "story with additions": "/stories/5",
    "story with a new wording": "/stories/4",
    "feedback": "/stories/3",
    "approved": "/stories/1",
    "declined": "/stories/2",
    "safeguarding": "/safeguarding",
    "somebody to look after": "/safeguarding/1",
    "somebody looked after": "/safeguarding/2",
    "story in care": "/stories/6",
    "export": "/export",
    "columns": "/export/columns",
    "exports to recall": "/export/recalls",
    "inbox": "/inbox",
    "team": "/team",
    "account": "/account",
    "requests": "/requests",
    "a request": "/requests/1",
    "not there": "/stories/999",
}
LEGIBLE = """() => [...document.querySelectorAll(
    'button, .button, select, textarea, summary, nav a, label.choice, .field input'
  )].filter(el => el.checkVisibility()).map(el => [el.innerText || el.name, el.getBoundingClientRect().height])
  .filter(([_, height]) => height < 44)"""

OVERLAPS = """() => {
    const unseen = '.unseen, .skip, script, option, [hidden]', seen = [];
    const shown = (holder, box) => {
        let { left, right, top, bottom } = box;
        for (let each = holder; each; each = each.parentElement) {
            if (getComputedStyle(each).overflow === 'visible') continue;
            const frame = each.getBoundingClientRect();
            [left, right] = [Math.max(left, frame.left), Math.min(right, frame.right)];
            [top, bottom] = [Math.max(top, frame.top), Math.min(bottom, frame.bottom)];
        }
        return { left, right, top, bottom };
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
        const holder = node.parentElement;
        if (!node.data.trim() || !holder.checkVisibility() || holder.closest(unseen)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) seen.push([node, shown(holder, box)]);
    }
    const found = [];
    seen.forEach(([one, a], place) => seen.slice(place + 1).forEach(([other, b]) => {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (one !== other && wide > 3 && high > 6) found.push(`${one.data.trim()} / ${other.data.trim()}`);
    }));
    return found;
}"""
"""Pairs of texts of which one lies over the other."""


class Server:
    """The room's app on a port of its own."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)


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
def site(team_room: Room) -> Iterator[str]:
    """The room with a week's stories, served."""
    fill(team_room.writer, now=NOON)
    worry(team_room)
    team_room.does(complain)
    team_room.does(tell_the_team)
    with Server(team_room.app) as address:
        yield address


def worry(team_room: Room) -> None:
    """Two tellers need somebody: one has waited too long, one is looked after already."""

    def work(connection: Connection) -> None:
        for story, hours in ((6, 2), (5, 1)):
            told = whole_story.story_by_id(connection, story)
            assert told is not None
            raise_concern(
                connection, contributor_id=told.contributor_id, conversation_id=told.conversation_id, inbound_id=None,
                now=NOON - timedelta(hours=hours), staffed=StaffedHours(), story_id=story,
            )  # fmt: skip
        number = members.add_member(
            connection, email="sam@example.org", name="Sam Okafor", role="safeguarding", at=NOON
        )
        item = tables.Safeguarding.__table__
        connection.execute(item.update().where(item.c.id == 2).values(taken_at=NOON, taken_by=number))

    team_room.does(work)


def tell_the_team(connection: Connection) -> None:
    """Raise an item of each kind about a story's teller; somebody has closed one."""
    told = whole_story.story_by_id(connection, 6)
    assert told is not None
    for kind in ItemKind:
        raise_item(connection, kind=kind, now=NOON, contributor_id=told.contributor_id, story_id=told.id)
    raise_item(connection, kind=ItemKind.CHANNEL, now=NOON)
    sam = members.member_by_email(connection, "sam@example.org")
    assert sam is not None
    close_item(connection, 1, by=sam.id, note="Linked my own phone.", now=NOON)


def complain(connection: Connection) -> None:
    requests.open_request(
        connection, KEYS, kind="complaint", origin="web", now=NOON, said="You printed the name of my street."
    )


def invited(team_room: Room, email: str = "amina@example.org") -> str:
    return accounts.make_link(team_room.writer, email, "lead", now=NOON)


def come_in(page: Page, site: str, token: str) -> None:
    page.goto(f"{site}/join/{token}")
    page.get_by_label("Your name").fill("Amina Reid")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Set password and sign in").click()
    expect(page.get_by_role("heading", name="Stories", exact=True)).to_be_visible()


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says these words; whatever has it on the way must be seen to have it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        said, seen = page.evaluate(
            """() => { const el = document.activeElement;
                const style = getComputedStyle(el), after = getComputedStyle(el, '::after');
                return [el.labels?.[0]?.innerText || el.innerText || '',
                        style.outlineStyle !== 'none' || after.outlineStyle !== 'none']; }"""
        )
        assert seen, f"the focus cannot be seen on {said!r}"
        if words in said:
            return
    raise AssertionError(f"the keyboard does not reach {words!r}")


def test_a_story_is_approved_by_keyboard_alone(chromium: Browser, team_room: Room, site: str) -> None:
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(f"{site}/join/{invited(team_room)}")
    for label, typed in (("Your name", "Amina Reid"), ("Password", PASSWORD), ("same password", PASSWORD)):
        tab_to(page, label)
        page.keyboard.type(typed)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Stories", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    newest = page.locator("article h2").nth(1).inner_text()
    tab_to(page, newest)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=newest)).to_be_visible()
    tab_to(page, "Approve")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Approved.")
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Undone.")
    tab_to(page, "Decline…")
    page.keyboard.press("Enter")
    tab_to(page, "It points to somebody")
    page.keyboard.press("ArrowDown")
    tab_to(page, "In your own words")
    page.keyboard.type("I cannot follow it.")
    tab_to(page, "Decline this story")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Declined.")
    expect(page.get_by_text("We cannot make out what is meant. “I cannot follow it.”")).to_be_visible()
    context.close()


def test_everything_works_without_javascript(chromium: Browser, team_room: Room, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    come_in(page, site, invited(team_room))
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Scale").select_option("society")
    page.get_by_label("Place").fill("Glenboig")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status")).to_contain_text("1 story.")
    page.locator("article h2 a").click()
    page.get_by_text("Decline…").click()
    page.get_by_label("It points to somebody").check()
    page.get_by_role("button", name="Decline this story").click()
    expect(page.get_by_role("status")).to_contain_text("Declined.")
    page.get_by_label("Organisational").check()
    page.get_by_role("button", name="Save scales").click()
    expect(page.get_by_text("Added by Amina Reid")).to_be_visible()
    page.get_by_role("link", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "earshot-team-2026-11-23.csv"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    context.close()


def test_somebody_is_looked_after_without_javascript_on_a_phone(chromium: Browser, team_room: Room, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    come_in(page, site, invited(team_room))
    page.get_by_role("link", name="Safeguarding").click()
    expect(page.get_by_text("Overdue by 60 minutes")).to_be_visible()
    page.locator("article h3 a").first.click()
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("You have it", exact=True)).to_be_visible()
    page.get_by_role("button", name="Show how to reach them").click()
    expect(page.get_by_text("Use it for this and nothing else")).not_to_be_visible()
    page.locator("#why-reach").select_option("look")
    page.get_by_role("button", name="Show how to reach them").click()
    expect(page.get_by_text("Use it for this and nothing else")).to_be_visible()
    page.get_by_label("Spoke with them").check()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("status")).to_contain_text("Closed.")
    context.close()


def test_somebody_is_looked_after_by_keyboard_alone(chromium: Browser, team_room: Room, site: str) -> None:
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    come_in(page, site, invited(team_room))
    tab_to(page, "Safeguarding")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Safeguarding")).to_be_visible()
    tab_to(page, "Take it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You have it.")
    tab_to(page, "Signposted again")
    page.keyboard.press("Space")
    tab_to(page, "Close")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Closed.")
    context.close()


def test_with_javascript_the_filter_answers_at_once_and_its_address_can_be_shared(
    chromium: Browser, team_room: Room, site: str
) -> None:
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    come_in(page, site, invited(team_room))
    page.evaluate("window.stayed = true")
    page.get_by_label("Scale").focus()
    page.get_by_label("Scale").select_option("society")
    expect(page.get_by_role("status")).to_contain_text("2 stories.")
    expect(page.locator("article")).to_have_count(2)
    assert page.evaluate("window.stayed"), "the page was not loaded anew"
    assert "scale=society" in page.url
    expect(page.get_by_label("Scale")).to_be_focused()
    other = context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("status")).to_contain_text("2 stories.")
    page.go_back()
    expect(page.get_by_role("status")).to_contain_text("7 stories.")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_can_be_used_by_everyone(
    chromium: Browser, team_room: Room, site: str, size: Any, scheme: Any
) -> None:
    """WCAG 2.2 AA as far as axe can see, targets of 44 pixels, nothing cut off at 320, nothing the policy forbids."""
    context = chromium.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    token = invited(team_room)

    def check(name: str) -> None:
        page.evaluate(AXE)
        found = page.evaluate(RUN_AXE, RULES)
        assert len(found["passes"]) > 10, name
        broken = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found["violations"]]
        assert not broken, (name, broken)
        assert page.evaluate(LEGIBLE) == [], name
        assert page.evaluate(OVERLAPS) == [], name
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        page.set_viewport_size(size)

    for name, path in {"sign-in": "/sign-in", "join": f"/join/{token}", "over": "/join/none"}.items():
        page.goto(site + path)
        check(name)
    come_in(page, site, token)
    page.goto(f"{site}/stories/1")
    page.get_by_role("button", name="Approve").click()
    page.goto(f"{site}/stories/2")
    page.get_by_text("Decline…").click()
    check("decline form")
    page.get_by_label("It could harm somebody").check()
    page.get_by_role("button", name="Decline this story").click()
    for name, path in PAGES.items():
        page.goto(site + path)
        for summary in page.locator("summary").all():
            if summary.is_visible() and summary.evaluate("el => getComputedStyle(el).pointerEvents") != "none":
                summary.click()
        check(name)
    assert complaints == []
    context.close()


def test_a_story_in_another_language_is_marked_as_such(chromium: Browser, team_room: Room, site: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    come_in(page, site, invited(team_room))
    page.goto(f"{site}/stories/2")
    assert page.locator(".passage-text").first.get_attribute("lang") == "pl"
    context.close()
