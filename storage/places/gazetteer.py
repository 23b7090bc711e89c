"""The gazetteer: what `build` wrote, and answers by name, code and postcode district.

Twenty thousand places as objects take four times the memory of the file they stand in. So the file is mapped as it is,
beside it which of its lines a name means, and a place is made of its line whenever somebody asks for it.

May import this package's index, records and spelling only. Nothing here knows a project's own list.
"""

from __future__ import annotations

import gzip
import json
import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from storage.places.gazetteer_index import NameIndex, Sections, indexed, kept, let_go, sections_of
from storage.places.place_records import Place, kind_of
from storage.places.spelling import normalise

SHIPPED = Path(__file__).parents[1] / "places_data" / "gb-ie.jsonl.gz"
FORMAT = 1
DISTRICT = "district"
"""The kind of a part of a city."""
KM_A_DEGREE = 111.2
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


class Named(Mapping[str, tuple[Place, ...]]):
    """Places by normalised name and alias, made when they are asked for."""

    def __init__(self, gazetteer: Gazetteer, index: NameIndex) -> None:
        self._gazetteer = gazetteer
        self.index = index

    def __getitem__(self, name: str) -> tuple[Place, ...]:
        return tuple(map(self._gazetteer.place, self.index.lines(name)))

    def __contains__(self, name: object) -> bool:
        return name in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.index)

    def __len__(self) -> int:
        return len(self.index)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the places of a name."""
        return self[name] or default


class Gazetteer:
    """Everything of the files. Treat as read-only: it is shared by all threads."""

    def __init__(self, sections: Sections) -> None:
        self._content = sections["content"]
        self._lines = sections["lines"].cast("I")
        """Where each line of a place begins and ends: these lines have numbers."""
        self._settled = sections["settled"].cast("I")
        """Numbers of the lines of the settlements."""
        self._north = sections["north"].cast("d")
        """Latitude of each of them, from south to north; longitude, people and line in the same order."""
        self._east = sections["east"].cast("d")
        self._people = sections["people"].cast("I")
        self._line_of_point = sections["line of point"].cast("I")
        self._only_parts = sections["only parts"]
        self._outward = NameIndex(sections, "outward")
        self._settlements = NameIndex(sections, "settlement")
        """Lines of settlements, by their number in GeoNames."""
        self.last_words = NameIndex(sections, "last words")
        """The last words of the names of places and areas that tell where others are."""
        self.named = Named(self, NameIndex(sections, "named"))
        """Cities, towns, villages and localities by normalised name and alias."""
        self.areas: dict[str, tuple[Place, ...]] = {}
        """Council areas, counties and nations by normalised name and alias."""
        self.wider: dict[str, tuple[Place, ...]] = {}
        """Council areas by the wider names people still use: `lanarkshire`, `berkshire`."""
        self.around: dict[str, tuple[str, ...]] = {}
        """Normalised names that say where a council area is: its own, its county's, wider ones; by code."""
        self._areas: dict[str, Place] = {}
        """Council areas, counties and nations by id."""
        self.place: Callable[[int], Place] = lru_cache(KEPT)(self._place)
        """Return the place of a line; those that people of a project name again and again are kept at hand."""
        self._city: Callable[[int], Place] = cache(self._a_city)
        """Return the city that has districts, by its number in GeoNames."""
        told = json.loads(bytes(self._content[: bytes(self._content[:4096]).index(b"\n")]))
        if told.get("format") != FORMAT:
            raise GazetteerError("format")
        self.year: int | None = told.get("year")
        """Year of the codes of council areas."""
        areas = iter(sections["areas"].cast("I"))
        for begins, ends in zip(areas, areas, strict=True):
            self._add_area(json.loads(bytes(self._content[begins:ends])))

    @cached_property
    def towns(self) -> tuple[str, ...]:
        """The names that are not in `parts`; read when somebody first slips at one."""
        return tuple(name for name, part in zip(self.named, self._only_parts, strict=True) if not part)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Those names that only districts have. They are among `named` too."""
        return tuple(name for name, part in zip(self.named, self._only_parts, strict=True) if part)

    def get(self, place_id: str) -> Place | None:
        """Return the place with this id."""
        if (area := self._areas.get(place_id)) is not None:
            return area
        number = self._number(place_id)
        return None if number is None else self.place(number)

    def places(self) -> Iterator[Place]:
        """Yield all places."""
        yield from self._areas.values()
        yield from map(self._place, range(len(self._lines) // 2))

    def settlements(self) -> Iterator[Place]:
        """Yield the cities, towns and villages."""
        return map(self._place, self._settled)

    def settlements_near(self, latitude: float, longitude: float, km: float) -> Iterator[tuple[float, int, int]]:
        """Yield the settlements at most so far away: distance in km, people, number of the line."""
        band, width = km / KM_A_DEGREE, math.cos(math.radians(latitude))
        first = bisect_left(self._north, latitude - band)
        last = bisect_right(self._north, latitude + band)
        for place in range(first, last):
            distance = KM_A_DEGREE * math.hypot(self._north[place] - latitude, (self._east[place] - longitude) * width)
            if distance <= km:
                yield distance, self._people[place], self._line_of_point[place]

    def outward(self, code: str) -> Place | None:
        """Return the postcode district of this code."""
        lines = self._outward.lines(code)
        return self.place(lines[0]) if lines else None

    def is_outward(self, code: str) -> bool:
        """Tell whether there is a postcode district of this code."""
        return code in self._outward

    def inside(self, code: str) -> tuple[str, ...]:
        """Return the ids of the places inside a postcode district, and codes of the council areas it touches."""
        lines = self._outward.lines(code)
        row = self._row(lines[0]) if lines else {}
        return (*(f"geonames:{place}" for place in row.get("places", ())), *row.get("areas", ()))

    def city_people(self, place: Place) -> int:
        """Return how many people the city of a district has; none for what is no district."""
        if place.kind != DISTRICT or not place.id.startswith(DISTRICT):
            return 0
        return self._city(int(place.id[len(DISTRICT) + 1 :].partition("-")[0])).population or 0

    def is_shared(self, place: Place) -> bool:
        """Tell whether others have its name too that are in no list: a small village elsewhere, an estate."""
        number = self._number(place.id)
        return number is not None and "also" in self._row(number)

    def _number(self, place_id: str) -> int | None:
        kind, _, rest = place_id.partition(":")
        if kind in {"geonames", "outward"}:
            lines = (self._settlements if kind == "geonames" else self._outward).lines(rest)
            return lines[0] if lines else None
        if kind == DISTRICT:
            lines = self.named.index.lines(rest.partition("-")[2].replace("-", " "))
            return next((number for number in reversed(lines) if self.place(number).id == place_id), None)
        return None

    def _place(self, number: int) -> Place:
        return self._made(self._row(number))

    def _row(self, number: int) -> dict[str, Any]:
        row: dict[str, Any] = json.loads(bytes(self._content[self._lines[2 * number] : self._lines[2 * number + 1]]))
        return row

    def _a_city(self, number: int) -> Place:
        return self.place(self._settlements.lines(str(number))[0])

    def area(self, code: str) -> Place | None:
        """Return the council area, county or nation with this code."""
        return self._areas.get(area_id(code)) if code else None

    def names_around(self, place: Place) -> tuple[str, ...]:
        """Return the normalised names that tell this place from others of its name: parent, county, nation, country."""
        own = tuple(normalise(name) for name in (place.parent, place.region) if name)
        nation = _NATION_WORDS.get(place.nation, (normalise(place.nation),) if place.nation else ())
        return own + self.around.get(place.code, ()) + nation + _COUNTRY_WORDS.get(place.country, ())

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
        city = self._city(row["city"])
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
    """Return the gazetteer of these files, once per process: by its index where one was kept. Raises GazetteerError."""
    if len(files) == 1 and files[0].is_file() and (sections := kept(files[0])) is not None:
        gazetteer = Gazetteer(sections)
        let_go(sections)
        return gazetteer
    contents = []
    for file in files:
        try:
            with gzip.open(file) as packed:
                contents.append(packed.read())
            gazetteer = Gazetteer(sections_of(index_made(b"".join(contents))))
            deque(gazetteer.places(), maxlen=0)  # each is made once, to see that it can be
        except (OSError, EOFError, LookupError, ValueError, TypeError, AttributeError) as error:
            raise GazetteerError(f"the list of places {file.name} cannot be read ({type(error).__name__})") from error
    return gazetteer


def index_made(content: bytes) -> bytes:
    """Return the index of the lines of a gazetteer."""
    return indexed(content, chain.from_iterable(_WORDS_OF_LANDS))


def _index(index: dict[str, tuple[Place, ...]], names: Iterable[str], place: Place) -> None:
    for name in names:
        key = normalise(name)
        known = index.get(key, ())
        if key and place not in known:
            index[key] = (*known, place)
