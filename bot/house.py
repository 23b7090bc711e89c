"""Who speaks: the facts about the organisation and its country that texts name. Imports flows and our settings."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flows.release import House

if TYPE_CHECKING:
    from bot.settings import Settings

HELPLINES = Path(__file__).with_name("helplines.toml")
CHECK_EVERY = timedelta(days=180)
"""Numbers older than this are to be looked at again (rule 82)."""
NO_CONTACT = "this is a try-out, so nobody can be rung yet"


class Helplines(NamedTuple):
    """Whom to ring in one country, and when somebody last made sure."""

    emergency: str
    crisis_line: str
    youth_line: str
    checked: date


@cache
def helplines() -> dict[str, Helplines]:
    """Return the helplines of every country we have any for."""
    raw = tomllib.loads(HELPLINES.read_text(encoding="utf-8"))
    return {country: Helplines(**lines) for country, lines in raw.items()}


def house(settings: Settings) -> House:
    """Return what texts may name. A country without helplines of ours gets the European emergency number alone."""
    lines = helplines().get(settings.country)
    return House(
        organisation=settings.organisation,
        contact=settings.contact or NO_CONTACT,
        privacy_url=settings.privacy_url,
        emergency=lines.emergency if lines else "112",
        crisis_line=lines.crisis_line if lines else "112",
        youth_line=lines.youth_line if lines else "112",
        adult_age=settings.adult_age,
        country=settings.country,
        languages=settings.languages,
    )
