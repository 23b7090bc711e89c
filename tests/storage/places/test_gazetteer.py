"""What is in the shipped list of places, and what must not be: codes and years, no full postcode, nothing of BT."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from storage.places import CREDITS, SHIPPED, GazetteerError, Place, Resolver
from storage.places.building.keep_index import keep_index
from storage.places.gazetteer import index_made, load
from storage.places.gazetteer_index import digest, index_of, kept
from storage.places.place_records import reach_km
from storage.places.spelling import normalise

ROOT = Path(__file__).parents[3]
FULL_POSTCODE = re.compile(r"\b[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}\b")


@pytest.fixture(scope="module")
def text() -> str:
    return gzip.decompress(SHIPPED.read_bytes()).decode()


@pytest.fixture(scope="module")
def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_file_is_small_and_has_what_it_should(rows: list[dict[str, Any]]) -> None:
    assert SHIPPED.stat().st_size < 400_000
    head, *rest = rows
    assert (head["format"], head["year"]) == (1, 2025)
    kinds = Counter(next(iter(row)) for row in rest)
    assert kinds["place"] > 6_000
    assert kinds["outward"] > 2_900
    assert kinds["district"] > 9_000
    assert kinds["area"] == 361 + 26 + 21 + 6 + 1 + 5, "council areas, Irish and English counties, London, nations"


def test_no_full_postcode_and_nothing_of_northern_irelands_postcodes(text: str, rows: list[dict[str, Any]]) -> None:
    assert FULL_POSTCODE.search("BS5 6XX")
    assert not FULL_POSTCODE.search(text)
    outward = [row["outward"] for row in rows if "outward" in row]
    assert "BS5" in outward
    assert all(re.fullmatch(r"[A-Z]{1,2}[0-9][A-Z0-9]?", code) for code in outward)
    assert not [code for code in outward if code.startswith("BT")]


def test_every_place_has_a_code_of_a_known_area(rows: list[dict[str, Any]]) -> None:
    areas = {row["area"] for row in rows if "area" in row}
    assert all(re.fullmatch(r"[ESWN][0-9]{8}|IE(-[A-Z]{1,2})?", code) for code in areas)
    assert all(row["code"] in areas for row in rows if "place" in row or "outward" in row)
    assert all(set(row["areas"]) <= areas for row in rows if "outward" in row)
    places = {row["place"] for row in rows if "place" in row}
    assert all(set(row.get("places", ())) <= places for row in rows if "outward" in row)


def test_every_gss_code_has_its_year() -> None:
    places = list(load().places())
    assert len(places) > 9_000
    for place in places:
        assert place.code
        assert place.year == (2025 if place.scheme == "gss" else None)
        assert place.scheme.startswith("gss" if place.country == "GB" else "iso-3166-")


def test_points_are_middles_of_places_to_two_decimals(rows: list[dict[str, Any]]) -> None:
    points = [(row["latitude"], row["longitude"]) for row in rows if "latitude" in row]
    assert len(points) > 9_000
    for latitude, longitude in points:
        assert 49.8 < latitude < 60.9
        assert -10.7 < longitude < 1.8
        assert (round(latitude, 2), round(longitude, 2)) == (latitude, longitude)


def test_kinds_in_the_file_are_those_of_the_records(rows: list[dict[str, Any]]) -> None:
    gazetteer = load()
    places = [row for row in rows if "place" in row]
    assert places
    assert all(gazetteer.get(f"geonames:{row['place']}").kind == row["kind"] for row in places)


def test_no_two_places_share_a_label() -> None:
    labels = Counter(place.label for place in load().settlements())
    assert labels
    assert [label for label, count in labels.items() if count > 1] == []


def test_names_are_in_letters_people_here_can_type() -> None:
    names = list(load().named)
    assert names
    assert [name for name in names if not re.fullmatch(r"[a-z0-9 ]+", name)] == []


COUNCILS = {
    "S12000050": ("North Lanarkshire", "Scotland"),
    "S12000029": ("South Lanarkshire", "Scotland"),
    "S12000036": ("City of Edinburgh", "Scotland"),
    "S12000049": ("Glasgow City", "Scotland"),
    "S12000013": ("Na h-Eileanan Siar", "Scotland"),
    "S12000017": ("Highland", "Scotland"),
    "E06000023": ("Bristol", "England"),
    "E06000046": ("Isle of Wight", "England"),
    "E06000010": ("Kingston upon Hull", "England"),
    "E06000066": ("Somerset", "England"),
    "E06000065": ("North Yorkshire", "England"),
    "E06000063": ("Cumberland", "England"),
    "E07000077": ("Uttlesford", "England"),
    "E08000035": ("Leeds", "England"),
    "E08000038": ("Barnsley", "England"),
    "E08000039": ("Sheffield", "England"),
    "E09000022": ("Lambeth", "England"),
    "W06000022": ("Newport", "Wales"),
    "W06000015": ("Cardiff", "Wales"),
    "W06000001": ("Isle of Anglesey", "Wales"),
    "N09000003": ("Belfast", "Northern Ireland"),
    "N09000005": ("Derry City and Strabane", "Northern Ireland"),
}


@pytest.mark.parametrize(("code", "expected"), COUNCILS.items(), ids=COUNCILS)
def test_council_areas_have_their_names(code: str, expected: tuple[str, str]) -> None:
    area = load().area(code)
    assert area is not None
    assert (area.name, area.nation, area.kind, area.id) == (*expected, "council area", f"gss:{code}")


WELL_KNOWN = {
    "Coatbridge": ("town", "North Lanarkshire"),
    "Airdrie": ("town", "North Lanarkshire"),
    "Motherwell": ("town", "North Lanarkshire"),
    "Hamilton": ("town", "South Lanarkshire"),
    "Glasgow": ("city", "Glasgow City"),
    "Edinburgh": ("city", "City of Edinburgh"),
    "Aberdeen": ("city", "Aberdeen City"),
    "Dundee": ("city", "Dundee City"),
    "Inverness": ("town", "Highland"),
    "Stornoway": ("small town", "Na h-Eileanan Siar"),
    "Lerwick": ("small town", "Shetland Islands"),
    "Kirkwall": ("small town", "Orkney Islands"),
    "Oban": ("small town", "Argyll and Bute"),
    "Cardiff": ("city", "Cardiff"),
    "Swansea": ("city", "Swansea"),
    "Wrexham": ("town", "Wrexham"),
    "Aberystwyth": ("town", "Ceredigion"),
    "Belfast": ("city", "Belfast"),
    "Derry": ("town", "Derry City and Strabane"),
    "Enniskillen": ("town", "Fermanagh and Omagh"),
    "Leeds": ("city", "Leeds"),
    "Manchester": ("city", "Manchester"),
    "Liverpool": ("city", "Liverpool"),
    "Birmingham": ("city", "Birmingham"),
    "Nottingham": ("city", "Nottingham"),
    "Norwich": ("city", "Norwich"),
    "Bath": ("town", "Bath and North East Somerset"),
    "Plymouth": ("city", "Plymouth"),
    "Truro": ("town", "Cornwall"),
    "Carlisle": ("town", "Cumberland"),
    "Kendal": ("town", "Westmorland and Furness"),
    "Durham": ("town", "County Durham"),
    "Rye": ("small town", "Rother"),
    "Brighton": ("city", "Brighton and Hove"),
    "London": ("city", "Greater London"),
    "Dublin": ("city", "County Dublin"),
    "Cork": ("city", "County Cork"),
    "Galway": ("town", "County Galway"),
    "Sligo": ("town", "County Sligo"),
    "Tralee": ("town", "County Kerry"),
}


@pytest.mark.parametrize(("name", "expected"), WELL_KNOWN.items(), ids=WELL_KNOWN)
def test_well_known_places_are_where_they_should_be(name: str, expected: tuple[str, str]) -> None:
    place = Resolver((), ("GB", "IE")).search(name)[0]
    assert (place.kind, place.parent) == expected


@pytest.mark.parametrize(
    ("code", "area", "place"),
    [
        ("ML5", "S12000050", "Glenboig"),
        ("BS5", "E06000023", None),
        ("KW15", "S12000023", "Kirkwall"),
        ("SW1A", "E09000033", None),
    ],
)
def test_postcode_districts(code: str, area: str, place: str | None) -> None:
    gazetteer = load()
    assert gazetteer.outward(code).code == area
    assert area in gazetteer.inside(code)
    if place:
        assert place in {found.name for i in gazetteer.inside(code) if (found := gazetteer.get(i))}


@pytest.mark.parametrize(
    "name",
    [
        "GeoNames",
        "CC BY 4.0",
        "Office for National Statistics",
        "Open Government Licence v3.0",
        "Contains OS data © Crown copyright",
        "Contains Royal Mail data",
    ],
)
def test_sources_are_credited_everywhere(name: str) -> None:
    assert name in CREDITS
    assert name in " ".join((ROOT / "docs" / "places.md").read_text(encoding="utf-8").split())
    shipped = " ".join((SHIPPED.parent / "CREDITS").read_text(encoding="utf-8").split())
    assert name in shipped


@pytest.mark.parametrize("document", ["README.md", "docs/places.md"])
def test_a_document_that_credits_anybody_credits_everybody(document: str) -> None:
    said = " ".join((ROOT / document).read_text(encoding="utf-8").split()).replace("’", "'")
    for sentence in CREDITS.rstrip(".").split(". "):
        assert sentence.replace(", shortened and joined by Earshot", "") in said, sentence


@pytest.mark.parametrize(
    "content",
    [b"", b"not gzip", gzip.compress(b""), gzip.compress(b"[]"), gzip.compress(b'{"format":99}'),
     gzip.compress(b'{"format":1}\n{"outward":"ML5","code":"S12000050"}'), gzip.compress(b'{"format":1}\n{"place":1}')],
    ids=["empty", "not gzip", "no lines", "not an object", "another format", "unknown area", "half a place"],
)  # fmt: skip
def test_a_broken_file_is_said_to_be_broken(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.jsonl.gz"
    file.write_bytes(content)
    with pytest.raises(GazetteerError, match=r"broken\.jsonl\.gz cannot be read"):
        Resolver((), ("GB",), files=(file,)).find("Glenboig")


def test_one_spelling_for_comparing() -> None:
    assert normalise("St. Mary’s-upon-Sea") == normalise("saint marys on sea") == "st marys on sea"
    assert normalise("Dùn Èideann") == "dun eideann"
    assert normalise("The Mumbles & Gower") == "mumbles and gower"


def test_the_index_is_what_the_gazetteer_makes() -> None:
    made = digest(SHIPPED.read_bytes()) + index_made(gzip.decompress(SHIPPED.read_bytes()))
    assert index_of(SHIPPED).read_bytes() == made, "make books"


def test_an_index_of_another_gazetteer_counts_for_nothing(tmp_path: Path) -> None:
    head, *rows = gzip.decompress(SHIPPED.read_bytes()).splitlines(keepends=True)
    file = tmp_path / SHIPPED.name
    file.write_bytes(gzip.compress(b"".join((head, *rows[:600]))))
    keep_index(file)
    assert kept(file) is not None
    few = len(load((file,)).named)
    assert few < len(load().named)
    file.write_bytes(gzip.compress(b"".join((head, *rows[:700]))))
    assert kept(file) is None
    load.cache_clear()
    assert len(load((file,)).named) > few
    load.cache_clear()


def test_the_index_and_the_file_alone_give_the_same_places(tmp_path: Path) -> None:
    alone = tmp_path / SHIPPED.name
    alone.write_bytes(SHIPPED.read_bytes())
    there, here = load((alone,)), load()
    assert list(there.places()) == list(here.places())
    assert list(there.named) == list(here.named)
    assert there.towns == here.towns
    assert set(there.last_words) == set(here.last_words)


def test_the_nearest_is_the_nearest_of_all() -> None:
    resolver, settlements = Resolver((), ("GB",)), [place for place in load().settlements() if place.country == "GB"]
    assert settlements
    for latitude, longitude in ((51.5, -0.1), (55.86, -4.02), (53.4, -2.99), (60.15, -1.14), (51.45, -2.58)):
        width = math.cos(math.radians(latitude))

        def rank(place: Place, here: tuple[float, float] = (latitude, longitude), width: float = width) -> Any:
            assert place.latitude is not None
            assert place.longitude is not None
            far = 111.2 * math.hypot(place.latitude - here[0], (place.longitude - here[1]) * width)
            reach = reach_km(place.population)
            return (0, far / reach, place.id) if far < reach else (1, far - reach, place.id)

        assert resolver.nearest(latitude, longitude) == min(settlements, key=rank)
