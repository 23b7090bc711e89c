"""Gathers the names of city districts from open tables of wards and census zones into `districts.csv`.

Inputs, in one folder (docs/places.md says where from): `ward_all_codes.csv`, `ward_latlong.csv`, `msoa_la.csv`,
`msoa_latlong.csv`, `lsoa_latlong.csv` and `lsoa.json` (ONS, NISRA, Scottish Government, House of Commons Library), and
the two postal code tables of GeoNames, `GB.txt` and `IE.txt`. A district lies within a city's reach; a name made for
counting ("Central", "Castle") is left out. Used when building.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

from storage.places.place_records import Place, reach_km
from storage.places.spelling import normalise, word_set

DATA = Path(__file__).parents[2] / "places_data"
DISTRICTS = DATA / "districts.csv"
SHARED = DATA / "shared-names.txt"
"""Names, normalised, that places far from each other have, most of them too small for the shipped list."""
_NOT_DISTRICTS = DATA / "not-districts.txt"
COLUMNS = ("city", "name", "code", "latitude", "longitude")

_CITY = 30_000
"""People from which on a settlement's wards and zones are looked at."""
_FAR_KM = 25.0
_NEAR_KM = 4.0
_INTERMEDIATE = "S02"
_LONDON, _LONDON_CODES = "geonames:2643743", "E09"
_OF_A_CITY = word_set("city town centre center central university station docks north south east west")
_BETWEEN = re.compile(r"\s*(?:&|/|,|;|\band\b)\s*(?:\band\b\s*)?|\s+-\s+")
_SIDE = r"(?:north|south|east|west|central)"
_COUNTED = re.compile(r"(?:[ _](?:[0-9]+|[A-Z]))+$")
_ASIDE = re.compile(r"\s*\([^)]*\)|\s+(?:ward|estate ward|village ward)$", re.IGNORECASE)
_SIDE_AFTER = re.compile(rf"\s+{_SIDE}(?:[ -]{_SIDE})?$", re.IGNORECASE)
_SIDE_ONLY = re.compile(rf"(?:the\s+)?{_SIDE}(?:[ -]{_SIDE})?(?:\s+(?:side|ward))?", re.IGNORECASE)
_MIDDLE = re.compile(r"^(?:central|inner|outer)\s+", re.IGNORECASE)


class _Zone(NamedTuple):
    """One name as it stands in a table, with its council area and its middle."""

    name: str
    code: str
    latitude: float
    longitude: float


def gather(folder: Path, settlements: Iterable[Place], districts: Path = DISTRICTS, shared: Path = SHARED) -> int:
    """Write the districts of cities and the shared names; returns how many districts there are.

    `settlements` are the cities, towns and villages of the gazetteer, from which the cities are taken; a district that
    is one of them is left out.
    """
    settled = list(settlements)
    rows = sorted(_districts(list(_zones(folder)), settled))
    with districts.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    known = {normalise(row[1]) for row in rows} | {normalise(place.name) for place in settled}
    shared.write_text("".join(f"{name}\n" for name in sorted(_shared(folder, known))), encoding="utf-8")
    return len(rows)


def names_in(label: str) -> Iterator[str]:
    """Yield the names of districts in the name of a ward or zone: "Govan and Linthouse" has two."""
    label = _COUNTED.sub("", label.replace("_", " "))
    for piece in _BETWEEN.split(_ASIDE.sub("", label)):
        name = _MIDDLE.sub("", piece.strip(" .'"))
        if not name or _SIDE_ONLY.fullmatch(name):
            continue
        yield name
        if (base := _SIDE_AFTER.sub("", name)) != name and not _SIDE_ONLY.fullmatch(base):
            yield base


def _zones(folder: Path) -> Iterator[_Zone]:
    for names, points, code, name in (
        ("ward_all_codes.csv", "ward_latlong.csv", "WDCD", "WDNM"),
        ("msoa_la.csv", "msoa_latlong.csv", "MSOACD", "MSOAHCLNM"),
    ):
        key = code.casefold() if code == "WDCD" else code
        at = {row[key]: (float(row["latitude"]), float(row["longitude"])) for row in _read(folder / points)}
        for row in _read(folder / names):
            if (point := at.get(row[code])) is not None and not row[code].startswith(_INTERMEDIATE):
                yield _Zone(row[name], row["LADCD_ACTIVE"], *point)
    yield from _intermediate_zones(folder)


