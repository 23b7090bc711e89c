"""Guessing passwords: strangers are slowed down, and whoever they are not is neither kept out nor kept waiting."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from review.kit import accounts, passwords
from review.kit.throttle import Throttle, Try, network_of
from tests.review.conftest import PASSWORD
from tests.review.room import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.review.conftest import Room
    from tests.review.visitor import Visitor

LEAD = "amina@example.org"
ELSEWHERE = "192.0.2.1"


async def misses(team_room: Room, *places: str, each: int = 1) -> Counter[int]:
    """Let strangers at these places guess the lead's password; returns how they were answered."""
    told: Counter[int] = Counter()
    for place in places:
        stranger = team_room.visitor_from(place)
        for _ in range(each):
            await stranger.sign_in(LEAD, "guess")
            told[stranger.status] += 1
    return told


async def comes_in(visitor: Visitor) -> bool:
    await visitor.sign_in(LEAD, PASSWORD)
    return visitor.path == "/"


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8:1:2::1]:4711", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("[", ""),
        ("unknown", "unknown"),
        ("", ""),
        ("x" * 999, "x" * 64),
    ],
)
def test_a_place_is_what_one_line_has(host: str, place: str) -> None:
    assert network_of(host) == place


async def test_misses_from_one_line_keep_nobody_out_elsewhere(team_room: Room) -> None:
    await team_room.member("lead")
    told = await misses(team_room, *(f"2001:db8::{number:x}" for number in range(1, 61)))
    assert told == {401: 5, 429: 55}, "sixty addresses of one /64 are one place"
    assert await comes_in(team_room.visitor_from(ELSEWHERE))
    assert await comes_in(team_room.visitor_from("2001:db8:0:1::1")), "the line next door is another place"


async def test_misses_from_many_places_keep_nobody_out_who_was_here_before(team_room: Room) -> None:
    lead = await team_room.member("lead")
    assert await comes_in(team_room.visitor_from(ELSEWHERE))
    await lead.send("/sign-out")
    told = await misses(team_room, *(f"198.51.100.{number}" for number in range(40)), each=5)
    assert told[401] == 100, "strangers have a hundred tries an hour, together"
    assert await comes_in(team_room.visitor_from(ELSEWHERE)), "a place that she signed in from"
    assert await comes_in(lead), "the browser in which she chose her password"


async def test_no_made_up_address_counts_as_somebody_elses_place(team_room: Room) -> None:
    await team_room.member("lead")
    for number in range(4):
        stranger = team_room.visitor_from(f"198.51.100.{number}")
        for _ in range(5):
            await stranger.sign_in(f"{LEAD}\n{ELSEWHERE}", "guess")
            assert stranger.status == 401
    assert await comes_in(team_room.visitor_from(ELSEWHERE))


async def test_a_new_place_waits_seconds_and_not_a_quarter_of_an_hour_for_what_others_did(team_room: Room) -> None:
    await team_room.member("lead")
    await misses(team_room, *(f"198.51.100.{number}" for number in range(40)), each=5)
    new = team_room.visitor_from("203.0.113.9")
    assert not await comes_in(new)
    assert 1 <= int(new.response.headers["retry-after"]) <= 36
    team_room.clock.passes(seconds=int(new.response.headers["retry-after"]))
    assert await comes_in(new)


@pytest.mark.parametrize("count", [6, 60, 99])
async def test_misses_at_her_own_place_do_not_keep_her_out(team_room: Room, count: int) -> None:
    """As it is when everybody comes through one proxy, or the guesser sits in the same house."""
    lead = await team_room.member("lead")
    await lead.send("/sign-out")
    assert await misses(team_room, lead.place, each=count) == {401: count}
    assert await comes_in(team_room.visitor()), "a right password, in a new browser"


async def test_her_own_browser_is_never_kept_out_by_others(team_room: Room) -> None:
    lead = await team_room.member("lead")
    await lead.send("/sign-out")
    told = await misses(team_room, lead.place, each=130)
    assert told[429] > 0, "whoever is only at the same place is slowed down after a hundred"
    assert not await comes_in(team_room.visitor())
    assert await comes_in(lead)


async def test_many_tries_at_once_are_many(team_room: Room) -> None:
    await team_room.member("lead")
    strangers = [team_room.visitor_from("198.51.100.7") for _ in range(20)]
    for stranger in strangers:
        await stranger.open("/sign-in")
    await asyncio.gather(*(stranger.send("/sign-in", email=LEAD, password="guess") for stranger in strangers))
    told = Counter(stranger.status for stranger in strangers)
    assert told[401] <= 5
    assert set(told) <= {401, 429, 503}


async def test_a_made_up_browser_is_not_known(team_room: Room) -> None:
    await team_room.member("lead")
    other = await team_room.member("reviewer", "Bo Lindqvist")
    for cookie in (other.client.cookies["earshot-device"], "a" * 22 + "." + "0" * 32, "a" * 22 + ".x", ""):
        stranger = team_room.visitor_from("198.51.100.7")
        stranger.client.cookies.set("earshot-device", cookie)
        await misses(team_room, "198.51.100.7", each=6)
        await stranger.sign_in(LEAD, PASSWORD)
        assert stranger.status == 429


async def test_a_new_password_ends_what_the_old_browser_was_allowed(team_room: Room) -> None:
    lost = await team_room.member("lead")
    token = accounts.make_link(team_room.writer, LEAD, "lead", now=NOON)
    await team_room.visitor_from(ELSEWHERE).join(token, name="Amina Reid", email="", password="a fourth blue bottle")
    lost.client.cookies.delete("earshot")
    thief = team_room.visitor_from("198.51.100.7")
    thief.client.cookies = lost.client.cookies
    for _ in range(5):
        await thief.sign_in(LEAD, "guess")
    await thief.sign_in(LEAD, "guess")
    assert thief.status == 429


