"""From a person's words to places: the project's list, the gazetteer, postcode districts, council areas, near misses.

May import this package and rapidfuzz only. Keeps no words and no points; all of it works without a network (rule 87).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process

from storage.places.gazetteer import SHIPPED, Gazetteer, load
from storage.places.place import Found, Place, ProjectPlace, reach_km
from storage.places.postcode import outward_codes, without_full_postcodes
from storage.places.words import LONGEST, normalise, one_line, readings, spans, splits, usual, written_out

MOST = 5
"""Places offered at once (rule 86)."""

_NEARBY_KM = 25.0
"""How far from a larger place another may be and still be told by it: "Newport near Telford"."""
_PROJECT_REACH_KM = 1.5
"""A shared position this close to a place of the project's list is taken to be there."""
_FURTHEST_KM = 50.0
_LEAST_ALIKE = 76
"""Of 100 (rapidfuzz ratio): "Bristl" has 92, "Edinborough" 80; below, guesses puzzle more than they help."""
_SURELY_ALIKE = 88
_SPREAD = 18.0
"""Near misses ranked this far below the best are not offered."""
_AREAS = frozenset({"council area", "county", "nation"})
_COUNCIL_WORDS = frozenset({"council", "borough", "district", "region", "county", "area"})

Index = Mapping[str, tuple[Place, ...]]


