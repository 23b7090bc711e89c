"""A clock that leaps: which time counts meanwhile, who is told, and what ends the doubt. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.db.engine import reader
from storage.upkeep.timekeeping import Leap, Timekeeper, believe, last_known
from tests.storage.acts import NOW, begin, meet, queue

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

ITEM = tables.TeamItem.__table__
OUTBOX = tables.Outbox.__table__
AUDIT = tables.Audit.__table__
DAY, MONTH = timedelta(days=1), timedelta(days=31)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Machine:
    """A machine whose clock can be wrong, and whose seconds go by all the same."""

    def __init__(self, writer: Writer, reads: datetime = NOW) -> None:
        self.writer, self.reads, self.seconds = writer, reads, 0.0
        self.time = Timekeeper(lambda: self.reads, lambda: self.seconds)
        self.settle()

    def settle(self) -> Leap | None:
        return self.writer.run(self.time.settle)

    def runs(self, length: timedelta) -> None:
        self.reads += length
        self.seconds += length.total_seconds()


@pytest.fixture
def lived_in(writer: Writer) -> Writer:
    """Somebody has written."""
    writer.run(lambda connection: begin(connection, meet(connection)))
    return writer


def open_items(engine: Engine) -> int:
    with reader(engine) as connection:
        return len(
            connection.execute(
                select(ITEM.c.id).where(ITEM.c.kind == ItemKind.CLOCK.value, ITEM.c.closed_at.is_(None))
            ).all()
        )


def test_a_clock_that_runs_is_believed(lived_in: Writer, database: Engine) -> None:
    machine = Machine(lived_in)
    for _ in range(40):
        machine.runs(DAY)
        assert machine.settle() is None
    assert machine.time.now() == machine.time.surely() == NOW + 40 * DAY
    assert open_items(database) == 0


@pytest.mark.parametrize("by", [MONTH, -MONTH, 400 * DAY, DAY + timedelta(hours=1)], ids=str)
@pytest.mark.parametrize("how", ["while it runs", "between two starts"])
def test_a_leap_waits_for_a_persons_word(lived_in: Writer, database: Engine, by: timedelta, how: str) -> None:
    machine = Machine(lived_in)
    if how == "while it runs":
        machine.reads += by
        assert machine.time.surely() == NOW, "at once, not only at the next look"
    else:
        machine = Machine(lived_in, NOW + by)
    leap = machine.settle()
    assert leap is not None
    assert leap.known == NOW
    assert leap.days == abs(((NOW + by).date() - NOW.date()).days)
    machine.runs(timedelta(hours=5))
    machine.settle()
    assert machine.time.surely() == NOW + timedelta(hours=5), "what has really passed counts"
    assert open_items(database) == 1
    lived_in.run(lambda connection: believe(connection, machine.reads, "sam@example.org"))
    assert machine.settle() is None
    assert machine.time.surely() == machine.time.now() == machine.reads
    assert open_items(database) == 0
    with reader(database) as connection:
        (act,) = connection.execute(select(AUDIT)).all()
    assert (act.who, act.act) == ("sam@example.org", "clock.believed")


@pytest.mark.parametrize("by", [timedelta(hours=23), -timedelta(hours=23)], ids=str)
def test_a_clock_that_is_set_right_by_hours_is_believed(lived_in: Writer, by: timedelta) -> None:
    machine = Machine(lived_in)
    machine.reads += by
    assert machine.settle() is None
    assert machine.time.surely() == NOW + by


def test_a_clock_that_is_put_right_again_needs_nobodys_word(lived_in: Writer, database: Engine) -> None:
    machine = Machine(lived_in)
    machine.reads += MONTH
    for _ in range(5):
        machine.runs(DAY)
        assert machine.settle() is not None
    machine.reads -= MONTH
    assert machine.settle() is None, "five days have passed here as well"
    assert machine.time.surely() == NOW + 5 * DAY
    assert open_items(database) == 0
    assert Machine(lived_in, NOW + 5 * DAY).time.leap is None


def test_words_that_come_in_are_never_dated_long_ago(lived_in: Writer) -> None:
    Machine(lived_in)
    assert Machine(lived_in, LONG_AGO).time.now() == NOW
    assert Machine(lived_in, NOW + MONTH).time.now() == NOW + MONTH, "kept too long is better than too short"


def test_where_nobody_has_written_every_clock_is_believed(writer: Writer, database: Engine) -> None:
    Machine(writer)
    assert Machine(writer, NOW + MONTH).time.leap is None
    assert open_items(database) == 0


def test_of_two_processes_the_one_with_the_wrong_clock_learns_from_the_other(
    lived_in: Writer, database: Engine
) -> None:
    right = Machine(lived_in)
    wrong = Machine(lived_in, NOW + MONTH)
    for _ in range(4):
        right.runs(timedelta(minutes=1))
        wrong.runs(timedelta(minutes=1))
        assert right.settle() is None
        assert wrong.settle() is not None
    assert right.time.surely() == wrong.time.surely() == NOW + timedelta(minutes=4)
    with reader(database) as connection:
        assert last_known(connection) == NOW + timedelta(minutes=4)


def test_an_item_closed_by_hand_comes_back_after_a_day_and_not_before(lived_in: Writer, database: Engine) -> None:
    machine = Machine(lived_in)
    machine.reads += MONTH
    machine.settle()

    def close(connection: Connection) -> None:
        member = tables.TeamMember.__table__
        connection.execute(member.insert().values(email="s@example.org", name="S", role="lead", created_at=NOW))
        connection.execute(update(ITEM).values(closed_at=machine.reads, closed_by=1))

    lived_in.run(close)
    machine.runs(timedelta(hours=20))
    machine.settle()
    assert open_items(database) == 0
    machine.runs(timedelta(hours=5))
    machine.settle()
    assert open_items(database) == 1


def test_an_answer_put_off_by_a_wrong_clock_goes_when_it_is_right(lived_in: Writer, database: Engine) -> None:
    machine = Machine(lived_in)
    machine.reads += MONTH
    machine.settle()

    def wait(connection: Connection) -> None:
        person = meet(connection, bytes([9]) * 32)
        queue(connection, person, "reply", machine.reads + timedelta(minutes=1))
        queue(connection, person, "prompt", machine.reads + timedelta(minutes=1))

    lived_in.run(wait)
    machine.reads -= MONTH
    machine.settle()
    with reader(database) as connection:
        due = dict(map(tuple, connection.execute(select(OUTBOX.c.kind, OUTBOX.c.due_at)).all()))
    assert due["reply"] == NOW
    assert due["prompt"] > NOW + DAY
