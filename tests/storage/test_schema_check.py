"""A database whose tables are not those that its revision promises is named at the start. On both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from storage.db.engine import UnusableDatabaseError, schema_version, upgrade
from storage.upkeep import schema_check

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

BETWEEN = {
    "a column is missing": ("ALTER TABLE team_item DROP COLUMN note", "team_item.note is missing"),
    "a column has another name": (
        "ALTER TABLE team_item RENAME COLUMN note TO remark", "team_item.note is missing"
    ),
    "a table is missing": ("DROP TABLE receipt_guess", "the table receipt_guess is missing"),
    "an index is missing": ("DROP INDEX ix_outbox_due", "the index ix_outbox_due is missing"),
    "a column is more than we know": (
        "ALTER TABLE stray ADD COLUMN why VARCHAR NOT NULL DEFAULT ''", ""
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BETWEEN.values(), ids=BETWEEN.keys())
def test_a_database_made_between_two_edits_of_one_migration_is_named(database: Engine, change: str, said: str) -> None:
    with database.begin() as connection:
        connection.execute(text(change))
    upgrade(database)  # finds nothing to do
    if not said:
        schema_check.check(database)
        return
    with pytest.raises(UnusableDatabaseError) as refused:
        schema_check.check(database)
    for word in (said, str(schema_version(database)), "Nothing was changed", "earshot db restore"):
        assert word in str(refused.value)


def test_what_must_be_filled_or_may_be_empty_is_looked_at(bare_database: Engine) -> None:
    upgrade(bare_database)
    assert list(schema_check.faults(bare_database)) == []
    with bare_database.begin() as connection:
        connection.execute(text("DROP TABLE stray"))
        connection.execute(
            text(
                "CREATE TABLE stray (channel VARCHAR NOT NULL, kind VARCHAR, count INTEGER NOT NULL,"
                " why VARCHAR NOT NULL, PRIMARY KEY (channel))"
            )
        )
    found = list(schema_check.faults(bare_database))
    assert "stray.why must be filled and is not known" in found


def test_a_database_of_a_newer_version_is_named(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnusableDatabaseError, match="newer version") as refused:
        upgrade(database)
    assert "9999" in str(refused.value)
