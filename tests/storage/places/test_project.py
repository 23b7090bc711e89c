"""The project's own list of places, as people save it from a spreadsheet: what is read, what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.authoring.choosable import means_else
from storage.places import COLUMNS, SHIPPED, ProjectPlace, Resolver, read_project_csv

HEADING = ",".join(COLUMNS)
KNOWLE_WEST = ProjectPlace(
    "knowle-west", "Knowle West", ("Filwood", "Knowle W"), "estate", "Bristol", "gss", "E06000023", 51.42, -2.6
)
TURNED = "name,id,longitude,latitude,kind,parent,scheme,code,aliases"
LINE = "knowle-west,Knowle West,Filwood|Knowle W,Estate,Bristol,GSS,E06000023,51.4217,-2.6019"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADING}\n{LINE}\n",
        f"{HEADING}\n{LINE}",
        f"\ufeff{HEADING}\r\n{LINE}\r\n",
        f"{HEADING}\r{LINE}\r",
        f"{HEADING}\n\n,,,,,,,,\n{LINE}\n\n",
        f"{HEADING}\n{LINE}\n".replace(",", ";"),
        f"{HEADING}\n{LINE}\n".replace(",", ";").replace("51.4217", "51,4217").replace("-2.6019", "-2,6019"),
        f"{HEADING}\n{LINE}\n".replace(",", "\t"),
        f"{HEADING.upper()}\n{LINE},,\n",
        f"{TURNED}\n Knowle  West,knowle-west,-2.6019,51.4217,estate,Bristol,gss,E06000023,Filwood||Knowle W|Filwood\n",
    ],
    ids=["plain", "no last line end", "Excel", "old Mac", "blank lines", "semicolons", "decimal commas", "tabs",
         "trailing commas", "columns in another order"],
)  # fmt: skip
def test_a_good_list_is_read(text: str) -> None:
    assert read_project_csv(text) == ([KNOWLE_WEST], [])


def test_only_id_and_name_are_needed() -> None:
    assert read_project_csv("id,name\ngovan,Govan\n") == ([ProjectPlace("govan", "Govan")], [])


@pytest.mark.parametrize(
    ("line", "what", "advice"),
    [
        (",Knowle West,,,,,,,", "the id is missing.", "short name"),
        ("Knowle West,Knowle West,,,,,,,", "the id “Knowle West” cannot be used.", "small letters"),
        ("knowle-west,,,,,,,,", "the name is missing.", "as people say it"),
        ("knowle-west,!!!,,,,,,,", "the name is missing.", "as people say it"),
        ("knowle-west,Knowle West,,,,gss,,,", "scheme and code belong together.", "both"),
        ("knowle-west,Knowle West,,,,,E06000023,,", "scheme and code belong together.", "both"),
        ("knowle-west,Knowle West,,,,gss,E6,,", "“E6” is not a GSS code.", "eight digits"),
        ("knowle-west,Knowle West,,,,,,north,-2.6", "the latitude “north” is not a number.", "51.42"),
        ("knowle-west,Knowle West,,,,,,nan,-2.6", "the latitude nan is not on Earth.", "between"),
        ("knowle-west,Knowle West,,,,,,51.42,-260", "the longitude -260 is not on Earth.", "-180"),
        ("knowle-west,Knowle West,,,,,,51.42,", "only one half of the point is there.", "both"),
        ("knowle-west,Knowle West,,,,,,-2.6,51.42", "latitude and longitude seem to be swapped.", "50 to 61"),
        (
            "knowle-west,Knowle, West,,,,,,51.42,-2.6",
            "there are 10 columns, but the heading names 9.",
            "quotation marks",
        ),
        ("knowle-west,Knowle West,BS4 1XX,,,,,,", "the aliases has a full postcode in it.", "first half"),
        (f"knowle-west,{'x' * 81},,,,,,,", "the name is longer than 80 characters.", "shorter"),
        ("knowle-west,Knowle\0West,,,,,,,", "the name has a character that cannot be shown.", "again"),
    ],
)
def test_a_bad_line_is_named_with_what_to_do(line: str, what: str, advice: str) -> None:
    places, problems = read_project_csv(f"{HEADING}\ngovan,Govan,,,,,,,\n{line}\n")
    assert places == [ProjectPlace("govan", "Govan")]
    (problem,) = problems
    assert (problem.line, problem.what) == (3, what)
    assert advice in problem.advice
    assert str(problem).startswith(f"Line 3: {what} ")


NOBODY_COULD_CHOOSE = """\
kw,Stop,,,Bristol,,,,
k2,1,,,Bristol,,,,
k3,Knowle,skip|no,,Bristol,,,,
k4,Delete,,,Bristol,,,,
k5,At home,,,Bristol,,,,
k6,None of these,,,Bristol,,,,
k7,Hartcliffe,dont know,,Bristol,,,,
k8,Pomoc,,,Bristol,,,,
k9,Two,0|22,,Bristol,,,,
"""


def test_names_nobody_could_choose_are_refused_line_by_line() -> None:
    good = "govan,Govan,,,Glasgow,,,,\nnh,No Man's Heath,,,Cheshire,,,,\nhome,Home Farm,,,Bristol,,,,\n"
    places, problems = read_project_csv(f"{HEADING}\n{good}{NOBODY_COULD_CHOOSE}", means_else)
    assert [place.id for place in places] == ["govan", "nh", "home"]
    assert [problem.line for problem in problems] == [5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert all("nobody could choose" in problem.what for problem in problems)


def test_the_same_place_twice_is_refused_and_the_same_name_elsewhere_is_not() -> None:
    lines = "a,Easton,,,Bristol,,,,\nb,Easton,,,Dorset,,,,\nc,EASTON,,,bristol,,,,\n"
    places, (problem,) = read_project_csv(f"{HEADING}\n{lines}")
    assert [place.id for place in places] == ["a", "b"]
    assert (problem.line, problem.what) == (4, "the place “EASTON” is already in line 2.")


def test_an_id_used_twice_is_named_with_both_lines() -> None:
    places, (problem,) = read_project_csv('id,name\na,"One\nplace"\n\na,Two\n')
    assert [place.name for place in places] == ["One place"]
    assert (problem.line, problem.what) == (5, "the id “a” is already used in line 2.")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "the list is empty."),
        ("\n\n", 1, "the list is empty."),
        ("place,where\na,b\n", 1, "the column “id” is missing."),
        ("id,title\na,b\n", 1, "the column “name” is missing."),
        ("id,name,name\na,b,c\n", 1, "the column “name” is there twice."),
        ("id,name,postcode\na,b,c\n", 1, "the column “postcode” is not known."),
        ("id,name\n", 2, "there are no places in this list."),
        ("id,name\na," + "x" * 200_000 + "\n", 2, "this line cannot be read."),
    ],
)
def test_what_is_wrong_with_a_whole_list(text: str, line: int, what: str) -> None:
    _, problems = read_project_csv(text)
    assert (line, what) in [(problem.line, problem.what) for problem in problems]
    assert all(problem.advice for problem in problems)


def test_the_sample_can_be_imported_and_found() -> None:
    text = (Path(SHIPPED).parent / "sample-project.csv").read_text(encoding="utf-8")
    places, problems = read_project_csv(text)
    assert problems == []
    assert [place.name for place in places] == ["Knowle West", "Easton", "Southmead"]
    resolver = Resolver(places, ("GB",))
    for place in places:
        assert place.id.startswith("sample-")
        (found,) = resolver.find(place.name).exact
        assert (found.id, found.label) == (f"project:{place.id}", f"{place.name}, Bristol")


@settings(max_examples=200, deadline=None)
@given(
    text=st.one_of(
        st.text(), st.lists(st.text(alphabet='ab,;"\n\r\t|0.', max_size=30)).map(lambda t: "id,name\n" + "\n".join(t))
    )
)
def test_no_list_ever_raises_and_something_is_always_said(text: str) -> None:
    places, problems = read_project_csv(text)
    assert places or problems
    assert all(problem.line >= 1 and problem.what and problem.advice for problem in problems)
    assert len({place.id for place in places}) == len(places)
