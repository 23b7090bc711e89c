"""The only place that commits.

A piece of work is a function of a connection. It neither commits nor rolls back; it returns or raises. Its changes are
durable before anybody sees its result. On SQLite one thread writes, and all waiting work shares one commit; on
PostgreSQL pieces run in parallel, one transaction each.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from storage.db.checkpoint import PASSIVE, Checkpointer
from storage.db.database_trouble import Cause, cause_of
from storage.db.work_queue import (
    CAPACITY,
    NOTED,
    LostBatchError,
    Submitting,
    WorkItem,
    Writer,
    WriterBusyError,
    WriterClosedError,
    log,
    note,
    settle_all,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from sqlalchemy.engine import Connection, Engine

T = TypeVar("T")

BATCH = 256
"""Most pieces of work in one commit."""
BATCH_SECONDS = 0.025
"""Seconds after which a batch is committed, so that its first piece does not wait for its last."""
TRIES = 6
RETRIED = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization_failure and deadlock_detected: the whole transaction was rolled back."""
ASKED_AGAIN_SECONDS = 0.25
"""Seconds between two attempts while PostgreSQL is away: one piece of work tries, the others fail at once."""
URGENT_WORKERS = 2
NUDGE = object()
"""Wakes the writing thread to look for urgent work."""


def writer_for(engine: Engine) -> Writer:
    """Return the writer for this database. One per process is enough; two on one SQLite file take turns."""
    return GroupWriter(engine) if engine.dialect.name == "sqlite" else PoolWriter(engine)


