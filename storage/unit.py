"""The unit of work: the only place that commits. Imports SQLAlchemy.

A piece of work is a function of a connection. It neither commits nor rolls back; it returns or raises. What it did is
durable before anybody sees its result. On SQLite one thread writes, and all that is waiting shares one commit; on
PostgreSQL pieces run in parallel, one transaction each.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from storage.checkpoint import PASSIVE, Checkpointer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from sqlalchemy.engine import Connection, Engine

    Listener = Callable[[frozenset[str]], None]

T = TypeVar("T")

log = logging.getLogger(__name__)

NOTED = "earshot_noted"
BATCH = 256
"""Pieces of work in one commit, at most."""
BATCH_SECONDS = 0.025
"""A batch that has run this long is committed, so that the first in it does not wait for the last."""
CAPACITY = 20_000
"""Pieces of work that may wait; more are refused, and the provider delivers its message again."""
TRIES = 6
RETRIED = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization_failure and deadlock_detected: the transaction was rolled back whole."""


class WriterClosedError(RuntimeError):
    """The writer was closed before this work could run. Nothing of it was kept; give it again after the restart."""


class WriterBusyError(RuntimeError):
    """Too much work is waiting. Nothing of this one was kept; answer "try again later" to whoever asked."""


class LostBatchError(RuntimeError):
    """The database gave up a transaction that this work shared. Nothing of it was kept; it can be given again."""


class Writer(Protocol):
    """Runs pieces of work, each in a transaction of its own or in a savepoint of a shared one.

    Pieces with an equal `key` run one after the other, in the order they were given.
    """

    def submit(self, work: Callable[[Connection], T], key: Hashable | None = None) -> Future[T]:
        """Queue the work and return at once; the future resolves after the commit.

        Raises WriterBusyError when too much is waiting, WriterClosedError after `close`.
        """

    def perform(self, work: Callable[[Connection], T], key: Hashable | None = None) -> asyncio.Future[T]:
        """Do as `submit` does for a caller on an event loop; the future belongs to the running loop."""

    def run(self, work: Callable[[Connection], T], key: Hashable | None = None) -> T:
        """Queue the work and wait for it. Never call it on an event loop or from inside a piece of work."""

    def on_commit(self, listener: Listener) -> None:
        """Call `listener` with the topics noted in a commit (see `note`). It runs in a writing thread: be quick."""

    def close(self) -> None:
        """Finish what was submitted, then stop. Later calls do nothing."""


def note(connection: Connection, topic: str) -> None:
    """Tell the listeners of `on_commit` about `topic` once this transaction is kept, e.g. that messages are waiting.

    A piece of work that fails afterwards may still have its topics told; listeners look for themselves.
    """
    connection.info.setdefault(NOTED, set()).add(topic)


def writer_for(engine: Engine) -> Writer:
    """Return the writer that suits this database. One per process is enough; two on one SQLite file take turns."""
    return GroupWriter(engine) if engine.dialect.name == "sqlite" else PoolWriter(engine)


class _Item(Generic[T]):
    """One piece of work and whoever waits for it."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(
        self,
        work: Callable[[Connection], T],
        future: Future[T] | asyncio.Future[T],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.work = work
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Hand the outcome over; on an event loop's future, only from that loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def _settle(items: Iterable[_Item[Any]]) -> None:
    """Settle all; an event loop is woken once, however many of its futures are among them."""
    loops: dict[asyncio.AbstractEventLoop, list[_Item[Any]]] = {}
    for item in items:
        if item.loop is None:
            item.settle()
        else:
            loops.setdefault(item.loop, []).append(item)
    for loop, own in loops.items():
        try:
            loop.call_soon_threadsafe(_settle_here, own)
        except RuntimeError:
            log.warning("nobody was left to take %d results", len(own))


def _settle_here(items: list[_Item[Any]]) -> None:
    for item in items:
        item.settle()


class _Submitting(ABC):
    """What both writers have in common: taking work in, and telling of commits."""

    def __init__(self, engine: Engine, capacity: int) -> None:
        self._engine = engine
        self._capacity = capacity
        self._gate = Lock()
        self._closed = False
        self._listeners: tuple[Listener, ...] = ()

    def submit(self, work: Callable[[Connection], T], key: Hashable | None = None) -> Future[T]:
        """See Writer."""
        future: Future[T] = Future()
        self._put(_Item(work, future), key)
        return future

    def perform(self, work: Callable[[Connection], T], key: Hashable | None = None) -> asyncio.Future[T]:
        """See Writer."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Item(work, future, loop), key)
        return future

    def run(self, work: Callable[[Connection], T], key: Hashable | None = None) -> T:
        """See Writer."""
        return self.submit(work, key).result()

    def on_commit(self, listener: Listener) -> None:
        """See Writer."""
        self._listeners = (*self._listeners, listener)

    @abstractmethod
    def _put(self, item: _Item[Any], key: Hashable | None, /) -> None:
        """Queue the item, or refuse it."""

    def _admit(self, waiting: int) -> None:
        if self._closed:
            raise WriterClosedError("the writer is closed; nothing was kept")
        if waiting >= self._capacity:
            raise WriterBusyError("too much is waiting to be written; nothing was kept, try again later")

    def _tell(self, topics: set[str] | None) -> None:
        if not topics:
            return
        for listener in self._listeners:
            try:
                listener(frozenset(topics))
            except Exception as error:  # a listener's fault must not stop the writer
                log.warning("a listener to commits failed: %s", type(error).__name__)


