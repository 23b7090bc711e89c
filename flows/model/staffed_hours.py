"""When somebody of the team is there, and what "60 minutes of staffed time" comes to.

Times of the week are local; minutes are counted in UTC, so that the night in which the clocks change costs nobody an
hour. Public holidays are not known: a day off counts like any other of its weekday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 24 * 60
LONGEST_GAP = 8
"""Days one has to look ahead to see every span of a week at least once."""
NIGHT = timedelta(hours=24)
"""How long to wait for an opening where there is none because somebody is always there."""
_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(\d\d?):(\d\d)-(\d\d?):(\d\d)", re.IGNORECASE)


class Span(NamedTuple):
    """One stretch of one weekday, in minutes since local midnight; an end past 1440 is on the day after."""

    day: int
    """0 is Monday."""
    start: int
    end: int


class Week(tuple[Span, ...]):
    """The staffed hours of a week."""

    __slots__ = ()

    @classmethod
    def read(cls, text: str) -> Week:
        """Read "Mon-Fri 09:00-17:00, Sat 10:00-12:00"; raises ValueError for anything else, and for no time at all."""
        spans: list[Span] = []
        for part in text.split(","):
            found = _SPAN.fullmatch(part.strip())
            if found is None:
                raise ValueError("these are not days and hours")
            first, last = found[1].title(), (found[2] or found[1]).title()
            if first not in DAYS or last not in DAYS:
                raise ValueError("these are not days of the week")
            start, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
            if max(start, end) > DAY_MINUTES or int(found[4]) > 59 or int(found[6]) > 59 or start == end:
                raise ValueError("these are not hours")
            begin, days = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
            end += DAY_MINUTES if end < start else 0
            spans += [Span((begin + day) % 7, start, end) for day in range(days)]
        return cls(sorted(set(spans)))

    def __str__(self) -> str:
        """Write it so that `read` gives it again."""
        hours: dict[tuple[int, int], list[int]] = {}
        for span in self:
            hours.setdefault((span.start, span.end), []).append(span.day)
        return ", ".join(
            f"{days} {_hour(start)}-{_hour(end if end <= DAY_MINUTES else end - DAY_MINUTES)}"
            for (start, end), some in hours.items()
            for days in _runs(some)
        )


NINE_TO_FIVE = Week.read("Mon-Fri 09:00-17:00")


@dataclass(frozen=True, slots=True)
class StaffedHours:
    """When the team is there, where it is, and how soon a person is to have looked at a safeguarding item."""

    week: Week = NINE_TO_FIVE
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    minutes: int = 60
    """Of staffed time, from the moment an item is raised (rule 79)."""

    def look_by(self, raised_at: datetime) -> datetime:
        """Return by when a person is to have looked."""
        left = timedelta(minutes=self.minutes)
        since = raised_at
        while True:
            for start, end in self._open(since):
                if end - start >= left:
                    return start + left
                left -= end - start
                since = end

    def look_by_day(self, raised_at: datetime) -> datetime:
        """Return by when a person is to have looked at what is only worth a look: soon after the team comes in next."""
        return self.look_by(self.opens(raised_at))

    def second_at(self, raised_at: datetime) -> datetime:
        """Return when the second contact is alerted too: after half the time, at any hour."""
        return raised_at + timedelta(minutes=self.minutes) / 2

    def opens(self, after: datetime) -> datetime:
        """Return when somebody comes in next, strictly later than `after`."""
        for start, _ in self._open(after):
            if start > after:
                return start
        return after + NIGHT

    def next_alert(self, raised_at: datetime, look_by: datetime, now: datetime) -> datetime:
        """Return when the clock acts next for an item that nobody has taken: each of its moments comes once."""
        if now < (second := self.second_at(raised_at)):
            return second
        return min((at for at in (look_by, self.opens(now)) if at > now), default=now + NIGHT)

    def _open(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the staffed stretches of the next days in UTC, joined where they touch, from `since` on."""
        today = since.astimezone(self.zone).date()
        found = sorted(
            (self._moment(day, span.start), self._moment(day, span.end))
            for day in (today + timedelta(days=offset) for offset in range(-1, LONGEST_GAP + 1))
            for span in self.week
            if span.day == day.weekday()
        )
        joined: list[tuple[datetime, datetime]] = []
        for start, end in found:
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            elif end > start:
                joined.append((start, end))
        for start, end in joined:
            if end > since:
                yield max(start, since), end

    def _moment(self, day: date, minutes: int) -> datetime:
        days, minutes = divmod(minutes, DAY_MINUTES)
        local = datetime.combine(day + timedelta(days=days), time(*divmod(minutes, 60)), self.zone)
        return local.astimezone(UTC)


def _hour(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _runs(days: list[int]) -> list[str]:
    """Return days that follow each other as Mon-Fri, others alone."""
    cuts = [0, *(at for at, (a, b) in enumerate(pairwise(days), start=1) if b != a + 1), len(days)]
    return [DAYS[days[a]] if b - a == 1 else f"{DAYS[days[a]]}-{DAYS[days[b - 1]]}" for a, b in pairwise(cuts)]
