"""Somebody tired holds the number that deletes: what they say meanwhile, and what becomes of their story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import tables
from tests import walk
from tests.bot.service import MAYA, Service
from tests.bot.test_forged_sender import WORDS, code, in_use, requests, texts, told, uses

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.unit import Writer


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


KEEPS = ["KEEP", "keep it", "No", "no keep it", "please keep it i changed my mind", "don't delete it", "bring it back"]


@pytest.mark.parametrize("said", KEEPS)
async def test_whoever_says_keep_without_the_number_is_not_deleted_by_it(service: Service, said: str) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    number = code(service)
    assert (await service.text(MAYA, said))[-1].startswith("It is not deleted.")
    assert await service.text(MAYA, number) == ["Nothing was deleted."]
    assert in_use(service) == [WORDS]
    assert requests(service) == [("erasure", "withdrawn")]


async def test_whoever_said_keep_can_still_delete(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1", "KEEP", "DELETE", "1")
    await service.text(MAYA, code(service))
    assert texts(service) == []


LOST = [
    "send it again",
    "can you send it again",
    "what code?",
    "i lost the number",
    "i didnt get any code",
    "cant see it",
]


@pytest.mark.parametrize("said", LOST)
async def test_a_lost_number_is_sent_anew(service: Service, said: str) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    first = code(service)
    await service.text(MAYA, said)
    assert code(service) != first
    await service.text(MAYA, code(service))
    assert texts(service) == []


async def test_a_lost_number_for_a_wider_use_is_sent_anew(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "CHANGE", "3", "publish", "NEW NUMBER")
    await service.text(MAYA, code(service))
    assert uses(service) == ["publish"]


BETWEEN = [
    ("MY DATA",), ("HELP",), ("please stop texting me",), ("please stop texting me", "START"), ("1", "YES I AM SURE"),
    ("thanks", "hello"), ("CHANGE",), ("They keep telling me lies.",), ("They also lost his wedding ring and never found it.",),
]  # fmt: skip


@pytest.mark.parametrize("between", BETWEEN, ids=[said[-1] for said in BETWEEN])
async def test_the_number_counts_whatever_came_between(service: Service, between: tuple[str, ...]) -> None:
    """ "To delete it for good, reply with the number" holds for as long as the number is good."""
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    number = code(service)
    await service.text(MAYA, *between)
    await service.text(MAYA, number)
    assert texts(service) == []
    assert requests(service) == [("erasure", "done")]


async def test_a_year_in_a_new_story_is_no_number(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1", "MY DATA")
    await service.text(MAYA, "Nothing")
    await service.text(MAYA, *walk.ONCE_MORE, "It began in 1998.", "DONE")
    assert texts(service) == [WORDS, "It began in 1998."]


@pytest.mark.parametrize("finished", ["DONE", "that's all"])
async def test_whoever_is_back_and_has_finished_need_not_say_that_they_go_on(service: Service, finished: str) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, WORDS, "please stop texting me", "START", finished)
    assert [row.text for row in service.rows(tables.Story)] == [WORDS]
