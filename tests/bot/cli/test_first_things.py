"""What must be there before anything is done: folder, database, key. Else nothing is made, and it is said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.app import build
from bot.cli import serve
from bot.settings.environment import read
from bot.settings.open_database import open_database, opened_database
from storage.db.engine import UnusableDatabaseError
from storage.protection.crypto import UnusableKeyError, address_lookups, seal_address
from storage.queries.conversations import turn_queries
from tests.bot.service import MAYA, NOON
from tests.bot.terminal import refused

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from tests.bot.terminal import Terminal

KEY, DATABASE = Path("var/secret.key"), Path("var/earshot.db")


@pytest.fixture
def lived_in(earshot: Terminal) -> Terminal:
    """The command line of an installation to which somebody has written."""
    with opened_database(read({})) as base:

        def work(connection: Connection) -> None:
            lookups, sealed = address_lookups(base.keyring, "sms", MAYA), seal_address(base.keyring, MAYA)
            turn_queries.make_person(connection, channel="sms", lookups=lookups, sealed=sealed, now=NOON)

        base.writer.run(work)
    return earshot


@pytest.mark.parametrize("word", ["", "short"], ids=["empty", "damaged"])
def test_a_key_file_that_cannot_be_used_is_named(
    lived_in: Terminal, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    KEY.write_text(word)
    said = refused(lived_in, capsys, "stories", "list")
    for each in (str(KEY), "Nothing was changed", "Put it back"):
        assert each in said
    assert "make one" not in said
    assert KEY.read_text() == word
    assert lived_in("doctor") == 1
    assert f"The key file {KEY} is" in lived_in.said
    assert "Put it back from your copy" in lived_in.said
    for each in ("make one with", "have one made"):
        assert each not in lived_in.said, "another key answers nobody"


def test_a_key_cut_off_in_the_settings_is_named_and_no_other_is_advised(
    lived_in: Terminal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_SECRET_KEY", KEY.read_text().strip()[:-4])
    said = refused(lived_in, capsys, "stories", "list")
    for each in ("EARSHOT_SECRET_KEY", "number 1", "cut off", "Only a new installation takes a new one"):
        assert each in said
    assert KEY.read_text().strip()[:-4] not in said


def test_a_service_without_its_key_does_not_start(lived_in: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    KEY.unlink()
    with pytest.raises(UnusableKeyError, match="its key is not at"):
        build(read({}))
    said = refused(lived_in, capsys, "people", "find", MAYA, "--reason", "asked")
    for each in ("would be a stranger", "STOP", "Put the key file back"):
        assert each in said
    assert not KEY.exists()
    assert lived_in("doctor") == 1
    assert "The key of the database is not at" in lived_in.said


def test_a_database_without_a_byte_is_named_and_left_alone(
    lived_in: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in DATABASE.parent.glob("earshot.db*"):
        path.write_bytes(b"")
    said = refused(lived_in, capsys, "stories", "list")
    for each in ("has no content at all", "earshot db restore FILE", "Nothing was changed"):
        assert each in said
    assert DATABASE.stat().st_size == 0
    assert lived_in("doctor") == 1
    assert "has no content at all" in lived_in.said
    assert "earshot db restore FILE" in lived_in.said
    assert "EARSHOT_DATABASE_URL right" not in lived_in.said


def test_a_key_without_its_database_gets_no_empty_one(lived_in: Terminal) -> None:
    for path in DATABASE.parent.glob("earshot.db*"):
        path.unlink()
    with pytest.raises(UnusableDatabaseError, match="There is a key at"):
        build(read({}))
    assert not DATABASE.exists()
    assert lived_in("doctor") == 1
    assert "There is a key, and no database" in lived_in.said
    assert lived_in("db", "upgrade") == 0, "said on purpose, it is made"
    build(read({})).close()


READING = [
    ("stories", "list"), ("stories", "show", "1"), ("inbox", "list"), ("inbox", "items"), ("inbox", "replay"),
    ("export",), ("export", "recalls"), ("people", "find", MAYA, "--reason", "asked"), ("retention", "run"),
    ("team", "token", "s@example.org"), ("clock", "show"),
]  # fmt: skip


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_mistyped_data_folder_is_an_error_and_no_new_database(
    earshot: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("EARSHOT_DATA_DIR", "vra")
    said = refused(earshot, capsys, *words)
    for each in ("There is no database at", "vra/earshot.db", "Nothing was made", "EARSHOT_DATA_DIR"):
        assert each in said
    assert not Path("vra").exists()


def test_nobody_is_added_to_a_team_in_a_folder_that_is_not_there(
    earshot: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert earshot("team", "add", "sam@example.org") == 0, "the first command of a new installation"
    monkeypatch.setenv("EARSHOT_DATA_DIR", "vra")
    assert "Nothing was made" in refused(earshot, capsys, "team", "add", "tom@example.org")
    assert not Path("vra").exists()


def test_a_start_with_a_mistyped_data_folder_makes_none(
    earshot: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    earshot("db", "upgrade")
    assert (Path("var") / "earshot.db").exists()
    monkeypatch.setenv("EARSHOT_DATA_DIR", "vra")
    said = refused(earshot, capsys, "serve")
    for each in ("There is no data folder vra", "var holds a database", "Nothing was made", "EARSHOT_DATA_DIR"):
        assert each in said
    assert "There is no data folder vra, and var holds a database" in refused(earshot, capsys, "doctor")
    assert not Path("vra").exists()


def test_the_first_start_needs_nothing(earshot: Terminal) -> None:
    assert list(Path().iterdir()) == []
    open_database(read({})).close()
    assert KEY.exists()
    assert DATABASE.stat().st_size > 0
    assert serve.commands
    assert earshot("stories", "list") == 0


@pytest.mark.parametrize("words", [("stories", "list"), ("team", "list"), ("inbox", "items")], ids=" ".join)
def test_a_damaged_database_is_named_and_nothing_is_blamed_on_us(
    earshot: Terminal, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    earshot("db", "upgrade")
    file = Path("var") / "earshot.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"\x55" * (len(whole) - 100))
    said = refused(earshot, capsys, *words)
    assert "damaged" in said
    assert "What was asked was not done" in said
    assert "should not" not in said
