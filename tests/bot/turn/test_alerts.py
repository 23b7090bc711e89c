"""Alerts to the team: who is told, when, over and over until somebody looks, and with nothing in it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest
from sqlalchemy import select
from sqlalchemy import update as change

from bot.turn import alerts
from bot.turn.alerts import Alerts
from storage import tables
from storage.privacy.retained_kinds import Periods
from storage.privacy.retention import run
from storage.protection.erasure import erase_contributor
from storage.queries.contributors import people
from storage.queries.conversations import turn_queries as store
from storage.queries.team import members as team
from storage.queries.team import on_call
from storage.queries.team.safeguarding_items import count_open, raise_concern
from tests import walk
from tests.bot.service import MAYA, NOON, STORY, TOM, Service, update

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

ANNA, BEN = "+447700900801", "+447700900802"
CODE = "k7qm4xpd9wtr"
ITEM = tables.Safeguarding.__table__
CALL = tables.OnCall.__table__
ALERT = "Earshot: an item needs a person to look. Sign in: https://listen.example.org/safeguarding"


def member(service: Service, email: str, role: str = "safeguarding") -> int:
    return service.writer.run(
        lambda c: team.add_member(c, email=email, name=email.partition("@")[0], role=role, at=service.now)
    )


def offer(service: Service, email: str, position: int, code: str = CODE) -> int:
    number = member(service, email)
    service.writer.run(
        lambda c: on_call.offer(
            c, member_id=number, position=position, code_hash=alerts.digest(code),
            until=service.now + alerts.CODE_LASTS,
        )
    )  # fmt: skip
    return number


async def put_on_call(service: Service, *phones: str) -> None:
    """Put people on call: the first phone is the first contact's."""
    for position, phone in enumerate(phones, start=1):
        code = f"{CODE[:-1]}{position + 1}"
        offer(service, f"contact{position}@example.org", position, code)
        await service.text(phone, f"ALERTS {code}")


def worry(service: Service, phone: str = MAYA, level: Literal["plain", "likely"] = "plain") -> int:
    def work(connection: Connection) -> int:
        lookups = [service.keyring.lookup("address.lookup", f"sms\0{phone}")]
        person = store.find_person(connection, channel="sms", lookups=lookups) or store.make_person(
            connection, channel="sms", lookups=lookups, sealed=service.keyring.seal("address.sealed", phone.encode()),
            now=service.now,
        )  # fmt: skip
        return raise_concern(
            connection, contributor_id=person.contributor_id, conversation_id=None, inbound_id=None, now=service.now,
            staffed=service.services.staffed, level=level,
        )  # fmt: skip

    return service.writer.run(work)


def told(service: Service, *phones: str) -> list[int]:
    """Return how many alerts went to each phone since this was last asked."""
    counts = []
    for phone in phones:
        texts = service.answers(phone)
        assert set(texts) <= {ALERT}
        counts.append(len(texts))
    sent = change(tables.Outbox.__table__).where(tables.Outbox.__table__.c.kind == "alert")
    service.writer.run(
        lambda c: c.execute(sent.where(tables.Outbox.__table__.c.state == "queued").values(state="sent"))
    )
    return counts


def item(service: Service) -> Any:
    (row,) = service.rows(tables.Safeguarding)
    return row


# --- linking a phone ----------------------------------------------------------------------------------------------

