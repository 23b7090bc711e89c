"""Each kind of item, raised by what really causes it, stands on the page of whose work it is, and in every count."""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update as change
from starlette.requests import Request

from bot.channels.channel import Limits, SendError
from bot.channels.sms.twilio_errors import failure
from bot.outbound import outcome
from bot.telemetry import metrics
from bot.web.routes import _show_metrics
from flows.model.vocabulary.item_kinds import ItemKind
from review.kit import passwords
from storage import tables
from storage.db.writer import writer_for
from storage.privacy.retained_kinds import Periods
from storage.privacy.retention import run
from storage.queries.team.safeguarding_items import raise_concern
from storage.upkeep import restore
from storage.upkeep.timekeeping import Timekeeper
from tests import walk
from tests.bot.asking import EDITED, OWN, Asking
from tests.bot.sending import Hand, Memory, Post
from tests.bot.service import MAYA, STORY, Service
from tests.review.conftest import Room

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from sqlalchemy.engine import Engine

    from tests.bot.terminal import Terminal

    Cause = Callable[[Service], Awaitable[None]]

ANYBODY = "+447700900321"
POLISH = "Byłam na oddziale trzy dni i nikt mi nie powiedział, dlaczego nie mogę iść do domu."
STORIES = tables.Story.__table__


async def nobody_is_on_call(service: Service) -> None:
    await service.text(ANYBODY, "Hello")
    (person,) = service.rows(tables.Contributor)
    service.writer.run(
        lambda connection: raise_concern(
            connection, contributor_id=person.id, conversation_id=None, inbound_id=None, now=service.now,
            staffed=service.services.staffed, level="plain",
        )
    )  # fmt: skip
    await service.alerts.tick()


async def somebody_asks_for_help(service: Service) -> None:
    await service.text(ANYBODY, *walk.AGREED_BY_TEXT, STORY, "HELP")


async def somebody_writes_in_another_language(service: Service) -> None:
    await service.text(ANYBODY, "Hello", POLISH)


async def a_teller_sounds_like_a_child(service: Service) -> None:
    await service.text(ANYBODY, *walk.kept_by_text(STORY), "in maths rn lol")


async def a_teller_adds_to_an_approved_story(service: Service) -> None:
    await service.text(ANYBODY, *walk.by_text(STORY, use="quote"))
    service.writer.run(lambda c: c.execute(change(STORIES).values(state="approved")))
    (row,) = service.rows(tables.Conversation)
    await service.text(ANYBODY, service.receipt(row.state), "add", "It was put back.", "done")


async def a_teller_writes_their_own_version(service: Service) -> None:
    asking = Asking(service)
    asking.edits(await asking.told(), EDITED)
    await asking.ticks(days=1)
    said = await service.text(MAYA, "SHOW", "2", OWN, "1")
    for number in re.findall(r"\b\d{4}\b", " ".join(said))[:1]:
        await service.text(MAYA, number)


async def somebody_stopped_asks_for_deletion(service: Service) -> None:
    await service.text(ANYBODY, *walk.by_text(STORY), "STOP", "DELETE")


async def a_number_has_a_new_owner(service: Service) -> None:
    await service.text(ANYBODY, *walk.by_text(STORY), "I think you have the wrong person, I do not know you")


async def the_network_says_that_a_number_is_gone(service: Service) -> None:
    await service.text(ANYBODY, *walk.by_text(STORY))
    (person,), (address,) = service.rows(tables.Contributor), service.rows(tables.Address)
    service.writer.run(lambda c: outcome.of_address(c, address.id, person.id, failure(400, "30005"), service.now))


async def somebody_writes_after_long_silence(service: Service) -> None:
    await service.text(ANYBODY, *walk.by_text(STORY))
    service.now += timedelta(days=100)
    await service.text(ANYBODY, "MY DATA")


async def somebody_guesses_receipts(service: Service) -> None:
    for word in ("otter", "lantern", "kettle", "pottery", "copper", "heron"):
        await service.text(ANYBODY, f"my receipt is {word} xylem quark")


def sending_ends_with(error: SendError) -> Cause:
    async def cause(service: Service) -> None:
        await service.text(ANYBODY, *walk.by_text(STORY))
        hand = Hand(service.now)
        channel = Memory(hand, name="sms", limits=Limits(per_second=1000.0, per_person=0.0), away=error)
        post = Post(service.engine, channel, hand=hand)
        await post.sender.start()
        await hand.run(5)
        await post.sender.stop()

    return cause


async def a_turn_fails(service: Service) -> None:
    with pytest.MonkeyPatch.context() as patch:
        await service.text(ANYBODY, *walk.kept_by_text(STORY))
        patch.setattr(service.resolver, "find", lambda words: 1 / 0)
        await service.text(ANYBODY, "Easton")


async def a_conversation_cannot_be_read(service: Service) -> None:
    await service.text(ANYBODY, *walk.AGREED_BY_TEXT, STORY)
    service.writer.run(lambda c: c.execute(change(tables.Conversation.__table__).values(state="{")))
    service.now += timedelta(minutes=5)
    await service.timers.tick()


async def a_contact_was_quiet_for_long(service: Service) -> None:
    await service.text(ANYBODY, *walk.by_text(STORY))
    service.now += timedelta(days=360)
    await asyncio.to_thread(run, service.engine, service.writer, Periods(contact=365, warning=14), service.now)


