"""The records of the places room: a place, what a search found, a line of the project's list."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A locality people can name. Its point is the middle of the place, never of a person (rule 88)."""

    id: str
    """Stable: `geonames:2648523`, `project:knowle-west`, `gss:S12000050`, `iso:IE-KY`, `outward:BS5`."""
    name: str
    kind: str
    """`village`, `small town`, `town`, `city`, `locality`, `postcode district`, `council area`, `county`, `nation`,
    or what the project's list says."""
    parent: str
    """Name of the area around it: the one `code` stands for, unless the place is itself an area."""
    nation: str
    country: str
    """ISO 3166-1, two letters."""
    scheme: str
    """Where `code` comes from: `gss`, `iso-3166-2`, or the project's own; empty without a code."""
    code: str
    """The council area's code (for an area its own)."""
    year: int | None
    """Year of the codes: they change when boundaries do (rule 88)."""
    latitude: float | None
    """Degrees, two decimals (about 1 km)."""
    longitude: float | None
    population: int | None
    """None when the source does not know; for areas a rough sum of their places, suburbs not counted twice."""
    region: str = ""
    """What people call the surroundings, when that is not `parent`: "Essex" rather than "Uttlesford"."""
    time_zone: str = ""

    @property
    def label(self) -> str:
        """The name and where it is: "Glenboig, North Lanarkshire"."""
        around = self.region or self.parent or self.nation
        return f"{self.name}, {around}" if around and around != self.name else self.name


@dataclass(frozen=True, slots=True)
class PlacesFoundByWords:
    """What a search found. Exact hits, or suggestions when there were none; each at most five, best first."""

    words: str
    """The words as typed, on one line, at most 200 characters; a full postcode is cut to its outward half."""
    exact: tuple[Place, ...] = ()
    suggestions: tuple[Place, ...] = ()
    more: int = 0
    """How many exact hits did not fit."""


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """A line of the project's own list, which wins over the gazetteer (rule 86)."""

    id: str
    """Small letters, digits and hyphens: `knowle-west`. As a place it becomes `project:knowle-west`."""
    name: str
    aliases: tuple[str, ...] = ()
    kind: str = ""
    parent: str = ""
    scheme: str = ""
    code: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class ListProblem:
    """Something wrong with a line of an imported list, and what to do about it."""

    line: int
    """As a text editor counts: the heading is line 1."""
    what: str
    advice: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.what} {self.advice}"


_PEOPLE_PER_KM2 = 4_000
"""Density of a British town."""


def reach_km(population: int | None) -> float:
    """Guess how far a settlement with so many people reaches from its middle, in km; unknown counts as a village."""
    return math.sqrt((population or 400) / _PEOPLE_PER_KM2 / math.pi)


def kind_of(population: int | None) -> str:
    """Return the kind of a settlement with so many people, as the Scottish settlement classes draw it."""
    if not population:
        return "locality"
    if population < 3_000:
        return "village"
    if population < 10_000:
        return "small town"
    return "town" if population < 125_000 else "city"
