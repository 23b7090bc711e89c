"""What bringing a database up to date says of tables that are not as they should be, whatever its revision says."""

from __future__ import annotations

import os
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bot.app import build
from bot.cli.serve import _greet
from bot.settings.environment import read
from storage.db.engine import UnusableDatabaseError, newest, schema_version
from tests.bot.terminal import refused
from tests.storage.test_migrations import make

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from tests.bot.terminal import Terminal

MISSING = {
    "a column": (
        "ALTER TABLE team_item DROP COLUMN note",
        "the column team_item.note is missing; it should be VARCHAR",
    ),
    "an index": ("DROP INDEX ix_outbox_due", "the index ix_outbox_due of outbox is missing; it should be over channel"),
}
MORE = ("ALTER TABLE team_item ADD COLUMN mine VARCHAR", "the column team_item.mine is not known; it is VARCHAR")


@pytest.fixture
def named(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A database that the command line finds."""
    monkeypatch.setenv("EARSHOT_DATABASE_URL", database.url.render_as_string(hide_password=False))
    return database


def change(database: Engine, statement: str) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(("statement", "said"), MISSING.values(), ids=MISSING.keys())
def test_what_is_missing_is_said_by_the_upgrade_and_the_start(
    earshot: Terminal, capsys: pytest.CaptureFixture[str], named: Engine, statement: str, said: str
) -> None:
    assert earshot("db", "upgrade") == 0
    assert "was up to date" in earshot.said
    change(named, statement)
    told = refused(earshot, capsys, "db", "upgrade")
    for each in (said, f"should be at {newest()}", "Nothing was changed", "earshot db restore FILE"):
        assert each in told
    with pytest.raises(UnusableDatabaseError, match="is missing; it should be"):
        build(read(os.environ))
    assert earshot("doctor") == 1
    assert said in " ".join(earshot.said.split())


def test_a_column_more_is_said_and_keeps_nobody_from_starting(
    earshot: Terminal, capsys: pytest.CaptureFixture[str], named: Engine
) -> None:
    statement, said = MORE
    change(named, statement)
    told = refused(earshot, capsys, "db", "upgrade")
    for each in ("this version does not know", said, "They do no harm"):
        assert each in told
    out = Console(file=StringIO(), soft_wrap=True)
    app = build(read(os.environ))
    _greet(out, app)
    app.close()
    assert said in out.file.getvalue()  # type: ignore[attr-defined]
    earshot("doctor")
    assert said in " ".join(earshot.said.split())


def test_an_old_database_is_brought_up_to_date_and_one_that_is_not_what_it_says_is_left_alone(
    earshot: Terminal, capsys: pytest.CaptureFixture[str], bare_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_DATABASE_URL", bare_database.url.render_as_string(hide_password=False))
    make(bare_database, "0009")
    change(bare_database, "DROP INDEX ix_outbox_due")
    told = refused(earshot, capsys, "db", "upgrade")
    assert "ix_outbox_due" in told
    assert schema_version(bare_database) == "0009"
    change(bare_database, "CREATE INDEX ix_outbox_due ON outbox (channel, due_at, id) WHERE state = 'queued'")
    assert earshot("db", "upgrade") == 0
    assert f"is now at {newest()}" in earshot.said
