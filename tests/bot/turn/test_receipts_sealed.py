"""The three words of a receipt stand nowhere in a database in plain, and open what they opened all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from flows.model.conversation import Conversation
from storage import tables
from storage.db.engine import reader
from storage.protection.crypto import Keyring, rotate, with_receipt
from storage.queries.delivery import outbox
from tests import walk
from tests.bot.service import MAYA, TOM, Service

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

STORY = "They closed the tamarisk library and nobody was told."
STATES = tables.Conversation.__table__


async def told(service: Service) -> str:
    await service.text(MAYA, *walk.by_text(STORY))
    words = service.receipt()
    assert len(words.split()) == 3
    return words


def sent(connection: Connection, now: datetime) -> None:
    while waiting := outbox.claim_due(connection, now):
        for due in waiting:
            outbox.mark_sent(connection, [outbox.SentMessage(due.id, f"SM{due.id}", 1)], now)


def everything(service: Service) -> str:
    with reader(service.engine) as connection:
        return "\n".join(
            repr(tuple(row))
            for table in tables.metadata.tables.values()
            for row in connection.execute(select(table)).all()
        ).lower()


async def test_once_all_was_sent_no_column_holds_the_words(service: Service) -> None:
    words = await told(service)
    service.writer.run(lambda connection: sent(connection, service.now))
    kept = everything(service)
    assert "tamarisk" in kept, "the search finds what is there"
    assert words not in kept
    assert "-".join(words.split()) not in kept


async def test_a_receipt_opens_its_story_from_either_phone(service: Service) -> None:
    words = await told(service)
    assert "We found what was told" in " ".join(await service.text(MAYA, words))
    assert "We found what was told" in " ".join(await service.text(TOM, words))


async def test_words_that_an_older_release_kept_in_plain_go_on_opening_and_are_sealed(service: Service) -> None:
    words = await told(service)
    (row,) = service.rows(tables.Conversation)
    old = {key: value for key, value in json.loads(row.state).items() if key != "receipt_sealed"} | {"receipt": words}
    service.writer.run(lambda c: c.execute(update(STATES).values(state=json.dumps(old))))
    await service.text(MAYA, "HELP")
    assert service.receipt() == words
    assert words not in service.rows(tables.Conversation)[0].state
    assert "We found what was told" in " ".join(await service.text(TOM, words))


async def test_a_rotation_seals_them_under_the_new_key(service: Service) -> None:
    words = await told(service)
    new = Keyring([b"n" * 32])
    rotate(service.writer, Keyring([b"n" * 32, b"k" * 32]))
    (row,) = service.rows(tables.Conversation)
    assert with_receipt(new, Conversation.from_json(row.state)).receipt == words