WAYS = {
    "as it is shown": f"ALERTS {alerts.shown(CODE)}",
    "in small letters, without dashes": f"alerts {CODE}",
    "with a space at the end": f"Alerts {alerts.shown(CODE)} ",
    "with spaces for dashes": "ALERTS k7qm 4xpd 9wtr",
    "in capitals": f"ALERTS {alerts.shown(CODE).upper()}",
    "over two lines": f"ALERTS\n{alerts.shown(CODE)}",
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
async def test_a_phone_is_linked_by_the_words_on_the_screen(service: Service, text: str) -> None:
    offer(service, "anna@example.org", 1)
    assert await service.text(ANNA, text) == [alerts.LINKED]
    (contact,) = service.writer.run(on_call.contacts)
    assert contact.reachable
    assert (contact.channel, contact.position, contact.email) == ("sms", 1, "anna@example.org")
    assert service.rows(tables.Conversation) == [], "it is no message to any flow"
    (person,) = service.rows(tables.Contributor)
    assert person.source == "on_call"


async def test_on_telegram_the_link_does_the_same(service: Service) -> None:
    offer(service, "anna@example.org", 1)
    started = service.told(update(77, f"/start {alerts.payload(CODE)}"))
    await service.intake.take(started)
    assert service.answers("77") == [alerts.LINKED]
    await service.intake.take(started)
    assert service.answers("77") == [], "the same event twice has the effect of once"


async def test_a_code_works_once_and_for_a_quarter_of_an_hour(service: Service) -> None:
    offer(service, "anna@example.org", 1)
    service.now += timedelta(minutes=15)
    assert await service.text(ANNA, f"ALERTS {CODE}") == [alerts.NOT_LINKED]
    service.now = NOON
    assert await service.text(ANNA, f"ALERTS {CODE}") == [alerts.LINKED]
    assert await service.text(BEN, f"ALERTS {CODE}") == [alerts.NOT_LINKED]
    (contact,) = service.writer.run(on_call.contacts)
    assert contact.linked_at == NOON


OTHER_WORDS = (
    "alerts", "ALERTS please", "The alerts k7qm4xpd9wtr", "alerts were sent to my phone all night", "ALERTS k7qm-4xpd",
    f"ALERTS {CODE} thanks, and something else", f"alert {CODE}",
)  # fmt: skip


@pytest.mark.parametrize("text", OTHER_WORDS)
async def test_other_words_are_a_contributors_own(service: Service, text: str) -> None:
    answers = await service.text(MAYA, text)
    assert alerts.NOT_LINKED not in answers
    assert "Easton Listens" in " ".join(answers)


async def test_a_phone_that_said_stop_is_not_linked_behind_its_owners_back(service: Service) -> None:
    offer(service, "anna@example.org", 1)
    await service.text(ANNA, "Hello", "STOP")
    assert (await service.text(ANNA, f"ALERTS {CODE}"))[-1] == alerts.STOPPED
    assert not service.writer.run(on_call.contacts)[0].reachable
    await service.text(ANNA, "START")
    assert (await service.text(ANNA, f"ALERTS {CODE}"))[-1] == alerts.LINKED


async def test_the_number_on_call_is_kept_encrypted_like_any_other(service: Service) -> None:
    await put_on_call(service, ANNA)
    (address,) = service.rows(tables.Address)
    assert ANNA.encode() not in address.sealed
    assert ANNA not in repr([service.rows(tables.OnCall), service.rows(tables.Contributor)])
    stored = service.rows(tables.OnCall)[0]
    assert (stored.code_hash, stored.code_until) == (None, None)


def test_a_code_has_letters_that_look_like_no_other_and_too_many_to_guess() -> None:
    codes = {alerts.new_code() for _ in range(200)}
    assert len(codes) == 200
    assert not set("01lio") & set("".join(codes))
    assert len(alerts.LETTERS) ** alerts.CODE_LETTERS > 2**58
    assert len(alerts.payload(CODE)) <= 64


# --- who is told, and when ----------------------------------------------------------------------------------------


async def test_the_first_contact_is_told_at_once_and_both_while_nobody_looks(service: Service) -> None:
    await put_on_call(service, ANNA, BEN)
    told_at = {}
    service.answers(ANNA), service.answers(BEN)
    worry(service)
    for minute in range(0, 24 * 60, 5):
        service.now = NOON + timedelta(minutes=minute)
        await service.alerts.tick()
        if any(counts := told(service, ANNA, BEN)):
            told_at[service.now.strftime("%a %H:%M")] = counts
    assert told_at == {
        "Mon 12:00": [1, 0], "Mon 12:30": [1, 1], "Mon 13:00": [1, 1], "Tue 09:00": [1, 1],
    }  # fmt: skip
    assert item(service).closed_at is None, "no clock closes an item"


async def test_at_night_the_first_contact_is_told_at_once_too(service: Service) -> None:
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA), service.answers(BEN)
    service.now = datetime.fromisoformat("2026-11-28T02:00:00+00:00")  # a Saturday
    worry(service)
    await service.alerts.tick()
    assert told(service, ANNA, BEN) == [1, 0]
    service.now += timedelta(minutes=30)
    await service.alerts.tick()
    assert told(service, ANNA, BEN) == [1, 1]
    assert item(service).look_by == datetime.fromisoformat("2026-11-30T10:00:00+00:00")


