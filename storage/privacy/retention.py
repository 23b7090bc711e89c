"""Lets go of what is over by itself, with a report and an audit row (rule 64). Commits through the writer only.

What is over, and how each kind of it goes, stands in `storage.privacy.retained_kinds`. It goes in small pieces, so that
no turn waits for more than a moment.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, tuple_
from sqlalchemy.exc import SQLAlchemyError

from storage import tables
from storage.db.engine import reader
from storage.privacy.retained_kinds import KINDS, RetentionRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer
    from storage.privacy.retained_kinds import Keys, Periods, RetainedKind

log = logging.getLogger(__name__)

AUDIT = tables.Audit.__table__
AHEAD = 40
"""Pieces found by one look."""


@dataclass(slots=True)
class RetentionReport:
    """How many rows of each kind a run deleted, or a dry run would delete, in the order of deletion."""

    raw_events: int = 0
    sealed_messages: int = 0
    messages: int = 0
    delivery_events: int = 0
    holder_codes: int = 0
    receipt_guesses: int = 0
    conversations: int = 0
    stories: int = 0
    """Stories whose consent has ended and was not renewed."""
    warnings: int = 0
    """Quiet people of whom the team is told; nothing of theirs goes yet."""
    contributors: int = 0
    """People without a story, erased."""
    contacts: int = 0
    """People with stories, whose address and language went."""
    stuck: int = 0
    """What should have gone and could not; the next run tries again."""

    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __len__(self) -> int:
        return sum(self.counts().values()) - self.stuck


def run(
    engine: Engine, writer: Writer, periods: Periods, now: datetime, *, who: str = "earshot", dry_run: bool = False
) -> RetentionReport:
    """Let go of all that is over at `now`, or with `dry_run` only count it. Never call it on an event loop.

    Leaves an audit row with counts only; a run of the service by itself that found nothing leaves none, a run that
    somebody asked for always does. Raises what the writer raises when it is closed or busy; what went by then is gone.
    """
    gone, look = RetentionReport(), RetentionRun(periods, now)
    for kind in KINDS:
        for batch in _batches(engine, kind, look):
            done = len(batch) if dry_run else _let_go(writer, kind, batch, look, gone)
            setattr(gone, kind.name, getattr(gone, kind.name) + done)
    if not dry_run and (len(gone) or gone.stuck or who != "earshot"):
        writer.run(partial(_record, who=who, gone=gone, now=now))
    return gone


def _batches(engine: Engine, kind: RetainedKind, look: RetentionRun) -> Iterator[list[Any]]:
    """Yield the keys of what is over. Nothing is held open between two batches."""
    most, width = kind.at_once * AHEAD, len(kind.order)
    statement = kind.over(look).order_by(*kind.order).limit(most)
    after: tuple[Any, ...] | None = None
    while True:
        further = statement if after is None else statement.where(_behind(kind.order, after))
        with reader(engine) as connection:
            rows = connection.execute(further).all()
        over = kind.still_over(rows, look) if kind.still_over is not None else rows
        if over:
            yield [row[0] if width == 1 else tuple(row[:width]) for row in over]
        if len(rows) < most:
            return
        after = tuple(rows[-1][:width])


def _behind(order: tuple[ColumnElement[Any], ...], after: tuple[Any, ...]) -> ColumnElement[bool]:
    return order[0] > after[0] if len(order) == 1 else tuple_(*order) > after


def _let_go(writer: Writer, kind: RetainedKind, batch: list[Any], look: RetentionRun, gone: RetentionReport) -> int:
    done = 0
    for start in range(0, len(batch), kind.at_once):
        keys = batch[start : start + kind.at_once]
        try:
            done += writer.run(_piece(kind, keys, look))
        except SQLAlchemyError as error:
            if len(keys) > 1:  # one that cannot go keeps no other back
                done += sum(_let_go(writer, kind, [key], look, gone) for key in keys)
                continue
            log.error("retention could not let go of one of %s: %s", kind.name, type(error).__name__)  # noqa: TRY400 - a trace may hold values
            gone.stuck += 1
    return done


def _piece(kind: RetainedKind, keys: Keys, look: RetentionRun) -> Callable[[Connection], int]:
    return lambda connection: kind.let_go(connection, keys, look)


def _record(connection: Connection, who: str, gone: RetentionReport, now: datetime) -> None:
    detail = json.dumps(gone.counts(), separators=(",", ":"))
    connection.execute(
        insert(AUDIT).values(at=now, who=who, act="retention", object_kind="installation", detail=detail)
    )
