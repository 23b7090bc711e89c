"""What the service tells the team: raised by what really happens, counted, listed and closed on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from bot.app import build
from bot.settings.environment import read
from bot.settings.open_database import opened_database
from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.queries.conversations import turn_queries
from storage.queries.team import members
from tests.bot.service import MAYA, NOON, OURS, Service

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from tests.bot.terminal import Terminal

SAM = "sam@example.org"
POLISH = "Byłam na oddziale trzy dni i nikt mi nie powiedział, dlaczego nie mogę iść do domu."


def kinds_raised(service: Service) -> list[str]:
    return [row.kind for row in service.rows(tables.TeamItem)]


@pytest.mark.parametrize(
    ("text", "kind"), [("HELP", ItemKind.HELP_MID_STORY), (POLISH, ItemKind.OTHER_LANGUAGE)], ids=str
)
async def test_what_a_person_writes_raises_its_kind(service: Service, text: str, kind: ItemKind) -> None:
    await service.text(MAYA, "Hello", text)
    assert kinds_raised(service) == [kind.value]
    await service.text(MAYA, text)
    assert kinds_raised(service) == [kind.value], "once while it is open"


def test_a_channel_that_stays_stuck_is_told_once(service: Service) -> None:
    def work(connection: Connection) -> list[bool]:
        return [turn_queries.raise_item(connection, kind=ItemKind.CHANNEL, now=NOON) for _ in range(3)]

    assert service.writer.run(work) == [True, False, False]


async def test_open_items_are_counted_by_kind_and_hold_nobody(tmp_path: Path) -> None:
    app = build(read({"EARSHOT_DATA_DIR": str(tmp_path / "var")}))
    app.writer.run(lambda connection: turn_queries.raise_item(connection, kind=ItemKind.CHANNEL, now=NOON))
    transport = httpx.ASGITransport(app.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        text = (await client.get("/metrics")).text
    app.close()
    for kind in ItemKind:
        assert f'earshot_team_items_open{{kind="{kind.value}"}} {float(kind is ItemKind.CHANNEL)}\n' in text


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def told(earshot: Terminal) -> Terminal:
    """The command line of a service that has told the team of each kind, and has a reviewer."""

    def work(connection: Connection) -> None:
        members.add_member(connection, email=SAM, name="Sam Okafor", role="reviewer", at=NOON)
        for kind in ItemKind:
            turn_queries.raise_item(connection, kind=kind, now=NOON)

    with opened_database(read({})) as base:
        base.writer.run(work)
    return earshot


def number_of(kind: ItemKind) -> str:
    return str(list(ItemKind).index(kind) + 1)


def test_the_list_names_each_kind_and_what_to_do(told: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert told("inbox", "items") == 0
    said = " ".join(told.said.split())
    for kind in ItemKind:
        assert said.count(kind.label) == 2, "in the list, and with what to do"
        assert kind.advice in said
    for secret in (MAYA, OURS):
        assert secret not in said


def test_an_item_is_closed_with_the_name_of_whose_work_it_is(told: Terminal) -> None:
    number = number_of(ItemKind.OTHER_LANGUAGE)
    assert told("inbox", "items", "--close", number, "--by", SAM, "--note", "Ola reads it.") == 0
    assert told.said.strip() == f"Item {number} is closed."
    with opened_database(read({})) as base:
        rows = base.writer.run(lambda connection: connection.execute(tables.TeamItem.__table__.select()).all())
        acts = base.writer.run(lambda connection: connection.execute(tables.Audit.__table__.select()).all())
    closed = [(str(row.id), row.note) for row in rows if row.closed_at is not None]
    assert closed == [(number, "Ola reads it.")]
    assert [(row.who, row.act, row.object_id) for row in acts] == [(SAM, "item.closed", number)]
    assert told("inbox", "items", "--close", number, "--by", SAM) == 1
    assert "closed before" in told.said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--close", number_of(ItemKind.CHANNEL), "--by", SAM), "not their work"),
        (("--close", "999", "--by", SAM), "no item with this number"),
        (("--close", "1", "--by", "ann@example.org"), "Nobody with this address"),
    ],
    ids=["another's work", "no such item", "a stranger"],
)
def test_nothing_is_closed_and_it_says_why(told: Terminal, words: tuple[str, ...], said: str) -> None:
    assert told("inbox", "items", *words) == 1
    assert said in " ".join(told.said.split())


def test_a_number_without_a_name_closes_nothing(told: Terminal) -> None:
    assert told("inbox", "items", "--close", "1") == 2
    assert "belong together" in told.said


def test_an_empty_list_says_so(earshot: Terminal) -> None:
    assert earshot("db", "upgrade") == 0
    assert earshot("inbox", "items") == 0
    assert earshot.said.strip() == "Nothing is open."