async def test_ticks_that_come_twice_late_or_in_two_processes_tell_once(service: Service) -> None:
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA)
    worry(service)
    other = Alerts(
        engine=service.engine, writer=service.writer, public_url="https://listen.example.org",
        staffed=service.services.staffed, clock=service.clock,
    )  # fmt: skip
    service.now += timedelta(minutes=3)
    counts = await asyncio.gather(*(each.tick() for each in (service.alerts, other, service.alerts, other)))
    assert sum(counts) == 1
    assert told(service, ANNA) == [1]
    assert await service.alerts.tick() == 0


async def test_whoever_takes_the_item_is_left_alone(service: Service) -> None:
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA), service.answers(BEN)
    number = worry(service)
    await service.alerts.tick()
    told(service, ANNA)
    service.writer.run(
        lambda c: c.execute(change(ITEM).where(ITEM.c.id == number).values(taken_at=NOON, next_alert_at=None))
    )
    for hours in range(1, 50):
        service.now = NOON + timedelta(hours=hours)
        assert await service.alerts.tick() == 0


async def test_more_such_words_do_not_alert_anew(service: Service) -> None:
    await put_on_call(service, ANNA)
    service.answers(ANNA)
    worry(service)
    await service.alerts.tick()
    for minute in range(1, 29):
        service.now = NOON + timedelta(minutes=minute)
        worry(service)
        assert await service.alerts.tick() == 0
    assert (told(service, ANNA), item(service).repeats) == ([1], 28)


async def test_a_second_person_in_need_is_told_of_although_the_first_was_a_minute_ago(service: Service) -> None:
    await put_on_call(service, ANNA)
    service.answers(ANNA)
    worry(service)
    await service.alerts.tick()
    assert told(service, ANNA) == [1]
    service.now += timedelta(minutes=1)
    worry(service, TOM)
    await service.alerts.tick()
    assert told(service, ANNA) == [1]


async def test_two_items_at_the_same_moment_are_one_alert(service: Service) -> None:
    await put_on_call(service, ANNA)
    service.answers(ANNA)
    worry(service)
    worry(service, TOM)
    await service.alerts.tick()
    assert told(service, ANNA) == [1]
    assert service.writer.run(partial(count_open, now=NOON + timedelta(hours=2))) == (2, 2, 0)


async def test_what_is_only_worth_a_look_alerts_the_first_contact_alone_and_by_day(service: Service) -> None:
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA), service.answers(BEN)
    worry(service, level="likely")
    for hours, expected in ((1, [0, 0]), (12, [0, 0]), (22, [1, 0]), (23, [0, 0]), (46, [1, 0])):
        service.now = NOON + timedelta(hours=hours)
        await service.alerts.tick()
        assert told(service, ANNA, BEN) == expected, hours


# --- when alerts do not arrive ------------------------------------------------------------------------------------


def address_of(service: Service, position: int) -> int:
    found = service.writer.run(on_call.contacts)[position - 1].address_id
    assert found is not None
    return found