class GroupWriter(_Submitting):
    """The one writer of an SQLite database: a thread that runs what is waiting, in order, and commits it together."""

    def __init__(self, engine: Engine, *, capacity: int = CAPACITY) -> None:
        super().__init__(engine, capacity)
        self._waiting: SimpleQueue[_Item[Any] | None] = SimpleQueue()
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

    def _put(self, item: _Item[Any], _key: Hashable | None, /) -> None:
        with self._gate:
            self._admit(self._waiting.qsize())
            self._waiting.put(item)

    def _serve(self) -> None:
        more = True
        while more and (item := self._waiting.get()) is not None:
            batch: list[_Item[Any]] = []
            try:
                if self._connection is None:
                    self._connection = self._engine.connect()
                more = self._run_batch(self._connection, item, batch)
            except BaseException as error:
                self._lose(batch or [item], error)
                continue
            _settle(batch)
            self._after(self._connection)
        if self._connection is not None:
            self._connection.close()

    def _run_batch(self, connection: Connection, item: _Item[Any] | None, batch: list[_Item[Any]]) -> bool:
        """Run `item` and what is waiting behind it, then commit; returns False when the end of work was seen."""
        transaction = connection.begin()
        driver: Any = connection.connection.driver_connection
        until = time.perf_counter() + BATCH_SECONDS
        while item is not None:
            batch.append(item)
            driver.execute("SAVEPOINT work")
            try:
                item.result = item.work(connection)
            except BaseException as error:
                item.error = error
                if not (driver.in_transaction and transaction.is_active):
                    raise  # a full disk, for one, makes SQLite roll everything back
                driver.execute("ROLLBACK TO work")
            driver.execute("RELEASE work")
            if len(batch) >= BATCH or time.perf_counter() > until:
                break
            try:
                item = self._waiting.get_nowait()
            except Empty:
                break
        transaction.commit()
        return item is not None

    def _after(self, connection: Connection) -> None:
        """Do what comes after a commit, when nobody of its batch waits any more."""
        self._tell(connection.info.pop(NOTED, None))
        self._checkpointer.wrote()
        if self._checkpointer.nearly:
            self._checkpointer.nearly = False
            driver: Any = connection.connection.driver_connection
            with contextlib.suppress(Exception):  # the log is moved the next time
                driver.execute(PASSIVE)

    def _lose(self, batch: list[_Item[Any]], error: BaseException) -> None:
        """Tell everyone in the batch that nothing was kept, and start over with a new connection."""
        log.critical("a commit failed, %d pieces of work were not kept: %s", len(batch), type(error).__name__)
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.invalidate()
                connection.close()
        for item in batch:
            if item.error is None:
                item.error = LostBatchError("the database could not keep this; nothing of it was kept")
                item.error.__cause__ = error
        _settle(batch)


class PoolWriter(_Submitting):
    """The writer of a PostgreSQL database: a few threads, one transaction for each piece of work."""

    def __init__(self, engine: Engine, *, workers: int = 8, capacity: int = CAPACITY) -> None:
        super().__init__(engine, capacity)
        self._count = 0
        self._lanes: dict[Hashable, deque[_Item[Any]]] = {}
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="earshot-writer")

    def close(self) -> None:
        """See Writer."""
        with self._gate:
            self._closed = True
        self._pool.shutdown(wait=True)

    def _put(self, item: _Item[Any], key: Hashable | None, /) -> None:
        with self._gate:
            self._admit(self._count)
            self._count += 1
            if key is not None and key in self._lanes:
                self._lanes[key].append(item)  # taken by the thread that has this key now
                return
            if key is not None:
                self._lanes[key] = deque()
            self._pool.submit(self._work_through, item, key)

    def _work_through(self, item: _Item[Any] | None, key: Hashable | None) -> None:
        while item is not None:
            self._run_one(item)
            with self._gate:
                self._count -= 1
                lane = self._lanes.get(key) if key is not None else None
                item = lane.popleft() if lane else None
                if item is None and key is not None:
                    del self._lanes[key]

    def _run_one(self, item: _Item[Any]) -> None:
        topics: set[str] | None = None
        for tried in range(1, TRIES + 1):
            try:
                item.result, topics = self._transaction(item.work)
                item.error = None
                break
            except BaseException as error:
                item.error = error
                if not _passes(error) or tried == TRIES:
                    break
                time.sleep(0.005 * 2**tried)
        _settle([item])
        self._tell(topics)

    def _transaction(self, work: Callable[[Connection], T]) -> tuple[T, set[str] | None]:
        with self._engine.connect() as connection:
            connection.info.pop(NOTED, None)
            try:
                with connection.begin():
                    result = work(connection)
            except BaseException as error:
                driver: Any = None if connection.invalidated else connection.connection.driver_connection
                if driver is not None and driver.closed:
                    connection.invalidate()
                _silence(error)
                raise
            return result, connection.info.pop(NOTED, None)


def _passes(error: BaseException) -> bool:
    """Return whether the same work may well succeed if it is simply done again."""
    state = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in RETRIED


def _silence(error: BaseException) -> None:
    """Take a contributor's words out of an error: PostgreSQL repeats the row it refuses."""
    for each in (error, getattr(error, "orig", None)):
        origin = getattr(each, "orig", None) or each
        diagnosis = getattr(origin, "diag", None)
        if each is not None and diagnosis is not None:
            about = (diagnosis.table_name, diagnosis.column_name, diagnosis.constraint_name)
            each.args = (" ".join(filter(None, (type(origin).__name__, diagnosis.sqlstate, *about))),)
