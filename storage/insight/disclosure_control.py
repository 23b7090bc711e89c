"""How exactly a place may be named, given how many people told stories from it (rules 92 and 93).

A city of half a million hides one voice; a village of three thousand does not. Outside the team a place is named only
if enough people told stories from it, else the area around it, else the nation. The count is of people, not stories,
over everything that may leave for the same use, never over one export alone: so a story is named alike in every export
made at that time, and comparing two exports reveals nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flows.model.vocabulary.consent_answers import Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PEOPLE_NEEDED: Mapping[Use, int] = {Use.TEAM: 1, Use.QUOTE: 5, Use.PUBLISH: 10}
"""How many people must have told stories from a place before it is named, by use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPlace:
    """A place as a story names it, with the areas around it; empty if unknown."""

    label: str = ""
    kind: str = ""
    scheme: str = ""
    code: str = ""
    """Code of the area around the place, so that it can stay if only the place is withheld."""
    year: str = ""
    parent: str = ""
    """The area around the place."""
    nation: str = ""


@dataclass(slots=True)
class Precision:
    """Decides how exactly to name places, from pairs (contributor, place) of everybody who told a story."""

    needed: int
    _from_place: dict[NamedPlace, set[int]] = field(default_factory=dict)
    _rest_of_area: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, spoke: Iterable[tuple[int, NamedPlace]], *, needed: int) -> Precision:
        """Count the people of each place. For an area, only those count whose own place is not named."""
        made = cls(needed)
        for person, place in spoke:
            made._from_place.setdefault(place, set()).add(person)
        for place, people in made._from_place.items():
            if len(people) < needed:
                made._rest_of_area.setdefault((place.parent, place.nation), set()).update(people)
        return made

    def name(self, place: NamedPlace) -> tuple[NamedPlace, str]:
        """Return the place as it may be named, and the level: exact, area, nation, or none if nothing may be named."""
        if not place.label:
            return place, "none"
        if self.needed <= 1 or len(self._from_place.get(place, ())) >= self.needed:
            return place, "exact"
        rest = self._rest_of_area.get((place.parent, place.nation), set())
        if place.parent and place.parent != place.label and len(rest) >= self.needed:
            return NamedPlace(
                label=place.parent,
                kind="area",
                scheme=place.scheme,
                code=place.code,
                year=place.year,
                parent=place.nation,
                nation=place.nation,
            ), "area"
        if place.nation and place.nation != place.label:
            return NamedPlace(label=place.nation, kind="nation", nation=place.nation), "nation"
        return NamedPlace(), "none"