def _intermediate_zones(folder: Path) -> Iterator[_Zone]:
    """Yield Scotland's zones at the middle of their data zones, which are numbered in the same order.

    The table of zones has other points for Scotland: those of zones that are numbered otherwise.
    """
    at = {
        row["LSOACD"]: (float(row["latitude"]), float(row["longitude"])) for row in _read(folder / "lsoa_latlong.csv")
    }
    names: dict[str, str] = json.loads((folder / "lsoa.json").read_text(encoding="utf-8"))
    data_zones = [(code, name.rpartition(" - ")[0]) for code, name in sorted(names.items()) if code in at]
    data_zones = [zone for zone in data_zones if zone[0].startswith("S01")]
    runs = [(name, [at[code] for code, _ in run]) for name, run in groupby(data_zones, key=itemgetter(1))]
    rows = sorted((row for row in _read(folder / "msoa_la.csv") if row["MSOA11CD"][:3] == "S02"), key=_code)
    areas = {name: iter(list(same)) for name, same in _by_name(rows).items()}
    for name, points in runs:
        area = next(areas.get(name, iter(())), None)
        if area is not None:
            yield _Zone(name, area, mean(p[0] for p in points), mean(p[1] for p in points))


def _code(row: dict[str, str]) -> str:
    return row["MSOA11CD"]


def _by_name(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row["MSOAHCLNM"]].append(row["LADCD_ACTIVE"])
    return found


def _read(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def _districts(zones: list[_Zone], settled: list[Place]) -> Iterator[tuple[str, str, str, str, str]]:
    cities = [place for place in settled if (place.population or 0) >= _CITY]
    areas = {city.id: city.code for city in cities}
    left_out = set(_NOT_DISTRICTS.read_text(encoding="utf-8").split("\n"))
    named: dict[str, list[Place]] = defaultdict(list)
    for place in settled:
        named[normalise(place.name)].append(place)
    found: dict[tuple[str, str], list[tuple[str, _Zone]]] = defaultdict(list)
    for zone in zones:
        city = _city_of(zone, cities)
        for name in names_in(zone.name) if city else ():
            key = normalise(name)
            near = (other for other in named.get(key, ()) if _km(zone, other) < _NEAR_KM)
            if city and len(key) > 2 and key not in left_out and not _is_city(key, city) and not any(near):
                found[city.id, key].append((name, zone))
    for (city_id, _), hits in found.items():
        own = [hit for hit in hits if hit[1].code == areas[city_id]] or hits
        name, zone = min(own, key=lambda hit: (len(hit[0]), hit[0]))
        latitude, longitude = (median(getattr(hit[1], side) for hit in own) for side in ("latitude", "longitude"))
        yield city_id.partition(":")[2], name, zone.code, f"{latitude:.2f}", f"{longitude:.2f}"


def _is_city(key: str, city: Place) -> bool:
    """Say whether the name is the city's own with usual words around it: "Leeds City Centre"."""
    words = normalise(city.name)
    return words in key and not set(key.replace(words, " ").split()) - _OF_A_CITY


def _city_of(zone: _Zone, cities: list[Place]) -> Place | None:
    """Return the city whose reach the zone is in, one of its own council area first; all London's is London's."""
    if zone.code.startswith(_LONDON_CODES):
        return next(city for city in cities if city.id == _LONDON)
    best: tuple[bool, float, str, Place] | None = None
    for city in cities:
        own, reach = city.code == zone.code, reach_km(city.population)
        distance = _km(zone, city)
        if distance < reach * (2.2 if own else 1.2) + 0.5:
            rank = (not own, distance / reach, city.id, city)
            if best is None or rank[:3] < best[:3]:
                best = rank
    return best[3] if best else None


def _km(zone: _Zone, place: Place) -> float:
    if place.latitude is None or place.longitude is None:
        return math.inf
    across = (zone.longitude - place.longitude) * math.cos(math.radians(zone.latitude))
    return 111.2 * math.hypot(zone.latitude - place.latitude, across)


def _shared(folder: Path, known: set[str]) -> Iterator[str]:
    """Yield those of the known names that places further apart than a city is wide have."""
    at: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for file in ("GB.txt", "IE.txt"):
        for line in (folder / file).read_text(encoding="utf-8").splitlines():
            cells = line.split("\t")
            if (name := normalise(cells[2])) in known:
                at[name].append((float(cells[9]), float(cells[10])))
    zones: dict[tuple[str, str], list[_Zone]] = defaultdict(list)
    for zone in _zones(folder):
        for label in names_in(zone.name):
            if (name := normalise(label)) in known:
                zones[name, zone.code].append(zone)
    for (name, _), same in zones.items():  # one place for each council area: a few points of the tables are wrong
        at[name].append((median(zone.latitude for zone in same), median(zone.longitude for zone in same)))
    for name, points in at.items():
        middle = points[0]
        width = math.cos(math.radians(middle[0]))
        if any(111.2 * math.hypot(p[0] - middle[0], (p[1] - middle[1]) * width) > _FAR_KM for p in points):
            yield name
