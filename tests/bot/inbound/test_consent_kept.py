"""What consent leaves in the database: how long it counts, who is named, and nothing at all of a child."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from storage import tables
from storage.db.engine import reader
from storage.queries.contributors import consent_in_force
from storage.stories import own_stories
from tests import walk
from tests.bot.service import MAYA, NOON, STORY, Service
from tests.storage.acts import consent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

TO_USE = (*walk.kept_by_text(STORY), walk.PLACE)
CHAT = 5_550_001_234
OF_A_PERSON = (
    tables.Contributor, tables.Address, tables.Conversation, tables.Decision, tables.Inbound, tables.Outbox,
    tables.SealedMessage, tables.Story, tables.Answer, tables.TeamItem,
)  # fmt: skip


def story_of(service: Service) -> Any:
    (story,) = service.rows(tables.Story)
    return story


async def test_each_decision_says_how_long_it_counts_and_in_which_version(service: Service) -> None:
    await service.text(MAYA, *TO_USE, "3", "3", "Mary")
    kept = {(row.purpose, row.answer): (row.text_version, row.valid_until) for row in service.rows(tables.Decision)}
    two, one = NOON + timedelta(days=730), NOON + timedelta(days=365)
    assert kept == {
        ("take_part", "yes"): (2, two), ("use", "publish"): (2, one), ("naming", "name"): (1, one),
    }  # fmt: skip
    story = story_of(service)
    assert (story.use, story.use_until, story.kept_until) == ("publish", one, two)
    assert (story.naming, story.credit) == ("name", "Mary")


@pytest.mark.parametrize(
    ("said", "use", "naming", "credit"),
    [
        (("1",), "team", "none", ""),
        (("2",), "quote", "none", ""),
        (("3", "1"), "publish", "none", ""),
        (("3", "2"), "publish", "place", ""),
        (("3", "3", "SKIP"), "publish", "none", ""),
        (("3", "3"), "publish", "none", ""),
    ],
)
async def test_nobody_is_named_until_a_name_is_given(
    service: Service, said: Sequence[str], use: str, naming: str, credit: str
) -> None:
    await service.text(MAYA, *TO_USE, *said)
    story = story_of(service)
    assert (story.use, story.naming, story.credit) == (use, naming, credit)
    assert (story.use_until is None) == (use == "team")


async def test_the_newest_answer_about_contact_counts_for_the_person(service: Service) -> None:
    await service.text(MAYA, *TO_USE, "1", "1", "SKIP")
    (maya,) = service.rows(tables.Contributor)

    def answer(purpose: str, later: timedelta = timedelta()) -> str:
        with reader(service.engine) as connection:
            return consent_in_force.answer_of(connection, maya.id, purpose, service.now + later)

    assert answer("contact") == "yes"
    assert not answer("invite"), "nobody was asked"
    assert not answer("contact", timedelta(days=731)), "its time is over"
    assert not answer("naming"), "never asked is no"
    service.now += timedelta(days=1)
    await service.text(MAYA, "share", *TO_USE[1:], "2", "2")
    assert answer("contact") == "no"
    assert answer("contact", timedelta(days=5000)) == "no", "a no has no end"


async def test_an_answer_that_ran_out_is_not_told_as_if_it_stood_and_is_not_given_again_unproved(
    service: Service,
) -> None:
    await service.text(MAYA, *TO_USE, "1", "1", "SKIP")
    (maya,) = service.rows(tables.Contributor)

    def allows_more() -> bool:
        with reader(service.engine) as connection:
            return own_stories.allows_more(connection, maya.id, consent("yes", "contact"), service.now)

    assert "You said that we may write to you" in " ".join(await service.text(MAYA, "MY DATA"))
    assert not allows_more()
    service.writer.run(lambda c: c.execute(update(tables.Decision.__table__).values(valid_until=service.now)))
    assert "We will not write to you" in " ".join((await service.text(MAYA, "MY DATA"))[-3:])
    assert allows_more()


async def test_a_returning_contributor_is_asked_everything_anew(service: Service) -> None:
    await service.text(MAYA, *TO_USE, "3", "1", "1")
    service.now += timedelta(days=30)
    await service.text(MAYA, "share", *TO_USE[1:], "1", "2")
    first, second = service.rows(tables.Story)
    assert (first.use, second.use) == ("publish", "team")
    decided = [row.purpose for row in service.rows(tables.Decision) if row.story_id == second.id]
    assert sorted(decided) == ["contact", "take_part", "use"]


@pytest.mark.parametrize("channel", ["sms", "telegram"])
async def test_of_a_child_nothing_is_kept(service: Service, channel: str) -> None:
    if channel == "sms":
        told = await service.text(MAYA, STORY, "UNDER")
    else:
        told = await service.chat(CHAT, STORY, "No, under 18")
    assert "Childline" in told[-1] or "0800 1111" in told[-1]
    assert service.rows(tables.Decision) == []
    assert service.rows(tables.SealedMessage) == []
    assert {row.sealed for row in service.rows(tables.Inbound)} == {None}
    assert "bus stop" not in repr(service.rows(tables.Conversation))
    service.now += timedelta(days=1, minutes=1)
    await service.timers.tick()
    left = {table.__tablename__: len(service.rows(table)) for table in OF_A_PERSON if service.rows(table)}
    assert set(left) <= {"inbound"}, "a provider's id stays against a late redelivery, and nothing else"
    assert {row.contributor_id for row in service.rows(tables.Inbound)} == {None}


async def test_who_told_before_and_then_says_they_are_a_child_loses_no_story(service: Service) -> None:
    await service.text(MAYA, *TO_USE, "1")
    service.now += timedelta(days=1)
    await service.text(MAYA, "share", "UNDER")
    service.now += timedelta(days=2)
    await service.timers.tick()
    assert story_of(service).text == STORY
    assert len(service.rows(tables.Conversation)) == 1
    assert {row.story_id for row in service.rows(tables.Decision)} == {story_of(service).id}
