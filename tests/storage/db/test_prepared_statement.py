"""Statements of the hot path give what the same statement gives the long way round."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import bindparam as b
from sqlalchemy import insert, select, update

from storage import tables
from storage.db.prepared_statement import Statement

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

CONTRIBUTOR = tables.Contributor.__table__
STRAY = tables.Stray.__table__
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

ADD = Statement(
    lambda insert: (
        insert(CONTRIBUTOR)
        .values(
            pseudonym=b("pseudonym"), language="", created_at=b("now"), heard_at=b("now"), opted_out=b("opted_out"),
            simulated=False, source="100% \"quoted\" ?:x",
        )
        .on_conflict_do_nothing(index_elements=["pseudonym"])
        .returning(CONTRIBUTOR.c.id, CONTRIBUTOR.c.heard_at, CONTRIBUTOR.c.opted_out)
    )
)  # fmt: skip


def test_values_and_rows_are_converted_as_usual(database: Engine) -> None:
    with database.begin() as connection:
        row = ADD.one(connection, pseudonym="Heron 1", now=NOW, opted_out=True)
        assert row is not None
        assert row[1:] == (NOW, True)
        assert row[2] is True
        assert tuple(connection.execute(select(CONTRIBUTOR)).one()) == (
            row[0], "Heron 1", "", NOW, NOW, True, None, False, "100% \"quoted\" ?:x", None, None, None,
        )  # fmt: skip


def test_nothing_found_is_none(database: Engine) -> None:
    with database.begin() as connection:
        assert ADD.one(connection, pseudonym="Heron 1", now=NOW, opted_out=False) is not None
        assert ADD.one(connection, pseudonym="Heron 1", now=NOW, opted_out=False) is None


def test_a_constant_can_be_overruled_and_a_value_cannot_be_forgotten(database: Engine) -> None:
    with database.begin() as connection:
        ADD.one(connection, pseudonym="Heron 1", now=NOW, opted_out=False, language="cy")
        assert connection.execute(select(CONTRIBUTOR.c.language)).scalar_one() == "cy"
        with pytest.raises(KeyError, match="opted_out"):
            ADD.one(connection, pseudonym="Heron 2", now=NOW)


def test_many_at_once_and_how_many_were_touched(database: Engine) -> None:
    plain = Statement(insert(STRAY).values(channel=b("channel"), kind=b("kind"), count=b("count")))
    raise_all = Statement(update(STRAY).where(STRAY.c.count >= b("least")).values(count=STRAY.c.count + 1))
    kinds = Statement(select(STRAY.c.kind, STRAY.c.count).order_by(STRAY.c.kind))
    with database.begin() as connection:
        assert plain.many(connection, []) == 0
        assert plain.many(connection, ({"channel": "sms", "kind": f"{n}", "count": n} for n in range(5))) == 5
        assert raise_all.run(connection, least=3) == 2
        assert kinds.all(connection) == [("0", 0), ("1", 1), ("2", 2), ("3", 4), ("4", 5)]


def test_it_is_part_of_the_transaction(database: Engine) -> None:
    with database.connect() as connection:
        ADD.one(connection, pseudonym="Heron 1", now=NOW, opted_out=False)
        connection.rollback()
        assert connection.execute(select(CONTRIBUTOR)).all() == []
