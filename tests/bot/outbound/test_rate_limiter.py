"""How fast a channel goes, and when nobody is written to."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import Limits
from bot.outbound.quiet_hours import opens
from bot.outbound.rate_limiter import MOST_REMEMBERED, RateLimiter, RecipientSpacing

LONDON = ZoneInfo("Europe/London")
NIGHT = (time(20), time(9))


@given(
    per_second=st.sampled_from([0.5, 1.0, 30.0, 1000.0]),
    waits=st.lists(st.floats(0, 0.5, allow_nan=False), min_size=2, max_size=120),
)
def test_no_second_ever_holds_more_than_the_rate(per_second: float, waits: list[float]) -> None:
    pace, now, times = RateLimiter(per_second), 100.0, []
    for wait in waits:
        now += wait
        times.append(pace.reserve(now))
    for first in times:
        assert sum(first <= other < first + 1 for other in times) <= max(1, per_second)


def test_a_pause_holds_back_and_a_shorter_one_does_not_end_it() -> None:
    pace = RateLimiter(10)
    pace.pause(50.0)
    pace.pause(20.0)
    assert pace.reserve(10.0) == 50.0
    assert pace.reserve(10.0) > 50.0


def test_a_chat_keeps_its_distance() -> None:
    gaps = RecipientSpacing(Limits(per_second=30, per_person=1.0))
    gaps.sent(7, "m1", 1, 100.0)
    assert 101.0 <= gaps.free_at(7, 1) < 101.1
    assert 101.0 <= gaps.free_at(7, 2) < 101.1, "an answer to something new keeps it too"
    assert gaps.free_at(8, 1) == 0.0


def test_a_phone_waits_only_while_the_order_could_be_lost() -> None:
    gaps = RecipientSpacing(Limits(per_second=1, per_person=3.0, until_delivered=True))
    gaps.sent(7, "SM1", 1, 100.0)
    assert gaps.free_at(7, 1) > 102.9
    assert gaps.free_at(7, 2) == 0.0, "whoever writes again has read what was before"
    assert gaps.free_at(7, None) > 102.9
    gaps.delivered("SM-of-somebody-else")
    assert gaps.free_at(7, 1) > 102.9
    gaps.delivered("SM1")
    assert gaps.free_at(7, 1) == 0.0


def test_a_late_report_does_not_end_the_wait_for_a_newer_message() -> None:
    gaps = RecipientSpacing(Limits(per_second=1, per_person=3.0, until_delivered=True))
    gaps.sent(7, "SM1", 1, 100.0)
    gaps.sent(7, "SM2", 1, 104.0)
    gaps.delivered("SM1")
    assert gaps.free_at(7, 1) > 106.9


def test_what_is_remembered_stays_small() -> None:
    gaps = RecipientSpacing(Limits(per_second=1, per_person=3.0, until_delivered=True))
    for person in range(3 * MOST_REMEMBERED):
        gaps.sent(person, f"SM{person}", 1, float(person))
    assert len(gaps._last) <= MOST_REMEMBERED
    assert len(gaps._by_id) <= MOST_REMEMBERED
    assert gaps.free_at(3 * MOST_REMEMBERED - 1, 1) > 3 * MOST_REMEMBERED


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HOURS = [
    ("noon in winter", NIGHT, "2026-11-23 12:00", None),
    ("nine sharp", NIGHT, "2026-11-23 09:00", None),
    ("a moment before nine", NIGHT, "2026-11-23 08:59", "2026-11-23 09:00"),
    ("eight in the evening", NIGHT, "2026-11-23 20:00", "2026-11-24 09:00"),
    ("a moment before eight", NIGHT, "2026-11-23 19:59", None),
    ("midnight", NIGHT, "2026-11-24 00:00", "2026-11-24 09:00"),
    ("summer: nine is eight in UTC", NIGHT, "2026-07-01 07:59", "2026-07-01 08:00"),
    ("summer: evening begins at seven in UTC", NIGHT, "2026-07-01 19:00", "2026-07-02 08:00"),
    ("the night clocks go forward", NIGHT, "2027-03-27 23:00", "2027-03-28 08:00"),
    ("the night clocks go back", NIGHT, "2026-10-24 23:00", "2026-10-25 09:00"),
    ("never quiet", (time(9), time(9)), "2026-11-23 03:00", None),
    ("quiet at noon", (time(12), time(14)), "2026-11-23 13:00", "2026-11-23 14:00"),
    ("not quiet before noon", (time(12), time(14)), "2026-11-23 11:59", None),
    ("ends in the hour that comes twice, first time", (time(20), time(1, 30)), "2026-10-25 00:15", "2026-10-25 00:30"),
    ("ends in the hour that comes twice, second time", (time(20), time(1, 30)), "2026-10-25 01:15", "2026-10-25 01:30"),
    ("ends in the hour that is left out", (time(20), time(1, 30)), "2027-03-28 00:45", "2027-03-28 01:30"),
]


@pytest.mark.parametrize(("quiet", "now", "opening"), [row[1:] for row in HOURS], ids=[row[0] for row in HOURS])
def test_when_people_may_be_written_to(quiet: tuple[time, time], now: str, opening: str | None) -> None:
    assert opens(utc(now), quiet, LONDON) == (utc(opening) if opening else None)


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_an_opening_is_ahead_and_open(now: datetime, start: time, end: time, zone: str) -> None:
    opening = opens(now, (start, end), ZoneInfo(zone))
    if opening is not None:
        assert now < opening
        assert (opening - now).total_seconds() <= 25.5 * 3600
