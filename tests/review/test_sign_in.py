"""Coming in and going out: one-time links, passwords, sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from review.kit import accounts, passwords
from review.sign_in.sign_in_page import _safe_target
from storage.db.engine import reader
from tests.review.conftest import PASSWORD
from tests.review.room import NOON

if TYPE_CHECKING:
    from tests.review.conftest import Room

LEAD = {"name": "Amina Reid", "email": "Amina@Example.org", "password": PASSWORD}


async def test_the_first_link_makes_a_lead_who_lands_in_the_queue(team_room: Room) -> None:
    token = accounts.make_first_link(team_room.writer, now=NOON)
    assert token
    visitor = team_room.visitor()
    words = await visitor.open("/")
    assert "Nobody can sign in yet" in words
    assert visitor.path == "/sign-in"
    words = await visitor.join(token, **LEAD)
    assert visitor.path == "/"
    assert "Amina Reid" in words
    assert "Team lead" in words
    assert accounts.make_first_link(team_room.writer, now=NOON) is None


async def test_a_link_works_once(team_room: Room) -> None:
    token = accounts.make_first_link(team_room.writer, now=NOON)
    await team_room.visitor().join(token, **LEAD)
    late = team_room.visitor()
    assert "This link is over" in await late.open(f"/join/{token}")
    assert late.status == 410


async def test_opening_a_link_does_not_use_it_up(team_room: Room) -> None:
    token = accounts.make_first_link(team_room.writer, now=NOON)
    for _ in range(3):
        assert "Welcome" in await team_room.visitor().open(f"/join/{token}")
    visitor = team_room.visitor()
    await visitor.join(token, **LEAD)
    assert visitor.path == "/"


async def test_a_link_lasts_48_hours(team_room: Room) -> None:
    token = accounts.make_first_link(team_room.writer, now=NOON)
    team_room.clock.passes(hours=47, minutes=59)
    assert "Welcome" in await team_room.visitor().open(f"/join/{token}")
    team_room.clock.passes(minutes=1)
    assert "This link is over" in await team_room.visitor().open(f"/join/{token}")


async def test_the_next_start_takes_the_place_of_the_first_link(team_room: Room) -> None:
    old = accounts.make_first_link(team_room.writer, now=NOON)
    new = accounts.make_first_link(team_room.writer, now=NOON)
    assert "This link is over" in await team_room.visitor().open(f"/join/{old}")
    assert "Welcome" in await team_room.visitor().open(f"/join/{new}")


async def test_two_people_with_one_link_do_not_both_come_in(team_room: Room) -> None:
    token = accounts.make_link(team_room.writer, "sam@example.org", "reviewer", now=NOON)
    about = {"email": "", "name": "Sam", "password": PASSWORD, "organisation": "x", "now": NOON}
    assert isinstance(await accounts.accept(team_room.engine, team_room.writer, token, **about), str)
    assert isinstance(await accounts.accept(team_room.engine, team_room.writer, token, **about), accounts.Refused)


async def test_an_invitation_fixes_address_and_role(team_room: Room) -> None:
    token = accounts.make_link(team_room.writer, " Sam@Example.org ", "outreach", now=NOON)
    visitor = team_room.visitor()
    words = await visitor.open(f"/join/{token}")
    assert "outreach worker" in words
    await visitor.post(
        f"/join/{token}",
        [
            ("form_token", visitor.form(f"/join/{token}").fields["form_token"][0]),
            ("email", "boss@example.org"),
            ("role", "lead"),
            ("name", "Sam"),
            ("password", PASSWORD),
            ("again", PASSWORD),
        ],
    )
    with reader(team_room.engine) as connection:
        rows = connection.execute(text("SELECT email, role FROM team_member")).all()
    assert rows == [("sam@example.org", "outreach")]


async def test_a_new_link_lets_a_member_choose_a_new_password_and_ends_old_sessions(team_room: Room) -> None:
    before = await team_room.member("reviewer")
    token = accounts.make_link(team_room.writer, "amina@example.org", "reviewer", now=NOON)
    after = team_room.visitor()
    await after.join(token, name="Amina Reid", email="", password="a fourth blue bottle")
    assert after.path == "/"
    await before.open("/")
    assert before.path == "/sign-in"
    assert "do not go together" in await before.sign_in("amina@example.org", PASSWORD)
    await before.sign_in("amina@example.org", "a fourth blue bottle")
    assert before.path == "/"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short", "at least 12"),
        ("aaaaaaaaaaaaaaaa", "more different letters"),
        ("abababababab", "more different letters"),
        ("sam.jones@example.org", "cannot guess"),
        ("Glenboig Listening Project 1", "cannot guess"),
        ("x" * 90 + "y" * 90 + "abcdefghijklmnopqrstu", "at most 200"),
        ("123456789012", "tried first"),
        ("qwerty123456", "tried first"),
        ("1q2w3e4r5t6y", "tried first"),
        ("passwordpassword1", "tried first"),
        ("P@ssw0rd1234", "tried first"),
        ("Liverpool1234", "tried first"),
        ("Glenboig2026!", "tried first"),
        (PASSWORD, None),
        ("pięć zielonych butelek", None),
    ],
)
def test_weak_passwords_are_turned_down_with_advice(password: str, fault: str | None) -> None:
    said = passwords.weakness(password, email="sam.jones@example.org", organisation="Glenboig Listening Project")
    assert (said is None) if fault is None else (said is not None and fault in said)


async def test_nobody_who_was_invited_takes_their_address_for_a_password(team_room: Room) -> None:
    address = "samira.jones-whitfield@listening.example.org"
    token = accounts.make_link(team_room.writer, address, "reviewer", now=NOON)
    visitor = team_room.visitor()
    words = await visitor.join(token, name="Samira", email="", password=address)
    assert "others cannot guess" in words
    assert visitor.status == 422


def test_passwords_are_kept_as_argon2id_only(team_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(parallelism=1))
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$"), "one processor for each thread that hashes"
    assert passwords.matches(kept, PASSWORD)
    assert not passwords.matches(kept, PASSWORD + " ")
    assert not passwords.needs_rehash(kept)


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    assert passwords.matches(passwords.hashed("caf\u00e9 in the square"), "cafe\u0301 in the square")


async def test_nothing_that_opens_a_door_is_kept_in_plain(team_room: Room) -> None:
    token = accounts.make_first_link(team_room.writer, now=NOON)
    visitor = team_room.visitor()
    await visitor.join(token, **LEAD)
    session = visitor.client.cookies["earshot"]
    with reader(team_room.engine) as connection:
        tables = ("team_member", "team_session", "sign_in_link", "audit")
        kept = str([connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables])
    assert "amina@example.org" in kept
    for secret in (token, session, PASSWORD):
        assert secret not in kept


async def test_a_wrong_password_and_an_unknown_address_are_told_the_same(team_room: Room) -> None:
    await team_room.member("lead")
    visitor = team_room.visitor()
    wrong = await visitor.sign_in("amina@example.org", "not her password")
    assert visitor.status == 401
    unknown = await visitor.sign_in("nobody@example.org", "not her password")
    assert visitor.status == 401
    assert wrong == unknown
    assert 'value="nobody@example.org"' in visitor.html, "what was typed is kept"


async def test_guessing_is_slowed_down(team_room: Room) -> None:
    await team_room.member("lead")
    visitor = team_room.visitor_from("198.51.100.7")
    for _ in range(5):
        await visitor.sign_in("amina@example.org", "guess")
        assert visitor.status == 401
    assert "Wait 5 seconds" in await visitor.sign_in("amina@example.org", PASSWORD)
    assert visitor.status == 429
    assert visitor.response.headers["retry-after"] == "5"
    team_room.clock.passes(seconds=5)
    await visitor.sign_in("amina@example.org", "guess")
    assert "Wait 10 seconds" in await visitor.sign_in("amina@example.org", PASSWORD)
    team_room.clock.passes(seconds=10)
    await visitor.sign_in("amina@example.org", PASSWORD)
    assert visitor.path == "/"


@pytest.mark.parametrize(
    ("idle", "still_in"), [({"hours": 11}, True), ({"hours": 12, "seconds": 1}, False)], ids=["a morning", "a night"]
)
async def test_a_session_ends_after_twelve_idle_hours(team_room: Room, idle: dict[str, float], still_in: bool) -> None:
    visitor = await team_room.member("lead")
    team_room.clock.passes(**idle)
    await visitor.open("/")
    assert (visitor.path == "/") is still_in


async def test_a_session_ends_after_seven_days_even_if_it_is_used(team_room: Room) -> None:
    visitor = await team_room.member("lead")
    for _ in range(17):
        team_room.clock.passes(hours=9.5)
        await visitor.open("/")
        assert visitor.path == "/"
    team_room.clock.passes(hours=9.5)
    await visitor.open("/")
    assert visitor.path == "/sign-in"


async def test_signing_out_ends_the_session_for_good(team_room: Room) -> None:
    visitor = await team_room.member("lead")
    session = visitor.client.cookies["earshot"]
    assert "You are signed out" in await visitor.send("/sign-out")
    visitor.client.cookies.set("earshot", session)
    await visitor.open("/")
    assert visitor.path == "/sign-in"


async def test_after_signing_in_the_page_that_was_asked_for_comes(team_room: Room) -> None:
    await team_room.member("lead")
    visitor = team_room.visitor()
    await visitor.open("/export?scale=society&place=Easton")
    await visitor.send("/sign-in", email="amina@example.org", password=PASSWORD)
    assert visitor.path == "/export?scale=society&place=Easton"


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [
        ("/export", "/export"),
        ("/stories/4?done=approve", "/stories/4?done=approve"),
        ("", "/"),
        ("https://example.com/", "/"),
        ("//example.com/", "/"),
        ("/\\example.com", "/"),
        ("/%09/example.com", "/%09/example.com"),
        ("/\t/example.com", "/"),
        ("/x\\..\\example.com", "/"),
        ("javascript:alert(1)", "/"),
        ("/sign-out", "/"),
        ("/join/abc", "/"),
    ],
)
def test_nobody_can_slip_in_where_signing_in_leads(asked: str, goes_to: str) -> None:
    assert _safe_target(asked) == goes_to


@pytest.mark.parametrize(
    ("public_url", "name", "secure"),
    [("http://127.0.0.1:8000", "earshot", False), ("https://stories.example.org", "__Host-earshot", True)],
)
async def test_cookies_cannot_be_read_by_scripts_or_sent_from_elsewhere(
    team_room: Room, public_url: str, name: str, secure: bool
) -> None:
    team_room.public_url = public_url
    await team_room.member("lead")
    visitor = team_room.visitor()
    await visitor.open("/sign-in")
    pairs = [(field, values[0]) for field, values in visitor.form("/sign-in").fields.items()]
    filled = dict(pairs) | {"email": "amina@example.org", "password": PASSWORD}
    sent = await visitor.client.post("/sign-in", data=filled)
    cookies = sent.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith(f"{name}="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Path=/" in session
    assert ("Secure" in session) is secure
    assert "Domain" not in session


@pytest.mark.parametrize(
    "typed", ["", "sam", "sam@", "@example.org", "sam@example", "sam jones@example.org", "a@b@c.de"]
)
def test_what_is_no_address_makes_no_member(team_room: Room, typed: str) -> None:
    with pytest.raises(accounts.NotAnEmailError):
        accounts.make_link(team_room.writer, typed, "reviewer", now=NOON)


def test_there_is_no_such_role(team_room: Room) -> None:
    with pytest.raises(accounts.NotARoleError, match="lead, reviewer, outreach, safeguarding"):
        accounts.make_link(team_room.writer, "sam@example.org", "admin", now=NOON)
