"""The facts about the organisation and its country that texts can name."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flows.model.organisation_facts import OrganisationFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.settings.environment import Settings

HELPLINES = Path(__file__).with_name("helplines.toml")
CHECK_EVERY = timedelta(days=180)
"""Helpline numbers that nobody has checked for this long are reported (rule 82)."""
NO_CONTACT = "this is a try-out, so nobody can be rung yet"
EUROPE = "112"
"""The emergency number for countries without helplines of ours."""
NATIONS = "nations"


class Helpline(NamedTuple):
    """A service that a person can ring or text."""

    line: str
    checked: date
    """The day somebody last made sure of the number."""
    sent: bool = True
    """False: known, but not named to anybody until it has been checked."""


@cache
def helplines() -> dict[str, dict[str, dict[str, Helpline]]]:
    """Return the helplines by country, nation and purpose; those of a whole country have the nation ""."""
    raw = tomllib.loads(HELPLINES.read_text(encoding="utf-8"))
    return {
        country: {
            "": _lines({name: entry for name, entry in entries.items() if name != NATIONS}),
            **{nation: _lines(lines) for nation, lines in entries.get(NATIONS, {}).items()},
        }
        for country, entries in raw.items()
    }


def _lines(entries: Mapping[str, Any]) -> dict[str, Helpline]:
    return {name: Helpline(**entry) for name, entry in entries.items()}


def lines_for(settings: Settings) -> dict[str, Helpline]:
    """Return the helplines of the project's country and nation by purpose; empty if there are none."""
    country = helplines().get(settings.country, {})
    return {**country.get("", {}), **(country.get(settings.nation, {}) if settings.nation else {})}


def organisation_facts(settings: Settings) -> OrganisationFacts:
    """Return the facts that texts can name. A country without helplines of ours gets the number 112 alone."""
    known = lines_for(settings)
    lines = {
        name: helpline.line
        for name, helpline in known.items()
        if helpline.sent and name in OrganisationFacts.model_fields
    }
    return OrganisationFacts(
        organisation=settings.organisation,
        contact=settings.contact or NO_CONTACT,
        privacy_url=settings.privacy_url,
        adult_age=settings.adult_age,
        country=settings.country,
        languages=settings.languages,
        **{"emergency": EUROPE, "crisis_line": EUROPE, "youth_line": EUROPE, **lines},
    )