class Resolver:
    """Finds places by name and by position. Safe to share between threads; reads the gazetteer on first use."""

    def __init__(
        self,
        project: Sequence[ProjectPlace] = (),
        countries: Sequence[str] = ("GB",),
        *,
        files: tuple[Path, ...] = (SHIPPED,),
    ) -> None:
        self._countries = tuple(country.upper() for country in countries)
        self._files = files
        self._lines = tuple(project)
        self._project: _Project | None = None

    def replace_project(self, places: Sequence[ProjectPlace]) -> None:
        """Use this list from now on. A search under way still sees the old one."""
        self._lines = tuple(places)

    def warm(self) -> None:
        """Read the gazetteer now (about a fifth of a second) instead of on the first question."""
        self._own()

    def get(self, place_id: str) -> Place | None:
        """Return the place with this id, whatever country it is in."""
        return self._own().by_id.get(place_id) or load(self._files).by_id.get(place_id)

    def find(self, words: str) -> Found:
        """Return the places these words may mean; never raises, whatever the words. Exact hits come largest first."""
        text = without_full_postcodes(one_line(words[: 2 * LONGEST]))[:LONGEST].rstrip()
        forms = tuple(dict.fromkeys(form for reading in readings(text) for form in (reading, written_out(reading))))
        if not forms:
            return Found(text)
        hits = self._exact(text, forms)
        if hits:
            return Found(text, exact=hits[:MOST], more=max(0, len(hits) - MOST))
        return Found(text, suggestions=self._suggestions(text, forms)[:MOST])

    def nearest(self, latitude: float, longitude: float) -> Place | None:
        """Reduce a position to the locality around it; the position itself is kept nowhere (rule 88).

        A place of the project's list within 1.5 km wins; then the settlement that the position lies in, guessing its
        size from its population; then the one whose edge is closest. None beyond 50 km.
        """
        if not (math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90):
            return None
        own = [(d, p) for p, d in _within(self._own().places, latitude, longitude, _PROJECT_REACH_KM)]
        if own:
            return min(own, key=lambda hit: (hit[0], hit[1].id))[1]
        best: tuple[tuple[int, float, str], Place] | None = None
        for place, distance in _within(load(self._files).settlements, latitude, longitude, _FURTHEST_KM):
            if place.country not in self._countries:
                continue
            reach = reach_km(place.population)
            rank = (0, distance / reach, place.id) if distance < reach else (1, distance - reach, place.id)
            if best is None or rank < best[0]:
                best = rank, place
        return best[1] if best else None

    def _own(self) -> _Project:
        lines, project = self._lines, self._project
        if project is None or project.lines is not lines:
            project = self._project = _Project(lines, self._countries, load(self._files))
        return project

    def _exact(self, text: str, forms: tuple[tuple[str, ...], ...]) -> tuple[Place, ...]:
        gazetteer = load(self._files)
        if own := self._named(self._own().named, forms):
            return own
        if hits := self._named(gazetteer.named, forms):  # "Wales" is not only the village near Rotherham
            known = {hit.code for hit in hits}
            areas = self._named(gazetteer.areas, forms)
            return self._here((*hits, *(area for area in areas if area.code not in known)))
        return (
            self._district(text, forms)
            or self._named(gazetteer.areas, forms)
            or self._named(gazetteer.areas, tuple(f[:-1] for f in forms if len(f) > 1 and f[-1] in _COUNCIL_WORDS))
        )

    def _named(self, index: Index, forms: Iterable[tuple[str, ...]]) -> tuple[Place, ...]:
        """Return an index's places with one of these names, larger first; "newport wales" is only the Welsh ones."""
        for form in forms:
            hits = self._here(index.get(" ".join(form), ()))
            for name, tail in splits(form) if not hits else ():
                hits = tuple(hit for hit in self._here(index.get(name, ())) if self._tells(hit, tail))
                if hits:
                    break
            if hits:
                return hits
        return ()

    def _district(self, text: str, forms: tuple[tuple[str, ...], ...]) -> tuple[Place, ...]:
        """Return the postcode district the words name; "the M8" is a road."""
        outward = load(self._files).outward
        if "GB" not in self._countries:
            return ()
        for form in forms:
            code = form[0] if len(form) == 2 and len(form[1]) == 1 and form[1].isdigit() else "".join(form)
            hit = outward.get(code.upper()) or outward.get("".join(form).upper())
            if hit and not self._road(text, hit.name):
                return (hit,)
        found = [outward[code] for code in outward_codes(text) if code in outward and not self._road(text, code)]
        return tuple(found) if len(found) == 1 and len(forms[0]) <= 6 else ()

    @staticmethod
    def _road(text: str, code: str) -> bool:
        return code[0] in "ABM" and code[1:].isdigit() and f"the {code.casefold()}" in text.casefold()

    def _here(self, places: Iterable[Place]) -> tuple[Place, ...]:
        return tuple(sorted(filter(self._is_here, places), key=_larger_first))

    def _is_here(self, place: Place) -> bool:
        return place.country in self._countries or place.id.startswith("project:")

    def _tells(self, place: Place, tail: tuple[str, ...]) -> bool:
        """Say whether these words tell where the place is: area, county, nation, postcode, a place nearby."""
        gazetteer = load(self._files)
        tail = written_out(tail)
        around = [name.split() for name in gazetteer.names_around(place)]
        for end in range(len(tail), 0, -1):
            piece = tail[:end]
            if (
                (any(set(piece) <= set(name) for name in around) and not usual(" ".join(piece)))
                or self._covers("".join(piece).upper(), place)
                or self._nearby(" ".join(piece), place)
            ):
                rest = tail[end:]
                return not rest or self._tells(place, rest)
        return False

    def _covers(self, code: str, place: Place) -> bool:
        inside = load(self._files).inside.get(code, ())
        return place.id in inside or (bool(place.code) and place.code in inside)

    def _nearby(self, name: str, place: Place) -> bool:
        near = self._own().named.get(name, ()) or load(self._files).named.get(name, ())
        if place.latitude is None or place.longitude is None:
            return False
        larger = [other for other in near if (other.population or 0) > (place.population or 0)]
        return any(_within(larger, place.latitude, place.longitude, _NEARBY_KM))

    def _suggestions(self, text: str, forms: tuple[tuple[str, ...], ...]) -> tuple[Place, ...]:
        """Return what may be meant, best first: wider names, near misses of the whole, then names inside a sentence."""
        gazetteer, own = load(self._files), self._own()
        for form in forms:
            if wider := self._here(gazetteer.wider.get(" ".join(form), ())):
                return wider
        codes = outward_codes(text)
        found = [hit for code in codes if (hit := gazetteer.outward.get(code)) and not self._road(text, code)]
        if any(code.startswith("BT") for code in codes):
            found += gazetteer.areas.get("northern ireland", ())
        core = min(forms, key=len)
        found += self._alike(" ".join(core), _SURELY_ALIKE if len(core) > 1 else _LEAST_ALIKE)
        for name, tail in splits(core) if len(core) <= 6 else ():
            found += [hit for hit in self._alike(name, _LEAST_ALIKE) if self._tells(hit, tail)]
        for name in spans(text):
            found += self._here(own.named.get(name) or gazetteer.named.get(name) or gazetteer.areas.get(name, ()))
        if not found:
            found += self._alike(" ".join(core), _LEAST_ALIKE)
        return tuple({hit.id: hit for hit in found if self._is_here(hit)}.values())

    def _alike(self, name: str, least: int) -> list[Place]:
        """Return places whose names look like this one, or begin with it, the likeliest first."""
        if not 3 <= len(name) <= 40 or usual(name):
            return []
        gazetteer, own = load(self._files), self._own()
        ranked: dict[str, tuple[float, Place]] = {}
        for index, bonus in ((own.named, 20.0), (gazetteer.named, 0.0), (gazetteer.areas, -6.0)):
            for key, score in _scores(name, index, least):
                for place in self._here(index[key]):
                    rank = score + bonus + 2 * math.log10((place.population or 0) + 1)
                    if rank > ranked.get(place.id, (0.0, place))[0]:
                        ranked[place.id] = rank, place
        best = sorted(ranked.values(), key=lambda hit: (-hit[0], hit[1].id))
        towns = {place.code for _, place in best if place.id.startswith("geonames:")}
        return [p for rank, p in best if rank > best[0][0] - _SPREAD and (p.code not in towns or p.kind not in _AREAS)]


