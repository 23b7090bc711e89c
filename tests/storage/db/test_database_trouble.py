"""Trouble with the database: it is named, nothing is half kept, and one lost line is nobody's loss."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, insert, select, text

from storage import tables
from storage.db import engine as db
from storage.db.database_trouble import SAYINGS, Cause, Health, cause_of
from storage.db.writer import GroupWriter, LostBatchError, PoolWriter, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

STRAY = tables.Stray.__table__
POSTGRESQL = [pytest.param("postgresql", marks=pytest.mark.postgresql)]


def add(kind: str) -> Callable[[Connection], None]:
    return lambda connection: connection.execute(insert(STRAY).values(channel="sms", kind=kind, count=1)) and None


def kept(engine: Engine) -> int:
    with db.reader(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(STRAY)).scalar_one())


def lost(writer: Writer, work: Callable[[Connection], Any]) -> Cause | None:
    with pytest.raises(LostBatchError) as caught:
        writer.run(work)
    return caught.value.cause


def pragma(words: str) -> Callable[[Connection], Any]:
    return lambda connection: connection.exec_driver_sql(f"PRAGMA {words}") and None


# --- the causes, as each database tells them ------------------------------------------------------------------------


def test_a_full_disk_is_named_and_nothing_is_kept(sqlite_database: Engine) -> None:
    writer = GroupWriter(sqlite_database)
    writer.run(pragma("max_page_count=1"))  # no more pages than there are
    assert lost(writer, add("x" * 2_000_000)) is Cause.FULL
    assert writer.health.cause is Cause.FULL
    assert kept(sqlite_database) == 0
    writer.close()


def test_a_database_that_somebody_else_holds_is_named_and_all_that_wait_are_told(sqlite_database: Engine) -> None:
    writer = GroupWriter(sqlite_database)
    writer.run(pragma("busy_timeout=300"))
    other = sqlite3.connect(str(sqlite_database.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    futures = [writer.submit(add(f"{n}")) for n in range(30)]
    errors = [future.exception(2) for future in futures]
    assert {error.cause for error in errors if isinstance(error, LostBatchError)} == {Cause.LOCKED}
    assert len(errors) == 30, "each of them would have waited as long again"
    other.close()
    writer.run(add("afterwards"))
    assert kept(sqlite_database) == 1
    writer.close()


def test_a_read_only_database_is_named_and_each_is_told_to_come_again(sqlite_database: Engine) -> None:
    writer = GroupWriter(sqlite_database)
    writer.run(pragma("query_only=ON"))
    assert lost(writer, add("one")) is Cause.READ_ONLY
    assert writer.run(lambda connection: connection.execute(select(1)).scalar()) == 1
    assert writer.health.cause is Cause.READ_ONLY, "that something can be read says nothing"
    writer.close()


def test_a_damaged_database_is_named_for_as_long_as_we_run(tmp_path: Path, sqlite_database: Engine) -> None:
    for n in range(300):
        with sqlite_database.begin() as connection:
            add(f"{n} {'x' * 500}")(connection)
    sqlite_database.dispose()
    path = Path(str(sqlite_database.url.database))
    with sqlite3.connect(path) as plain:
        root = plain.execute("SELECT rootpage FROM sqlite_master WHERE name = 'stray'").fetchone()[0]
        size = plain.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * 64)
    writer = GroupWriter(sqlite_database)
    with pytest.raises(Exception, match=r"\w") as caught:
        writer.run(lambda connection: connection.execute(select(func.sum(STRAY.c.count))).scalar())
    assert cause_of(caught.value) is Cause.CORRUPT
    release = tables.Notice.__table__
    writer.run(lambda connection: connection.execute(insert(release).values(digest="d", body="b")) and None)
    assert writer.health.cause is Cause.CORRUPT, "that another table can be written does not mend it"
    writer.close()


@pytest.mark.parametrize(
    ("state", "cause"),
    [("53100", Cause.FULL), ("25006", Cause.READ_ONLY), ("XX001", Cause.CORRUPT), ("55P03", Cause.LOCKED)],
)
@pytest.mark.parametrize("kind", POSTGRESQL)
def test_what_postgresql_says_is_named(database: Engine, writer: Writer, state: str, cause: Cause) -> None:
    del database
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(Exception, match=r"\w") as caught:
        writer.run(lambda connection: connection.execute(raising))
    assert cause_of(caught.value) is cause is writer.health.cause
    assert isinstance(caught.value, LostBatchError) == (cause is not Cause.CORRUPT)


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_a_table_that_somebody_holds_is_named_in_time(database: Engine, writer: Writer) -> None:
    with database.connect() as connection:
        setting = connection.execute(text("SHOW lock_timeout")).scalar_one()
    assert setting == f"{db.LOCK_SECONDS}s"

    def hurried(connection: Connection) -> None:
        connection.execute(text("SET LOCAL lock_timeout = '20ms'"))
        add("one")(connection)

    with database.begin() as holder:
        holder.execute(text("LOCK TABLE stray"))
        assert lost(writer, hurried) is Cause.LOCKED
    writer.run(add("one"))


def test_a_server_that_is_not_there_is_named_and_asked_by_one_at_a_time() -> None:
    away = db.connect("postgresql+psycopg://earshot@127.0.0.1:9/earshot")
    writer = PoolWriter(away)
    assert lost(writer, add("one")) is Cause.AWAY
    tried = away.pool
    assert [lost(writer, add("more")) for _ in range(50)] == [Cause.AWAY] * 50
    assert away.pool is tried, "those that came next were told at once"
    writer.close()
    away.dispose()


# --- a line that is lost --------------------------------------------------------------------------------------------


def cut_off(connection: Connection) -> None:
    connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@pytest.mark.parametrize("kind", POSTGRESQL)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_work_whose_line_is_lost_is_done_again(database: Engine, writer: Writer, moment: str) -> None:
    tries = []

    def work(connection: Connection) -> str:
        tries.append("try")
        if moment == "after":
            add(f"{len(tries)}")(connection)
        if len(tries) == 1:
            cut_off(connection)
        if moment == "before":
            add(f"{len(tries)}")(connection)
        return "done"

    assert writer.run(work) == "done"
    assert (len(tries), kept(database)) == (2, 1)
    assert writer.health.cause is None, "nobody need be told of one line"


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_lines_that_are_all_lost_while_they_lie_idle_are_nobodys_loss(database: Engine, writer: Writer) -> None:
    for future in [writer.submit(add(f"{n}")) for n in range(16)]:
        future.result(10)
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with database.connect() as connection:
        connection.execute(others)
    assert kept(database) == 16, "whoever reads sees nothing of it either"
    for future in [writer.submit(add(f"again {n}")) for n in range(16)]:
        future.result(10)
    assert kept(database) == 32


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_a_line_lost_in_the_commit_is_told_as_such_and_not_simply_done_again(
    database: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was kept nobody can say; what has the effect of once may be given again."""
    commit, tries = database.dialect.do_commit, []

    def cut(connection: Any) -> None:
        commit(connection)
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def work(connection: Connection) -> None:
        tries.append("try")
        add("one")(connection)

    monkeypatch.setattr(database.dialect, "do_commit", cut)
    with pytest.raises(LostBatchError) as caught:
        writer.run(work)
    assert (caught.value.cause, caught.value.perhaps, tries) == (Cause.AWAY, True, ["try"])
    monkeypatch.undo()
    assert kept(database) == 1