async def test_an_alert_that_does_not_arrive_goes_to_the_next_contact_at_once(service: Service) -> None:
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA), service.answers(BEN)
    worry(service)
    await service.alerts.tick()
    assert told(service, ANNA, BEN) == [1, 0]
    service.writer.run(partial(on_call.undelivered, address_id=address_of(service, 1), now=service.now))
    service.now += timedelta(seconds=10)
    await service.alerts.tick()
    assert told(service, ANNA, BEN) == [0, 1]
    service.now = NOON + timedelta(minutes=30)
    await service.alerts.tick()
    assert told(service, ANNA, BEN) == [1, 1], "later both are tried again"


async def test_when_nobody_can_be_reached_the_team_is_told_so_on_its_pages(service: Service) -> None:
    await put_on_call(service, ANNA)
    service.answers(ANNA)
    worry(service)
    await service.alerts.tick()
    told(service, ANNA)
    for _ in range(3):
        service.writer.run(partial(on_call.undelivered, address_id=address_of(service, 1), now=service.now))
        service.now += timedelta(seconds=10)
        assert await service.alerts.tick() == 0
    assert [row.kind for row in service.rows(tables.TeamItem)] == [on_call.NOBODY]


async def test_words_on_the_practice_phone_ring_no_real_phone(service: Service) -> None:
    """Its page says that nothing is sent anywhere; only a phone on call that is a practice phone too is told."""
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA), service.answers(BEN)
    worry(service)
    people, phones = tables.Contributor.__table__, tables.Address.__table__
    whose = item(service).contributor_id
    service.writer.run(lambda c: c.execute(change(people).where(people.c.id == whose).values(simulated=True)))
    for minute in (0, 30, 60, 24 * 60):
        service.now = NOON + timedelta(minutes=minute)
        await service.alerts.tick()
        assert told(service, ANNA, BEN) == [0, 0]
    assert item(service).closed_at is None, "it waits on the page, marked as practice"
    assert service.rows(tables.TeamItem) == [], "and nobody is missing"

    bens = phones.c.id == address_of(service, 2)
    service.writer.run(lambda c: c.execute(change(phones).where(bens).values(channel="simulator")))
    service.now += timedelta(days=1)
    await service.alerts.tick()
    assert told(service, ANNA, BEN) == [0, 1]


async def test_an_alert_that_lies_unsent_for_minutes_counts_as_not_arrived(service: Service) -> None:
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA), service.answers(BEN)
    worry(service)
    await service.alerts.tick()
    service.now += timedelta(minutes=5)
    await service.alerts.tick()
    assert told(service, BEN) == [1]


@pytest.mark.parametrize("state", ["opted_out", "blocked", "unusable"])
async def test_a_phone_that_cannot_be_reached_is_passed_over(service: Service, state: str) -> None:
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA), service.answers(BEN)
    service.writer.run(lambda c: people.set_address_state(c, address_of_in(c), state, NOON))
    worry(service)
    await service.alerts.tick()
    assert told(service, ANNA, BEN) == [0, 1]


def address_of_in(connection: Connection) -> int:
    found = on_call.contacts(connection)[0].address_id
    assert found is not None
    return found


async def test_stop_from_a_phone_on_call_stops_alerts_and_start_brings_them_back(service: Service) -> None:
    await put_on_call(service, ANNA)
    await service.text(ANNA, "STOP")
    worry(service)
    await service.alerts.tick()
    assert told(service, ANNA) == [0]
    assert [row.kind for row in service.rows(tables.TeamItem)] == [on_call.NOBODY]
    await service.text(ANNA, "START")
    service.answers(ANNA)
    service.now += timedelta(minutes=30)
    await service.alerts.tick()
    assert told(service, ANNA) == [1]


