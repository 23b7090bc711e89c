"""Safeguarding items: one open for a person, counted when it repeats, closed by nobody but the team."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Float, Integer, Numeric, select

from flows.model.staffed_hours import StaffedHours, Week
from storage import tables
from storage.queries.contributors import people
from storage.queries.team.safeguarding_items import count_open, is_open, raise_concern

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday."""
ITEM = tables.Safeguarding.__table__
STAFFED = StaffedHours()


def somebody(connection: Connection, lookup: bytes = b"l" * 32) -> int:
    return people.make_person(connection, channel="sms", lookups=[lookup], sealed=b"s", now=NOON).contributor_id


def worried(connection: Connection, whom: int, now: datetime = NOON, **more: Any) -> int:
    return raise_concern(
        connection, contributor_id=whom, conversation_id="c", inbound_id=None, now=now, staffed=STAFFED, **more
    )


def item(connection: Connection, number: int) -> Any:
    return connection.execute(select(ITEM).where(ITEM.c.id == number)).one()


def test_words_of_distress_raise_an_item_whose_first_alert_is_due_at_once(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        whom = somebody(connection)
        assert not is_open(connection, whom)
        found = item(connection, worried(connection, whom))
        assert is_open(connection, whom)
        assert not is_open(connection, whom + 1)
        assert (found.raised_at, found.next_alert_at, found.look_by) == (NOON, NOON, NOON + timedelta(hours=1))
        assert (found.origin, found.repeats, found.alerts, found.version) == ("rule", 0, 0, 1)

    writer.run(work)


def test_more_such_words_are_counted_on_the_open_item_and_leave_its_clock_alone(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        whom = somebody(connection)
        first = worried(connection, whom)
        later = NOON + timedelta(minutes=7)
        assert worried(connection, whom, later, story_id=None) == first
        found = item(connection, first)
        assert (found.repeats, found.last_at, found.raised_at) == (1, later, NOON)
        assert (found.next_alert_at, found.look_by) == (NOON, NOON + timedelta(hours=1))
        assert found.version == 2, "a page that was opened before shows too little by now"

    writer.run(work)


def test_another_person_has_an_item_of_their_own_and_a_closed_one_counts_no_more(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        one, two = somebody(connection), somebody(connection, b"m" * 32)
        first = worried(connection, one)
        assert worried(connection, two) != first
        connection.execute(ITEM.update().where(ITEM.c.id == first).values(closed_at=NOON))
        assert not is_open(connection, one)
        assert worried(connection, one) not in (first, 0)

    writer.run(work)


@pytest.mark.parametrize(("minutes", "told"), [(59, False), (60, True), (600, True)])
def test_words_that_come_long_after_an_item_was_taken_are_told_once_more(
    writer: Writer, minutes: int, told: bool
) -> None:
    def work(connection: Connection) -> None:
        whom = somebody(connection)
        number = worried(connection, whom)
        connection.execute(ITEM.update().where(ITEM.c.id == number).values(taken_at=NOON, next_alert_at=None))
        again = NOON + timedelta(minutes=minutes)
        worried(connection, whom, again)
        assert item(connection, number).next_alert_at == (again if told else None)

    writer.run(work)


def test_words_that_come_at_the_same_moment_are_one_item(writer: Writer) -> None:
    whom = writer.run(somebody)
    waiting = [writer.submit(partial(worried, whom=whom)) for _ in range(12)]
    (number,) = {done.result(20) for done in waiting}
    assert writer.run(partial(item, number=number)).repeats == 11


# --- the clock ---------------------------------------------------------------------------------------------------


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


LOOK_BY = {
    "in the middle of the day": ("2026-11-23 12:00", "2026-11-23 13:00"),
    "just as we open": ("2026-11-23 09:00", "2026-11-23 10:00"),
    "before we open": ("2026-11-23 08:59", "2026-11-23 10:00"),
    "half an hour before we go": ("2026-11-23 16:30", "2026-11-24 09:30"),
    "the last moment that fits": ("2026-11-23 16:00", "2026-11-23 17:00"),
    "just as we go": ("2026-11-23 17:00", "2026-11-24 10:00"),
    "in the night": ("2026-11-24 03:00", "2026-11-24 10:00"),
    "on Friday evening": ("2026-11-27 22:00", "2026-11-30 10:00"),
    "late on Friday": ("2026-11-27 16:45", "2026-11-30 09:45"),
    "on Saturday": ("2026-11-28 12:00", "2026-11-30 10:00"),
    "on Sunday": ("2026-11-29 23:59", "2026-11-30 10:00"),
    "on the night the clocks go back": ("2026-10-25 00:30", "2026-10-26 10:00"),
    "on the night the clocks go forward": ("2026-03-29 00:30", "2026-03-30 10:00"),
    "over the weekend on which they go forward": ("2026-03-27 16:30", "2026-03-30 09:30"),
    "in summer": ("2026-07-06 12:00", "2026-07-06 13:00"),
    "on Christmas Day, a Friday: holidays are not known": ("2026-12-25 12:00", "2026-12-25 13:00"),
}


@pytest.mark.parametrize(("raised", "look_by"), LOOK_BY.values(), ids=LOOK_BY)
def test_a_person_is_to_look_within_an_hour_of_staffed_time(raised: str, look_by: str) -> None:
    assert StaffedHours().look_by(london(raised)) == london(look_by)


WEEKS = {
    "a lunch break": ("Mon-Fri 09:00-12:00, Mon-Fri 13:00-17:00", "2026-11-23 11:30", "2026-11-23 13:30"),
    "one short day": ("Wed 10:00-10:20", "2026-11-23 12:00", "2026-12-09 10:20"),
    "always": ("Mon-Sun 00:00-24:00", "2026-11-29 23:30", "2026-11-30 00:30"),
    "always, while the clocks go back": ("Mon-Sun 00:00-24:00", "2026-10-25 00:30", "2026-10-25 01:30"),
    "over midnight": ("Fri 22:00-02:00", "2026-11-28 01:30", "2026-12-04 22:30"),
    "over midnight, early": ("Fri 22:00-02:00", "2026-11-27 23:30", "2026-11-28 00:30"),
    "over the end of the week": ("Sun 22:00-02:00", "2026-11-30 00:30", "2026-11-30 01:30"),
    "a week that wraps": ("Sat-Mon 09:00-17:00", "2026-11-29 16:30", "2026-11-30 09:30"),
    "two spans that overlap": ("Mon 09:00-10:00, Mon 09:30-10:30", "2026-11-23 09:45", "2026-11-30 09:15"),
}


@pytest.mark.parametrize(("week", "raised", "look_by"), WEEKS.values(), ids=WEEKS)
def test_every_kind_of_week(week: str, raised: str, look_by: str) -> None:
    assert StaffedHours(Week.read(week)).look_by(london(raised)) == london(look_by)


def test_an_hour_of_the_night_in_which_the_clocks_change_has_sixty_minutes() -> None:
    always = StaffedHours(Week.read("Mon-Sun 00:00-24:00"))
    for night in ("2026-03-29 00:30", "2026-10-25 00:30"):
        assert always.look_by(london(night)) - london(night) == timedelta(hours=1)


ALERTS = {
    "in the day": ("2026-11-23 12:00", ["12:30 Mon", "13:00 Mon", "09:00 Tue", "09:00 Wed"]),
    "in the afternoon": ("2026-11-23 16:30", ["17:00 Mon", "09:00 Tue", "09:30 Tue", "09:00 Wed"]),
    "at night before a working day": ("2026-11-23 23:00", ["23:30 Mon", "09:00 Tue", "10:00 Tue", "09:00 Wed"]),
    "on Friday night": ("2026-11-27 22:00", ["22:30 Fri", "09:00 Mon", "10:00 Mon", "09:00 Tue"]),
    "just before we open": ("2026-11-23 08:50", ["09:20 Mon", "10:00 Mon", "09:00 Tue", "09:00 Wed"]),
}


@pytest.mark.parametrize(("raised", "expected"), ALERTS.values(), ids=ALERTS)
def test_when_the_clock_acts_while_nobody_takes_the_item(raised: str, expected: list[str]) -> None:
    staffed = StaffedHours()
    began = at = london(raised)
    found = []
    for _ in expected:
        at = staffed.next_alert(began, staffed.look_by(began), at)
        found.append(at.astimezone(staffed.zone).strftime("%H:%M %a"))
    assert found == expected


def test_where_somebody_is_always_there_the_clock_acts_once_a_day() -> None:
    always = StaffedHours(Week.read("Mon-Sun 00:00-24:00"))
    late = NOON + timedelta(days=3)
    assert always.next_alert(NOON, always.look_by(NOON), late) == late + timedelta(days=1)


def test_a_late_tick_skips_what_is_past() -> None:
    staffed = StaffedHours()
    back = london("2026-11-23 12:47")
    assert staffed.next_alert(NOON, staffed.look_by(NOON), back) == london("2026-11-23 13:00")


@pytest.mark.parametrize(
    "text", ["Mon-Fri 09:00-17:00", "Mon-Thu 09:00-17:00, Fri 09:00-13:00", "Sun 22:00-02:00", "Mon-Sun 00:00-24:00",
             "Mon 09:00-12:00, Wed 09:00-12:00"],
)  # fmt: skip
def test_a_week_is_written_as_it_is_read(text: str) -> None:
    assert str(Week.read(text)) == text


@pytest.mark.parametrize(
    "text", ["", "9-5", "Mon-Fri", "Mon-Fri 9am-5pm", "Mon-Fri 17:00-17:00", "Monday 09:00-17:00", "Mon 09:00-25:00",
             "Mon 09:70-17:00", "Abc 09:00-17:00"],
)  # fmt: skip
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        Week.read(text)


def test_what_is_only_worth_a_look_alerts_nobody_before_the_team_had_its_time_on_the_next_day(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        whom = somebody(connection)
        found = item(connection, worried(connection, whom, NOON + timedelta(hours=11), level="likely"))
        tuesday_at_ten = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
        assert (found.level, found.look_by, found.next_alert_at) == ("likely", tuesday_at_ten, tuesday_at_ten)
        assert not is_open(connection, whom), "nothing stops"
        assert count_open(connection, NOON + timedelta(days=9)) == (0, 0, 1)

    writer.run(work)


def test_plain_words_make_a_plain_item_of_it_and_start_its_clock(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        whom = somebody(connection)
        first = worried(connection, whom, level="likely")
        later = NOON + timedelta(minutes=7)
        assert worried(connection, whom, later) == first
        found = item(connection, first)
        assert (found.level, found.repeats) == ("plain", 1)
        assert (found.raised_at, found.next_alert_at, found.look_by) == (later, later, later + timedelta(hours=1))
        assert is_open(connection, whom)

    writer.run(work)


def test_fainter_words_change_nothing_of_the_clock_of_a_plain_item(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        whom = somebody(connection)
        first = worried(connection, whom)
        worried(connection, whom, NOON + timedelta(hours=5), level="likely")
        found = item(connection, first)
        assert (found.level, found.repeats, found.last_at, found.next_alert_at) == ("plain", 1, NOON, NOON)

    writer.run(work)


def test_no_number_is_kept_that_could_be_a_score() -> None:
    """“Nobody gets a score”: beside keys, how often somebody was alerted or wrote such words again."""
    counts = {
        column.name
        for column in tables.Safeguarding.__table__.columns
        if isinstance(column.type, Numeric | Integer | Float) and not column.foreign_keys
    }
    assert counts == {"id", "story_id", "version", "alerts", "repeats"}
    numbers = {
        f"{name}.{column.name}"
        for name, table in tables.metadata.tables.items()
        for column in table.columns
        if isinstance(column.type, Numeric | Float)
    }
    assert {each for each in numbers if not each.startswith("place.")} == {"tag.confidence"}, "about a story's subject"
