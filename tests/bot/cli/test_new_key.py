"""Changing the key: what is kept comes under the new one, and the old one may go only when nothing needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from storage import tables
from storage.db.engine import reader
from storage.protection.crypto import Keyring, new_key, open_address
from tests.bot.service import MAYA, Service
from tests.bot.terminal import refused

if TYPE_CHECKING:
    import pytest
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer
    from tests.bot.terminal import Terminal


async def test_all_comes_under_the_new_key_and_it_is_said_that_the_old_one_may_go(
    earshot: Terminal, database: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(database, writer)
    old, new = (b"k" * 32).hex(), new_key()
    await service.text(MAYA, "Hello", "AGREE")
    monkeypatch.setenv("EARSHOT_DATABASE_URL", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("EARSHOT_SECRET_KEY", f"{new},{old}")
    assert earshot("db", "new-key") == 0
    assert "The old key may go" in earshot.said
    with reader(database) as connection:
        (sealed,) = connection.execute(select(tables.Address.__table__.c.sealed)).scalars()
    assert open_address(Keyring.from_setting(new), sealed) == MAYA
    monkeypatch.setenv("EARSHOT_SECRET_KEY", new)
    assert earshot("doctor") in {0, 1}
    assert "does not fit" not in earshot.said


def test_one_key_changes_nothing(
    earshot: Terminal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert earshot("db", "upgrade") == 0
    assert "Write the new key first" in refused(earshot, capsys, "db", "new-key")
    monkeypatch.setenv("EARSHOT_SECRET_KEY", new_key())
    assert "Write the new key first" in refused(earshot, capsys, "db", "new-key")