def _larger_first(place: Place) -> tuple[bool, int, str, str]:
    return place.kind != "nation", -(place.population or 0), place.label, place.id


def _scores(name: str, index: Index, least: int) -> list[tuple[str, float]]:
    """Return names of the index like this one with how alike they are, of 100; slips at the first letter are rare."""
    alike = process.extract(name, index.keys(), scorer=fuzz.ratio, limit=20, score_cutoff=least)
    found = [(key, score + (4.0 if key[0] == name[0] else 0.0)) for key, score, _ in alike]
    return found + [(key, 86.0) for key in index if key.startswith(f"{name} ")]


class _Project:
    """The project's list, ready to be searched."""

    def __init__(self, lines: tuple[ProjectPlace, ...], countries: tuple[str, ...], gazetteer: Gazetteer) -> None:
        self.lines = lines
        self.named: dict[str, tuple[Place, ...]] = {}
        self.by_id: dict[str, Place] = {}
        for line in lines:
            area = gazetteer.area(line.code) if line.scheme == "gss" else None
            place = Place(
                id=f"project:{line.id}",
                name=line.name,
                kind=line.kind or "locality",
                parent=line.parent or (area.name if area else ""),
                nation=area.nation if area else "",
                country=area.country if area else (countries[0] if countries else ""),
                scheme=line.scheme,
                code=line.code,
                year=area.year if area else None,
                latitude=line.latitude,
                longitude=line.longitude,
                population=None,
            )
            self.by_id[place.id] = place
            for name in (line.name, *line.aliases):
                key = normalise(name)
                if key and place not in self.named.get(key, ()):
                    self.named[key] = (*self.named.get(key, ()), place)
        self.places = tuple(self.by_id.values())


def _within(places: Iterable[Place], latitude: float, longitude: float, km: float) -> Iterable[tuple[Place, float]]:
    """Yield the places at most so far away, with their distance in km (flat Earth: good to a percent at 50 km)."""
    band, width = km / 111.2, math.cos(math.radians(latitude))
    for place in places:
        if place.latitude is None or place.longitude is None or abs(place.latitude - latitude) > band:
            continue
        distance = 111.2 * math.hypot(place.latitude - latitude, (place.longitude - longitude) * width)
        if distance <= km:
            yield place, distance
