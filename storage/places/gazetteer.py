"""The gazetteer in memory: reads what `build` wrote, once, and answers by name, code and postcode district.

May import this package's records and spelling only. Nothing here knows a project's own list.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from storage.places.place_records import Place, kind_of
from storage.places.spelling import normalise

SHIPPED = Path(__file__).parents[1] / "places_data" / "gb-ie.jsonl.gz"
FORMAT = 1
DISTRICT = "district"
"""The kind of a part of a city."""

_NATION_WORDS = {
    "England": ("england", "lloegr"),
    "Scotland": ("scotland", "alba"),
    "Wales": ("wales", "cymru"),
    "Northern Ireland": ("northern ireland", "ni", "n ireland", "north ireland", "ireland"),
    "Ireland": ("ireland", "eire", "republic of ireland", "roi", "southern ireland"),
}
_COUNTRY_WORDS = {"GB": ("uk", "united kingdom", "gb", "great britain", "britain")}

_WORDS_OF_LANDS = (*_NATION_WORDS.values(), *_COUNTRY_WORDS.values())


class GazetteerError(ValueError):
    """A gazetteer file is missing, broken or of another format. Build it anew: `earshot places build`."""


@dataclass(slots=True)
class Gazetteer:
    """Everything read from the files. Treat as read-only: it is shared by all threads."""

    year: int | None = None
    """Year of the codes of council areas."""
    by_id: dict[str, Place] = field(default_factory=dict)
    settlements: list[Place] = field(default_factory=list)
    named: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    """Cities, towns, villages and localities by normalised name and alias."""
    areas: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    """Council areas, counties and nations by normalised name and alias."""
    wider: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    """Council areas by the wider names people still use: `lanarkshire`, `berkshire`."""
    outward: dict[str, Place] = field(default_factory=dict)
    inside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Ids of the places inside a postcode district, and codes of the council areas it touches."""
    parts: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    """Those names that only districts have. They are among `named` too."""
    towns: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    """The names that are not in `parts`."""
    last_words: set[str] = field(default_factory=set)
    """The last words of the names of places and areas that tell where others are."""
    cities: dict[str, int] = field(default_factory=dict)
    """How many people the city of a district has, by the district's id."""
    also: set[str] = field(default_factory=set)
    """Ids of places whose name others have too that are in no list: a small village elsewhere, an estate."""
    around: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Normalised names that say where a council area is: its own, its county's, wider ones; by code."""

    def area(self, code: str) -> Place | None:
        """Return the council area, county or nation with this code."""
        return self.by_id.get(area_id(code)) if code else None

    def names_around(self, place: Place) -> tuple[str, ...]:
        """Return the normalised names that tell this place from others of its name: parent, county, nation, country."""
        own = tuple(normalise(name) for name in (place.parent, place.region) if name)
        nation = _NATION_WORDS.get(place.nation, (normalise(place.nation),) if place.nation else ())
        return own + self.around.get(place.code, ()) + nation + _COUNTRY_WORDS.get(place.country, ())


def area_id(code: str) -> str:
    """Return the id of the area with this code: `gss:S12000050`, `iso:IE-KY`."""
    return f"{_scheme(code).partition('-')[0]}:{code}"


def _scheme(code: str) -> str:
    """GSS codes are a letter and eight digits; Irish counties are IE-KY, Ireland is IE."""
    return "gss" if code[1:].isdigit() else "iso-3166-2" if "-" in code else "iso-3166-1"


@lru_cache(maxsize=4)
def load(files: tuple[Path, ...] = (SHIPPED,)) -> Gazetteer:
    """Read gazetteer files, once per process. Raises GazetteerError."""
    gazetteer = Gazetteer()
    for file in files:
        try:
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                _read(gazetteer, lines)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise GazetteerError(f"the list of places {file.name} cannot be read ({type(error).__name__})") from error
    for name, places in gazetteer.named.items():
        only_parts = all(place.kind == DISTRICT for place in places)
        (gazetteer.parts if only_parts else gazetteer.towns)[name] = places
    known = (*gazetteer.towns, *gazetteer.areas, *gazetteer.wider, *chain.from_iterable(_WORDS_OF_LANDS))
    gazetteer.last_words.update(name.rpartition(" ")[2] for name in known)
    return gazetteer


