"""The export page: what it offers, what it hands out, and what stays on record."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from flows.model.vocabulary.consent_answers import USES
from review.kit import labels
from review.kit.labels import label
from storage.db.engine import reader
from storage.export.formats.columns import COLUMNS
from tests.review.room import BRISTOL, GLENBOIG

if TYPE_CHECKING:
    from tests.review.conftest import Room
    from tests.review.visitor import Visitor


def rows(visitor: Visitor) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(visitor.response.content.decode("utf-8-sig"), newline="")))


async def test_a_story_just_told_can_be_taken_away_by_the_team(team_room: Room) -> None:
    team_room.told("They closed the surgery.", scales=("society",), place=GLENBOIG)
    visitor = await team_room.member()
    words = await visitor.open("/export")
    assert "Team only 1" in words
    assert "Anonymous quote 0" in words
    await visitor.send("/export", use="team", format="csv")
    assert visitor.status == 200
    assert visitor.response.headers["content-disposition"] == 'attachment; filename="earshot-team-2026-11-23.csv"'
    assert int(visitor.response.headers["content-length"]) == len(visitor.response.content)
    assert visitor.response.headers["cache-control"] == "no-store"
    (row,) = rows(visitor)
    assert row["text"] == "They closed the surgery."
    assert (row["scales"], row["place"], row["state"], row["practice"]) == (
        "society", "Glenboig, North Lanarkshire", "new", "no",
    )  # fmt: skip
    words = await visitor.open("/export")
    assert "Amina Reid 1 story for “team only”, csv" in words
    with reader(team_room.engine) as connection:
        acts = connection.execute(text("SELECT who, act, detail FROM audit WHERE act LIKE 'export%'")).all()
    assert acts == [("amina@example.org", "export.made", "team, csv, 1")]


async def test_the_story_page_says_in_which_exports_a_story_is(team_room: Room) -> None:
    team_room.told()
    visitor = await team_room.member()
    await visitor.open("/export")
    await visitor.send("/export", use="team", format="jsonl")
    assert json.loads(visitor.response.text)["text"] == "They closed the surgery."
    assert "for “team” by Amina Reid" in await visitor.open("/stories/1")


async def test_the_filter_of_the_page_is_the_filter_of_the_file(team_room: Room) -> None:
    team_room.told("From the village.", place=GLENBOIG)
    team_room.told("From the city.", place=BRISTOL)
    visitor = await team_room.member()
    words = await visitor.open("/export?place=Glenboig")
    assert "Team only 1" in words
    await visitor.send("/export", use="team", format="csv")
    assert [row["text"] for row in rows(visitor)] == ["From the village."]


@pytest.mark.parametrize("asked", [{}, {"use": "quote"}, {"use": "publish", "scale": "society", "state": "approved"}])
async def test_the_number_beside_a_use_is_the_number_of_rows_in_its_file(
    team_room: Room, asked: dict[str, str]
) -> None:
    """A use that was chosen before says what is ticked, and leaves no story out."""
    for use, scales in product(USES, ((), ("society",))):
        number = team_room.told(use=use, scales=scales)
        team_room.does(lambda c, n=number: c.execute(text(f"UPDATE story SET state = 'approved' WHERE id = {n}")))
    visitor = await team_room.member()
    shown, files = [], []
    for use in USES:
        page = await visitor.open(f"/export?{urlencode(asked)}")
        shown.append(int(re.search(rf"{label(labels.USES, use)} (\d+)", page)[1]))  # type: ignore[index]
        await visitor.send("/export", use=use, format="csv")
        files.append(len(rows(visitor)))
    assert shown == files == ([3, 2, 1] if "scale" in asked else [6, 4, 2])


@pytest.mark.parametrize(
    ("real", "asked", "taken"),
    [
        (False, "", ["Only trying."]),
        (True, "", ["From a person."]),
        (True, "?practice=yes", ["From a person.", "Only trying."]),
    ],
    ids=["nothing else there", "left out", "asked for"],
)
async def test_practice_stories(team_room: Room, real: bool, asked: str, taken: list[str]) -> None:
    team_room.told("Only trying.", simulated=True)
    if real:
        team_room.clock.passes(hours=1)
        team_room.told("From a person.")
    visitor = await team_room.member()
    words = await visitor.open(f"/export{asked}")
    assert ("so practice stories are included" in words) is not real
    await visitor.send("/export", use="team", format="csv")
    assert [row["text"] for row in rows(visitor)] == taken
    assert {row["practice"] for row in rows(visitor) if row["text"] == "Only trying."} <= {"yes"}


@pytest.mark.parametrize(("use", "format"), [("everything", "csv"), ("team", "exe"), ("", "")])
async def test_what_there_is_not_is_explained(team_room: Room, use: str, format: str) -> None:
    visitor = await team_room.member()
    await visitor.open("/export")
    words = await visitor.send("/export", use=use, format=format)
    assert visitor.status == 422
    assert "Choose one of:" in words
    with reader(team_room.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM export_run")).scalar() == 0


async def test_every_column_is_explained_and_the_places_are_credited(team_room: Room) -> None:
    visitor = await team_room.member()
    words = await visitor.open("/export/columns")
    for column in COLUMNS:
        assert f"{column.name} {column.meaning}" in words
    assert "GeoNames" in words
    assert "Contains OS data" in words