class GroupWriter(Submitting):
    """The writer of an SQLite database: one thread that runs waiting work in order and commits it together."""

    def __init__(self, engine: Engine, *, capacity: int = CAPACITY) -> None:
        super().__init__(engine, capacity)
        self._waiting: SimpleQueue[WorkItem[Any] | object | None] = SimpleQueue()
        self._urgent: deque[WorkItem[Any]] = deque()
        self._connection: Connection | None = None
        self._checkpointer = Checkpointer(engine)
        self._thread = Thread(target=self._serve, name="earshot-writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """See Writer."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._thread.join()
        self._checkpointer.close()

    def _put(self, item: WorkItem[Any], _key: Hashable | None, /, *, urgent: bool = False) -> None:
        with self._gate:
            self._admit(len(self._urgent) if urgent else self._waiting.qsize())
            if urgent:
                self._urgent.append(item)
            self._waiting.put(NUDGE if urgent else item)

    def _next(self, *, wait: bool) -> WorkItem[Any] | None:
        """Return the next piece of work, or None after the last one. Raises Empty if nothing waits now."""
        while True:
            if self._urgent:
                return self._urgent.popleft()
            item = self._waiting.get(wait)
            if item is None or isinstance(item, WorkItem):
                return item

    def _serve(self) -> None:
        more = True
        while more and (item := self._next(wait=True)) is not None:
            batch: list[WorkItem[Any]] = []
            try:
                if self._connection is None:
                    self._connection = self._engine.connect()
                more = self._run_batch(self._connection, item, batch)
            except BaseException as error:
                if not batch:  # no transaction could begin: everything that waits would only wait for the same error
                    batch.append(item)
                    more = self._all_waiting(batch)
                self._lose(batch, error)
                continue
            settle_all(batch)
            self._after(self._connection)
        if self._connection is not None:
            self._connection.close()

    def _run_batch(self, connection: Connection, item: WorkItem[Any] | None, batch: list[WorkItem[Any]]) -> bool:
        """Run `item` and the work that waits behind it, then commit. Returns False if there is no more work to come."""
        transaction = connection.begin()
        driver: Any = connection.connection.driver_connection
        changes = driver.total_changes
        until = time.perf_counter() + BATCH_SECONDS
        while item is not None:
            batch.append(item)
            driver.execute("SAVEPOINT work")
            try:
                item.result = item.work(connection)
            except BaseException as error:
                item.error = self._lost(error)
                if not (driver.in_transaction and transaction.is_active):
                    raise  # SQLite rolls the whole transaction back on some errors, such as a full disk
                driver.execute("ROLLBACK TO work")
            driver.execute("RELEASE work")
            if len(batch) >= BATCH or time.perf_counter() > until:
                break
            try:
                item = self._next(wait=False)
            except Empty:
                break
        transaction.commit()
        if self.health.cause is not None and driver.total_changes != changes:
            self.health.worked()
        return item is not None

    def _all_waiting(self, batch: list[WorkItem[Any]]) -> bool:
        """Add all waiting work to the batch. Returns False if there is no more work to come."""
        try:
            while (item := self._next(wait=False)) is not None:
                batch.append(item)
        except Empty:
            return True
        return False

    def _after(self, connection: Connection) -> None:
        """Do what follows a commit, once all callers of its batch have their results."""
        self._tell(connection.info.pop(NOTED, None))
        self._checkpointer.written.set()
        if self._checkpointer.nearly:
            self._checkpointer.nearly = False
            driver: Any = connection.connection.driver_connection
            with contextlib.suppress(Exception):  # the log is moved the next time
                driver.execute(PASSIVE)

    def _lose(self, batch: list[WorkItem[Any]], error: BaseException) -> None:
        """Report to every caller in the batch that nothing was kept, and continue with a new connection."""
        cause = cause_of(error)
        if cause is not None:
            self.health.failed(cause)
        told = {"reason": cause or type(error).__name__, "count": len(batch)}
        log.critical("a commit failed, work was not kept", extra=told)
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.invalidate()
                connection.close()
        for item in batch:
            if item.error is None:
                item.error = LostBatchError(cause)
                item.error.__cause__ = error
        settle_all(batch)


class PoolWriter(Submitting):
    """The writer of a PostgreSQL database: several threads, one transaction for each piece of work."""

    def __init__(self, engine: Engine, *, workers: int = 8, capacity: int = CAPACITY) -> None:
        super().__init__(engine, capacity)
        self._count = 0
        self._queues: dict[Hashable, deque[WorkItem[Any]]] = {}
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="earshot-writer")
        self._urgent = ThreadPoolExecutor(URGENT_WORKERS, thread_name_prefix="earshot-writer-urgent")
        self._away = False
        self._ask_at = 0.0
        """While PostgreSQL is away: the monotonic time of the next attempt."""

    def close(self) -> None:
        """See Writer."""
        with self._gate:
            self._closed = True
        self._pool.shutdown(wait=True)
        self._urgent.shutdown(wait=True)

    def _put(self, item: WorkItem[Any], key: Hashable | None, /, *, urgent: bool = False) -> None:
        with self._gate:
            self._admit(0 if urgent else self._count)
            if urgent:
                self._urgent.submit(self._run_one, item)
                return
            self._count += 1
            if key is not None and key in self._queues:
                self._queues[key].append(item)  # the thread that works on this key takes it
                return
            if key is not None:
                self._queues[key] = deque()
            self._pool.submit(self._work_through, item, key)

    def _work_through(self, item: WorkItem[Any] | None, key: Hashable | None) -> None:
        while item is not None:
            self._run_one(item)
            with self._gate:
                self._count -= 1
                queue = self._queues.get(key) if key is not None else None
                item = queue.popleft() if queue else None
                if item is None and key is not None:
                    del self._queues[key]

    def _run_one(self, item: WorkItem[Any]) -> None:
        topics: set[str] | None = None
        for tried in range(1, TRIES + 1):
            try:
                if tried == 1 and self._away and time.monotonic() < self._ask_at:
                    raise LostBatchError(Cause.AWAY)  # noqa: TRY301 - told as if it had been tried
                item.result, topics = self._transaction(item.work)
            except BaseException as error:
                wait = self._wait(error, tried)
                if wait is None:
                    item.error = self._lost(error)
                    break
                time.sleep(wait)
            else:
                self._away = False
                self.health.worked()
                break
        settle_all([item])
        self._tell(topics)

    def _wait(self, error: BaseException, tried: int) -> float | None:
        """Return the seconds until the same work is tried again; None if it is not."""
        if tried == TRIES or isinstance(error, LostBatchError):
            return None
        cause = cause_of(error)
        known = self._away and tried == 1
        if cause is Cause.AWAY:
            self._away = True
            self._ask_at = time.monotonic() + ASKED_AGAIN_SECONDS
        if _passes(error):
            return 0.005 * float(2**tried)
        return 0.02 * float(2**tried) if cause is Cause.AWAY and not known and tried < TRIES - 1 else None

    def _transaction(self, work: Callable[[Connection], T]) -> tuple[T, set[str] | None]:
        pool, done = self._engine.pool, False
        try:
            with self._engine.connect() as connection:
                connection.info.pop(NOTED, None)
                try:
                    with connection.begin():
                        result = work(connection)
                        done = True
                except BaseException as error:
                    driver: Any = None if connection.invalidated else connection.connection.driver_connection
                    if driver is not None and driver.closed:
                        connection.invalidate()
                    _silence(error)
                    raise
                return result, connection.info.pop(NOTED, None)
        except BaseException as error:
            if cause_of(error) is not Cause.AWAY:
                raise
            with self._gate:
                if self._engine.pool is pool:  # the other connections broke together with this one
                    self._engine.dispose()
            if done:
                raise LostBatchError(Cause.AWAY, perhaps=True) from error
            raise


def _passes(error: BaseException) -> bool:
    """Return True if the same work may succeed when it is run again."""
    state = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in RETRIED


def _silence(error: BaseException) -> None:
    """Remove contributors' words from an error: PostgreSQL repeats the row that it refuses."""
    for each in (error, getattr(error, "orig", None)):
        origin = getattr(each, "orig", None) or each
        diagnosis = getattr(origin, "diag", None)
        if each is not None and diagnosis is not None:
            about = (diagnosis.table_name, diagnosis.column_name, diagnosis.constraint_name)
            each.args = (" ".join(filter(None, (type(origin).__name__, diagnosis.sqlstate, *about))),)


__all__ = [
    "GroupWriter", "LostBatchError", "PoolWriter", "Writer", "WriterBusyError", "WriterClosedError", "note",
    "writer_for",
]  # fmt: skip