# --- what is remembered of it ---------------------------------------------------------------------------------------


def test_trouble_is_told_when_it_begins_and_when_it_is_really_over() -> None:
    now, told = [0.0], []
    health = Health(lambda: now[0])
    health.on_change(told.append)
    health.worked()
    health.failed(Cause.FULL)
    health.failed(Cause.FULL)
    health.worked()  # on a full disk small things still fit
    assert told == [Cause.FULL]
    now[0] = 10.0
    health.worked()
    assert told == [Cause.FULL, None]
    assert health.cause is None


def test_every_cause_has_words_for_the_person_at_the_console() -> None:
    assert set(SAYINGS) == set(Cause)
    for cause in (Cause.FULL, Cause.LOCKED, Cause.READ_ONLY, Cause.CORRUPT, Cause.AWAY):
        assert cause.value in SAYINGS[cause].what.lower()


def test_an_error_that_says_nothing_of_the_database_has_no_cause() -> None:
    assert cause_of(ValueError("full")) is None
    assert cause_of(None) is None


async def test_urgent_work_goes_before_all_that_waits(database: Engine, writer: Writer) -> None:
    release, order = threading.Event(), []
    held = [writer.perform(lambda _connection: release.wait(10)) for _ in range(8)]
    waiting = [writer.perform(lambda _connection, n=n: order.append(n)) for n in range(100)]
    urgent = writer.perform(lambda _connection: order.append("urgent"), urgent=True)
    if isinstance(writer, PoolWriter):
        await urgent  # it has threads of its own
    release.set()
    for future in (*held, *waiting, urgent):
        await future
    assert order[0] == "urgent"
    del database
