"""The time to record, and the time that has certainly passed (ADR 19). Part of the caller's transaction.

A wrong clock would end what is not over: half-told stories, raw events, consent. So the database stores the last
certain time, and a clock that differs from it by more than a day is in doubt until a person confirms it or it is right
again. Meanwhile the certain time advances only by the time that has really passed. Whatever deletes or ends by time
uses `surely`; everything else uses `now`, which is never before the last certain time, because words that come in with
an old date would be deleted as soon as the clock is right again.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, update

from flows.model.vocabulary.delivery import MessageKind, MessageState
from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.team import members

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

CONVERSATION = tables.Conversation.__table__
INSTALLATION = tables.Installation.__table__
ITEM = tables.TeamItem.__table__
OUTBOX = tables.Outbox.__table__

LEAP = timedelta(days=1)
"""A smaller difference is believed: clocks are corrected by hand or over the network, and nothing ends within a day."""
NOT_AGAIN_FOR = timedelta(days=1)
"""An item that was closed without correcting the clock comes back after this time."""


class Leap(NamedTuple):
    """A clock that is in doubt."""

    known: datetime
    """The time that has certainly passed."""
    reads: datetime
    """What the clock says."""

    @property
    def days(self) -> int:
        """Return how many calendar days it leapt."""
        return abs((self.reads.date() - self.known.date()).days)

    def __str__(self) -> str:
        way = "ahead" if self.reads > self.known else "back"
        return f"it reads {_day(self.reads)}, {self.days} days {way} of {_day(self.known)}, the last day we know of"


def _day(moment: datetime) -> str:
    return moment.strftime("%d %B %Y").lstrip("0")


def leap_between(connection: Connection, reads: datetime) -> Leap | None:
    """Return the leap from the last certain time in the database to the clock; None if there is none.

    In an empty database there is nothing that time could end, so any clock is believed.
    """
    known = last_known(connection)
    if known is None or abs(reads - known) <= LEAP:
        return None
    return Leap(known, reads) if connection.execute(select(CONVERSATION.c.id).limit(1)).first() else None


def last_known(connection: Connection) -> datetime | None:
    """Return the last certain time; None before the first start."""
    known: datetime | None = connection.execute(select(INSTALLATION.c.clock_at)).scalar()
    return known


class Timekeeper:
    """The clock of one process. `settle` compares it with the database, at the start and every minute."""

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> None:
        self.wall, self._monotonic = wall, monotonic
        self._sure = (wall(), monotonic())
        """A certain time, and the monotonic clock at that moment."""
        self._row: datetime | None = None
        self._doubted = False

    def now(self) -> datetime:
        """Return the time to record: the clock's, but never before the last certain time."""
        wall, sure = self.wall(), self._passed()
        return sure if sure - wall > LEAP else wall

    def surely(self) -> datetime:
        """Return the time that has certainly passed; deletion and expiry use it."""
        wall, sure = self.wall(), self._passed()
        return wall if abs(wall - sure) <= LEAP else sure

    @property
    def leap(self) -> Leap | None:
        """The leap that waits for a person to confirm the clock; None while the clock is believed."""
        wall, sure = self.wall(), self._passed()
        return None if abs(wall - sure) <= LEAP else Leap(sure, wall)

    def _passed(self) -> datetime:
        moment, at = self._sure
        return moment + timedelta(seconds=self._monotonic() - at)

    def settle(self, connection: Connection, *, afresh: bool = False) -> Leap | None:
        """Check the clock, store the certain time, and create an item for the team if the clock leapt.

        `afresh`: also close the item of an earlier process if it no longer holds.

        Part of the caller's transaction. Another process may be right where this one is wrong, and a person may have
        confirmed a clock: the database's time counts, plus the time that has passed here since.
        """
        row = connection.execute(select(INSTALLATION.c.clock_at).with_for_update()).scalar()
        wall, sure = self.wall(), self._passed()
        if row is not None and row != self._row:
            sure = row
        elif row is None:
            sure = wall
        leap = leap_between(connection, wall) if abs(wall - sure) > LEAP else None
        if leap is None:
            sure = wall
        connection.execute(update(INSTALLATION).values(clock_at=sure))
        self._sure, self._row = (sure, self._monotonic()), sure
        if leap is not None:
            self._tell(connection, wall)
        elif self._doubted or afresh:
            _over(connection, wall)
        self._doubted = leap is not None
        return Leap(sure, wall) if leap is not None else None

    @staticmethod
    def _tell(connection: Connection, wall: datetime) -> None:
        by_hand = (ITEM.c.kind == ItemKind.CLOCK.value, ITEM.c.closed_by.is_not(None))
        lately = select(ITEM.c.id).where(*by_hand, ITEM.c.closed_at > wall - NOT_AGAIN_FOR)
        if connection.execute(lately.limit(1)).first() is None:
            raise_item(connection, kind=ItemKind.CLOCK, now=wall)


def believe(connection: Connection, reads: datetime, who: str) -> Leap | None:
    """Accept the clock as right because a person said so. Returns the leap that was in doubt, None if none was."""
    leap = leap_between(connection, reads)
    if leap is None:
        return None
    connection.execute(update(INSTALLATION).values(clock_at=reads))
    _over(connection, reads)
    members.record(
        connection, at=reads, who=who, act="clock.believed", object_kind="installation",
        detail=f"{leap.known.isoformat()} > {reads.isoformat()}",
    )  # fmt: skip
    return leap


def _over(connection: Connection, now: datetime) -> None:
    """Close the item, and delete now what a clock that was ahead had postponed for days."""
    connection.execute(
        update(ITEM).where(ITEM.c.kind == ItemKind.CLOCK.value, ITEM.c.closed_at.is_(None)).values(closed_at=now)
    )
    late = (
        OUTBOX.c.state == MessageState.QUEUED,
        OUTBOX.c.kind.in_((MessageKind.REPLY, MessageKind.CARE)),
        OUTBOX.c.due_at > now + LEAP,
    )
    connection.execute(update(OUTBOX).where(*late).values(due_at=now))


def present() -> datetime:
    """Return the machine's current time, aware, in UTC."""
    return datetime.now(UTC)
