"""The gazetteer in memory: reads what `build` wrote, once, and answers by name, code and postcode district.

Twenty thousand places as objects take four times the memory of the file they stand in. So the file is kept as it is,
beside it which of its lines a name means, and a place is made of its line whenever somebody asks for it.

May import this package's records and spelling only. Nothing here knows a project's own list.
"""

from __future__ import annotations

import gzip
import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from storage.places.place_records import Place, kind_of
from storage.places.spelling import normalise

SHIPPED = Path(__file__).parents[1] / "places_data" / "gb-ie.jsonl.gz"
FORMAT = 1
DISTRICT = "district"
"""The kind of a part of a city."""
KEPT = 512
"""Places that stay as they are once they were made."""

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


Numbers = dict[str, int | tuple[int, ...]]
"""The number of a line by what it is found by, or of several."""


class Named(Mapping[str, tuple[Place, ...]]):
    """Places by normalised name and alias, made when they are asked for."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self.numbers: Numbers = {}

    def __getitem__(self, name: str) -> tuple[Place, ...]:
        return tuple(map(self._gazetteer.place, self.lines(name)))

    def __contains__(self, name: object) -> bool:
        return name in self.numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the places of a name."""
        return self[name] if name in self.numbers else default

    def lines(self, name: str) -> tuple[int, ...]:
        """Return the numbers of the lines of a name."""
        found = self.numbers.get(name, ())
        return (found,) if isinstance(found, int) else found


