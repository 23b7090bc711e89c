"""A database whose tables are not those that its revision promises is named at the start. On both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from storage.db.engine import UnusableDatabaseError, schema_version, upgrade
from storage.upkeep import schema_check

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

STRAY = (
    "DROP TABLE stray",
    "CREATE TABLE stray (channel VARCHAR NOT NULL, kind VARCHAR NOT NULL, {columns}, PRIMARY KEY ({key}))",
)


def stray(columns: str, key: str = "channel, kind") -> list[str]:
    """Make that table otherwise."""
    return [each.format(columns=columns, key=key) for each in STRAY]


BETWEEN = {
    "a column is missing": (
        ["ALTER TABLE team_item DROP COLUMN note"],
        "the column team_item.note is missing; it should be VARCHAR, never empty, by default ''",
    ),
    "a column has another name": (
        ["ALTER TABLE team_item RENAME COLUMN note TO remark"], "the column team_item.note is missing"
    ),
    "a table is missing": (["DROP TABLE receipt_guess"], "the table receipt_guess is missing"),
    "an index is missing": (
        ["DROP INDEX ix_outbox_due"],
        "the index ix_outbox_due of outbox is missing; it should be over channel, due_at, id where state = 'queued'",
    ),
    "an index is over other columns": (
        ["DROP INDEX ix_story_place", "CREATE INDEX ix_story_place ON story (told_at, place_id)"],
        "the index ix_story_place of story is over told_at, place_id; it should be over place_id, told_at",
    ),
    "an index is over other rows": (
        ["DROP INDEX ix_outbox_waiting",
         "CREATE INDEX ix_outbox_waiting ON outbox (address_id, id) WHERE state IN ('queued', 'sent')"],
        "id where state IN 'queued', 'sent'; it should be over address_id, id where state IN 'queued', 'sending'",
    ),
    "an index lets more in": (
        ["DROP INDEX uq_conversation_open",
         "CREATE INDEX uq_conversation_open ON conversation (contributor_id) WHERE status = 'open'"],
        "is over contributor_id where status = 'open'; it should be unique over contributor_id where status = 'open'",
    ),
    "an index refuses rows that we write": (
        ["CREATE UNIQUE INDEX mine ON story (language)"],
        "the index mine of story is not known; it is unique over language",
    ),
    "keys and constraints are missing": (
        ["DROP TABLE api_token",
         "CREATE TABLE api_token (id INTEGER PRIMARY KEY, token_hash VARCHAR NOT NULL, member_id INTEGER NOT NULL)",
         "CREATE INDEX ix_api_token_member_id ON api_token (member_id)"],
        "the foreign key from api_token.member_id to team_member.id is missing",
    ),
    "a column is of another type": (
        stray("count TEXT NOT NULL"),
        "the column stray.count is TEXT, never empty; it should be INTEGER, never empty",
    ),
    "a column has another key": (
        stray("count INTEGER NOT NULL", "channel"),
        "the key of stray is unique over channel; it should be unique over channel, kind",
    ),
    "a column that we do not fill must be filled": (
        stray("count INTEGER NOT NULL, why VARCHAR NOT NULL"),
        "the column stray.why is not known; it is VARCHAR, never empty",
    ),
    "a column may be empty": (
        stray("count INTEGER"),
        "the column stray.count is INTEGER, may be empty; it should be INTEGER, never empty",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), BETWEEN.values(), ids=BETWEEN.keys())
def test_what_is_not_as_it_should_be_is_named_whatever_the_revision_says(
    database: Engine, changes: list[str], said: str
) -> None:
    change(database, *changes)
    with pytest.raises(UnusableDatabaseError) as refused:
        upgrade(database, schema_check.check)
    for word in (said, str(schema_version(database)), "Nothing was changed", "earshot db restore"):
        assert word in str(refused.value)


def change(database: Engine, *statements: str) -> None:
    with database.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_column_more_does_no_harm_and_is_named(database: Engine) -> None:
    assert schema_check.different(database) == []
    change(
        database, "ALTER TABLE stray ADD COLUMN why VARCHAR NOT NULL DEFAULT 'x'", "ALTER TABLE tag ADD COLUMN b BIGINT"
    )
    upgrade(database, schema_check.check)
    assert sorted(map(str, schema_check.different(database))) == [
        "the column stray.why is not known; it is VARCHAR, never empty, by default 'x'",
        "the column tag.b is not known; it is BIGINT, may be empty",
    ]


def test_a_table_or_a_plain_index_more_is_nobodys_concern(database: Engine) -> None:
    change(database, "CREATE TABLE mine (id INTEGER)", "CREATE INDEX mine_too ON story (language)")
    assert schema_check.different(database) == []


def test_numbers_that_may_come_twice_are_named(sqlite_database: Engine) -> None:
    with sqlite_database.begin() as connection:
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'tag'").scalar_one()
        connection.exec_driver_sql("DROP TABLE tag")
        connection.exec_driver_sql(made.replace("AUTOINCREMENT", ""))
    found = [str(each) for each in schema_check.different(sqlite_database)]
    assert "the column tag.id is INTEGER, never empty; it should be INTEGER, never empty, no number twice" in found


def test_a_database_of_a_newer_version_is_named(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnusableDatabaseError, match="newer version") as refused:
        upgrade(database)
    assert "9999" in str(refused.value)
