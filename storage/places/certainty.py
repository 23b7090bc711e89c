"""When a place is sure enough to be taken without asking, and which of several comes first.

The rule in one sentence (docs/places.md): a lone hit is taken if it is on the project's list, lies where the project
works, or, for a project without a list, is a town of some size or a place whose name nobody else has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from storage.places.place_records import Place
from storage.places.spelling import normalise

WORKS_KM = 40.0
"""A place at most so far from one of the project's list is where the project works."""
_EVERYBODY_KNOWS = 100_000
"""People of a city that is meant by its bare name everywhere in these islands."""
_NEXT_TO_NOTHING = 0.03
"""Places of the same name with at most this share of its people do not make it a question."""
_WIDE = frozenset({"nation", "county", "council area"})
_TOWN = 10_000
_DISTRICT_WEIGHT, _CITY_SHARE = 5_000, 1_000
"""Districts, whose people the source does not count, come after towns and before villages; those of larger cities
first: a district counts as 5,000 and a thousandth of its city's people."""


class Works:
    """Where the project works: around the places of its own list, or anywhere if it has none."""

    def __init__(self, places: Iterable[Place]) -> None:
        listed = tuple(places)
        self._codes = frozenset(place.code for place in listed if place.code)
        self._points = tuple(
            (place.latitude, place.longitude)
            for place in listed
            if place.latitude is not None and place.longitude is not None
        )
        self.known = bool(self._codes or self._points)
        """False: it has no list, or one that does not say where its places are."""

    def near(self, place: Place) -> bool:
        """Say whether the place lies where the project works."""
        if place.code and place.code in self._codes:
            return True
        if place.latitude is None or place.longitude is None:
            return False
        width = math.cos(math.radians(place.latitude))
        return any(
            111.2 * math.hypot(place.latitude - latitude, (place.longitude - longitude) * width) <= WORKS_KM
            for latitude, longitude in self._points
        )

    def sure(self, place: Place, shared: bool) -> bool:
        """Say whether a lone hit may be taken. `shared`: others are called so too, or it is only a nickname."""
        if place.id.startswith("project:") or place.kind in _WIDE | {"postcode district"}:
            return True
        people = place.population or 0
        if people >= _EVERYBODY_KNOWS:
            return True
        if self.known:
            return self.near(place)
        return people >= _TOWN or not shared

    def first(self, place: Place, city: int = 0) -> tuple[bool, bool, int, str, str]:
        """Return a sort key: nations, then where the project works, then the larger; `city` as in `weight`."""
        return (
            place.kind != "nation",
            not (self.known and self.near(place)),
            -weight(place, city),
            place.label,
            place.id,
        )


def weight(place: Place, city: int = 0) -> int:
    """Return how large a place counts in a list; `city` is how many people its city has, if it is a district."""
    return _DISTRICT_WEIGHT + city // _CITY_SHARE if place.kind == "district" else place.population or 0


def best_known(hits: tuple[Place, ...], works: Works, said: str) -> tuple[Place, ...]:
    """Return only the city that everybody means by this name, if there is one and no other lies where we work.

    `said` are the words, normalised: the city must be called by its own name in them, not by a shorter one.
    """
    largest = max(hits, key=lambda hit: hit.population or 0)
    others = [hit for hit in hits if hit is not largest]
    people = largest.population or 0
    if people < _EVERYBODY_KNOWS or largest.kind in _WIDE or normalise(largest.name) not in said:
        return hits
    small = all((other.population or 0) <= people * _NEXT_TO_NOTHING and other.kind != "nation" for other in others)
    return (largest,) if small and not any(works.known and works.near(other) for other in others) else hits
