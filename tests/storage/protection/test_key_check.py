"""A missing or a wrong key beside an existing database is refused before anything is written. On both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from storage import tables
from storage.db.engine import reader
from storage.protection import key_check
from storage.protection.crypto import Keyring, UnusableKeyError, address_lookups, new_key, rotate, seal_address
from storage.queries.conversations import turn_queries
from tests.storage.acts import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

OLD, NEW = new_key(), new_key()
NUMBER = "+447700900123"
PRINT = tables.Installation.__table__.c.key_print


def lived_in(writer: Writer, key: str, *, with_print: bool = True) -> None:
    """Let somebody have written under this key; a database of an older version has no print."""
    keyring = Keyring.from_setting(key)

    def work(connection: Connection) -> None:
        lookups = address_lookups(keyring, "sms", NUMBER)
        turn_queries.make_person(
            connection, channel="sms", lookups=lookups, sealed=seal_address(keyring, NUMBER), now=NOW
        )
        if with_print:
            key_check.remember(connection, keyring)

    writer.run(work)


@pytest.mark.parametrize("with_print", [True, False], ids=["", "of an older version"])
def test_a_missing_key_is_never_replaced_by_a_new_one(
    database: Engine, writer: Writer, tmp_path: Path, with_print: bool
) -> None:
    lived_in(writer, OLD, with_print=with_print)
    path = tmp_path / "secret.key"
    with pytest.raises(UnusableKeyError) as refused:
        key_check.keys_for(database, path, None)
    for word in (str(path), "Nothing was changed", "STOP", "Put the key file back"):
        assert word in str(refused.value)
    assert not path.exists()


@pytest.mark.parametrize("given", [True, False], ids=["in the settings", "in the file"])
@pytest.mark.parametrize("with_print", [True, False], ids=["", "of an older version"])
def test_a_wrong_key_is_refused(
    database: Engine, writer: Writer, tmp_path: Path, given: bool, with_print: bool
) -> None:
    lived_in(writer, OLD, with_print=with_print)
    path = tmp_path / "secret.key"
    path.write_text(NEW)
    with pytest.raises(UnusableKeyError, match="does not fit"):
        key_check.keys_for(database, path, NEW if given else None)
    assert key_check.fits(database, key_check.keys_for(database, path, OLD))


def test_a_wrong_key_is_known_where_nobody_has_an_address_any_more(database: Engine, writer: Writer) -> None:
    writer.run(lambda connection: key_check.remember(connection, Keyring.from_setting(OLD)))
    assert not key_check.fits(database, Keyring.from_setting(NEW))


def test_a_new_key_before_the_old_one_is_taken_and_the_old_one_goes_only_after_rotation(
    database: Engine, writer: Writer
) -> None:
    lived_in(writer, OLD)
    both, new = Keyring.from_setting(f"{NEW},{OLD}"), Keyring.from_setting(NEW)
    assert key_check.fits(database, both)
    writer.run(lambda connection: key_check.remember(connection, both))
    assert not key_check.fits(database, new), "what is stored is not under the new one yet"
    rotate(writer, both)
    assert key_check.fits(database, new)
    assert not key_check.fits(database, Keyring.from_setting(OLD))


@pytest.mark.parametrize("content", ["", "\n \n"], ids=["no byte", "blank"])
def test_an_empty_key_file_is_named(database: Engine, tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(content)
    with pytest.raises(UnusableKeyError) as refused:
        key_check.keys_for(database, path, None)
    assert f"{path} is empty" in str(refused.value)
    assert "Put it back from your copy" in str(refused.value)
    assert path.read_text() == content


def test_a_damaged_key_file_is_named_and_nobody_is_told_to_make_another(database: Engine, tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text(OLD[:20])
    with pytest.raises(UnusableKeyError) as refused:
        key_check.keys_for(database, path, None)
    assert "is damaged" in str(refused.value)
    assert "make one" not in str(refused.value)


def test_a_database_without_tables_or_people_gets_a_new_key(bare_database: Engine, tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    keyring = key_check.keys_for(bare_database, path, None)
    assert path.exists()
    assert keyring.prefix == Keyring.load_or_create(path).prefix


def test_the_print_gives_the_key_away_to_nobody(database: Engine, writer: Writer) -> None:
    for key in (OLD, NEW, OLD):
        writer.run(lambda connection, key=key: key_check.remember(connection, Keyring.from_setting(key)))
        with reader(database) as connection:
            kept = bytes(connection.execute(select(PRINT)).scalar_one())
        assert len(kept) == 32
        assert kept not in OLD.encode() + NEW.encode()
    writer.run(lambda connection: connection.execute(update(tables.Installation.__table__).values(key_print=None)))