def _read(gazetteer: Gazetteer, lines: Iterable[str]) -> None:
    once = cache(float)
    rows = (json.loads(line, parse_float=once) for line in lines)
    head: dict[str, Any] = next(rows, {})
    if head.get("format") != FORMAT:
        raise GazetteerError("format")
    gazetteer.year = head.get("year") or gazetteer.year
    same: dict[str, str] = {}
    for row in rows:
        if "area" in row:
            _add_area(gazetteer, row)
        elif "place" in row:
            _add_settlement(gazetteer, row, same)
        elif "district" in row:
            _add_district(gazetteer, row)
        else:
            _add_outward(gazetteer, row)


def _add_area(gazetteer: Gazetteer, row: dict[str, Any]) -> None:
    code = row["area"]
    place = Place(
        id=area_id(code),
        name=row["name"],
        kind=row["kind"],
        parent=row.get("county", row["nation"]) if row["kind"] != "nation" else "",
        nation=row["nation"],
        country=row["country"],
        scheme=_scheme(code),
        code=code,
        year=gazetteer.year if _scheme(code) == "gss" else None,
        latitude=row.get("latitude"),
        longitude=row.get("longitude"),
        population=row.get("population"),
        region=row["nation"] if row["kind"] != "nation" else "",
    )
    gazetteer.by_id[place.id] = place
    names = [row["name"], *row.get("aliases", ())]
    if row["kind"] == "nation":
        names += _NATION_WORDS[row["nation"]]
    _index(gazetteer.areas, names, place)
    _index(gazetteer.wider, row.get("wider", ()), place)
    known = (*names, row.get("county", ""), *row.get("wider", ()))
    gazetteer.around[code] = tuple(dict.fromkeys(normalise(name) for name in known if name))


def _add_settlement(gazetteer: Gazetteer, row: dict[str, Any], same: dict[str, str]) -> None:
    area = gazetteer.area(row.get("code", ""))
    region, zone = row.get("region", ""), row["zone"]
    place = Place(
        id=f"geonames:{row['place']}",
        name=row["name"],
        kind=kind_of(row.get("population")),
        parent=area.name if area else "",
        nation=area.nation if area else row["nation"],
        country=area.country if area else row["country"],
        scheme=area.scheme if area else "",
        code=area.code if area else "",
        year=area.year if area else None,
        latitude=row["latitude"],
        longitude=row["longitude"],
        population=row.get("population"),
        region=same.setdefault(region, region),
        time_zone=same.setdefault(zone, zone),
    )
    gazetteer.by_id[place.id] = place
    gazetteer.settlements.append(place)
    _index(gazetteer.named, (row["name"], *row.get("aliases", ())), place)
    if "also" in row:
        gazetteer.also.add(place.id)


def _add_district(gazetteer: Gazetteer, row: dict[str, Any]) -> None:
    """Add a district of a city; its city is the region in its label, its council area the parent."""
    city = gazetteer.by_id[f"geonames:{row['city']}"]
    area = gazetteer.area(row.get("code", city.code)) or city
    name = row["district"]
    place = Place(
        id=f"district:{row['city']}-{normalise(name).replace(' ', '-')}",
        name=name,
        kind=DISTRICT,
        parent=area.name if area is not city else city.parent,
        nation=city.nation,
        country=city.country,
        scheme=area.scheme,
        code=area.code,
        year=area.year,
        latitude=row["latitude"],
        longitude=row["longitude"],
        population=None,
        region=city.name,
        time_zone=city.time_zone,
    )
    gazetteer.by_id[place.id] = place
    gazetteer.cities[place.id] = city.population or 0
    _index(gazetteer.named, (name, *row.get("aliases", ())), place)
    if "also" in row:
        gazetteer.also.add(place.id)


def _add_outward(gazetteer: Gazetteer, row: dict[str, Any]) -> None:
    code, area = row["outward"], gazetteer.area(row["code"])
    if area is None:
        raise GazetteerError("unknown area")
    place = Place(
        id=f"outward:{code}",
        name=code,
        kind="postcode district",
        parent=area.name,
        nation=area.nation,
        country=area.country,
        scheme=area.scheme,
        code=area.code,
        year=area.year,
        latitude=row["latitude"],
        longitude=row["longitude"],
        population=None,
        time_zone="Europe/London",
    )
    gazetteer.by_id[place.id] = gazetteer.outward[code] = place
    gazetteer.inside[code] = tuple(
        gazetteer.by_id[f"geonames:{number}"].id for number in row.get("places", ())
    ) + tuple(row["areas"])


def _index(index: dict[str, tuple[Place, ...]], names: Iterable[str], place: Place) -> None:
    for name in names:
        key = normalise(name)
        known = index.get(key, ())
        if key and place not in known:
            index[key] = (*known, place)
