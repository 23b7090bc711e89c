"""Pieces of work for the database, and the part that both writers share: taking work in and reporting commits.

The writers themselves are in `storage.db.writer`. Nothing here commits.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from storage.db.database_trouble import Cause, Health, cause_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from sqlalchemy.engine import Connection, Engine

    Listener = Callable[[frozenset[str]], None]

T = TypeVar("T")

log = logging.getLogger(__name__)

NOTED = "earshot_noted"
CAPACITY = 20_000
"""How many pieces of work may wait. More are refused, and the provider delivers its message again."""


class WriterClosedError(RuntimeError):
    """The writer was closed before this work could run. Nothing of it was kept; submit it again after the restart."""


class WriterBusyError(RuntimeError):
    """Too much work is waiting. Nothing of this piece was kept; answer the caller with "try again later"."""


class LostBatchError(RuntimeError):
    """The database could not store this work, through no fault of the work. It can be submitted again.

    Nothing of it was kept, unless `perhaps`: then the connection broke during the commit. Submit such work again only
    if doing it twice has the effect of once.
    """

    def __init__(self, cause: Cause | None = None, *, perhaps: bool = False) -> None:
        super().__init__(f"the database could not keep this ({cause})" if cause else "the database could not keep this")
        self.cause = cause
        """What is wrong with the database, if known."""
        self.perhaps = perhaps


class Writer(Protocol):
    """Runs pieces of work, each in its own transaction or in a savepoint of a shared one.

    Pieces with an equal `key` run one after the other, in the order of submission.
    """

    health: Health
    """How the last writes went."""

    def submit(self, work: Callable[[Connection], T], key: Hashable | None = None) -> Future[T]:
        """Queue the work and return at once. The future resolves after the commit.

        Raises WriterBusyError if too much is waiting, WriterClosedError after `close`.
        """

    def perform(
        self, work: Callable[[Connection], T], key: Hashable | None = None, *, urgent: bool = False
    ) -> asyncio.Future[T]:
        """Queue the work for a caller on an event loop. Returns a future of that loop. Raises as `submit` does.

        `urgent` work runs before everything that waits, and has no key: replies must keep pace with messages.
        """

    def run(self, work: Callable[[Connection], T], key: Hashable | None = None) -> T:
        """Queue the work, wait for it, and return its result. Never call it on an event loop or inside other work."""

    def on_commit(self, listener: Listener) -> None:
        """Call `listener` after each commit with the topics noted in it (see `note`), in a writing thread: be quick."""

    def close(self) -> None:
        """Finish what was submitted, then stop. Later calls do nothing."""


def note(connection: Connection, topic: str) -> None:
    """Report `topic` to the listeners of `on_commit` after this transaction commits, e.g. that messages are waiting.

    The topics of work that fails afterwards may be reported too, so listeners check for themselves.
    """
    connection.info.setdefault(NOTED, set()).add(topic)


class WorkItem(Generic[T]):
    """One piece of work and the future of its caller."""

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
        """Resolve the future with the outcome. A future of an event loop is resolved on that loop only."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def settle_all(items: Iterable[WorkItem[Any]]) -> None:
    """Resolve all futures. Each event loop is woken once, however many of its futures are among them."""
    loops: dict[asyncio.AbstractEventLoop, list[WorkItem[Any]]] = {}
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


def _settle_here(items: list[WorkItem[Any]]) -> None:
    for item in items:
        item.settle()


class Submitting(ABC):
    """The part that both writers share: taking work in and reporting commits."""

    def __init__(self, engine: Engine, capacity: int) -> None:
        self._engine = engine
        self._capacity = capacity
        self._gate = Lock()
        self._closed = False
        self.health = Health()
        self._listeners: tuple[Listener, ...] = ()

    def submit(self, work: Callable[[Connection], T], key: Hashable | None = None) -> Future[T]:
        """See Writer."""
        future: Future[T] = Future()
        self._put(WorkItem(work, future), key)
        return future

    def perform(
        self, work: Callable[[Connection], T], key: Hashable | None = None, *, urgent: bool = False
    ) -> asyncio.Future[T]:
        """See Writer."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(WorkItem(work, future, loop), key, urgent=urgent)
        return future

    def run(self, work: Callable[[Connection], T], key: Hashable | None = None) -> T:
        """See Writer."""
        return self.submit(work, key).result()

    def on_commit(self, listener: Listener) -> None:
        """See Writer."""
        self._listeners = (*self._listeners, listener)

    @abstractmethod
    def _put(self, item: WorkItem[Any], key: Hashable | None, /, *, urgent: bool = False) -> None:
        """Queue the item, an urgent one before all others, or refuse it."""

    def _lost(self, error: BaseException) -> BaseException:
        """Return the error for the caller: the work's own as it is, the database's as LostBatchError."""
        cause = cause_of(error)
        if cause is not None:
            self.health.failed(cause)
        if cause is None or isinstance(error, LostBatchError):
            return error
        if cause is Cause.CORRUPT:
            return error  # it may be this row alone, and the caller can store it another way
        lost = LostBatchError(cause)
        lost.__cause__ = error
        return lost

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
            except Exception as error:  # an error of a listener must not stop the writer
                log.warning("a listener to commits failed: %s", type(error).__name__)
