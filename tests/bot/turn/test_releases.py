"""The flows as they run: an organisation's own win, dangerous ones stop the start, running conversations stay put."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update as change

from bot.turn.releases import DANGEROUS, NoSuchFlowError, Releases
from flows.authoring.findings import FlowError
from flows.authoring.loader import CONTENT
from flows.checks import CODES
from flows.model.organisation_facts import OrganisationFacts
from storage import tables
from tests.bot.service import MAYA, NOON, STORY, Service, releases

if TYPE_CHECKING:
    from pathlib import Path

ORGANISATION = OrganisationFacts(
    organisation="Easton Listens", contact="ring 0117 496 0000", crisis_line="Samaritans 116 123"
)


def own_flow(folder: Path, **changes: str) -> Path:
    """Write the organisation's own `share`: the shipped one with some of its words changed."""
    text = (CONTENT / "share.toml").read_text(encoding="utf-8")
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    (folder / "share.toml").write_text(text, encoding="utf-8")
    return folder


def test_what_is_dangerous_is_a_finding_there_is() -> None:
    assert set(CODES) >= DANGEROUS
    assert releases().faults == 0


def test_an_organisation_s_own_flow_takes_the_place_of_ours(tmp_path: Path) -> None:
    folder = own_flow(tmp_path, title=('title = "Share a story"', 'title = "Easton stories"'))
    made = Releases.compile(ORGANISATION, "share", (CONTENT, folder))
    assert made.current["share"].flow.title == "Easton stories"
    assert set(made.current) == {"share", "feedback"}


def test_a_flow_that_would_leave_people_stuck_stops_the_start(tmp_path: Path) -> None:
    folder = own_flow(tmp_path, typo=('next = "place"', 'next = "places"'))
    with pytest.raises(FlowError) as caught:
        Releases.compile(ORGANISATION, "share", (CONTENT, folder))
    assert "unknown_target" in {finding.code for finding in caught.value.findings}
    assert "places" in str(caught.value)


def test_a_first_flow_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(NoSuchFlowError, match="share"):
        Releases.compile(ORGANISATION, "tell")


async def test_a_conversation_stays_on_its_structure_with_the_newest_words(service: Service, tmp_path: Path) -> None:
    await service.text(MAYA, "Hello", "AGREE", STORY)
    (before,) = service.rows(tables.Conversation)

    worded = own_flow(tmp_path, words=("How far may your story travel?", "How far may we take your story?"))
    newer = Releases.compile(ORGANISATION, "share", (CONTENT, worded))
    assert newer.current["share"].structure == before.structure
    service.writer.run(lambda connection: newer.publish(connection, NOON))
    (tmp_path / "share.toml").unlink()
    other = own_flow(tmp_path, step=("expires_after_days = 7", "expires_after_days = 6"))
    newest = Service(service.engine, service.writer, Releases.compile(ORGANISATION, "share", (CONTENT, other)))
    assert newest.releases.current["share"].structure != before.structure

    told = await newest.text(MAYA, "DONE", "SKIP")
    assert "How far may we take your story?" in told[-1]
    assert newest.rows(tables.Conversation)[0].structure == before.structure
    newest.now += timedelta(seconds=1)
    await newest.text("+447700900777", "Hello")
    assert newest.rows(tables.Conversation)[1].structure == newest.releases.current["share"].structure


async def test_a_structure_nobody_published_is_an_error_and_no_fresh_start(service: Service) -> None:
    await service.text(MAYA, "Hello", "AGREE")
    conversation = tables.Conversation.__table__
    service.writer.run(lambda connection: connection.execute(change(conversation).values(structure="0" * 64)))
    await service.text(MAYA, STORY)
    assert [row.error for row in service.rows(tables.Inbound)][-1] == "NoSuchFlowError"
    assert len(service.rows(tables.Conversation)) == 1


def test_only_what_is_new_is_published(service: Service) -> None:
    assert service.writer.run(lambda connection: service.releases.publish(connection, NOON)) == 0
    assert len(service.rows(tables.Release)) == 2
