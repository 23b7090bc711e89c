"""From words of distress to a person who looks, the whole way: nothing is lost and nothing told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.turn import alerts
from bot.web.sealed_reader import SealedReader
from review.app import build
from review.kit import accounts
from review.kit.services import ReviewServices
from storage import tables
from storage.queries.team import members, on_call
from storage.queries.team.safeguarding_items import is_open
from tests.bot.service import MAYA, NOON, Service
from tests.review.conftest import PASSWORD
from tests.review.visitor import Visitor

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

ANNA = "+447700900801"
DISTRESS = "I want to kill myself, there is no point any more"
CODE = "k7qm4xpd9wtr"


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


def offer(connection: Connection) -> None:
    member = members.add_member(connection, email="anna@example.org", name="Anna", role="safeguarding", at=NOON)
    until = NOON + alerts.CODE_LASTS
    on_call.offer(connection, member_id=member, position=1, code_hash=alerts.digest(CODE), until=until)


def page(service: Service) -> Visitor:
    opening = SealedReader(service.keyring, service.channels)
    parts = ReviewServices(
        engine=service.engine, writer=service.writer, clock=service.clock, organisation="Easton Listens",
        open_event=opening.event, open_address=opening.address,
    )  # fmt: skip
    return Visitor(build(parts))


async def test_from_words_of_distress_to_a_person_who_looks(service: Service) -> None:
    service.writer.run(offer)
    await service.text(ANNA, f"ALERTS {CODE}")
    await service.text(MAYA, "Hello", "AGREE")
    answers = await service.text(MAYA, DISTRESS)
    assert "116 123" in answers[-1], "the person is told where help is before anything else"

    assert await service.alerts.tick() == 1
    (alert,) = [text for text in service.answers(ANNA) if "item" in text]
    assert alert == "Earshot: an item needs a person to look. Sign in: https://listen.example.org/safeguarding"

    visitor = page(service)
    token = accounts.make_link(service.writer, "anna@example.org", "safeguarding", now=service.now)
    await visitor.join(token, name="Anna", email="anna@example.org", password=PASSWORD)
    words = await visitor.open("/safeguarding")
    assert "Look by 13:00" in words
    assert DISTRESS not in words
    (item,) = service.rows(tables.Safeguarding)
    assert "You have it" in await visitor.send(f"/safeguarding/{item.id}/take")
    assert DISTRESS in await visitor.send(f"/safeguarding/{item.id}/words", reason="look")
    assert MAYA in await visitor.send(f"/safeguarding/{item.id}/reach", reason="handover")

    service.now += timedelta(days=2, minutes=1)
    assert await service.timers.tick() == 0, "nobody is reminded of a story meanwhile"
    assert await service.alerts.tick() == 0, "and nobody else alerted"
    service.now = NOON + timedelta(hours=1)
    assert "Closed." in await visitor.send(f"/safeguarding/{item.id}/close", outcome="spoke")
    assert not service.writer.run(lambda connection: is_open(connection, item.contributor_id))
