"""A story that is taken back is gone in the same second: from the queue, from exports, from a page that is open.

So is one whose teller changes it, from every export that needs the team's approval.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from flows.model.vocabulary.consent_answers import USES
from review.story.decide import DecisionRefusal, DecisionRequest, carry_out
from storage import tables
from storage.db.engine import reader
from storage.export import select as gate
from storage.export.formats import FORMATS
from storage.queries.stories import review_queue
from storage.queries.team.members import Member
from tests.bot.service import MAYA, NOON, TOM, Service
from tests.bot.turn.test_rights_in_chat import FIRST, SECOND, receipt, story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

WORDS = ("bus stop", "hearing test")
TABLE = tables.Story.__table__


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """The service on a database of either kind."""
    service = Service(database, writer)
    service.proves = True
    return service


def exported(service: Service, use: str) -> str:
    """Return everything that leaves now for a use, in every format."""
    written = []
    for name in (chosen.NAME for chosen in FORMATS):
        out = io.BytesIO()
        gate.run(service.engine, service.writer, format=name, use=use, out=out, who="command line", now=service.now)
        written.append(out.getvalue().decode("utf-8", "replace"))
    return "\n".join(written)


def queued(service: Service) -> list[int]:
    with reader(service.engine) as connection:
        return [row.id for row in review_queue.page(connection, review_queue.Filters(), practice=True).lines]


def everywhere(service: Service) -> str:
    return "".join(exported(service, use) for use in USES)


def story_of(service: Service, words: str) -> int:
    return next(int(row.id) for row in service.rows(tables.Story) if row.text == words)


def approve_all(service: Service) -> None:
    service.writer.run(lambda c: c.execute(update(TABLE).values(state="approved", decided_at=NOON)))


async def two_approved(service: Service) -> None:
    await service.text(MAYA, *story(FIRST, "publish"))
    await service.text(TOM, *story(SECOND, "publish"))
    approve_all(service)


@pytest.mark.parametrize(
    ("who", "said"),
    [(MAYA, ["DELETE", "1"]), (MAYA, ["DELETE", "2"]), (MAYA, ["please stop texting me", "delete my story", "1"])],
    ids=["this story", "everything", "after STOP"],
)
async def test_in_the_chat(service: Service, who: str, said: Sequence[str]) -> None:
    await two_approved(service)
    before = everywhere(service)
    assert all(words in before for words in WORDS)
    await service.text(who, *said)
    assert WORDS[0] not in everywhere(service)
    assert WORDS[1] in everywhere(service)
    assert queued(service) == [story_of(service, SECOND)]


async def test_by_receipt_from_another_phone(service: Service) -> None:
    await two_approved(service)
    await service.text("+447700900777", receipt(service, 0), "take it back, delete it")
    assert WORDS[0] not in everywhere(service)
    assert queued(service) == [story_of(service, SECOND)]


@pytest.mark.parametrize(
    "said", [["CHANGE", "1", "2", "There is no shelter.", "DONE"], ["CHANGE", "2"], ["CHANGE", "3", "2"]]
)
async def test_a_change_takes_it_out_of_what_needs_approval(service: Service, said: Sequence[str]) -> None:
    await two_approved(service)
    await service.text(MAYA, *said)
    for use in ("quote", "publish"):
        left = exported(service, use)
        assert WORDS[0] not in left
        assert "no shelter" not in left
        assert WORDS[1] in left


async def test_narrowed_by_receipt_it_is_out_of_the_wider_export(service: Service) -> None:
    await two_approved(service)
    await service.text("+447700900777", receipt(service, 0), "2", "1")
    assert WORDS[0] not in exported(service, "publish") + exported(service, "quote")


async def test_a_quote_never_carries_the_name_of_its_teller(service: Service) -> None:
    """“Quote it without my name”: neither beside a wider yes, nor after it was narrowed."""
    await service.text(MAYA, *story(FIRST, "publish"), "CHANGE", "the name it goes under", "a name I give you", "Persi")
    approve_all(service)
    assert "Persi" in exported(service, "publish")
    assert WORDS[0] in exported(service, "quote")
    assert "Persi" not in exported(service, "quote") + exported(service, "team")
    await service.text(MAYA, "CHANGE", "how far it may travel", "2")
    approve_all(service)
    assert WORDS[0] in exported(service, "quote")
    assert "Persi" not in everywhere(service)


async def test_a_decision_on_what_was_just_changed_or_taken_back_is_refused(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    seen = service.rows(tables.Story)[0].version
    member = Member(id=1, email="amina@example.org", name="Amina Reid", role="reviewer",
        password_hash=None, active=True)  # fmt: skip
    await service.text(MAYA, "CHANGE", "1", "2", "There is no shelter.", "DONE")
    refused = carry_out(service.writer, 1, DecisionRequest(act="approve", seen=seen), member, now=service.now)
    assert isinstance(refused, DecisionRefusal)
    assert refused.kind == "changed"
    await service.text(MAYA, "DELETE", "1")
    refused = carry_out(service.writer, 1, DecisionRequest(act="approve", seen=seen), member, now=service.now)
    assert isinstance(refused, DecisionRefusal)
    assert refused.kind == "gone"