async def test_two_members_may_share_a_browser(team_room: Room) -> None:
    browser = await team_room.member("lead")
    await browser.send("/sign-out")
    token = accounts.make_link(team_room.writer, "bo@example.org", "reviewer", now=NOON)
    await browser.join(token, name="Bo Lindqvist", email="", password=PASSWORD)
    await browser.send("/sign-out")
    await misses(team_room, browser.place, each=130)
    assert await comes_in(browser)


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.kit.throttle.MOST_KEPT", 10)
    throttle = Throttle()
    for number in range(50):
        throttle.begin(Try(f"{number}@example.org", ELSEWHERE), NOON)
        throttle.succeeded(Try(f"{number}@example.org", ELSEWHERE), NOON)
        throttle.begin(Try(f"{number}@example.org", "198.51.100.7"), NOON)
    assert len(throttle._misses) <= 10
    assert len(throttle._known) <= 10


# --- hashing waits in its own line ----------------------------------------------------------------------------------


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Let every hash take until the test is over; gives who is hashing."""
    over, hashing = threading.Event(), Counter[str]()

    def forever(_kept: str | None, _password: str) -> bool:
        hashing[threading.current_thread().name] += 1
        over.wait(30)
        return False

    monkeypatch.setattr(passwords, "matches", forever)
    monkeypatch.setattr(passwords, "over", over, raising=False)
    yield hashing
    over.set()


async def test_a_flood_of_sign_ins_holds_up_no_page(team_room: Room, stuck: Counter[str]) -> None:
    lead = await team_room.member("lead")
    team_room.told("They closed the surgery.")
    flood = [team_room.visitor_from(f"198.51.100.{number}") for number in range(60)]
    for stranger in flood:
        await stranger.open("/sign-in")
    sent = [
        asyncio.create_task(stranger.send("/sign-in", email=f"{number}@example.org", password="guess"))
        for number, stranger in enumerate(flood)
    ]
    while not stuck:  # noqa: ASYNC110 - the first of them has reached its thread
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        for page in ("/", "/stories/1", "/inbox", "/sign-in"):
            await lead.open(page)
            assert lead.status == 200
        busy = [one for one in sent if one.done()]
    assert len(busy) >= 60 - passwords.STRANGERS.most, "what does not fit into the queue is told so at once"
    assert {stranger.status for stranger, one in zip(flood, sent, strict=True) if one.done()} == {503}
    assert stuck == {"passwords-strangers_0": 1}, "one hash at a time, in the thread of strangers"
    passwords.over.set()  # type: ignore[attr-defined]  # put there above
    await asyncio.gather(*sent)
    assert {stranger.status for stranger in flood} == {401, 503}
    assert set(stuck) == {"passwords-strangers_0"}
    assert passwords.STRANGERS._waiting.total() == 0


async def test_a_member_does_not_stand_in_the_line_of_strangers(team_room: Room, stuck: Counter[str]) -> None:
    lead = await team_room.member("lead")
    await lead.send("/sign-out")
    await lead.open("/sign-in")
    stranger = team_room.visitor_from("198.51.100.7")
    await stranger.open("/sign-in")
    sent = [asyncio.create_task(each.send("/sign-in", email=LEAD, password=PASSWORD)) for each in (stranger, lead)]
    while len(stuck) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert set(stuck) == {"passwords-strangers_0", "passwords-known_0"}
    passwords.over.set()  # type: ignore[attr-defined]
    await asyncio.gather(*sent)


async def test_one_place_cannot_fill_the_line(team_room: Room, stuck: Counter[str]) -> None:
    await team_room.member("lead")
    flood = [team_room.visitor_from("198.51.100.7") for _ in range(20)]
    for stranger in flood:
        await stranger.open("/sign-in")
    sent = [
        asyncio.create_task(stranger.send("/sign-in", email=f"{number}@example.org", password="guess"))
        for number, stranger in enumerate(flood)
    ]
    while sum(one.done() for one in sent) < 16:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert passwords.STRANGERS._waiting.total() == passwords.STRANGERS.most_each
    passwords.over.set()  # type: ignore[attr-defined]
    await asyncio.gather(*sent)


async def test_a_made_up_link_is_not_worth_a_hash(team_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    token = accounts.make_link(team_room.writer, LEAD, "lead", now=NOON)
    visitor = team_room.visitor()
    await visitor.open(f"/join/{token}")
    form = visitor.form(f"/join/{token}").fields["form_token"][0]
    monkeypatch.setattr(passwords, "hashed", lambda _password: pytest.fail("hashed for nobody"))
    filled = [("form_token", form), ("name", "Sam"), ("password", PASSWORD), ("again", PASSWORD)]
    await visitor.post(f"/join/{'x' * 43}", filled)
    assert visitor.status == 410


async def test_whoever_waits_too_long_is_told_so_and_has_missed_nothing(
    team_room: Room, stuck: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await team_room.member("lead")
    monkeypatch.setattr(passwords, "LONGEST_WAIT", 0)
    stranger = team_room.visitor_from("198.51.100.7")
    for _ in range(8):
        await stranger.sign_in(LEAD, "guess")
        assert stranger.status == 503, "never 429: no try was looked at"
        assert stranger.response.headers["retry-after"] == "5"
    assert len(stuck) <= 1
