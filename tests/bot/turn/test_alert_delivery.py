"""Alerts on their way out, and what goes to somebody while the team looks after them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from bot.channels.channel import Limits, SendError, StatusReport
from bot.turn.alerts import Alerts, write
from flows.model.staffed_hours import StaffedHours
from storage import tables
from storage.queries.team import members, on_call
from storage.queries.team.safeguarding_items import raise_concern
from tests.bot.sending import Hand, Memory, Post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.engine import Connection, Engine

NIGHT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
CALL = tables.OnCall.__table__


@pytest.fixture
async def post(database: Engine) -> AsyncIterator[Post]:
    """Delivery in the middle of the night, in quiet hours; texts come to `sms`."""
    hand = Hand(NIGHT)
    sms = Memory(hand, name="sms", limits=Limits(per_second=1000.0, per_person=0.0, any_hour=False))
    made = Post(database, sms, hand=hand, quiet_hours=(time(20), time(9)))
    made.sms = sms  # type: ignore[attr-defined]
    await made.sender.start()
    yield made
    await made.sender.stop()


def texts(post: Post) -> list[str]:
    return [f"{address}: {text[:30]}" for _, address, text in post.sms.sent]  # type: ignore[attr-defined]


def put_on_call(post: Post, *names: str) -> None:
    for position, name in enumerate(names, start=1):
        person = post.outbox.person(name, "sms")

        def work(
            connection: Connection, name: str = name, position: int = position, address: int = person.address_id
        ) -> None:
            number = members.add_member(connection, email=f"{name}@example.org", name=name, role="lead", at=NIGHT)
            on_call.link_directly(connection, member_id=number, position=position, address_id=address, now=NIGHT)

        post.writer.run(work)


def worry(post: Post, name: str = "maya") -> None:
    whom = post.outbox.person(name, "sms").contributor_id
    post.writer.run(
        lambda c: raise_concern(
            c, contributor_id=whom, conversation_id=None, inbound_id=None, now=post.hand.clock(), staffed=StaffedHours()
        )
    )


def alerts(post: Post) -> Alerts:
    return Alerts(
        engine=post.writer.engine, writer=post.writer,  # type: ignore[arg-type]
        public_url="https://listen.example.org", staffed=StaffedHours(), clock=post.hand.clock,
    )  # fmt: skip


async def test_an_alert_goes_at_once_at_night_and_is_not_held_like_a_prompt(post: Post) -> None:
    put_on_call(post, "anna")
    post.outbox.put("ben", "an invitation", channel="sms", kind="prompt")
    worry(post)
    assert await alerts(post).tick() == 1
    await post.hand.run(2)
    assert texts(post) == ["anna: Earshot: an item needs a perso"]


async def test_an_alert_that_the_provider_refuses_goes_to_the_next_contact(post: Post) -> None:
    put_on_call(post, "anna", "ben")
    worry(post)
    post.sms.script.append(SendError("permanent", "30006", address_state="unusable"))  # type: ignore[attr-defined]
    await alerts(post).tick()
    await post.hand.run(2)
    assert texts(post) == []
    await alerts(post).tick()
    await post.hand.run(2)
    assert texts(post) == ["ben: Earshot: an item needs a perso"]


async def test_an_alert_that_is_reported_as_not_delivered_goes_to_the_next_contact(post: Post) -> None:
    put_on_call(post, "anna", "ben")
    worry(post)
    await alerts(post).tick()
    await post.hand.run(2)
    await post.sender.reported(StatusReport(channel="sms", provider_id="id-1", status="undelivered", error="30003"))
    await alerts(post).tick()
    await post.hand.run(2)
    assert [text.partition(":")[0] for text in texts(post)] == ["anna", "ben"]


async def test_an_alert_that_keeps_failing_is_passed_on_within_minutes(post: Post) -> None:
    put_on_call(post, "anna", "ben")
    worry(post)
    down = [SendError("retry", "500") for _ in range(200)]
    post.sms.script.extend(down)  # type: ignore[attr-defined]
    await alerts(post).tick()
    for _ in range(6):
        await post.hand.run(60)
        await alerts(post).tick()
    post.sms.script.clear()  # type: ignore[attr-defined]
    await post.hand.run(300)
    assert "ben: Earshot: an item needs a perso" in texts(post)


async def test_a_test_alert_reaches_the_phone(post: Post) -> None:
    put_on_call(post, "anna")
    post.writer.run(lambda c: write(c, on_call.contacts(c)[0], "Earshot: this is a test.", NIGHT))
    await post.hand.run(2)
    assert texts(post) == ["anna: Earshot: this is a test."]


KINDS = {
    "an answer": ("reply", ["maya: words"], "sent"),
    "what the team wrote": ("care", ["maya: words"], "sent"),
    "a nudge": ("nudge", [], "cancelled"),
    "an invitation": ("prompt", [], "queued"),
    "a notice": ("notice", [], "queued"),
}


@pytest.mark.parametrize(("kind", "sent", "state"), KINDS.values(), ids=KINDS)
async def test_what_goes_to_somebody_while_the_team_looks_after_them(
    post: Post, kind: str, sent: list[str], state: str
) -> None:
    post.hand.begin = NIGHT + timedelta(hours=13)  # noon: quiet hours hold nothing
    worry(post)
    post.outbox.put("maya", "words", channel="sms", kind=kind)
    await post.hand.run(2)
    assert (texts(post), post.outbox.states()) == (sent, [state])


async def test_a_held_invitation_goes_once_the_item_is_closed(post: Post) -> None:
    post.hand.begin = NIGHT + timedelta(hours=13)
    worry(post)
    post.outbox.put("maya", "an invitation", channel="sms", kind="prompt")
    await post.hand.run(3700)
    assert texts(post) == []
    item = tables.Safeguarding.__table__
    post.writer.run(lambda c: c.execute(item.update().values(closed_at=post.hand.clock())))
    await post.hand.run(3700)
    assert texts(post) == ["maya: an invitation"]


async def test_what_the_team_wrote_respects_a_stop(post: Post) -> None:
    worry(post)
    person = post.outbox.person("maya", "sms")
    post.outbox.change("contributor", person.contributor_id, opted_out=True)
    post.outbox.put("maya", "words", channel="sms", kind="care")
    await post.hand.run(2)
    assert (texts(post), post.outbox.states()) == ([], ["cancelled"])
    assert post.writer.run(lambda c: c.execute(select(CALL)).all()) == []
