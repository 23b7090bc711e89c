"""Questions about the queue, where the two databases could differ."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from storage.db.engine import reader
from storage.queries.stories import review_queue
from storage.queries.stories.review_queue import NONE, Filters
from tests.review.room import BRISTOL, COATBRIDGE, GLENBOIG, NOON, tell

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from storage.db.writer import Writer


def found(engine: Engine, filters: Filters, *, practice: bool = False) -> list[str]:
    with reader(engine) as connection:
        return sorted(line.excerpt for line in review_queue.page(connection, filters, practice=practice).lines)


@pytest.fixture
def stories(database: Engine, writer: Writer) -> Engine:
    """Five stories, told an hour apart; the last one is practice."""
    writer.run(
        lambda c: [
            tell(c, "a", now=NOON, place=GLENBOIG, scales=("organisational",), actor="employee", use="publish"),
            tell(c, "b", now=NOON + timedelta(hours=1), place=BRISTOL, place_words="KNOWLE west", scales=("society",)),
            tell(c, "c", now=NOON + timedelta(hours=2), place=COATBRIDGE, scales=("society", "individual")),
            tell(c, "d", now=NOON + timedelta(hours=3), place_words="50%_\\ off"),
            tell(c, "e", now=NOON + timedelta(hours=4), place=GLENBOIG, simulated=True),
        ]
    )
    return database


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), "abcd"),
        (Filters(scale="society"), "bc"),
        (Filters(scale=NONE), "d"),
        (Filters(actor="employee"), "a"),
        (Filters(actor=NONE), "bcd"),
        (Filters(place="GLENBOIG"), "a"),
        (Filters(place="lanarkshire"), "ac"),
        (Filters(place="knowle WEST"), "b"),
        (Filters(place="%"), "d"),
        (Filters(place="_"), "d"),
        (Filters(place="\\"), "d"),
        (Filters(place="50%_\\"), "d"),
        (Filters(place=NONE), ""),
        (Filters(use="publish"), "a"),
        (Filters(state="approved"), ""),
        (Filters(since=NOON + timedelta(hours=1)), "bcd"),
        (Filters(until=NOON + timedelta(hours=1)), "a"),
        (Filters(scale="society", place="bristol"), "b"),
    ],
)
def test_filters(stories: Engine, filters: Filters, expected: str) -> None:
    assert found(stories, filters) == list(expected)


def test_practice_is_in_only_when_asked_for(stories: Engine) -> None:
    assert found(stories, Filters(place="Glenboig"), practice=True) == ["a", "e"]


def test_what_was_taken_back_is_in_no_list(stories: Engine, writer: Writer) -> None:
    writer.run(lambda connection: connection.execute(text("UPDATE story SET withdrawn_at = told_at")))
    assert found(stories, Filters(), practice=True) == []


def test_what_is_asked_for_can_be_written_down() -> None:
    assert Filters(place="Easton", since=NOON).asked() == {"place": "Easton", "since": "2026-11-23T12:00:00+00:00"}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_turning_pages_loses_and_repeats_nothing_even_among_equal_times(
    database: Engine, writer: Writer, size: int
) -> None:
    writer.run(lambda c: [tell(c, f"{n}", now=NOON + timedelta(hours=n // 3)) for n in range(7)])
    seen: list[str] = []
    after = ""
    with reader(database) as connection:
        while True:
            screen = review_queue.page(connection, Filters(), practice=False, after=after, size=size)
            assert screen.total == 7
            seen += [line.excerpt for line in screen.lines]
            after = screen.after
            if not after:
                break
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_long_story_is_shown_by_its_beginning(database: Engine, writer: Writer) -> None:
    writer.run(lambda c: [tell(c, "é" * review_queue.EXCERPT), tell(c, "é" * (review_queue.EXCERPT + 1))])
    with reader(database) as connection:
        lines = review_queue.page(connection, Filters(), practice=False).lines
    assert [(len(line.excerpt), line.longer) for line in lines] == [
        (review_queue.EXCERPT, True),
        (review_queue.EXCERPT, False),
    ]


def test_places_are_offered_by_how_many_stories_they_have(stories: Engine, writer: Writer) -> None:
    writer.run(lambda c: tell(c, "f", place=BRISTOL))
    with reader(stories) as connection:
        assert review_queue.places(connection, practice=False) == [
            ("Bristol", 2),
            ("Coatbridge, North Lanarkshire", 1),
            ("Glenboig, North Lanarkshire", 1),
        ]
