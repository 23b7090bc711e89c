"""Rows of the gazetteer for the districts of cities, from the gathered list and our own. Used when building.

May import the standard library and this package's spelling and file names only.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from storage.places.building.districts import DATA, DISTRICTS, SHARED
from storage.places.spelling import normalise

_OWN_DISTRICTS = DATA / "own-districts.csv"
"""Well-known districts that no open table names as people do, kept by hand."""
_SAME_KM = 6.0
"""A district of ours this close to a place of its name is that place; twice as far if it has no point of its own."""

Row = dict[str, Any]


class BuildInputError(RuntimeError):
    """A package that building needs is not installed, or does not hold what it should."""


def people(row: Row) -> int:
    """Return how many people a place has; 0 if the source does not know."""
    return int(row.get("population", 0))


def km(one: Row, other: Row) -> float:
    """Return how far two places are apart."""
    across = (one["longitude"] - other["longitude"]) * math.cos(math.radians(one["latitude"]))
    return 111.2 * math.hypot(one["latitude"] - other["latitude"], across)


def mark_shared(places: list[Row], districts: list[Row]) -> None:
    """Mark those whose name others far away have, or begin with: `also`. "Ashby" may be short for Ashby-de-la-Zouch."""
    shared = set(SHARED.read_text(encoding="utf-8").split("\n"))
    begun: dict[str, list[Row]] = defaultdict(list)
    for row in places:
        words = normalise(row["name"]).split()
        for end in range(1, len(words)):
            begun[" ".join(words[:end])].append(row)
    for row in (*places, *districts):
        name = normalise(row.get("name") or row["district"])
        if name in shared or any(km(row, other) > _SAME_KM for other in begun.get(name, ())):
            row["also"] = 1


def district_rows(places: list[Row], outward: list[Row]) -> Iterator[Row]:
    """Yield the districts of cities: the gathered ones, then our own, which may add aliases to a gathered one."""
    cities = {row["place"]: row for row in places}
    found: dict[tuple[int, str], Row] = {}
    with DISTRICTS.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            point = {side: float(line[side]) for side in ("latitude", "longitude")}
            found[int(line["city"]), normalise(line["name"])] = {"district": line["name"], "code": line["code"]} | point
    ours = list(_own_districts(places, outward))
    own_names = {key for key, _ in ours}
    for key, row in ours:
        _add_own(found, key, row, places, own_names)
    for city, name in sorted(found):
        row = found[city, name] | {"city": city}
        if row["code"] == cities[city]["code"]:
            del row["code"]
        yield row


def _add_own(
    found: dict[tuple[int, str], Row],
    key: tuple[int, str],
    row: Row,
    places: list[Row],
    own_names: set[tuple[int, str]],
) -> None:
    """Add a district of ours: to a place of that name close by as other names, else in one with gathered spellings."""
    city, name = key
    others = row.get("aliases", [])
    reach = _SAME_KM * (1 if row.pop("placed") else 2)
    for place in places:
        if normalise(place["name"]) == name and km(place, row) < reach and place["place"] != city:
            place["aliases"] = list(dict.fromkeys([*place.get("aliases", ()), *others]))
            if not place["aliases"]:
                del place["aliases"]
            return
    spellings = {normalise(other) for other in others} | {name}
    joined = {spelling.replace(" ", "") for spelling in spellings}
    same = [k for k in found if k[0] == city and k[1].replace(" ", "") in joined and (k == key or k not in own_names)]
    for known in sorted(same, key=lambda k: k != key):
        gathered = found.pop(known)
        if normalise(gathered["district"]) not in spellings:
            row.setdefault("aliases", []).append(gathered["district"])
        row |= {side: gathered[side] for side in ("latitude", "longitude", "code")}
    found[key] = row


def _own_districts(places: list[Row], outward: list[Row]) -> Iterator[tuple[tuple[int, str], Row]]:
    """Yield our own districts, each at its postcode district if it has one, else at the middle of its city."""
    by_name = {row["name"]: row for row in sorted(places, key=people)}
    by_code = {row["outward"]: row for row in outward}
    with _OWN_DISTRICTS.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["city"] not in by_name or (line["near"] and line["near"] not in by_code):
                raise BuildInputError(f"own-districts.csv: {line['name']} is in no known city or postcode district.")
            city = by_name[line["city"]]
            at = by_code[line["near"]] if line["near"] else city
            row: Row = {"district": line["name"], "code": at["code"]}
            row |= {"latitude": at["latitude"], "longitude": at["longitude"], "placed": bool(line["near"])}
            aliases = list(filter(None, line["aliases"].split("|")))
            yield (city["place"], normalise(line["name"])), row | ({"aliases": aliases} if aliases else {})