async def the_clock_leaps(service: Service) -> None:
    await service.text(ANYBODY, "Hello")
    clock = Timekeeper(service.clock, lambda: 0.0)
    service.writer.run(clock.settle)
    service.now += timedelta(days=31)
    service.writer.run(clock.settle)


async def a_copy_is_put_back(service: Service) -> None:
    await service.text(ANYBODY, *walk.by_text(STORY))
    service.writer.run(lambda connection: restore.hold(connection, [], service.now))


CAUSES: dict[ItemKind, Cause] = {
    ItemKind.NOBODY_ON_CALL: nobody_is_on_call,
    ItemKind.HELP_MID_STORY: somebody_asks_for_help,
    ItemKind.OTHER_LANGUAGE: somebody_writes_in_another_language,
    ItemKind.PERHAPS_A_CHILD: a_teller_sounds_like_a_child,
    ItemKind.STORY_CHANGED: a_teller_adds_to_an_approved_story,
    ItemKind.TELLER_REWORDED: a_teller_writes_their_own_version,
    ItemKind.REQUEST: somebody_stopped_asks_for_deletion,
    ItemKind.WRONG_NUMBER: a_number_has_a_new_owner,
    ItemKind.NUMBER_CLOSED: the_network_says_that_a_number_is_gone,
    ItemKind.FORMER_NUMBER: somebody_writes_after_long_silence,
    ItemKind.RECEIPT_GUESSED: somebody_guesses_receipts,
    ItemKind.SENDING: sending_ends_with(SendError("permanent", "30007", tell_team=True)),
    ItemKind.CHANNEL: sending_ends_with(SendError("paused", "20003", retry_after=600, tell_team=True)),
    ItemKind.FAILED_TURN: a_turn_fails,
    ItemKind.STUCK_CONVERSATION: a_conversation_cannot_be_read,
    ItemKind.CLOCK: the_clock_leaps,
    ItemKind.PUT_BACK: a_copy_is_put_back,
    ItemKind.LEAVING: a_contact_was_quiet_for_long,
}
"""What really causes an item of each kind. A new kind needs one."""
LEADS_TO = {
    "story": r"/stories/1|", "request": r"/requests(/1)?", "safeguarding": "/safeguarding", "contacts": "/requests",
    "running": "/readyz",
}  # fmt: skip
"""By what an item is about; with no story kept there is none to lead to."""


@pytest.fixture
def service(sqlite_database: Engine) -> Iterator[Service]:
    """The service on SQLite: which database it is makes no difference to a page."""
    writer = writer_for(sqlite_database)
    yield Service(sqlite_database, writer)
    writer.close()


@pytest.fixture
def at_work(service: Service, monkeypatch: pytest.MonkeyPatch) -> Room:
    """The team's pages, beside the service."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return Room(service.engine, service.writer, clock=service.clock)  # type: ignore[arg-type]  # it is only called


async def metric(service: Service, kind: ItemKind) -> float:
    settings = SimpleNamespace(metrics_token=None)
    web = SimpleNamespace(public=SimpleNamespace(engine=service.engine, clock=service.clock, settings=settings))
    here = Request({"type": "http", "headers": [(b"host", b"127.0.0.1:8000")], "client": ("127.0.0.1", 1)})
    await _show_metrics(web, here)  # type: ignore[arg-type]  # what it asks for
    return float(metrics.team_items.labels(kind.value)._value.get())


@pytest.mark.parametrize("raised", ItemKind, ids=lambda kind: kind.value)
async def test_what_causes_it_puts_it_before_those_whose_work_it_is(
    service: Service, at_work: Room, raised: ItemKind, earshot: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await CAUSES[raised](service)
    found = [row for row in service.rows(tables.TeamItem) if row.kind == raised.value and row.closed_at is None]
    assert len(found) == 1
    (item,) = found

    member = await at_work.member(raised.role)
    count = re.search(r"Inbox (\d+) open", member.words)
    assert count is not None, "counted in the navigation"
    before = int(count[1])
    await member.open("/inbox")
    assert raised.label in member.words
    assert raised.advice in member.words
    section = member.html.partition(f'id="{raised.value}"')[2].partition("</section>")[0]
    link = re.search(r'<p class="next"><a href="([^"]+)"', section)
    assert re.fullmatch(LEADS_TO[raised.about], link[1] if link else ""), link
    if link:
        await member.open(link[1])
        assert member.status == 200 or raised.about == "running", "whose work it is may go there"
    for secret in (ANYBODY, ANYBODY[3:], STORY, POLISH, OWN):
        assert secret not in section

    assert await metric(service, raised) == 1
    monkeypatch.setenv("EARSHOT_DATABASE_URL", service.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("EARSHOT_SECRET_KEY", urlsafe_b64encode(b"k" * 32).decode())  # the service's
    monkeypatch.setenv("COLUMNS", "300")
    assert await asyncio.to_thread(earshot, "inbox", "items") == 0
    assert raised.label in earshot.said
    assert raised.advice in " ".join(earshot.said.split())

    await member.open("/inbox")
    await member.send(f"/inbox/{item.id}/close", words="Seen to.")
    assert not member.offers(f"/inbox/{item.id}/close")
    assert "by Amina Reid" in member.words
    assert (f"Inbox {before - 1} open" in member.words) is (before > 1)
    assert await metric(service, raised) == 0


def test_every_kind_has_a_cause() -> None:
    assert set(CAUSES) == set(ItemKind)
