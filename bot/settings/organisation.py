"""Who speaks: the facts about the organisation and its country that texts name."""

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
"""Numbers older than this are to be looked at again (rule 82)."""
NO_CONTACT = "this is a try-out, so nobody can be rung yet"
EUROPE = "112"
"""Rung where we know no helpline."""
NATIONS = "nations"


class Helpline(NamedTuple):
    """Somebody a person can ring or text."""

    line: str
    checked: date
    """The day somebody last made sure of it."""
    sent: bool = True
    """False: known of, and not to be named until somebody has made sure of it."""


@cache
def helplines() -> dict[str, dict[str, dict[str, Helpline]]]:
    """Return the helplines by country and nation; those of the whole country stand under the nation ""."""
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
    """Return the helplines of the project's country and nation by what they are for; empty if we know none."""
    country = helplines().get(settings.country, {})
    return {**country.get("", {}), **(country.get(settings.nation, {}) if settings.nation else {})}


def organisation_facts(settings: Settings) -> OrganisationFacts:
    """Return what texts may name. A country without helplines of ours gets the European emergency number alone."""
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
