"""A phone number is not a person: what was told from one long ago opens to no new owner of it, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot.channels.channel import StatusReport
from bot.channels.sms.twilio_errors import failure
from bot.outbound import outcome, provider_reports
from flows.model.conversation import Conversation
from storage import tables
from storage.db.engine import reader
from storage.privacy import file_link
from storage.queries.contributors import people
from tests import walk
from tests.bot.service import MAYA, TOM, Service

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

CHAT = 5_550_001_234
SECRET = "My husband hit me again and I went to the old town hall for help."
LONG = timedelta(days=91)
RIGHTS = (
    "MY DATA",
    "1",
    "DELETE",
    "2",
    "CHANGE",
    "1",
    "START",
    "SHOW",
    "BACK",
    "MORE",
    "only the team",
    "what did I say",
)


async def told(service: Service, words: str = SECRET) -> str:
    """Let Maya tell a story; returns her receipt."""
    await service.text(MAYA, *walk.by_text(words, place="Coatbridge", use="quote"))
    return receipt(service)


def receipt(service: Service) -> str:
    kept = [row for row in service.rows(tables.Conversation) if Conversation.from_json(row.state).kept]
    return service.receipt(kept[0].state)


def texts(service: Service) -> list[str]:
    return [row.text for row in service.rows(tables.Story)]


def kinds(service: Service) -> list[str]:
    return sorted(row.kind for row in service.rows(tables.TeamItem) if row.closed_at is None)


def lost(service: Service, code: str) -> None:
    """Let the provider say that the last message to Maya did not arrive, and why."""
    (address,) = [row for row in service.rows(tables.Address) if row.former_lookup is None]
    owner = address.contributor_id
    service.writer.run(lambda c: outcome.of_address(c, address.id, owner, failure(400, code), service.now))


async def everything_said(service: Service, *words: str) -> str:
    said: list[str] = []
    for word in words:
        said += await service.text(MAYA, word)
    return " ".join(said)


# --- what closes a number -------------------------------------------------------------------------------------------


async def test_after_long_silence_a_number_opens_nothing_that_was_told_from_it(service: Service) -> None:
    await told(service)
    service.now += LONG
    said = await everything_said(service, *RIGHTS)
    assert "husband" not in said
    assert "Nov 2026" not in said
    assert SECRET in texts(service)
    assert [row.use for row in service.rows(tables.Story)] == ["quote"]


@pytest.mark.parametrize("code", ["30003", "30005", "30006", "21614"])
async def test_any_sign_of_a_dead_number_closes_it(service: Service, code: str) -> None:
    await told(service)
    lost(service, code)
    assert "number_closed" in kinds(service), "the team is told that its teller cannot be asked any more"
    said = await everything_said(service, "MY DATA", "1", "DELETE", "1", "CHANGE", "1")
    assert "husband" not in said
    assert texts(service) == [SECRET]


@pytest.mark.parametrize("words", ["wrong number", "I think you have the wrong person, I do not know you"])
async def test_whoever_says_wrong_number_opens_nothing_from_then_on(service: Service, words: str) -> None:
    await told(service)
    await service.text(MAYA, words)
    said = await everything_said(service, "MY DATA", "CHANGE", "START", "MY DATA", "1", "DELETE", "1", "CHANGE")
    assert "husband" not in said
    assert texts(service) == [SECRET]
    assert kinds(service).count("wrong_number") == 1


async def test_wrong_number_counts_after_stop_as_well(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "STOP", "wrong number", "START")
    assert "husband" not in await everything_said(service, "MY DATA", "1", "CHANGE", "DELETE")


async def test_nothing_that_waited_for_an_answer_can_be_answered_by_a_new_owner(service: Service) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, SECRET)
    service.now += LONG
    said = await everything_said(service, "DONE", "yes", "BACK", "START")
    assert "husband" not in said
    assert SECRET not in texts(service)


async def test_a_dead_chat_opens_nothing_when_it_lives_again(service: Service) -> None:
    await service.chat(CHAT, *walk.by_chat(SECRET))
    address = service.rows(tables.Address)[0]
    service.writer.run(lambda c: people.set_address_state(c, address.id, "unusable", service.now))
    await service.chat(CHAT, "/start")
    assert len(service.rows(tables.Contributor)) == 2
    assert [row.state for row in service.rows(tables.Address)] == ["unusable", "reachable"]


# --- what does not --------------------------------------------------------------------------------------------------


async def test_a_number_in_steady_use_opens_what_was_told(service: Service) -> None:
    await told(service)
    for _ in range(4):
        service.now += timedelta(days=80)
        await service.text(MAYA, "thanks")
    assert "husband" in await everything_said(service, "MY DATA")


# --- STOP, and who comes back ---------------------------------------------------------------------------------------


async def test_a_stop_outlives_its_teller(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "STOP")
    service.now += LONG
    await service.text(MAYA, "hello")
    assert [row.opted_out for row in service.rows(tables.Contributor)] == [True, True]
    await service.text(MAYA, "START", "MY DATA")
    assert [row.opted_out for row in service.rows(tables.Contributor)] == [True, False]


async def test_the_receipt_from_the_same_number_opens_it_again(service: Service) -> None:
    words = await told(service)
    service.now += LONG
    await service.text(MAYA, "MY DATA")
    said = await everything_said(service, words, "4", "MY DATA")
    assert "husband" in said
    assert len(service.rows(tables.Contributor)) == 1
    assert len(service.rows(tables.Address)) == 1


async def test_what_was_told_meanwhile_is_theirs_too(service: Service) -> None:
    words = await told(service)
    lost(service, "30005")
    await service.text(MAYA, *walk.by_text("The library is warm and quiet.", place="Coatbridge", use="team"))
    await service.text(MAYA, words, "4")
    said = await everything_said(service, "MY DATA")
    assert "husband" in said
    assert "library" in said


async def test_the_receipt_from_another_number_opens_no_words(service: Service) -> None:
    words = await told(service)
    service.now += LONG
    await service.text(MAYA, "MY DATA")
    await service.text(TOM, words, "4")
    said = await service.text(TOM, "MY DATA")
    assert "husband" not in " ".join(said)


# --- said to be dead, and arrived after all -------------------------------------------------------------------------


def reported(service: Service, status: str, code: str = "") -> None:
    """Let the provider report on the last message that Maya was sent."""
    box = tables.Outbox.__table__
    last = max(row.id for row in service.rows(tables.Outbox))

    def work(connection: Connection) -> None:
        connection.execute(update(box).where(box.c.id == last).values(provider_id="SM-last"))
        report = StatusReport(channel="sms", provider_id="SM-last", status=status, error=code)
        provider_reports.apply(connection, service.sms, report, service.now)

    service.writer.run(work)


async def test_a_number_whose_message_arrived_after_all_still_knows_its_teller(service: Service) -> None:
    await told(service)
    service.deliver()
    reported(service, "undelivered", "30005")
    assert [row.state for row in service.rows(tables.Address)] == ["unusable"]
    reported(service, "delivered")
    assert [row.state for row in service.rows(tables.Address)] == ["reachable"]
    assert "husband" in await everything_said(service, "MY DATA")
    assert len(service.rows(tables.Contributor)) == 1


async def test_a_late_report_opens_nothing_to_whoever_has_written_from_the_number_meanwhile(service: Service) -> None:
    await told(service)
    service.deliver()
    reported(service, "undelivered", "30005")
    last = max(row.id for row in service.rows(tables.Outbox))
    await service.text(MAYA, "who is this?")
    box = tables.Outbox.__table__
    report = StatusReport(channel="sms", provider_id="SM-last", status="delivered", error="")
    service.writer.run(lambda c: c.execute(update(box).where(box.c.id == last).values(provider_id="SM-last")))
    service.writer.run(lambda c: provider_reports.apply(c, service.sms, report, service.now))
    assert "husband" not in await everything_said(service, "MY DATA", "1", "CHANGE")


async def test_a_number_that_lives_after_all_is_still_stopped(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "STOP")
    service.deliver()
    reported(service, "undelivered", "30005")
    reported(service, "delivered")
    assert [row.state for row in service.rows(tables.Address)] == ["opted_out"]


# --- who helps ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["MY DATA", "DELETE", "CHANGE"])
async def test_without_a_receipt_a_person_of_the_team_helps(service: Service, asked: str) -> None:
    await told(service)
    service.now += LONG
    said = await everything_said(service, asked)
    assert "0117 496 0000" in said, "they read whom to reach"
    assert "three words" in said
    assert "former_number" in kinds(service)
    assert [row.kind for row in service.rows(tables.Request)] == [
        {"MY DATA": "access", "DELETE": "erasure", "CHANGE": "correction"}[asked]
    ]


@pytest.mark.parametrize("asked", ["MY DATA", "CHANGE"])
async def test_a_stranger_reads_the_same_whether_or_not_something_was_told_before(service: Service, asked: str) -> None:
    await told(service)
    service.now += LONG
    assert await service.text(MAYA, asked) == await service.text(TOM, asked)


# --- the link, and what is asked unasked ----------------------------------------------------------------------------


async def test_a_link_dies_with_its_number(service: Service) -> None:
    await told(service)
    said = await service.text(MAYA, "MY DATA", "1")
    link = file_link.read(service.keyring, said[-1].split("/mydata/")[1].split()[0])
    assert link is not None
    with reader(service.engine) as connection:
        assert file_link.opens(connection, link, service.now)
    lost(service, "30005")
    with reader(service.engine) as connection:
        assert not file_link.opens(connection, link, service.now)
