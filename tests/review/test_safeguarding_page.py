"""The safeguarding page: who sees it, what the clock says, what is opened and by whom, and that nobody collides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from flows.model.staffed_hours import StaffedHours
from review.kit import forms, safeguarding_rules
from storage import tables
from storage.protection.erasure import erase_contributor
from storage.queries.contributors import people
from storage.queries.conversations import turn_queries
from storage.queries.team import members, on_call
from storage.queries.team.safeguarding_items import is_open, raise_concern
from storage.queries.team.safeguarding_work import SafeguardingItem
from tests.review.room import NOON

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from tests.review.conftest import Room
    from tests.review.visitor import Visitor

WORDS = "I cannot go on like this any more."
NUMBER = "+447700900123"
OUTBOX = tables.Outbox.__table__
AUDIT = tables.Audit.__table__
ITEM = tables.Safeguarding.__table__


def worry(room: Room, *texts: str, simulated: bool = False, level: Literal["plain", "likely"] = "plain") -> int:
    """Let somebody write words that raise an item, and more of them later."""

    def work(connection: Connection) -> int:
        now = room.clock()
        person = people.make_person(
            connection, channel="sms", lookups=[f"{now}".encode()[:32]], sealed=NUMBER.encode(), now=now,
            simulated=simulated,
        )  # fmt: skip
        number = 0
        for order, text in enumerate(texts or (WORDS,)):
            at = now + timedelta(minutes=order)
            inbound = turn_queries.claim(
                connection, channel="sms", provider_id=f"SM{now}{order}", received_at=at, sealed=text.encode(),
                contributor_id=person.contributor_id,
            )  # fmt: skip
            number = raise_concern(
                connection, contributor_id=person.contributor_id, conversation_id=None, inbound_id=inbound, now=at,
                staffed=StaffedHours(), level=level,
            )  # fmt: skip
        return number

    return int(room.does(work))


def item(room: Room, number: int) -> Any:
    return room.does(lambda c: c.execute(select(ITEM).where(ITEM.c.id == number)).one())


def acts(room: Room) -> list[tuple[str, str, str]]:
    rows = select(AUDIT.c.who, AUDIT.c.act, AUDIT.c.detail).where(AUDIT.c.object_kind == "safeguarding")
    return [tuple(row) for row in room.does(lambda c: c.execute(rows.order_by(AUDIT.c.id)).all())]


def pseudonym(room: Room) -> str:
    return str(room.does(lambda c: c.execute(select(tables.Contributor.__table__.c.pseudonym)).scalars().all()[-1]))


# --- who sees it --------------------------------------------------------------------------------------------------

PLACES = ("", "/words", "/reach", "/write", "/take", "/back", "/close", "/reopen")


@pytest.mark.parametrize("role", ["reviewer", "outreach"])
async def test_nobody_else_opens_the_page_or_acts_on_it(team_room: Room, role: str) -> None:
    number = worry(team_room)
    visitor = await team_room.member(role)
    await visitor.open("/safeguarding")
    assert visitor.status == 403
    assert WORDS not in visitor.words
    token = visitor.client.cookies.get("earshot") or ""
    for place in PLACES:
        if place:
            pairs = [("form_token", forms.token_for(token)), ("reason", "look"), ("version", "1"), ("outcome", "spoke")]
            await visitor.post(f"/safeguarding/{number}{place}", pairs)
        else:
            await visitor.open(f"/safeguarding/{number}")
        assert visitor.status == 403, place
        assert "not part of your role" in visitor.words, place
        assert WORDS not in visitor.words
        assert NUMBER not in visitor.words
    assert item(team_room, number).version == 1
    assert "Safeguarding" not in await visitor.open("/")


async def test_a_stranger_is_asked_to_sign_in_and_comes_back_to_it(team_room: Room) -> None:
    visitor = team_room.visitor()
    await visitor.open("/safeguarding")
    assert visitor.path == "/sign-in?next=%2Fsafeguarding"


@pytest.mark.parametrize("role", ["lead", "safeguarding"])
async def test_those_who_look_after_people_see_how_many_wait_on_every_page(team_room: Room, role: str) -> None:
    visitor = await team_room.member(role)
    assert "1 open" not in await visitor.open("/")
    worry(team_room)
    assert "1 open" in await visitor.open("/")


# --- the clock ----------------------------------------------------------------------------------------------------

CLOCKS = {
    "in the same hour": (0, "Look by 13:00"),
    "the last minute": (60, "Look by 13:00"),
    "a minute late": (61, "Overdue by 1 minute"),
    "late": (85, "Overdue by 25 minutes"),
    "hours late": (60 + 190, "Overdue by 3 hours"),
    "days late": (60 + 3 * 24 * 60, "Overdue by 3 days"),
}


def shown(look_by: datetime, **more: Any) -> SafeguardingItem:
    values: dict[str, Any] = dict.fromkeys(SafeguardingItem.__dataclass_fields__)
    return SafeguardingItem(
        **values | {"look_by": look_by, "version": 1, "id": 1, "taker": "Ben", "closer": "Ben"} | more
    )


@pytest.mark.parametrize(("minutes", "words"), CLOCKS.values(), ids=CLOCKS)
def test_the_clock_in_words(minutes: int, words: str) -> None:
    now = NOON + timedelta(minutes=minutes)
    assert safeguarding_rules.clock(shown(NOON + timedelta(hours=1)), now, ZoneInfo("Europe/London")) == words


def test_the_clock_names_another_day() -> None:
    monday = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
    assert safeguarding_rules.clock(shown(monday), NOON, ZoneInfo("Europe/London")) == "Look by 10:00 on Monday, 30 Nov"
    summer = datetime(2026, 7, 7, 9, 0, tzinfo=UTC)
    local = safeguarding_rules.clock(shown(summer), summer - timedelta(hours=1), ZoneInfo("Europe/London"))
    assert local == "Look by 10:00"


async def test_the_page_shows_who_waits_by_their_clock_and_no_words(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    team_room.clock.passes(minutes=85)
    words = await visitor.open("/safeguarding")
    assert pseudonym(team_room) in words
    assert "Overdue by 25 minutes" in words
    one = await visitor.open(f"/safeguarding/{number}")
    for page in (words, one):
        assert WORDS not in page
        assert NUMBER not in page
        assert "suicide" not in page.lower()
        assert not {"severity", "high risk", "priority"} & set(page.lower().split())


async def test_what_is_only_worth_a_look_stands_apart_and_below(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    assert "Worth a look" not in await visitor.open("/safeguarding")
    number = worry(team_room, level="likely")
    team_room.clock.passes(minutes=120)
    words = await visitor.open("/safeguarding")
    assert words.index("Nothing is open.") < words.index("Worth a look") < words.index(pseudonym(team_room))
    assert "Overdue" not in words
    one = await visitor.open(f"/safeguarding/{number}")
    assert "These did not say it plainly" in one
    assert WORDS not in words + one
    assert "1 open" not in words


def put_on_call(connection: Connection) -> None:
    """Link a phone of the only member."""
    person = people.make_person(connection, channel="sms", lookups=[b"p" * 32], sealed=b"s", now=NOON)
    (lead,) = members.all_members(connection)
    on_call.link_directly(connection, member_id=lead.id, position=1, address_id=person.address_id, now=NOON)


async def test_it_says_loudly_that_nobody_can_be_alerted(team_room: Room) -> None:
    visitor = await team_room.member("lead")
    assert "Nobody can be alerted" in await visitor.open("/safeguarding")
    team_room.does(put_on_call)
    assert "Nobody can be alerted" not in await visitor.open("/safeguarding")


@pytest.mark.parametrize("on_call_now", [True, False], ids=["somebody on call", "nobody on call"])
async def test_an_alert_is_promised_only_where_somebody_can_be_alerted(team_room: Room, on_call_now: bool) -> None:
    team_room.told("I cannot go on.")
    visitor = await team_room.member("lead")
    if on_call_now:
        team_room.does(put_on_call)
    before = await visitor.open("/stories/1")
    after = await visitor.send("/stories/1/safeguarding")
    assert ("is alerted at once" in before) == on_call_now
    assert ("is being alerted now" in after) == on_call_now
    for words in (before, after):
        assert ("nobody can be alerted" in words.lower()) != on_call_now


async def test_a_practice_phone_is_called_so(team_room: Room) -> None:
    number = worry(team_room, simulated=True)
    team_room.does(lambda c: c.execute(tables.Address.__table__.update().values(channel="simulator")))
    words = await (await team_room.member("lead")).open(f"/safeguarding/{number}")
    assert "One message, sent at once by the simulator" in words
    assert "Simulator" not in words


# --- acting -------------------------------------------------------------------------------------------------------


async def test_a_day_from_taking_it_to_closing_it_and_back(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding", "Sam Okafor")
    number = worry(team_room)
    await visitor.open("/safeguarding")
    words = await visitor.send(f"/safeguarding/{number}/take", version="1")
    assert "You have it" in words
    assert item(team_room, number).next_alert_at is None
    words = await visitor.send(f"/safeguarding/{number}/words", reason="look")
    assert WORDS in words
    assert visitor.path == f"/safeguarding/{number}/words", "nothing that was opened stands in the address"
    words = await visitor.send(f"/safeguarding/{number}/reach", reason="handover")
    assert NUMBER in words
    words = await visitor.send(f"/safeguarding/{number}/close", outcome="spoke")
    assert "Closed." in words
    assert "spoke with them" in words
    found = item(team_room, number)
    assert (found.outcome, found.closed_at, found.taken_at) == ("spoke", NOON, NOON)
    words = await visitor.open(f"/safeguarding/{number}")
    assert WORDS not in words, "it was opened for one answer only"
    words = await visitor.send(f"/safeguarding/{number}/reopen")
    assert "Open again." in words
    assert item(team_room, number).closed_at is None
    assert acts(team_room) == [
        ("sam@example.org", "safeguarding.taken", ""),
        ("sam@example.org", "safeguarding.words", "look"),
        ("sam@example.org", "safeguarding.reached", "handover"),
        ("sam@example.org", "safeguarding.closed", "spoke"),
        ("sam@example.org", "safeguarding.reopened", ""),
    ]
    assert "Sam Okafor opened the words (to see whether they need help now)" in " ".join(words.split())


async def test_handing_back_lets_the_clock_alert_again(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    await visitor.open(f"/safeguarding/{number}")
    await visitor.send(f"/safeguarding/{number}/take")
    team_room.clock.passes(hours=2)
    await visitor.send(f"/safeguarding/{number}/back")
    found = item(team_room, number)
    assert (found.taken_by, found.next_alert_at) == (None, NOON + timedelta(hours=2))


@pytest.mark.parametrize("place", ["words", "reach"])
async def test_nothing_is_opened_without_a_reason(team_room: Room, place: str) -> None:
    visitor = await team_room.member("lead")
    number = worry(team_room)
    await visitor.open(f"/safeguarding/{number}")
    for reason in ("", "because", WORDS):
        words = await visitor.send(f"/safeguarding/{number}/{place}", reason=reason)
        assert visitor.status == 422
        assert "Say why you open this." in words
        assert NUMBER not in words
    assert acts(team_room) == []


async def test_all_such_messages_are_shown_and_nothing_that_came_later(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room, WORDS, "What is the point.")
    team_room.does(
        lambda c: turn_queries.claim(
            c, channel="sms", provider_id="later", received_at=NOON + timedelta(hours=1), sealed=b"The bus was late.",
            contributor_id=item_owner(c, number),
        )
    )  # fmt: skip
    await visitor.open(f"/safeguarding/{number}")
    words = await visitor.send(f"/safeguarding/{number}/words", reason="look")
    assert WORDS in words
    assert "What is the point." in words
    assert "The bus was late." not in words
    assert "Such words came 1 more time" in words


def item_owner(connection: Connection, number: int) -> int:
    return int(connection.execute(select(ITEM.c.contributor_id).where(ITEM.c.id == number)).scalar_one())


async def test_words_that_were_let_go_are_said_to_be_gone(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    team_room.does(lambda c: c.execute(tables.Inbound.__table__.update().values(sealed=None)))
    await visitor.open(f"/safeguarding/{number}")
    assert "no longer kept" in await visitor.send(f"/safeguarding/{number}/words", reason="look")


async def test_two_people_do_not_close_over_each_other(team_room: Room) -> None:
    number = worry(team_room)
    sam, ben = await team_room.member("safeguarding", "Sam Okafor"), await team_room.member("lead", "Ben Hall")
    await sam.open(f"/safeguarding/{number}")
    await ben.open(f"/safeguarding/{number}")
    await sam.send(f"/safeguarding/{number}/close", outcome="emergency")
    words = await ben.send(f"/safeguarding/{number}/close", outcome="no_concern")
    assert visitor_says(ben, 409)
    assert "Sam Okafor closed this meanwhile" in words
    assert item(team_room, number).outcome == "emergency"


def visitor_says(visitor: Visitor, status: int) -> bool:
    return visitor.status == status


async def test_whoever_would_take_what_somebody_has_taken_meanwhile_is_told(team_room: Room) -> None:
    number = worry(team_room)
    sam, ben = await team_room.member("safeguarding", "Sam Okafor"), await team_room.member("lead", "Ben Hall")
    await sam.open("/safeguarding")
    await ben.open("/safeguarding")
    await sam.send(f"/safeguarding/{number}/take")
    words = await ben.send(f"/safeguarding/{number}/take")
    assert "Sam Okafor has it" in words
    words = await ben.send(f"/safeguarding/{number}/take")
    assert "You have it" in words, "having seen that, they may take it over"


async def test_nobody_closes_an_item_whose_person_has_written_again_since(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    await visitor.open(f"/safeguarding/{number}")
    owner = team_room.does(lambda c: item_owner(c, number))
    team_room.does(
        lambda c: raise_concern(
            c, contributor_id=owner, conversation_id=None, inbound_id=None, now=NOON, staffed=StaffedHours()
        )
    )
    words = await visitor.send(f"/safeguarding/{number}/close", outcome="no_concern")
    assert "changed while you were looking" in words
    assert item(team_room, number).closed_at is None


async def test_a_closing_says_what_was_done(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    await visitor.open(f"/safeguarding/{number}")
    for outcome in ("", "automatic", "score"):
        words = await visitor.send(f"/safeguarding/{number}/close", outcome=outcome)
        assert "Say what was done" in words
    assert item(team_room, number).closed_at is None


async def test_a_closed_item_is_not_reopened_beside_a_newer_one(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    await visitor.open(f"/safeguarding/{number}")
    await visitor.send(f"/safeguarding/{number}/close", outcome="spoke")
    owner = team_room.does(lambda c: item_owner(c, number))
    newer = team_room.does(
        lambda c: raise_concern(
            c, contributor_id=owner, conversation_id=None, inbound_id=None, now=NOON, staffed=StaffedHours()
        )
    )
    assert newer != number
    await visitor.open(f"/safeguarding/{number}")
    assert "A newer item is open" in await visitor.send(f"/safeguarding/{number}/reopen")


@pytest.mark.parametrize("path", ["/safeguarding/999", f"/safeguarding/{2**40}", "/safeguarding/x"])
async def test_what_is_not_there(team_room: Room, path: str) -> None:
    visitor = await team_room.member("lead")
    await visitor.open(path)
    assert visitor.status == 404


# --- the person's own wish ----------------------------------------------------------------------------------------


async def test_after_delete_everything_a_trace_stays_without_the_person(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    name = pseudonym(team_room)
    await visitor.open(f"/safeguarding/{number}")
    owner = team_room.does(lambda c: item_owner(c, number))
    team_room.does(partial(erase_contributor, contributor_id=owner, now=NOON))
    words = await visitor.send(f"/safeguarding/{number}/words", reason="look")
    assert WORDS not in words
    assert NUMBER not in await visitor.open(f"/safeguarding/{number}")
    words = await visitor.open(f"/safeguarding/{number}")
    assert "The person had everything deleted" in words
    assert name not in words
    assert not visitor.offers(f"/safeguarding/{number}/reach")
    await visitor.send(f"/safeguarding/{number}/close", outcome="signposted")
    assert item(team_room, number).outcome == "signposted"


# --- writing to them ----------------------------------------------------------------------------------------------


def sent(room: Room) -> list[Any]:
    return list(room.does(lambda c: c.execute(select(OUTBOX)).all()))


async def test_one_message_is_written_to_the_person(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    await visitor.open(f"/safeguarding/{number}")
    said = "Hello, this is Sam. You can ring me on 0117 496 0000 today."
    words = await visitor.send(f"/safeguarding/{number}/write", message=said, checked="yes")
    assert "Written down to be sent" in words
    (row,) = sent(team_room)
    assert (row.kind, row.channel, row.state) == ("care", "sms", "queued")
    assert said in row.payload
    assert acts(team_room) == [("amina@example.org", "safeguarding.wrote", "")]


async def test_a_message_is_read_once_more_and_short(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    for filled, why in (
        ({"message": "Hello"}, "Read it once more"),
        ({"message": "", "checked": "yes"}, "Write the message first"),
        ({"message": "Hello " * 60, "checked": "yes"}, "Use at most 2"),
    ):
        await visitor.open(f"/safeguarding/{number}")
        words = await visitor.send(f"/safeguarding/{number}/write", **filled)
        assert why in words
        kept = visitor.form(f"/safeguarding/{number}/write").fields["message"]
        assert kept == [filled["message"].strip()], "what was written is not lost"
    assert sent(team_room) == []


async def test_a_stop_is_respected_even_now(team_room: Room) -> None:
    visitor = await team_room.member("safeguarding")
    number = worry(team_room)
    await visitor.open(f"/safeguarding/{number}")
    owner = team_room.does(lambda c: item_owner(c, number))
    team_room.does(partial(people.opt_out, contributor_id=owner, now=NOON))
    words = await visitor.send(f"/safeguarding/{number}/write", message="Hello", checked="yes")
    assert "They said STOP" in words
    assert sent(team_room) == []
    assert not visitor.offers(f"/safeguarding/{number}/write")


# --- from a story -------------------------------------------------------------------------------------------------


async def test_a_reviewer_passes_a_story_on_and_sees_that_it_is_looked_after(team_room: Room) -> None:
    story = team_room.told("I have not slept for weeks.")
    reviewer = await team_room.member("reviewer")
    await reviewer.open(f"/stories/{story}")
    words = await reviewer.send(f"/stories/{story}/safeguarding")
    assert "Passed on." in words
    assert "Somebody is asked to look after the teller" in words
    assert not reviewer.offers(f"/stories/{story}/safeguarding")
    (row,) = team_room.does(lambda c: c.execute(select(ITEM)).all())
    assert (row.origin, row.story_id) == ("amina@example.org", story)
    assert team_room.does(lambda c: is_open(c, row.contributor_id))
    carer = await team_room.member("safeguarding", "Sam Okafor")
    words = await carer.open(f"/safeguarding/{row.id}")
    assert "amina@example.org, who was reading a story" in " ".join(words.split())
    assert "not slept" not in words
    assert "not slept" in await carer.open(f"/stories/{story}")


async def test_passing_on_twice_counts_on_the_open_item(team_room: Room) -> None:
    story = team_room.told()
    one, two = await team_room.member("reviewer"), await team_room.member("lead", "Ben Hall")
    await one.open(f"/stories/{story}")
    await two.open(f"/stories/{story}")
    await one.send(f"/stories/{story}/safeguarding")
    await two.send(f"/stories/{story}/safeguarding")
    (row,) = team_room.does(lambda c: c.execute(select(ITEM)).all())
    assert row.repeats == 1
