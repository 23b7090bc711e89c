"""What a check of the doctor receives, and what it yields."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from bot.settings.environment import Problem, Settings
    from storage.protection.crypto import Keyring

Grade = Literal["good", "warn", "wrong"]


class DoctorFinding(NamedTuple):
    """One finding. `warn`: works, and may cause trouble later; `wrong`: does not work."""

    grade: Grade
    what: str
    advice: str = ""


@dataclass(kw_only=True)
class CheckContext:
    """The installation that is checked."""

    settings: Settings
    unknown: tuple[Problem, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    engine: Engine | None = None
    keyring: Keyring | None = None


def day_in_words(day: date) -> str:
    """Return a day as people write it: "3 May 2027"."""
    return day.strftime("%d %B %Y").lstrip("0")
