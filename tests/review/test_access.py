"""Who may open what, whose forms count, and what every answer carries."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

import review
from review.app import POLICY
from review.kit.render import STATIC, asset
from storage.db.engine import reader

if TYPE_CHECKING:
    from tests.review.conftest import Room

ROOM = Path(review.__file__).parent


@pytest.mark.parametrize(
    ("role", "page", "opens"),
    [
        ("lead", "/", True),
        ("lead", "/stories/1", True),
        ("lead", "/export", True),
        ("lead", "/export/columns", True),
        ("reviewer", "/", True),
        ("reviewer", "/stories/1", True),
        ("reviewer", "/export", True),
        ("safeguarding", "/", True),
        ("safeguarding", "/stories/1", True),
        ("safeguarding", "/export", False),
        ("outreach", "/stories/1", False),
        ("outreach", "/export", False),
        ("outreach", "/export/columns", False),
    ],
)
async def test_each_role_opens_its_own_pages(team_room: Room, role: str, page: str, opens: bool) -> None:
    assert team_room.told("They closed the surgery.") == 1
    visitor = await team_room.member(role)
    words = await visitor.open(page)
    assert visitor.status == (200 if opens else 403)
    assert ("not part of your role" in words) is not opens


async def test_outreach_workers_see_no_story_anywhere(team_room: Room) -> None:
    team_room.told("They closed the surgery.")
    visitor = await team_room.member("outreach")
    for page in ("/", "/?state=all&practice=yes", "/stories/1"):
        assert "surgery" not in await visitor.open(page)
    assert "review team reads their stories" in await visitor.open("/")


async def test_who_only_reads_cannot_decide(team_room: Room) -> None:
    team_room.told("They closed the surgery.")
    visitor = await team_room.member("safeguarding")
    await visitor.open("/stories/1")
    assert not visitor.offers("/stories/1/approve")
    token = visitor.form("/sign-out").fields["form_token"][0]
    await visitor.post("/stories/1/approve", [("form_token", token), ("version", "1")])
    assert visitor.status == 403
    with reader(team_room.engine) as connection:
        assert connection.execute(text("SELECT state FROM story")).scalar() == "new"


@pytest.mark.parametrize("page", ["/", "/?scale=society", "/stories/1", "/export", "/export/columns"])
async def test_strangers_are_asked_to_sign_in(team_room: Room, page: str) -> None:
    team_room.told("They closed the surgery.")
    visitor = team_room.visitor()
    words = await visitor.open(page)
    assert visitor.path.startswith("/sign-in")
    assert "surgery" not in words


async def test_a_member_who_left_is_out_at_once(team_room: Room) -> None:
    visitor = await team_room.member("reviewer")
    team_room.does(lambda connection: connection.execute(text("UPDATE team_member SET active = false")))
    await visitor.open("/")
    assert visitor.path == "/sign-in"
    await visitor.sign_in("amina@example.org", "three green bottles")
    assert visitor.status == 401


FORGERIES = {
    "no token": ({}, None),
    "a token of nobody": ({}, "0" * 64),
    "from another site": ({"sec_fetch_site": "cross-site"}, "own"),
    "from a neighbour of the same domain": ({"sec_fetch_site": "same-site"}, "own"),
    "with another origin": ({"origin": "https://example.com"}, "own"),
}


@pytest.mark.parametrize(("headers", "token"), FORGERIES.values(), ids=FORGERIES.keys())
@pytest.mark.parametrize("action", ["/stories/1/approve", "/sign-out", "/export"])
async def test_forged_forms_change_nothing(
    team_room: Room, action: str, headers: dict[str, str], token: str | None
) -> None:
    team_room.told("They closed the surgery.")
    visitor = await team_room.member("reviewer")
    own = visitor.form("/sign-out").fields["form_token"][0]
    pairs = [("version", "1"), ("use", "team"), ("format", "csv")]
    if token:
        pairs.append(("form_token", own if token == "own" else token))
    await visitor.post(action, pairs, **headers)
    assert visitor.status == 403
    with reader(team_room.engine) as connection:
        assert connection.execute(text("SELECT state FROM story")).scalar() == "new"
        assert connection.execute(text("SELECT count(*) FROM export_run")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM team_session")).scalar() == 1


async def test_a_web_server_that_changes_the_name_does_not_make_our_forms_strange(team_room: Room) -> None:
    """As some do unless told otherwise: the browser names the public address, and we are asked under our own."""
    team_room.public_url = "https://stories.example.org"
    visitor = await team_room.member("reviewer")
    token = visitor.form("/sign-out").fields["form_token"][0]
    for origin, status in (("https://evil.example", 403), ("https://stories.example.org", 200)):
        await visitor.post("/sign-out", [("form_token", token)], host="127.0.0.1:8000", origin=origin)
        assert visitor.status == status


async def test_the_form_of_one_member_is_of_no_use_to_another(team_room: Room) -> None:
    team_room.told("They closed the surgery.")
    first = await team_room.member("reviewer", "Amina Reid")
    second = await team_room.member("reviewer", "Bo Lindqvist")
    theirs = first.form("/sign-out").fields["form_token"][0]
    await second.post("/stories/1/approve", [("form_token", theirs), ("version", "1")])
    assert second.status == 403


async def test_nobody_can_be_signed_in_by_another_site(team_room: Room) -> None:
    await team_room.member("reviewer")
    stranger = team_room.visitor()
    await stranger.post("/sign-in", [("email", "amina@example.org"), ("password", "three green bottles")])
    assert stranger.status == 403
    assert "earshot" not in stranger.client.cookies


async def test_what_was_written_is_shown_when_a_form_cannot_be_taken(team_room: Room) -> None:
    team_room.told("They closed the surgery.")
    visitor = await team_room.member("reviewer")
    await visitor.open("/stories/1")
    team_room.clock.passes(hours=13)
    await visitor.send("/stories/1/decline", reason="other", words="She names her own street.")
    assert visitor.status == 401
    assert "You were signed out" in visitor.words
    assert "She names her own street." in visitor.html


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % n for n in range(300)), "application/x-www-form-urlencoded", 400),
        (b"form_token=\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b'{"form_token": 1}', "application/json", 415),
        (b"", "application/x-www-form-urlencoded", 403),
    ],
    ids=["too long", "too many fields", "not text", "not a form", "nothing"],
)
async def test_what_no_form_of_ours_sends_is_turned_away(team_room: Room, body: bytes, kind: str, status: int) -> None:
    visitor = await team_room.member("reviewer")
    answer = await visitor.client.post("/stories/1/approve", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("/", 200),
        ("/nowhere", 404),
        ("/stories/999", 404),
        ("/stories/99999999999999999999", 404),
        ("/stories/1/approve", 405),
        ("/join/none", 410),
    ],
)
async def test_every_answer_says_what_a_browser_may_do_with_it(team_room: Room, page: str, status: int) -> None:
    visitor = await team_room.member("reviewer")
    await visitor.open(page)
    assert visitor.status == status
    headers = visitor.response.headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


async def test_a_fault_of_ours_shows_nothing_of_the_inside(team_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the words of a story")

    visitor = await team_room.member("reviewer")
    monkeypatch.setattr("storage.queries.stories.review_queue.page", broken)
    words = await visitor.open("/")
    assert visitor.status == 500
    assert "Something went wrong on our side" in words
    assert "words of a story" not in visitor.html
    assert "Traceback" not in visitor.html
    assert visitor.response.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC], ids=["no descriptor left", "disk full"])
async def test_trouble_that_passes_is_no_fault_of_ours(
    team_room: Room, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def short(*_: object, **__: object) -> None:
        raise OSError(number, "the words of a story")

    visitor = await team_room.member("reviewer")
    monkeypatch.setattr("storage.queries.stories.review_queue.page", short)
    words = await visitor.open("/")
    assert visitor.status == 503
    assert visitor.response.headers["retry-after"] == "5"
    assert visitor.response.headers["cache-control"] == "no-store"
    assert "try again" in words
    assert "words of a story" not in visitor.html


async def test_what_never_changes_may_be_kept_by_the_browser(team_room: Room) -> None:
    answer = await team_room.visitor().client.get(asset("earshot.css"))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert re.search(r"\?v=[0-9a-f]{12}$", asset("earshot.css"))


def test_no_page_needs_scripts_or_styles_of_its_own() -> None:
    """The policy forbids them, so a page that had some would be broken."""
    pages = sorted((ROOM / "kit" / "templates").glob("*.html"))
    assert len(pages) > 8
    for page in pages:
        source = page.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", source), page.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source)), page.name
        assert "|safe" not in source.replace(" ", ""), page.name


def test_what_was_not_written_here_comes_with_its_licence() -> None:
    scripts = sorted(STATIC.rglob("*.js"))
    assert scripts
    for script in scripts:
        assert (script.parent / "LICENSE").is_file(), script.name
