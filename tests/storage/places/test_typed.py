"""What people type at the place question, on a labelled table: right or rightly asked, never silently wrong."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from flows.authoring.loader import everywhere
from flows.questions.place import says_nowhere
from storage.places import Resolver

TABLE = Path(__file__).parent / "typed.tsv"
BAR = 0.95
TEXTS = {text.address: text.text for text in everywhere()}


class Typed(NamedTuple):
    """One row of the table."""

    words: str
    becomes: str
    places: tuple[str, ...]
    kept: str


class Outcome(NamedTuple):
    """What came of it: as in the table, with the places taken or offered, and the words that are kept."""

    becomes: str
    places: tuple[str, ...]
    kept: str


def rows() -> list[Typed]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    found = [line.split("\t") for line in lines if line and not line.startswith("#")][1:]
    padded = [cells + [""] * (4 - len(cells)) for cells in found]
    return [
        Typed(words, becomes, tuple(filter(None, places.split("; "))), kept) for words, becomes, places, kept in padded
    ]


@pytest.fixture(scope="module")
def resolver() -> Resolver:
    return Resolver((), ("GB", "IE"))


def outcome(resolver: Resolver, words: str) -> Outcome:
    if says_nowhere(words, TEXTS["everywhere/place_skips.text"], TEXTS["everywhere/place_fillers.text"]):
        return Outcome("skip", (), "")
    found = resolver.find(words)
    labels = tuple(place.label for place in found.exact or found.suggestions)
    if len(found.exact) == 1:
        return Outcome("take", labels, found.words)
    return Outcome("ask" if labels else "own", labels, found.words)


def right(row: Typed, came: Outcome) -> bool:
    if row.becomes != came.becomes:
        return False
    fits = set(row.places) <= set(came.places) if row.becomes == "ask" else row.places == came.places
    return fits and (not row.kept or row.kept == came.kept)


def test_the_table_is_broad() -> None:
    kinds = [row.becomes for row in rows()]
    assert len(kinds) >= 150
    assert all(kinds.count(kind) >= 10 for kind in ("take", "ask", "skip", "own"))


def test_what_people_type_is_right_or_rightly_asked(resolver: Resolver) -> None:
    table = rows()
    wrong = [(row, came) for row in table if not right(row, came := outcome(resolver, row.words))]
    share = 1 - len(wrong) / len(table)
    told = "\n".join(f"{row.words!r}: {row.becomes} {row.places}, but {came}" for row, came in wrong)
    assert share >= BAR, f"{share:.3f} of {len(table)}\n{told}"


def test_no_place_is_taken_silently_that_was_not_meant(resolver: Resolver) -> None:
    table = rows()
    taken = [(row, came) for row in table if (came := outcome(resolver, row.words)).becomes == "take"]
    assert len(taken) > 50
    assert [(row.words, came.places) for row, came in taken if not set(came.places) <= set(row.places)] == []


def test_no_house_number_is_kept(resolver: Resolver) -> None:
    numbered = [row for row in rows() if row.words[0].isdigit() or row.words.startswith(("Flat", "flat"))]
    assert len(numbered) >= 5
    for row in numbered:
        kept = outcome(resolver, row.words).kept
        assert not any(letter.isdigit() for letter in kept), kept
