"""A backup that is put back loses again what people had deleted since it was made (rule 60)."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import time_machine
from sqlalchemy import select

from bot.settings.environment import read
from bot.settings.open_database import opened_database
from storage import tables
from storage.db.engine import reader
from storage.privacy.vacuum import LIST, Again, again, listed, read_list
from storage.protection.crypto import address_lookups, seal_address
from storage.protection.erasure import erase_story
from storage.queries.conversations import turn_queries
from tests.bot.service import MAYA, TOM
from tests.promises.leftovers import leftovers
from tests.storage.acts import LATER, NOW, begin, keep

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from tests.bot.terminal import Terminal

DATABASE = Path("var/earshot.db")


def tell(number: str, name: str, words: str) -> None:
    with opened_database(read({})) as base:

        def work(connection: Connection) -> None:
            lookups = address_lookups(base.keyring, "sms", number)
            person = turn_queries.find_person(connection, channel="sms", lookups=lookups) or turn_queries.make_person(
                connection, channel="sms", lookups=lookups, sealed=seal_address(base.keyring, number), now=base.clock()
            )
            keep(connection, person, begin(connection, person, name, status="ended"), words)

        base.writer.run(work)


def told() -> list[str]:
    story = tables.Story.__table__
    with opened_database(read({})) as base, reader(base.engine) as connection:
        return list(connection.execute(select(story.c.text).order_by(story.c.id)).scalars())


@pytest.fixture
def copy(earshot: Terminal) -> Path:
    """A backup with a story of Maya's and two of Tom's; then Maya had everything deleted, and Tom one story."""
    with time_machine.travel(NOW, tick=False):
        tell(MAYA, "c1", "Maya by the quay.")
        tell(TOM, "c2", "Tom by the pier.")
        tell(TOM, "c3", "Tom by the lock.")
        path = earshot.folder / "copy.db"
        assert earshot("db", "backup", str(path), "--plain") == 0
    with time_machine.travel(LATER, tick=False):
        assert earshot("people", "erase", MAYA, "--reason", "asked", "--yes") == 0
        with opened_database(read({})) as base:
            assert base.writer.run(lambda connection: erase_story(connection, 2, base.clock()))
    return path


@pytest.mark.parametrize("lost", [False, True], ids=["put back over it", "after the database was lost"])
def test_what_was_deleted_since_is_deleted_again(earshot: Terminal, copy: Path, lost: bool) -> None:
    with time_machine.travel(LATER, tick=False):
        assert earshot("db", "erase-again") == 0  # puts the story on the list, as the service does every minute
        assert "Nothing in it" in earshot.said
        if lost:
            DATABASE.unlink()
        assert leftovers([copy], ["Maya by", "pier"]), "the copy holds them"
        assert earshot("db", "restore", str(copy), "--yes") == 0
    assert "1 stories and 1 people that had been deleted since were deleted again." in earshot.said
    assert told() == ["Tom by the lock."]
    files = [
        path for path in DATABASE.parent.iterdir() if path.name.startswith("earshot.db") and "before" not in path.name
    ]
    assert leftovers(files, ["Maya by", "pier"]) == {}
    assert set(leftovers(files, ["by the lock"])) == {"by the lock"}


def test_the_database_that_was_there_knows_what_the_list_does_not(earshot: Terminal, copy: Path) -> None:
    (DATABASE.parent / LIST).unlink()
    assert earshot("db", "restore", str(copy), "--yes") == 0
    assert told() == ["Tom by the lock."]


def test_somebody_who_came_back_afterwards_keeps_what_is_new(earshot: Terminal, copy: Path) -> None:
    assert copy.exists()
    newer = earshot.folder / "newer.db"
    with time_machine.travel(LATER + timedelta(days=1), tick=False):
        tell(MAYA, "c9", "Maya again, another day.")
    assert earshot("db", "backup", str(newer)) == 0
    assert earshot("db", "restore", str(newer), "--yes") == 0
    assert told() == ["Tom by the lock.", "Maya again, another day."]
    assert "Nothing in it had been deleted since." in earshot.said


def test_the_list_names_nobody_and_is_for_its_owner_only(earshot: Terminal, copy: Path) -> None:
    assert copy.exists()
    path = DATABASE.parent / LIST
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert MAYA[1:] not in text
    assert "Maya" not in text
    kinds = [erased.kind for erased in read_list(DATABASE.parent)]
    assert kinds == ["person", "address"]
    with opened_database(read({})) as base:
        assert [erased.kind for erased in listed(base.engine)] == ["person", "address", "story"]


def test_a_torn_list_is_read_as_far_as_it_goes(earshot: Terminal, copy: Path) -> None:
    assert copy.exists()
    path = DATABASE.parent / LIST
    path.write_text("2026-11-2\n" + path.read_text() + "2026-11-23T11:00:00+00:00 address sms:zz\n")
    assert len(read_list(DATABASE.parent)) == 3
    with opened_database(read({})) as base:
        found = read_list(DATABASE.parent)
        assert base.writer.run(lambda connection: again(connection, found, LATER)) == Again(0, 0)
