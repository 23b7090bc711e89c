"""Published releases, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.queries.conversations import published
from tests.storage.acts import LATER, NOW

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer


def publish(connection: Connection, flow: str, structure: str, whole: str) -> bool:
    return published.publish(
        connection, flow=flow, title="T", structure=structure, whole=whole, body=f'{{"{whole}": 1}}', now=NOW
    )


def test_conversations_begin_with_the_newest_and_stay_on_their_structure(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        assert published.newest(connection, "share") is None
        assert publish(connection, "share", "s1", "w1") is True
        assert publish(connection, "share", "s1", "w1") is False
        assert publish(connection, "feedback", "s9", "w9") is True
        assert publish(connection, "share", "s1", "w2") is True
        assert publish(connection, "share", "s2", "w3") is True
        newest = published.newest(connection, "share")
        assert newest is not None
        assert newest[1:] == ("share", "T", "s2", "w3", '{"w3": 1}', NOW)
        older = published.newest_with_structure(connection, "share", "s1")
        assert older is not None
        assert older.whole == "w2", "texts follow, structure stays"
        assert published.newest_with_structure(connection, "share", "s9") is None

    writer.run(work)


def test_a_change_that_is_taken_back_counts_again(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        for whole in ("before", "after"):
            publish(connection, "share", "s1", whole)
        assert published.publish(
            connection, flow="share", title="T", structure="s1", whole="before", body="{}", now=LATER
        )
        newest = published.newest(connection, "share")
        assert newest is not None
        assert (newest.whole, newest.published_at) == ("before", LATER)

    writer.run(work)
