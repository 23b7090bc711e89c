"""From a person's words to places: the project's list, the gazetteer, postcode districts, council areas, near misses.

May import this package and rapidfuzz only. Keeps no words and no points; all of it works without a network (rule 87).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rapidfuzz import fuzz, process

from storage.places.around_a_name import clauses, meant, without_number, without_street
from storage.places.certainty import Works, best_known, weight
from storage.places.gazetteer import DISTRICT, SHIPPED, Gazetteer, load
from storage.places.place_records import Place, PlacesFoundByWords, ProjectPlace, reach_km
from storage.places.postcode import outward_codes, without_full_postcodes
from storage.places.spelling import LONGEST, normalise, one_line, readings, spans, splits, usual, written_out

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
_DISTRICT_ALIKE = 86
"""Districts are many: a guess at one must be near."""
_SHORT_QUESTION = 3
"""Words of "is it Leith?"; a longer question is one to us and names no place."""
_SPREAD = 18.0
"""Near misses ranked this far below the best are not offered."""
_AREAS = frozenset({"council area", "county", "nation"})
_COUNCIL_WORDS = frozenset({"council", "borough", "district", "region", "county", "area"})

Index = Mapping[str, tuple[Place, ...]]


class Hits(NamedTuple):
    """Places of a name, best first, and whether the words tell which of them is meant: "Easton, Dorset"."""

    places: tuple[Place, ...]
    told: bool


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
        return self._own().by_id.get(place_id) or load(self._files).get(place_id)

    def find(self, words: str) -> PlacesFoundByWords:
        """Return the places these words may mean; never raises, whatever the words.

        One exact hit is sure enough to be taken; several are a question. A lone hit that is small, or far from where
        the project works, is only suggested (docs/places.md tells the rule). Street and house are left out of `words`.
        """
        text = without_full_postcodes(one_line(words[: 2 * LONGEST]))[:LONGEST].rstrip()
        if not _forms(text):
            return PlacesFoundByWords(text)
        for said in dict.fromkeys((text, without_number(text), without_street(text))):
            if hits := self._whole(said):
                return self._decided(said, said if said != text else text, hits)
        kept = without_street(text)
        if not (forms := _forms(kept)):
            return PlacesFoundByWords(kept)
        for said in self._parts(kept):
            if hits := self._whole(said):
                return self._decided(said, kept, hits)
        if kept.endswith("?") and len(forms[0]) > _SHORT_QUESTION:
            return PlacesFoundByWords(kept)
        return PlacesFoundByWords(kept, suggestions=self._suggestions(kept, forms)[:MOST])

    def search(self, words: str, most: int = 20) -> tuple[Place, ...]:
        """Return the places a reviewer may mean by these words, best first: every exact hit, else what looks alike."""
        text = without_full_postcodes(one_line(words[: 2 * LONGEST]))[:LONGEST].rstrip()
        forms = _forms(text)
        if not forms:
            return ()
        return (self._exact(text, forms).places or self._suggestions(text, forms))[:most]

    def _whole(self, said: str) -> Hits | None:
        """Return the places that these words and nothing else name, if any."""
        forms = _forms(said)
        found = self._exact(said, forms) if forms else Hits((), told=False)
        return found if found.places else None

    def _parts(self, text: str) -> Iterable[str]:
        """Yield the parts of a message that may be its place: what was put right, else each clause that is no aside."""
        if said := meant(text):
            yield said
            return
        yield from reversed([part for part in clauses(text) if self._whole(part)])

    def _decided(self, said: str, kept: str, found: Hits) -> PlacesFoundByWords:
        hits, told = found
        works = self._own().works
        if not told:
            hits = best_known(hits, works, normalise(said))
        if len(hits) == 1 and not told and not works.sure(hits[0], self._asked_about(said, hits[0])):
            return PlacesFoundByWords(kept, suggestions=(*self._begun(hits[0].name), *hits)[:MOST])
        hits = tuple({hit.label: hit for hit in reversed(hits)}.values())[::-1]
        return PlacesFoundByWords(kept, exact=hits[:MOST], more=max(0, len(hits) - MOST))

    def _begun(self, name: str) -> tuple[Place, ...]:
        """Return the places whose names begin with this one, as "Ashby-de-la-Zouch" does with "Ashby"."""
        index = load(self._files).named
        keys = index.index.beginning(f"{normalise(name)} ")
        towns = (place for key in keys for place in index[key] if place.population)
        return self._here(dict.fromkeys(towns))[: MOST - 1]

    def _asked_about(self, said: str, place: Place) -> bool:
        """Say whether others may be meant by this name: it is shared, a nickname, or an ordinary word after "the"."""
        if load(self._files).is_shared(place):
            return True
        spoken = normalise(said)
        the = f"the {normalise(place.name)}" in " ".join(said.casefold().split())
        return place.kind == DISTRICT and (the or normalise(place.name) not in spoken)

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
        gazetteer, ranked = load(self._files), list[tuple[bool, float, int]]()
        for distance, people, line in gazetteer.settlements_near(latitude, longitude, _FURTHEST_KM):
            reach = reach_km(people)
            outside = distance >= reach
            ranked.append((outside, distance - reach if outside else distance / reach, line))
        best: tuple[tuple[bool, float, str], Place] | None = None
        for outside, far, line in sorted(ranked):
            if best is not None and (outside, far) > best[0][:2]:
                break
            place = gazetteer.place(line)
            rank = outside, far, place.id
            if place.country in self._countries and (best is None or rank < best[0]):
                best = rank, place
        return best[1] if best else None

    def _own(self) -> _Project:
        lines, project = self._lines, self._project
        if project is None or project.lines is not lines:
            project = self._project = _Project(lines, self._countries, load(self._files))
        return project

    def _exact(self, text: str, forms: tuple[tuple[str, ...], ...]) -> Hits:
        gazetteer = load(self._files)
        own, told = self._named(self._own().named, forms)
        if own:
            return Hits(own, told)
        hits, told = self._named(gazetteer.named, forms)
        if hits:  # "Wales" is not only the village near Rotherham
            known = {hit.code for hit in hits if hit.kind != DISTRICT}
            areas, _ = self._named(gazetteer.areas, forms)
            return Hits(self._here((*hits, *(area for area in areas if area.code not in known))), told)
        if found := self._district(text, forms):
            return Hits(found, told=True)
        councils = tuple(f[:-1] for f in forms if len(f) > 1 and f[-1] in _COUNCIL_WORDS)
        areas = self._named(gazetteer.areas, forms).places or self._named(gazetteer.areas, councils).places
        return Hits(areas, told=True)

    def _named(self, index: Index, forms: Iterable[tuple[str, ...]]) -> Hits:
        """Return an index's places with one of these names, and whether the words tell which of them is meant.

        "newport wales" is only the Welsh ones.
        """
        for form in forms:
            if hits := self._here(index.get(" ".join(form), ())):
                return Hits(hits, told=False)
            for name, tail in splits(form):
                if hits := self._told_apart(self._here(index.get(name, ())), tail):
                    return Hits(hits, told=True)
            for head, name in _turned(form):
                found = (hit for hit in index.get(name, ()) if normalise(hit.region or hit.parent) == head)
                if hits := self._here(found):
                    return Hits(hits, told=True)
        return Hits((), told=False)

    def _district(self, text: str, forms: tuple[tuple[str, ...], ...]) -> tuple[Place, ...]:
        """Return the postcode district the words name; "the M8" is a road."""
        gazetteer = load(self._files)
        if "GB" not in self._countries:
            return ()
        for form in forms:
            code = form[0] if len(form) == 2 and len(form[1]) == 1 and form[1].isdigit() else "".join(form)
            hit = gazetteer.outward(code.upper()) or gazetteer.outward("".join(form).upper())
            if hit and not self._road(text, hit.name):
                return (hit,)
        codes = (code for code in outward_codes(text) if not self._road(text, code))
        found = [hit for code in codes if (hit := gazetteer.outward(code))]
        return tuple(found) if len(found) == 1 and len(forms[0]) <= 6 else ()

    @staticmethod
    def _road(text: str, code: str) -> bool:
        return code[0] in "ABM" and code[1:].isdigit() and f"the {code.casefold()}" in text.casefold()

    def _here(self, places: Iterable[Place]) -> tuple[Place, ...]:
        first, city_people = self._own().works.first, load(self._files).city_people
        return tuple(sorted(filter(self._is_here, places), key=lambda place: first(place, city_people(place))))

    def _is_here(self, place: Place) -> bool:
        return place.country in self._countries or place.id.startswith("project:")

    def _told_apart(self, hits: tuple[Place, ...], tail: tuple[str, ...]) -> tuple[Place, ...]:
        """Return the places of which these words tell where they are; those that stand in one so called, if any do."""
        told = tuple(hit for hit in hits if self._tells(hit, tail))
        within = " ".join(written_out(tail))
        towns = (hit for hit in told if within != normalise(hit.nation))  # "newport wales" is two places
        return tuple(hit for hit in towns if within in {normalise(hit.region), normalise(hit.parent)}) or told

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
        inside = load(self._files).inside(code)
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
        found = [hit for code in codes if (hit := gazetteer.outward(code)) and not self._road(text, code)]
        if any(code.startswith("BT") for code in codes):
            found += gazetteer.areas.get("northern ireland", ())
        core = min(forms, key=len)
        found += self._alike(" ".join(core), _SURELY_ALIKE if len(core) > 1 else _LEAST_ALIKE)
        for name, tail in splits(core) if len(core) <= 6 else ():
            if not self._names_something(tail[-1]):
                continue
            found += [hit for hit in self._alike(name, _LEAST_ALIKE) if self._tells(hit, tail)]
        for name in spans(text):
            found += self._here(own.named.get(name) or gazetteer.named.get(name) or gazetteer.areas.get(name, ()))
        if not found:
            found += self._alike(" ".join(core), _LEAST_ALIKE)
        return tuple({hit.label: hit for hit in reversed(found) if self._is_here(hit)}.values())[::-1]

    def _names_something(self, word: str) -> bool:
        """Say whether a place, an area or a postcode district can be told by this word, as the last of its name."""
        gazetteer = load(self._files)
        word = written_out((word,))[0]
        own = any(key.endswith(word) for key in self._own().named)
        return own or word in gazetteer.last_words or gazetteer.is_outward(word.upper())

    def _alike(self, name: str, least: int) -> list[Place]:
        """Return places whose names look like this one, or begin with it, the likeliest first."""
        if not 3 <= len(name) <= 40 or usual(name):
            return []
        gazetteer, own = load(self._files), self._own()
        ranked: dict[str, tuple[float, Place]] = {}
        parts = max(least, _DISTRICT_ALIKE)
        indexes: tuple[tuple[Index, Collection[str], float, int], ...] = (
            (own.named, own.named, 20.0, least), (gazetteer.named, gazetteer.towns, 0.0, least),
            (gazetteer.areas, gazetteer.areas, -6.0, least), (gazetteer.named, gazetteer.parts, 0.0, parts),
        )  # fmt: skip
        for index, names, bonus, far in indexes:
            for key, score in _scores(name, names, far):
                for place in self._here(index[key]):
                    if place.kind == DISTRICT and score < _DISTRICT_ALIKE:
                        continue
                    rank = score + bonus + 2 * math.log10(weight(place, gazetteer.city_people(place)) + 1)
                    if rank > ranked.get(place.id, (0.0, place))[0]:
                        ranked[place.id] = rank, place
        best = sorted(ranked.values(), key=lambda hit: (-hit[0], hit[1].id))
        towns = {place.code for _, place in best if place.id.startswith("geonames:")}
        return [p for rank, p in best if rank > best[0][0] - _SPREAD and (p.code not in towns or p.kind not in _AREAS)]


def _turned(form: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    """Yield each way to read the words as a city and its district: "Glasgow, Easterhouse"."""
    for cut in range(1, min(len(form), 5)):
        yield " ".join(form[:cut]), " ".join(form[cut:])


def _forms(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(form for reading in readings(text) for form in (reading, written_out(reading))))


def _scores(name: str, names: Collection[str], least: int) -> list[tuple[str, float]]:
    """Return the names like this one with how alike they are, of 100; slips at the first letter are rare."""
    alike = process.extract(name, list(names), scorer=fuzz.ratio, limit=20, score_cutoff=least)
    found = [(key, score + (4.0 if key[0] == name[0] else 0.0)) for key, score, _ in alike]
    return found + [(key, 86.0) for key in names if key.startswith(f"{name} ")]


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
        self.works = Works(self.places)


def _within(places: Iterable[Place], latitude: float, longitude: float, km: float) -> Iterable[tuple[Place, float]]:
    """Yield the places at most so far away, with their distance in km (flat Earth: good to a percent at 50 km)."""
    band, width = km / 111.2, math.cos(math.radians(latitude))
    for place in places:
        if place.latitude is None or place.longitude is None or abs(place.latitude - latitude) > band:
            continue
        distance = 111.2 * math.hypot(place.latitude - latitude, (place.longitude - longitude) * width)
        if distance <= km:
            yield place, distance