async def test_somebody_who_comes_on_call_later_is_told_of_what_waits(service: Service) -> None:
    worry(service)
    await service.alerts.tick()
    assert [row.kind for row in service.rows(tables.TeamItem)] == [on_call.NOBODY]
    service.now += timedelta(minutes=2)
    await put_on_call(service, ANNA)
    service.answers(ANNA)
    assert [row.closed_at for row in service.rows(tables.TeamItem)] == [service.now]
    await service.alerts.tick()
    assert told(service, ANNA) == [1]


async def test_somebody_who_has_left_the_team_is_not_told(service: Service) -> None:
    await put_on_call(service, ANNA, BEN)
    service.answers(ANNA), service.answers(BEN)
    members = tables.TeamMember.__table__
    gone = change(members).where(members.c.email == "contact1@example.org").values(active=False)
    service.writer.run(lambda c: c.execute(gone))
    worry(service)
    await service.alerts.tick()
    assert told(service, ANNA, BEN) == [0, 1]


# --- a phone on call is no contributor ----------------------------------------------------------------------------


async def test_a_phone_on_call_is_not_let_go_for_being_quiet(service: Service) -> None:
    await put_on_call(service, ANNA)
    await service.text(MAYA, "STOP")
    later = NOON + timedelta(days=800)
    gone = await asyncio.to_thread(run, service.engine, service.writer, Periods(warning=0), later)
    assert gone.contributors == 1
    (contact,) = service.writer.run(on_call.contacts)
    assert contact.reachable
    service.writer.run(partial(on_call.remove, member_id=contact.member_id))
    gone = await asyncio.to_thread(run, service.engine, service.writer, Periods(warning=0), later)
    assert (gone.contributors, service.rows(tables.Address)) == (1, [])


@pytest.mark.parametrize("farewell", [False, True])
async def test_deleting_everything_from_a_phone_on_call_takes_the_link_away_at_once(
    service: Service, farewell: bool
) -> None:
    await put_on_call(service, ANNA)
    (person,) = service.rows(tables.Contributor)
    service.writer.run(partial(erase_contributor, contributor_id=person.id, now=NOON, farewell=farewell))
    (contact,) = service.writer.run(on_call.contacts)
    assert (contact.reachable, contact.address_id) == (False, None)


# --- prompts pause ------------------------------------------------------------------------------------------------


async def test_nobody_is_nudged_while_somebody_looks_after_them(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT)
    service.answers(MAYA)
    number = worry(service)
    service.now += timedelta(days=2, minutes=1)
    assert await service.timers.tick() == 0
    assert await service.timers.tick() == 0
    assert service.answers(MAYA) == []
    service.writer.run(lambda c: c.execute(change(ITEM).where(ITEM.c.id == number).values(closed_at=NOON)))
    assert await service.timers.tick() == 0
    service.now += timedelta(hours=1)
    assert await service.timers.tick() == 1
    assert service.answers(MAYA) != []


async def test_replies_are_never_held(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT)
    worry(service)
    assert await service.text(MAYA, STORY, "DONE") != []
    rows = service.writer.run(lambda c: c.execute(select(tables.Outbox.__table__.c.kind)).scalars().all())
    assert set(rows) == {"reply"}


# --- nothing in it ------------------------------------------------------------------------------------------------


async def test_an_alert_holds_nothing_of_the_person(service: Service) -> None:
    await put_on_call(service, ANNA)
    service.answers(ANNA)
    await service.text(MAYA, *walk.kept_by_text(STORY))
    worry(service)
    await service.alerts.tick()
    (text,) = service.answers(ANNA)
    assert text == ALERT
    names = {row.pseudonym.split()[0].lower() for row in service.rows(tables.Contributor)}
    words = set(text.lower().split())
    assert not words & (names | {word for word in STORY.lower().split() if len(word) > 4})
    assert not any(sign.isdigit() for sign in text)
    box = service.rows(tables.Outbox)
    assert {row.conversation_id for row in box if row.kind == "alert"} == {None}
