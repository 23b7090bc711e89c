"""What comes in late, or is brought in again, is older than a STOP or a deletion: it wakes nothing (design rule 11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from storage import tables
from storage.protection.erasure import finish_erasures
from storage.queries.contributors.people import opt_out
from storage.queries.conversations import failed_events
from tests import walk
from tests.bot.service import MAYA, STORY, Service, sms_form, update

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.engine import Engine

    from bot.channels.channel import Inbound
    from storage.db.writer import Writer

CHAT = 5550001234
LATER = timedelta(minutes=10)


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


def waiting(service: Service) -> list[str]:
    return [row.kind for row in service.rows(tables.Outbox) if row.state == "queued"]


def lists(service: Service, *events: Inbound) -> None:
    """Let the provider's list hold these."""

    async def missed(since: datetime) -> Sequence[Inbound]:
        return events

    service.sms.missed = missed  # type: ignore[method-assign]


def texted(service: Service, text: str, sender: str = MAYA) -> Inbound:
    """Return a text that went by us, as the provider's list tells of it."""
    return replace(service.event(sms_form(sender, text)), written_by=service.now + timedelta(seconds=1))


def held(service: Service) -> str:
    """Return all raw events that are still held, opened."""
    sealed = [row.sealed for row in service.rows(tables.Inbound) if row.sealed is not None]
    return " ".join(unquote_plus(service.keyring.open("inbound.sealed", one).decode()) for one in sealed)


async def aside(service: Service, event: Inbound) -> None:
    """Let the fallback route store an event."""
    await service.intake.set_aside(event)


@pytest.mark.parametrize("words", ["START", "HELP", "MY DATA", "hello", STORY])
async def test_a_text_that_we_missed_is_older_than_the_stop_that_we_got(service: Service, words: str) -> None:
    await service.text(MAYA, "hello")
    missed = texted(service, words)
    service.now += LATER
    await service.text(MAYA, "please stop texting me")
    service.writer.run(lambda c: c.execute(tables.Outbox.__table__.update().values(state="sent", payload=None)))
    lists(service, missed)
    assert await service.recovery.missed() == 1
    assert waiting(service) == []
    assert service.rows(tables.Contributor)[0].opted_out
    assert [row.sealed for row in service.rows(tables.Inbound)][-1] is None, "nothing of it is kept"


async def test_a_start_that_is_newer_than_the_stop_counts(service: Service) -> None:
    await service.text(MAYA, "hello", "please stop texting me")
    service.now += LATER
    lists(service, texted(service, "START"))
    await service.recovery.missed()
    assert not service.rows(tables.Contributor)[0].opted_out


async def test_a_start_right_after_the_stop_counts(service: Service) -> None:
    """Telegram tells whole seconds, so a START of the same second looks older than our STOP."""
    await service.chat(CHAT, "/start")
    service.now += timedelta(seconds=0.4)
    await service.chat(CHAT, "stop")
    service.now += timedelta(seconds=0.3)
    await service.chat(CHAT, "start")
    assert not service.rows(tables.Contributor)[0].opted_out


@pytest.mark.parametrize(("words", "kind"), [("DELETE", "erasure"), ("MY DATA", "access"), ("CHANGE", "correction")])
async def test_a_right_that_was_used_before_the_stop_is_followed_up_by_a_person(
    service: Service, words: str, kind: str
) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY), *walk.bonus(use="team"))
    missed = texted(service, words)
    service.now += LATER
    await service.text(MAYA, "STOP")
    lists(service, missed)
    await service.recovery.missed()
    assert waiting(service) == []
    assert [row.kind for row in service.rows(tables.Request)] == [kind]


async def test_a_stop_is_never_too_late(service: Service) -> None:
    await service.text(MAYA, "hello")
    missed = texted(service, "stop please")
    service.now += LATER
    await service.text(MAYA, "AGREE")
    lists(service, missed)
    await service.recovery.missed()
    assert service.rows(tables.Contributor)[0].opted_out


@pytest.mark.parametrize("state", ["failed", "stored"])
async def test_a_replay_brings_nothing_back_after_all_was_deleted(service: Service, state: str) -> None:
    """An event that never found its person has no owner, so the deletion cannot have emptied it."""
    await service.text(MAYA, *walk.AGREED_BY_TEXT)
    event = service.event(sms_form(MAYA, STORY))
    if state == "stored":
        await aside(service, event)
    else:
        sealed = service.keyring.seal("inbound.sealed", event.raw)
        service.writer.run(
            lambda c: failed_events.keep_event(
                c,
                channel="sms",
                provider_id=event.provider_id,
                received_at=service.now,
                sealed=sealed,
                state="failed",
                error="OperationalError",
            )
        )
    service.now += LATER
    await service.text(MAYA, "DELETE", "1")
    assert [row.erased_at for row in service.rows(tables.Contributor)] != [None], "all is deleted"
    before = waiting(service)
    await service.recovery.replay()
    assert waiting(service) == before, "nothing is said that was not waiting"
    assert "bus stop" not in held(service)
    assert service.rows(tables.Conversation) == []


async def test_the_same_once_nothing_of_the_person_is_left(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT)
    await aside(service, service.event(sms_form(MAYA, STORY)))
    service.now += LATER
    await service.text(MAYA, "DELETE", "1")
    service.writer.run(lambda c: c.execute(tables.Outbox.__table__.update().values(state="sent", payload=None)))
    service.writer.run(lambda c: finish_erasures(c, service.now))
    assert service.rows(tables.Contributor) == []
    await service.recovery.stored()
    assert service.rows(tables.Contributor) == service.rows(tables.Conversation) == []
    assert waiting(service) == []
    assert "bus stop" not in held(service)


async def test_words_set_aside_before_a_story_was_taken_back_do_not_begin_a_new_one(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, "They closed it.")
    await aside(service, service.event(sms_form(MAYA, STORY)))
    service.now += LATER
    await service.text(MAYA, "DELETE", "1")
    said = waiting(service)
    await service.recovery.stored()
    assert waiting(service) == said
    assert "bus stop" not in held(service)


async def test_what_is_told_late_and_in_no_ones_way_is_heard(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT)
    event: Any = service.event(sms_form(MAYA, STORY))
    await aside(service, event)
    await service.recovery.stored()
    shown = await service.text(MAYA, "DONE")
    assert STORY in shown[0]


async def test_an_opt_out_that_only_the_provider_told_counts_the_same(service: Service) -> None:
    await service.chat(CHAT, "/start")
    old = service.told(update(CHAT, "start"))
    await aside(service, old)
    service.now += LATER
    person = service.rows(tables.Contributor)[0].id
    service.writer.run(lambda c: opt_out(c, person, service.now))
    await service.recovery.stored()
    assert service.rows(tables.Contributor)[0].opted_out
    assert waiting(service) == []
