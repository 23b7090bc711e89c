"""Moments and text as the databases keep them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam as b
from sqlalchemy import insert, select

from flows.language.normalise import storable
from storage import tables
from storage.db import engine as db
from storage.db.column_types import NaiveMomentError, from_microseconds, to_microseconds
from storage.db.prepared_statement import Statement

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

TEXT = tables.ConsentText.__table__
AUDIT = tables.Audit.__table__
MOMENTS = [
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=1))),
    datetime(2026, 11, 23, 9, 0, 0, 1, tzinfo=UTC),
    datetime(2199, 1, 1, tzinfo=UTC),
]


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_comes_back_as_it_was(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment.astimezone(UTC)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_moments_sort_as_their_numbers_do(one: datetime, other: datetime) -> None:
    assert (one < other) == (to_microseconds(one) < to_microseconds(other))


def test_moments_on_both_databases(database: Engine) -> None:
    quick = Statement(select(AUDIT.c.at).where(AUDIT.c.at >= b("since")).order_by(AUDIT.c.at))
    with database.begin() as connection:
        for moment in reversed(MOMENTS):
            connection.execute(
                insert(AUDIT).values(at=moment, who="x", act="x", object_kind="x", object_id="", detail="")
            )
    with db.reader(database) as connection:
        plain = list(connection.execute(select(AUDIT.c.at).order_by(AUDIT.c.at)).scalars())
        assert plain == MOMENTS
        assert {moment.utcoffset() for moment in plain} == {timedelta(0)}
        assert [row[0] for row in quick.all(connection, since=MOMENTS[1])] == MOMENTS[1:]


def test_a_moment_without_a_zone_is_refused(database: Engine) -> None:
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - that is what is refused
    with pytest.raises(Exception, match="without a zone"), database.begin() as connection:
        connection.execute(select(AUDIT.c.at).where(AUDIT.c.at < naive))
    with pytest.raises(NaiveMomentError, match="in UTC"):
        to_microseconds(naive)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("They said: come back.", "They said: come back."),
        ("Zażółć gęślą jaźń, Ŷ ŵ", "Zażółć gęślą jaźń, Ŷ ŵ"),
        ("\u200f\u0645\u0631\u062d\u0628\u0627 \u202e abc", "\u200f\u0645\u0631\u062d\u0628\u0627 \u202e abc"),
        ("🏳️‍🌈👩🏽‍🦽", "🏳️‍🌈👩🏽‍🦽"),
        ("a\0b\0", "ab"),
        ("half \ud83d of it", "half \ufffd of it"),
        ("\udc4d other half", "\ufffd other half"),
        ("two halves \ud83d\udc4d", "two halves 👍"),
        ("", ""),
    ],
)
def test_only_what_no_database_holds_is_changed(database: Engine, written: str, kept: str) -> None:
    assert storable(written) == kept
    with database.begin() as connection:
        connection.execute(insert(TEXT).values(digest="1", language="en", text=storable(written)))
        assert connection.execute(select(TEXT.c.text)).scalar_one() == kept


@given(st.text(st.characters(exclude_characters="\0")))
def test_text_that_can_be_kept_is_not_touched(text: str) -> None:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert storable(text) == text
