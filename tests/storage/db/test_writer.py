"""The unit of work: what it promises to whoever hands it work, the same on both databases."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, text

from storage import tables
from storage.db import engine as db
from storage.db.checkpoint import Checkpointer
from storage.db.writer import (
    GroupWriter,
    LostBatchError,
    PoolWriter,
    Writer,
    WriterBusyError,
    WriterClosedError,
    note,
    writer_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

STRAY = tables.Stray.__table__


class RefusedError(Exception):
    """A turn that fails."""


def add(kind: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(insert(STRAY).values(channel="sms", kind=kind, count=1))
        return kind

    return work


def add_and_fail(kind: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        add(kind)(connection)
        raise RefusedError(kind)

    return work


def kept(database: Engine) -> set[str]:
    with db.reader(database) as connection:
        return set(connection.execute(select(STRAY.c.kind)).scalars())


def held_up(writer: Writer) -> threading.Event:
    """Keep the writer busy until the event is set, so that what is submitted meanwhile waits together."""
    release, begun = threading.Event(), threading.Event()

    def work(_connection: Connection) -> None:
        begun.set()
        release.wait(10)

    for _ in range(1 if isinstance(writer, GroupWriter) else 8):
        begun.clear()
        writer.submit(work)
        assert begun.wait(10)
    return release


def test_each_database_has_its_writer(kind: str, writer: Writer) -> None:
    assert isinstance(writer, GroupWriter if kind == "sqlite" else PoolWriter)


def test_work_is_kept_before_its_future_resolves(database: Engine, writer: Writer) -> None:
    assert writer.submit(add("one")).result(10) == "one"
    assert kept(database) == {"one"}
    assert writer.run(add("two")) == "two"
    assert kept(database) == {"one", "two"}


def test_failing_work_rolls_back_alone(database: Engine, writer: Writer) -> None:
    release = held_up(writer)
    futures = [writer.submit(add_and_fail(f"{n}") if n % 3 == 0 else add(f"{n}")) for n in range(30)]
    release.set()
    for n, future in enumerate(futures):
        if n % 3 == 0:
            with pytest.raises(RefusedError):
                future.result(10)
        else:
            assert future.result(10) == f"{n}"
    assert kept(database) == {f"{n}" for n in range(30) if n % 3}


def test_an_error_of_the_database_rolls_back_alone_too(database: Engine, writer: Writer) -> None:
    release = held_up(writer)
    first, second, third = writer.submit(add("same"), "k"), writer.submit(add("same"), "k"), writer.submit(add("other"))
    release.set()
    assert first.result(10) == "same"
    assert third.result(10) == "other"
    with pytest.raises(Exception, match=r"(?i)unique"):
        second.result(10)
    assert kept(database) == {"same", "other"}


@pytest.mark.parametrize("kind_of_row", [None, "a kind"], ids=["a missing value", "a row twice"])
def test_errors_do_not_repeat_what_a_contributor_wrote(writer: Writer, kind_of_row: str | None) -> None:
    secret = "my number is +447700900123"
    values = {"secret": secret, "kind": kind_of_row}
    statement = text("INSERT INTO stray (channel, kind, count) VALUES (:secret, :kind, 1), (:secret, :kind, 1)")
    with pytest.raises(Exception, match=r"\w") as caught:
        writer.run(lambda connection: connection.execute(statement, values))
    assert secret not in f"{caught.value} {caught.value!r}"


def test_a_commit_that_fails_keeps_nothing_and_tells_everyone(sqlite_database: Engine) -> None:
    def orphan(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # the fault shows at the commit
        connection.exec_driver_sql("INSERT INTO export_story (export_id, story_id) VALUES (99, 1)")

    writer = GroupWriter(sqlite_database)
    release = held_up(writer)
    futures = [writer.submit(add("before")), writer.submit(orphan), writer.submit(add_and_fail("own fault"))]
    release.set()
    for future, error in zip(futures, (LostBatchError, LostBatchError, RefusedError), strict=True):
        with pytest.raises(error):
            future.result(10)
    assert kept(sqlite_database) == set()
    assert writer.run(add("after")) == "after"
    assert kept(sqlite_database) == {"after"}
    writer.close()


def test_a_transaction_the_database_gave_up_is_not_written_past(sqlite_database: Engine) -> None:
    """A full disk, for one, makes SQLite roll the whole transaction back in the middle of a batch."""

    def rolled_back(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute("ROLLBACK")
        raise RefusedError

    writer = GroupWriter(sqlite_database)
    release = held_up(writer)
    before, fatal, after = writer.submit(add("before")), writer.submit(rolled_back), writer.submit(add("after"))
    release.set()
    with pytest.raises(LostBatchError):
        before.result(10)
    with pytest.raises(RefusedError):
        fatal.result(10)
    assert after.result(10) == "after"
    assert kept(sqlite_database) == {"after"}
    writer.close()


def test_work_with_one_key_runs_in_order_and_never_twice_at_once(writer: Writer) -> None:
    running: list[int] = []
    order: list[int] = []

    def work(n: int) -> Callable[[Connection], None]:
        def run(connection: Connection) -> None:
            running.append(n)
            connection.execute(text("SELECT 1"))
            assert running == [n]
            order.append(n)
            running.remove(n)

        return run

    for future in [writer.submit(work(n), "one person") for n in range(100)]:
        future.result(10)
    assert order == list(range(100))


def test_too_much_waiting_is_refused(database: Engine) -> None:
    small: Writer = type(writer_for(database))(database, capacity=20)  # type: ignore[call-arg]
    release = held_up(small)
    room = 20 if isinstance(small, GroupWriter) else 12  # the eight that run count on PostgreSQL
    waiting = [small.submit(add(f"{n}")) for n in range(room)]
    with pytest.raises(WriterBusyError, match="try again later"):
        small.submit(add("too many"))
    release.set()
    assert {future.result(10) for future in waiting} == kept(database)
    small.run(add("room again"))
    small.close()


def test_closing_finishes_what_was_given(database: Engine) -> None:
    writer = writer_for(database)
    futures = [writer.submit(add(f"{n}"), n % 3) for n in range(50)]
    writer.close()
    writer.close()
    assert all(future.done() for future in futures)
    assert len(kept(database)) == 50
    with pytest.raises(WriterClosedError):
        writer.submit(add("late"))


async def test_an_event_loop_waits_without_being_held_up(database: Engine, writer: Writer) -> None:
    futures = [writer.perform(add(f"{n}")) for n in range(40)]
    broken = writer.perform(add_and_fail("broken"))
    given_up = writer.perform(add("given up"))
    given_up.cancel()
    assert await asyncio.gather(*futures) == [f"{n}" for n in range(40)]
    with pytest.raises(RefusedError):
        await broken
    assert {f"{n}" for n in range(40)} <= kept(database)


def test_listeners_hear_what_was_noted_once_it_is_kept(database: Engine, writer: Writer) -> None:
    heard: list[tuple[frozenset[str], set[str]]] = []

    def deaf(_topics: frozenset[str]) -> None:
        raise RefusedError

    told = threading.Event()

    def listening(topics: frozenset[str]) -> None:
        heard.append((topics, kept(database)))
        told.set()

    writer.on_commit(deaf)
    writer.on_commit(listening)

    def noting(connection: Connection) -> None:
        add("noted")(connection)
        note(connection, "outbox")
        note(connection, "team")

    writer.run(add("quiet"))
    writer.run(noting)
    assert told.wait(20), "told after the work is done, not before"
    writer.run(add("quiet again"))
    writer.close()
    assert heard == [(frozenset({"outbox", "team"}), {"quiet", "noted"})]


def test_two_writers_of_one_sqlite_file_take_turns(sqlite_database: Engine) -> None:
    """A command run beside the service."""
    other = db.connect(str(sqlite_database.url))
    writers = [GroupWriter(sqlite_database), GroupWriter(other)]
    futures = [writers[n % 2].submit(add(f"{n}")) for n in range(200)]
    for future in futures:
        future.result(20)
    for writer in writers:
        writer.close()
    other.dispose()
    assert len(kept(sqlite_database)) == 200


def test_the_log_stays_small_under_load(sqlite_database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 512 * 1024
    monkeypatch.setattr(
        "storage.db.writer.Checkpointer", lambda engine: Checkpointer(engine, every=0.01, idle=0.05, log_bytes=limit)
    )
    log = Path(f"{sqlite_database.url.database}-wal")
    writer = GroupWriter(sqlite_database)
    largest = written = 0
    for n in range(60):
        futures = [writer.submit(add(f"{n} {i} {'x' * 3000}")) for i in range(40)]
        written += sum(len(future.result(20)) for future in futures)
        largest = max(largest, log.stat().st_size)
    writer.close()
    assert written > 12 * limit
    assert largest < 6 * limit  # the log would hold everything that was written, and more
    assert len(kept(sqlite_database)) == 60 * 40


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_what_may_pass_is_tried_again(database: Engine, writer: Writer) -> None:
    tries: list[str] = []

    def fails_twice(connection: Connection) -> str:
        tries.append("try")
        add(f"try {len(tries)}")(connection)
        if len(tries) < 3:
            connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$"))
        return "done"

    assert writer.run(fails_twice) == "done"
    assert len(tries) == 3
    assert kept(database) == {"try 3"}


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_two_that_wait_for_each_other_both_end(database: Engine, writer: Writer) -> None:
    for kind in ("a", "b"):
        writer.run(add(kind))
    meet = threading.Barrier(2, timeout=10)
    met: set[str] = set()

    def both(first: str, second: str) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            change = text("UPDATE stray SET count = count + 1 WHERE kind = :kind")
            connection.execute(change, {"kind": first})
            if first not in met:
                met.add(first)
                meet.wait()
            connection.execute(change, {"kind": second})

        return work

    for future in [writer.submit(both("a", "b")), writer.submit(both("b", "a"))]:
        future.result(20)
    with db.reader(database) as connection:
        assert connection.execute(select(STRAY.c.count).order_by(STRAY.c.kind)).scalars().all() == [3, 3]


KILLED = """
import sys, threading
from sqlalchemy import insert
from storage import tables
from storage.db import engine as database
from storage.db.writer import writer_for

STRAY = tables.Stray.__table__
engine = database.connect(sys.argv[1])
writer = writer_for(engine)
gate = threading.Lock()

def tell_stories(person):
    n = 0
    while True:
        n += 1
        kind = f"{person}-{n}"
        writer.run(lambda c: c.execute(insert(STRAY).values(channel="sms", kind=kind, count=n)) and None, person)
        with gate:
            sys.stdout.write(kind + "\\n")
            sys.stdout.flush()

for person in range(16):
    threading.Thread(target=tell_stories, args=(person,), daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.slow
@pytest.mark.parametrize("acknowledgements", [1, 300, 1500])
def test_nothing_acknowledged_is_lost_when_the_process_is_killed(database: Engine, acknowledgements: int) -> None:
    url = database.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(acknowledgements)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().split("\n")[:-1]  # the last line may be torn
    process.stdout.close()
    assert process.wait(10) == -signal.SIGKILL
    assert len(acknowledged) >= acknowledgements
    assert "" not in acknowledged
    found = kept(database)
    assert set(acknowledged) <= found
    for person in range(16):
        told = sorted(int(kind.split("-")[1]) for kind in found if kind.startswith(f"{person}-"))
        assert told == list(range(1, len(told) + 1))
