"""What somebody says of their own age, and what only sounds like it: one table, `ages.tsv`."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from flows.language.answers.ages import age_said

TABLE = Path(__file__).parents[1] / "ages.tsv"
YEAR = 2026


def rows() -> list[tuple[str, str, str]]:
    """Return (what was said, where, age): anywhere, beside an agreement, or asked for the age."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return [(row["said"], row["where"], row["age"] or "") for row in csv.DictReader(lines, delimiter="\t")]


@pytest.mark.parametrize(("said", "where", "age"), rows())
def test_an_age_is_heard_where_it_is_the_writers_own(said, where, age):
    heard = age_said(said, asked=where == "asked", beside=where == "beside", year=YEAR)
    assert (heard or "") == age


@pytest.mark.parametrize(
    ("limit", "said", "age"),
    [(16, "im 16", "adult"), (16, "im 15", "young"), (16, "16 next week", "young"), (21, "im 18", "young")],
)
def test_the_limit_is_a_setting(limit, said, age):
    assert age_said(said, limit) == age


def test_every_age_is_in_the_table_and_most_rows_are_no_number_alone():
    ages = [age for _, _, age in rows()]
    assert {"young", "adult", "unclear", ""} == set(ages)
    assert min(ages.count(age) for age in ("young", "adult", "")) >= 15
