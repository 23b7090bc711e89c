"""From words to places: what contributors type, and the places they get (rule 89)."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.places import MOST, Place, PlacesFoundByWords, ProjectPlace, Resolver, kind_of, without_full_postcodes

KNOWLE_WEST = ProjectPlace(
    "knowle-west", "Knowle West", ("Filwood", "Knowle W"), "neighbourhood", "Bristol", "gss", "E06000023", 51.42, -2.6
)
EASTON = ProjectPlace(
    "easton-bristol", "Lawrence Hill", ("Easton",), "neighbourhood", "Bristol", "gss", "E06000023", 51.47, -2.56
)


@pytest.fixture(scope="module")
def gb() -> Resolver:
    return Resolver((), ("GB",))


@pytest.fixture(scope="module")
def both() -> Resolver:
    return Resolver((), ("GB", "IE"))


@pytest.fixture(scope="module")
def bristol() -> Resolver:
    return Resolver((KNOWLE_WEST, EASTON), ("GB",))


def labels(places: tuple[Place, ...]) -> list[str]:
    return [place.label for place in places]


def test_glenboig_is_a_village_in_north_lanarkshire(gb: Resolver) -> None:
    (place,) = gb.find("Glenboig").exact
    assert place.id == "geonames:2648523"
    assert place.label == "Glenboig, North Lanarkshire"
    assert (place.kind, place.parent, place.nation, place.country) == ("village", "North Lanarkshire", "Scotland", "GB")
    assert (place.scheme, place.code, place.year, place.population) == ("gss", "S12000050", 2025, 2780)
    assert (place.latitude, place.longitude, place.time_zone) == (55.89, -4.05, "Europe/London")


def test_bristol_is_a_city(gb: Resolver) -> None:
    (place,) = gb.find("Bristol").exact
    assert (place.kind, place.code, place.label) == ("city", "E06000023", "Bristol, England")


def test_newport_is_several_places_larger_first_at_most_five(gb: Resolver) -> None:
    found = gb.find("Newport")
    assert labels(found.exact) == [
        "Newport, Wales",
        "Newport, Isle of Wight",
        "Newport, Telford and Wrekin",
        "Newport, Middlesbrough",
        "Newport, Barnstaple",
    ]
    assert found.more == 3
    assert found.suggestions == ()


ONE_PLACE = {
    # what people type: the place they get
    "Glenboig, Lanarkshire": "Glenboig, North Lanarkshire",
    "Glenboig, N. Lanarkshire, Scotland, UK": "Glenboig, North Lanarkshire",
    "Newport, Isle of Wight": "Newport, Isle of Wight",
    "newport iow": "Newport, Isle of Wight",
    "Newport Shropshire": "Newport, Telford and Wrekin",
    "Newport in Essex": "Newport, Essex",
    "Newport near Telford": "Newport, Telford and Wrekin",
    "Newport, Gwent": "Newport, Wales",
    "newport council": "Newport, Wales",
    "Easton, Dorset": "Easton, Dorset",
    "Easton Bristol": "Easton, Bristol",
    "Bristol, Easton": "Easton, Bristol",
    "Perth Scotland": "Perth, Scotland",
    "e kilbride": "East Kilbride, South Lanarkshire",
    "Saint Albans": "St Albans, Hertfordshire",
    "St. Albans": "St Albans, Hertfordshire",
    "bishop’s stortford": "Bishops Stortford, Hertfordshire",
    "kings lynn": "King's Lynn, Norfolk",
    "Stoke on Trent": "Stoke-on-Trent, Staffordshire",
    "Stratford on Avon": "Stratford-upon-Avon, Warwickshire",
    "Hull": "Kingston upon Hull, East Riding of Yorkshire",
    "Caerdydd": "Cardiff, Wales",
    "Casnewydd": "Newport, Wales",
    "Glaschu": "Glasgow, Scotland",
    "Derry/Londonderry": "Derry, Northern Ireland",
    "Londonderry": "Derry, Northern Ireland",
    "London": "London, England",
    "City of Bristol": "Bristol, England",
    "north lanarkshire": "North Lanarkshire, Scotland",
    "the Wirral": "Wirral, England",
    "Western Isles": "Na h-Eileanan Siar, Scotland",
    "Ynys Môn": "Isle of Anglesey, Wales",
    "Co. Durham": "County Durham, England",
    "Kent": "Kent, England",
    "Cymru": "Wales",
    "ML5": "ML5, North Lanarkshire",
    "bs5": "BS5, Bristol",
    "BS 5": "BS5, Bristol",
    "bs5 6": "BS5, Bristol",
    "I'm in BS5 now": "BS5, Bristol",
}


@pytest.mark.parametrize(("words", "label"), ONE_PLACE.items(), ids=ONE_PLACE)
def test_one_place(gb: Resolver, words: str, label: str) -> None:
    assert labels(gb.find(words).exact) == [label]


SUGGESTED = {
    # not sure enough to take: the first suggestion
    "Glenbiog": "Glenboig, North Lanarkshire",
    "Bristl": "Bristol, England",
    "Edinborough": "Edinburgh, Scotland",
    "Londyn": "London, England",
    "Cotebridge": "Coatbridge, North Lanarkshire",
    "Glenbiog, North Lanarkshire": "Glenboig, North Lanarkshire",
    "Ashby": "Ashby-de-la-Zouch, Leicestershire",
    "Ashby-de-la": "Ashby-de-la-Zouch, Leicestershire",
    "the chip shop in Glenboig": "Glenboig, North Lanarkshire",
    "I'm in Glenboig but work in Bristol": "Glenboig, North Lanarkshire",
    "leeds/bradford": "Leeds, West Yorkshire",
    "Lanarkshire": "South Lanarkshire, Scotland",
    "i live in BS5 6XX near the big park": "BS5, Bristol",
    "BT1 5GS": "Northern Ireland",
}


@pytest.mark.parametrize(("words", "label"), SUGGESTED.items(), ids=SUGGESTED)
def test_near_misses_and_names_in_sentences_are_only_suggested(gb: Resolver, words: str, label: str) -> None:
    found = gb.find(words)
    assert found.exact == ()
    assert 1 <= len(found.suggestions) <= MOST
    assert found.suggestions[0].label == label


TAKEN = (
    "GLENBOIG!!!",
    "I live in Glenboig",
    "near Glenboig really",
    "🏡 Glenboig 🏡",
    "it's just outside Glenboig, thanks",
)


@pytest.mark.parametrize("words", TAKEN)
def test_a_village_whose_name_nobody_else_has_is_taken_also_from_a_sentence(gb: Resolver, words: str) -> None:
    (place,) = gb.find(words).exact
    assert place.label == "Glenboig, North Lanarkshire"


@pytest.mark.parametrize(
    "words",
    [
        "",
        " ",
        "?",
        "\0",
        "🏡",
        "0",
        "12",
        "the",
        "over there",
        "here",
        "well",
        "I'd rather not say",
        "uk",
        "مرحبا",
        "off the M8",
    ],
)
def test_nothing_is_found_for(gb: Resolver, words: str) -> None:
    found = gb.find(words)
    assert (found.exact, found.suggestions, found.more) == ((), (), 0)


def test_an_area_is_offered_beside_a_village_of_its_name_elsewhere(gb: Resolver) -> None:
    assert labels(gb.find("Wales").exact) == ["Wales", "Wales, Rotherham"]
    assert labels(gb.find("Merton").exact) == ["Merton, England", "Merton, Devon"]
    assert labels(gb.find("Newport, Wales").exact)[0] == "Newport, Wales"


def test_newport_in_wales_is_still_two_places(gb: Resolver) -> None:
    assert labels(gb.find("Newport Wales").exact) == ["Newport, Wales", "Newport, Pembrokeshire"]


def test_a_project_alias_beats_the_gazetteer(bristol: Resolver) -> None:
    (place,) = bristol.find("easton").exact
    assert (place.id, place.label) == ("project:easton-bristol", "Lawrence Hill, Bristol")
    assert (place.nation, place.country, place.code, place.year) == ("England", "GB", "E06000023", 2025)


@pytest.mark.parametrize(
    ("words", "place_id"),
    [
        ("Easton, Bristol", "project:easton-bristol"),
        ("Easton BS5", "project:easton-bristol"),
        ("Easton, Dorset", "geonames:2650368"),
        ("Easton BS4", "project:easton-bristol"),
    ],
)
def test_words_beside_the_name_choose_between_project_and_gazetteer(
    bristol: Resolver, words: str, place_id: str
) -> None:
    assert [place.id for place in bristol.find(words).exact] == [place_id]


@pytest.mark.parametrize(
    "words", ["Knowle West", "knowle-west!", "filwood", "I live in Knowle W.", "Knowle West in Bristol"]
)
def test_knowle_west_comes_from_the_project_list(bristol: Resolver, gb: Resolver, words: str) -> None:
    (place,) = bristol.find(words).exact
    assert (place.id, place.kind) == ("project:knowle-west", "neighbourhood")
    assert all(not other.id.startswith("project:") for other in gb.find(words).exact)


def test_a_slip_in_a_project_name_is_suggested_first(bristol: Resolver) -> None:
    assert labels(bristol.find("Nowle West").suggestions)[0] == "Knowle West, Bristol"


def test_the_project_list_can_be_replaced() -> None:
    resolver = Resolver((), ("GB",))
    assert resolver.find("Knowle West").exact[0].id == "district:2654675-knowle-west"
    resolver.replace_project([KNOWLE_WEST])
    assert resolver.find("Knowle West").exact[0].id == "project:knowle-west"
    assert resolver.get("project:knowle-west") is not None
    resolver.replace_project([])
    assert resolver.get("project:knowle-west") is None


def test_only_the_countries_asked_for(gb: Resolver, both: Resolver) -> None:
    assert gb.find("Knocknacarra") == PlacesFoundByWords("Knocknacarra")
    assert labels(both.find("Galway").exact) == ["Galway, County Galway"]
    assert labels(both.find("Baile Átha Cliath").exact) == ["Dublin, County Dublin"]
    assert labels(both.find("Kerry").exact) == ["County Kerry, Ireland", "Kerry, Powys"]
    kerry = both.find("Co Kerry").exact[0]
    assert (kerry.id, kerry.scheme, kerry.code, kerry.year) == ("iso:IE-KY", "iso-3166-2", "IE-KY", None)
    assert both.find("Newport").more > gb.find("Newport").more


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("BS5 6XX", "BS5"),
        ("bs56xx", "bs5"),
        ("Easton, BS5 6XX, upstairs", "Easton, BS5, upstairs"),
        ("ML5-2QL and EC1A 1BB", "ML5 and EC1A"),
        ("BS5\n6XX", "BS5"),
        ("BS5 6XX 6XX", "BS5"),
        ("bs5. 6xx", "bs5"),
        ("D02 AF30", "D02"),
        ("D6WXH28", "D6W"),
        ("BS5", "BS5"),
        ("I was 16 in 1999", "I was 16 in 1999"),
        ("E16 2019", "E16 2019"),
        ("my A12 road story", "my A12 road story"),
    ],
)
def test_of_a_full_postcode_only_the_outward_half_is_kept(typed: str, kept: str) -> None:
    assert without_full_postcodes(typed) == kept


def test_a_full_postcode_finds_its_district_and_is_not_in_the_answer(gb: Resolver) -> None:
    found = gb.find("BS5 6XX")
    assert found.words == "BS5"
    assert [place.id for place in found.exact] == ["outward:BS5"]
    assert "6XX" not in repr(found)
    assert "6XX" not in gb.find("BS5\n6XX").words
    assert "6XX" not in gb.find("BS5\0 6XX").words
    district = found.exact[0]
    assert (district.kind, district.code, district.year, district.population) == (
        "postcode district",
        "E06000023",
        2025,
        None,
    )


def test_a_postcode_far_into_a_long_answer_is_not_kept_by_halves(gb: Resolver) -> None:
    for padding in range(180, 210):
        assert "6XX" not in gb.find("x" * padding + " BS5 6XX").words


@pytest.mark.parametrize(
    ("latitude", "longitude", "label"),
    [
        (55.8935, -4.0480, "Glenboig, North Lanarkshire"),
        (51.4545, -2.5879, "Bristol, England"),
        (51.503, -2.594, "Bristol, England"),
        (51.372, -0.1, "Croydon, Greater London"),
        (57.3, -6.3, "Portree, Highland"),
        (54.597, -5.93, "Belfast, Northern Ireland"),
    ],
    ids=["Glenboig", "Bristol", "Southmead", "Croydon", "Skye", "Belfast"],
)
def test_a_shared_position_becomes_its_locality(gb: Resolver, latitude: float, longitude: float, label: str) -> None:
    place = gb.nearest(latitude, longitude)
    assert place is not None
    assert place.label == label


def test_the_shared_point_is_nowhere_in_the_result(bristol: Resolver) -> None:
    latitude, longitude = 51.421734, -2.605912
    before = bristol.get("project:knowle-west")
    place = bristol.nearest(latitude, longitude)
    assert place is before
    assert place is not None
    kept = [value for value in dataclasses.astuple(place) if isinstance(value, float)]
    assert kept == [51.42, -2.6]
    assert all(round(value, 2) == value for value in kept)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(48.85, 2.35), (54.0, -14.0), (math.nan, 0.0), (51.0, math.inf), (91.0, 0.0), (51.0, 500.0), (-90.0, 180.0)],
)
def test_no_locality_for(both: Resolver, latitude: float, longitude: float) -> None:
    assert both.nearest(latitude, longitude) is None


def test_a_position_in_a_country_left_out_is_not_found_there(gb: Resolver, both: Resolver) -> None:
    galway = both.nearest(53.27, -9.05)
    assert galway is not None
    assert galway.label == "Galway, County Galway"
    assert gb.nearest(53.27, -9.05) is None


@pytest.mark.parametrize(
    ("place_id", "label"),
    [
        ("geonames:2648523", "Glenboig, North Lanarkshire"),
        ("gss:S12000050", "North Lanarkshire, Scotland"),
        ("outward:BS5", "BS5, Bristol"),
        ("iso:IE-G", "County Galway, Ireland"),
        ("gss:E10000012", "Essex, England"),
    ],
)
def test_a_stored_id_gives_the_place_again(gb: Resolver, place_id: str, label: str) -> None:
    place = gb.get(place_id)
    assert place is not None
    assert (place.id, place.label) == (place_id, label)


@pytest.mark.parametrize("place_id", ["", "geonames:", "geonames:1", "gss:X", "project:nowhere", "\0"])
def test_an_unknown_id_gives_nothing(gb: Resolver, place_id: str) -> None:
    assert gb.get(place_id) is None


@pytest.mark.parametrize(
    ("population", "kind"),
    [
        (None, "locality"), (0, "locality"), (1, "village"), (2_999, "village"), (3_000, "small town"),
        (9_999, "small town"), (10_000, "town"), (124_999, "town"), (125_000, "city"),
    ],
)  # fmt: skip
def test_kinds_by_population(population: int | None, kind: str) -> None:
    assert kind_of(population) == kind


FRAGMENTS = st.sampled_from(
    ["Newport", "Glenboig", "BS5 6XX", "6XX", "BT1 1AA", "in", "near", "the", "St", "Saint", ",", ".", "'", "-", "/",
     "\0", "\n", "\u202e", "\ud800", "ﷺ", "İ", "ß", "🏡", "Isle of Wight", "Knowle West", "North", "council", "Co",
     "M8", "٣", "x" * 90]
)  # fmt: skip
ANSWERS = st.one_of(
    st.text(max_size=80), st.lists(FRAGMENTS, max_size=12).map(" ".join), st.lists(FRAGMENTS).map("".join)
)


@settings(max_examples=300, deadline=None)
@given(words=ANSWERS)
@example(words="Newport " * 2_000)
@example(words="\u202eaerok htron")
@example(words="a b c d " * 1_250)
@example(words="\ud800\udfff")
def test_no_words_ever_raise_or_pick_silently(words: str) -> None:
    found = Resolver((KNOWLE_WEST,), ("GB", "IE")).find(words)
    assert len(found.exact) <= MOST
    assert len(found.suggestions) <= MOST
    assert not (found.exact and found.suggestions)
    assert found.more == 0 or len(found.exact) == MOST
    shown = labels(found.exact + found.suggestions)
    assert len(set(shown)) == len(shown), "two places in one list cannot be told apart"
    assert len(found.words) <= 200
    assert found.words.encode() is not None
    assert "\0" not in found.words
    assert without_full_postcodes(found.words) == found.words


@settings(max_examples=200, deadline=None)
@given(latitude=st.floats(), longitude=st.floats())
def test_no_position_ever_raises(latitude: float, longitude: float) -> None:
    place = Resolver((KNOWLE_WEST,), ("GB", "IE")).nearest(latitude, longitude)
    assert place is None or place.country in {"GB", "IE"}
