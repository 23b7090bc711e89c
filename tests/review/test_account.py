"""One's own account: another password, and every other browser signed out; both ask for the password first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.review.conftest import PASSWORD

if TYPE_CHECKING:
    from tests.review.conftest import Room

NEW = "a fourth blue bottle"


async def test_a_member_changes_their_password_and_is_signed_out_everywhere_else(team_room: Room) -> None:
    visitor = await team_room.member("outreach")
    other = team_room.visitor()
    await other.sign_in("amina@example.org", PASSWORD)
    assert "in 1 other browser" in await visitor.open("/account")
    before = visitor.client.cookies["earshot"]
    words = await visitor.send("/account/password", current=PASSWORD, password=NEW, again=NEW)
    assert "Your password is changed" in words
    assert visitor.client.cookies["earshot"] != before, "the session is a new one"
    await other.open("/")
    assert other.path == "/sign-in"
    await other.sign_in("amina@example.org", PASSWORD)
    assert other.status == 401
    await other.sign_in("amina@example.org", NEW)
    assert other.path == "/"


@pytest.mark.parametrize(
    ("current", "new", "again", "told"),
    [
        ("guess", NEW, NEW, "That is not your password"),
        (PASSWORD, NEW, NEW + "x", "not the same"),
        (PASSWORD, "short", "short", "at least 12"),
        (PASSWORD, "qwerty123456", "qwerty123456", "tried first"),
    ],
)
async def test_a_password_is_not_changed_by_whoever_finds_a_browser_open(
    team_room: Room, current: str, new: str, again: str, told: str
) -> None:
    visitor = await team_room.member("reviewer")
    await visitor.open("/account")
    assert told in await visitor.send("/account/password", current=current, password=new, again=again)
    assert visitor.status == 422
    afresh = team_room.visitor()
    await afresh.sign_in("amina@example.org", PASSWORD)
    assert afresh.path == "/"


async def test_every_other_browser_is_signed_out(team_room: Room) -> None:
    visitor = await team_room.member("reviewer")
    lost = team_room.visitor()
    await lost.sign_in("amina@example.org", PASSWORD)
    await visitor.open("/account")
    await visitor.send("/account/others", current="guess")
    assert visitor.status == 422
    assert "Every other browser is signed out" in await visitor.send("/account/others", current=PASSWORD)
    await lost.open("/")
    assert lost.path == "/sign-in"
    await visitor.open("/")
    assert visitor.path == "/"


async def test_whoever_guesses_at_an_open_browser_is_slowed_down(team_room: Room) -> None:
    visitor = await team_room.member("reviewer")
    away = team_room.visitor_from("198.51.100.7")
    away.client.cookies = visitor.client.cookies
    await away.open("/account")
    for _ in range(5):
        await away.send("/account/others", current="guess")
        assert away.status == 422
    await away.send("/account/others", current="guess")
    assert away.status == 429


async def test_no_stranger_keeps_a_member_from_changing_their_password(team_room: Room) -> None:
    visitor = await team_room.member("reviewer")
    home = team_room.visitor_from("198.51.100.7")
    home.client.cookies = visitor.client.cookies
    for number in range(1, 23):
        stranger = team_room.visitor_from(f"198.51.100.{number}")
        for _ in range(5):
            await stranger.sign_in("amina@example.org", "guess")
    assert stranger.status == 429
    await home.open("/account")
    words = await home.send("/account/password", current=PASSWORD, password=NEW, again=NEW)
    assert "Your password is changed" in words
