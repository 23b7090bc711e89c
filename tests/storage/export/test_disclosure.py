"""How exactly places are named outside the team."""

from __future__ import annotations

import pytest

from storage.insight.disclosure_control import PEOPLE_NEEDED, NamedPlace, Precision

LANARKSHIRE = {
    "scheme": "gss",
    "code": "S12000050",
    "year": "2025",
    "parent": "North Lanarkshire",
    "nation": "Scotland",
}
GLENBOIG = NamedPlace(label="Glenboig, North Lanarkshire", kind="village", **LANARKSHIRE)
ANNATHILL = NamedPlace(label="Annathill, North Lanarkshire", kind="village", **LANARKSHIRE)
COATBRIDGE = NamedPlace(label="Coatbridge, North Lanarkshire", kind="town", **LANARKSHIRE)
BRISTOL = NamedPlace(
    label="Bristol", kind="city", scheme="gss", code="E06000023", parent="Bristol, City of", nation="England"
)
OWN_LIST = NamedPlace(label="The Hub")


def people(**from_place: tuple[NamedPlace, int]) -> list[tuple[int, NamedPlace]]:
    """Return so many different people from each place."""
    spoke = []
    for place, count in from_place.values():
        spoke += [(len(spoke) + number, place) for number in range(count)]
    return spoke


def named(spoke: list[tuple[int, NamedPlace]], place: NamedPlace, use: str) -> tuple[str, str]:
    label, how = Precision.of(spoke, needed=PEOPLE_NEEDED[use]).name(place)
    return label.label, how


@pytest.mark.parametrize(
    ("spoke", "place", "use", "expected"),
    [
        (people(a=(GLENBOIG, 1)), GLENBOIG, "team", ("Glenboig, North Lanarkshire", "exact")),
        (people(a=(GLENBOIG, 4)), GLENBOIG, "quote", ("Scotland", "nation")),
        (people(a=(GLENBOIG, 5)), GLENBOIG, "quote", ("Glenboig, North Lanarkshire", "exact")),
        (people(a=(GLENBOIG, 9)), GLENBOIG, "publish", ("Scotland", "nation")),
        (people(a=(GLENBOIG, 10)), GLENBOIG, "publish", ("Glenboig, North Lanarkshire", "exact")),
        (people(a=(GLENBOIG, 2), b=(ANNATHILL, 3)), GLENBOIG, "quote", ("North Lanarkshire", "area")),
        (people(a=(GLENBOIG, 1), b=(COATBRIDGE, 50)), GLENBOIG, "quote", ("Scotland", "nation")),
        (people(a=(GLENBOIG, 1), b=(COATBRIDGE, 50)), COATBRIDGE, "quote", ("Coatbridge, North Lanarkshire", "exact")),
        (people(a=(BRISTOL, 1)), BRISTOL, "publish", ("England", "nation")),
        (people(a=(OWN_LIST, 1)), OWN_LIST, "quote", ("", "none")),
        (people(a=(OWN_LIST, 5)), OWN_LIST, "quote", ("The Hub", "exact")),
        (people(a=(NamedPlace(), 50)), NamedPlace(), "publish", ("", "none")),
    ],
)
def test_places_are_named_as_exactly_as_enough_people_allow(
    spoke: list[tuple[int, NamedPlace]], place: NamedPlace, use: str, expected: tuple[str, str]
) -> None:
    assert named(spoke, place, use) == expected


def test_people_are_counted_not_stories() -> None:
    assert named([(1, GLENBOIG)] * 20, GLENBOIG, "quote") == ("Scotland", "nation")


def test_an_area_keeps_its_code_and_loses_the_kind_of_place() -> None:
    place, how = Precision.of(people(a=(GLENBOIG, 2), b=(ANNATHILL, 3)), needed=5).name(GLENBOIG)
    assert how == "area"
    assert place == NamedPlace(
        label="North Lanarkshire", kind="area", scheme="gss", code="S12000050", year="2025", parent="Scotland",
        nation="Scotland",
    )  # fmt: skip