class Gazetteer:
    """Everything read from the files. Treat as read-only: it is shared by all threads."""

    def __init__(self) -> None:
        self.year: int | None = None
        """Year of the codes of council areas."""
        self.named = Named(self)
        """Cities, towns, villages and localities by normalised name and alias."""
        self.areas: dict[str, tuple[Place, ...]] = {}
        """Council areas, counties and nations by normalised name and alias."""
        self.wider: dict[str, tuple[Place, ...]] = {}
        """Council areas by the wider names people still use: `lanarkshire`, `berkshire`."""
        self.parts: tuple[str, ...] = ()
        """Those names that only districts have. They are among `named` too."""
        self.towns: tuple[str, ...] = ()
        """The names that are not in `parts`."""
        self.last_words: set[str] = set()
        """The last words of the names of places and areas that tell where others are."""
        self.around: dict[str, tuple[str, ...]] = {}
        """Normalised names that say where a council area is: its own, its county's, wider ones; by code."""
        self._content = b""
        self._starts = array("I")
        """Where each line begins in the content that is of a place and of no area: these lines have numbers."""
        self._areas: dict[str, Place] = {}
        """Council areas, counties and nations by id."""
        self._outward: dict[str, int] = {}
        """Number of the line of a postcode district."""
        self._settlements: dict[int, int] = {}
        """Number of the line of a settlement, by its number in GeoNames."""
        self._settled = array("I")
        """Numbers of the lines of the settlements."""
        self._points = array("f")
        """Latitude and longitude of each of them."""
        self._cities: dict[int, Place] = {}
        """The cities that have districts, by their number in GeoNames."""
        self._is_district = bytearray()
        """For each line 1 if it is of a district."""
        self.place: Callable[[int], Place] = lru_cache(KEPT)(self._place)
        """Return the place of a line; those that people of a project name again and again are kept at hand."""

    def get(self, place_id: str) -> Place | None:
        """Return the place with this id."""
        if (area := self._areas.get(place_id)) is not None:
            return area
        number = self._number(place_id)
        return None if number is None else self.place(number)

    def places(self) -> Iterator[Place]:
        """Yield all places."""
        yield from self._areas.values()
        yield from map(self._place, range(len(self._starts)))

    def settlements(self) -> Iterator[Place]:
        """Yield the cities, towns and villages."""
        return map(self._place, self._settled)

    def settlements_near(self, latitude: float, longitude: float, km: float) -> Iterator[Place]:
        """Yield the settlements in a square around a point, and few others."""
        high = km / 111.2 + 0.01
        wide = high / max(0.01, math.cos(math.radians(latitude)))
        points = iter(self._points)
        for number, north, east in zip(self._settled, points, points, strict=True):
            if abs(north - latitude) <= high and abs(east - longitude) <= wide:
                yield self._place(number)

    def outward(self, code: str) -> Place | None:
        """Return the postcode district of this code."""
        number = self._outward.get(code)
        return None if number is None else self.place(number)

    def is_outward(self, code: str) -> bool:
        """Tell whether there is a postcode district of this code."""
        return code in self._outward

    def inside(self, code: str) -> tuple[str, ...]:
        """Return the ids of the places inside a postcode district, and codes of the council areas it touches."""
        number = self._outward.get(code)
        row = {} if number is None else self._row(number)
        return (*(f"geonames:{place}" for place in row.get("places", ())), *row.get("areas", ()))

    def city_people(self, place: Place) -> int:
        """Return how many people the city of a district has; none for what is no district."""
        if place.kind != DISTRICT or not place.id.startswith(DISTRICT):
            return 0
        return self._cities[int(place.id[len(DISTRICT) + 1 :].partition("-")[0])].population or 0

    def is_shared(self, place: Place) -> bool:
        """Tell whether others have its name too that are in no list: a small village elsewhere, an estate."""
        number = self._number(place.id)
        return number is not None and "also" in self._row(number)

    def _number(self, place_id: str) -> int | None:
        kind, _, rest = place_id.partition(":")
        if kind == "geonames" and rest.isascii() and rest.isdecimal():
            return self._settlements.get(int(rest))
        if kind == "outward":
            return self._outward.get(rest)
        if kind == DISTRICT:
            lines = self.named.lines(rest.partition("-")[2].replace("-", " "))
            return next((number for number in reversed(lines) if self.place(number).id == place_id), None)
        return None

    def _place(self, number: int) -> Place:
        return self._made(self._row(number))

    def _row(self, number: int) -> dict[str, Any]:
        row: dict[str, Any] = json.loads(self._line(number))
        return row

    def _line(self, number: int) -> bytes:
        start = self._starts[number]
        return self._content[start : self._content.index(b"\n", start)]

    def area(self, code: str) -> Place | None:
        """Return the council area, county or nation with this code."""
        return self._areas.get(area_id(code)) if code else None

    def names_around(self, place: Place) -> tuple[str, ...]:
        """Return the normalised names that tell this place from others of its name: parent, county, nation, country."""
        own = tuple(normalise(name) for name in (place.parent, place.region) if name)
        nation = _NATION_WORDS.get(place.nation, (normalise(place.nation),) if place.nation else ())
        return own + self.around.get(place.code, ()) + nation + _COUNTRY_WORDS.get(place.country, ())

    # ---- reading

    def read(self, content: bytes) -> None:
        """Add what stands in a file."""
        start = len(self._content)
        if not content.endswith(b"\n"):
            content += b"\n"
        self._content = content if not start else self._content + content
        end = self._content.index(b"\n", start)
        told = json.loads(self._content[start:end])
        if told.get("format") != FORMAT:
            raise GazetteerError("format")
        self.year = told.get("year") or self.year
        start = end + 1
        while start < len(self._content):
            end = self._content.index(b"\n", start)
            row = json.loads(self._content[start:end])
            if "area" in row:
                self._add_area(row)
            else:
                self._starts.append(start)
                self._add(len(self._starts) - 1, row)
            start = end + 1

    def finish(self) -> None:
        """Look through all names, once every file is read."""
        towns, parts = list[str](), list[str]()
        for name in self.named:
            only_parts = all(self._is_district[number] for number in self.named.lines(name))
            (parts if only_parts else towns).append(name)
        self.towns, self.parts = tuple(towns), tuple(parts)
        known = (*towns, *self.areas, *self.wider, *chain.from_iterable(_WORDS_OF_LANDS))
        self.last_words.update(name.rpartition(" ")[2] for name in known)

    def _add_area(self, row: dict[str, Any]) -> None:
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
            year=self.year if _scheme(code) == "gss" else None,
            latitude=row.get("latitude"),
            longitude=row.get("longitude"),
            population=row.get("population"),
            region=row["nation"] if row["kind"] != "nation" else "",
        )
        self._areas[place.id] = place
        names = [row["name"], *row.get("aliases", ())]
        if row["kind"] == "nation":
            names += _NATION_WORDS[row["nation"]]
        _index(self.areas, names, place)
        _index(self.wider, row.get("wider", ()), place)
        known = (*names, row.get("county", ""), *row.get("wider", ()))
        self.around[code] = tuple(dict.fromkeys(normalise(name) for name in known if name))

    def _add(self, number: int, row: dict[str, Any]) -> None:
        """Find a line by its names from now on. The place is made of it once, to see that it can be."""
        if "district" in row and row["city"] not in self._cities:
            self._cities[row["city"]] = self.place(self._settlements[row["city"]])
        place = self._made(row)
        self._is_district.append("district" in row)
        if "outward" in row:
            if not all(found in self._settlements for found in row.get("places", ())):
                raise GazetteerError("unknown place")
            self._outward[row["outward"]] = number
            return
        if "place" in row:
            self._settlements[row["place"]] = number
            self._settled.append(number)
            self._points.extend((row["latitude"], row["longitude"]))
        for name in (place.name, *row.get("aliases", ())):
            key = normalise(name)
            known = self.named.lines(key)
            if key and number not in known and all(self._line(number) != self._line(other) for other in known):
                self.named.numbers[key] = (*known, number) if known else number

    def _made(self, row: Mapping[str, Any]) -> Place:
        if "place" in row:
            return self._settlement(row)
        return self._district(row) if "district" in row else self._postcode_district(row)

    def _settlement(self, row: Mapping[str, Any]) -> Place:
        area = self.area(row.get("code", ""))
        return Place(
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
            region=row.get("region", ""),
            time_zone=row["zone"],
        )

    def _district(self, row: Mapping[str, Any]) -> Place:
        """Return a district of a city; its city is the region in its label, its council area the parent."""
        city = self._cities[row["city"]]
        area = self.area(row.get("code", city.code)) or city
        name = row["district"]
        return Place(
            id=f"{DISTRICT}:{row['city']}-{normalise(name).replace(' ', '-')}",
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

    def _postcode_district(self, row: Mapping[str, Any]) -> Place:
        code, area = row["outward"], self.area(row["code"])
        if area is None:
            raise GazetteerError("unknown area")
        return Place(
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
            with gzip.open(file) as content:
                gazetteer.read(content.read())
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise GazetteerError(f"the list of places {file.name} cannot be read ({type(error).__name__})") from error
    gazetteer.finish()
    return gazetteer


def _index(index: dict[str, tuple[Place, ...]], names: Iterable[str], place: Place) -> None:
    for name in names:
        key = normalise(name)
        known = index.get(key, ())
        if key and place not in known:
            index[key] = (*known, place)
