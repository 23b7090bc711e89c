"""Quiet hours: when nobody is written to unasked, and when that time is over (rule 15). Time is handed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import time
    from zoneinfo import ZoneInfo


def opens(now: datetime, quiet: tuple[time, time], timezone: ZoneInfo) -> datetime | None:
    """Return when people may be written to unasked again, in UTC; None if they may be now.

    `quiet` is start and end by the clock on the wall, possibly over midnight; equal means never quiet. The days on
    which clocks change are no exception.
    """
    start, end = quiet
    local = now.astimezone(timezone)
    wall = local.time()
    over_midnight = start > end
    inside = (wall >= start or wall < end) if over_midnight else start <= wall < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and wall >= start else 0)
    opening = datetime.combine(day, end, timezone)
    if opening.astimezone(UTC) <= now:
        opening = opening.replace(fold=1)  # that hour comes twice tonight, and we are in the second one
    return opening.astimezone(UTC)
