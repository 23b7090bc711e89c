"""What the team was told, on both databases: lists, counts, closing, and what closes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.model.vocabulary.item_kinds import ItemKind
from storage.queries.conversations import turn_queries
from storage.queries.team import members, requests, team_items
from tests.storage.acts import LATER, NOW, begin, keep, meet

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer

KINDS = tuple(ItemKind)


def test_an_item_leads_to_its_story_and_its_request_and_no_further(writer: Writer) -> None:
    def work(connection: Connection) -> list[team_items.ItemLine]:
        person = meet(connection)
        conversation = begin(connection, person)
        keep(connection, person, conversation, "They closed the surgery.")
        requests.open_request(
            connection, None, kind="access", origin="chat", now=NOW, contributor_id=person.contributor_id
        )
        about = {"contributor_id": person.contributor_id, "conversation_id": "c1"}
        for kind in (ItemKind.SENDING, ItemKind.REQUEST):
            turn_queries.raise_item(connection, kind=kind, now=NOW, **about)
        turn_queries.raise_item(connection, kind=ItemKind.CHANNEL, now=LATER)
        return team_items.open_items(connection, KINDS)

    sending, asked, channel = writer.run(work)
    assert (sending.kind, sending.story_id, sending.request_id) == (ItemKind.SENDING, 1, None)
    assert (asked.kind, asked.request_id) == (ItemKind.REQUEST, 1)
    assert sending.pseudonym
    assert (channel.pseudonym, channel.simulated, channel.story_id, channel.raised_at) == ("", False, None, LATER)


def test_items_are_counted_by_kind_closed_by_name_and_opened_again(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        member = members.add_member(connection, email="sam@example.org", name="Sam Okafor", role="lead", at=NOW)
        turn_queries.raise_item(connection, kind=ItemKind.CHANNEL, now=NOW)
        assert team_items.count_items(connection) == {kind: int(kind is ItemKind.CHANNEL) for kind in ItemKind}
        assert team_items.close_item(connection, 1, by=member, note="Paid.", now=LATER)
        assert not team_items.close_item(connection, 1, by=member, note="Twice.", now=LATER)
        assert set(team_items.count_items(connection).values()) == {0}
        (closed,) = team_items.closed_items(connection, KINDS)
        assert (closed.closed_at, closed.closer, closed.note) == (LATER, "Sam Okafor", "Paid.")
        assert team_items.reopen_item(connection, 1)
        assert not team_items.reopen_item(connection, 1)
        assert [item.note for item in team_items.open_items(connection, KINDS)] == [""]

    writer.run(work)


def test_a_role_finds_only_its_own_kinds(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        turn_queries.raise_item(connection, kind=ItemKind.CHANNEL, now=NOW)
        theirs = (ItemKind.OTHER_LANGUAGE,)
        assert team_items.one_item(connection, 1, KINDS) is not None
        assert team_items.one_item(connection, 1, theirs) is None
        assert team_items.open_items(connection, theirs) == []

    writer.run(work)


def test_a_request_that_was_answered_in_the_chat_closes_its_item(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection).contributor_id
        requests.open_request(connection, None, kind="access", origin="chat", now=NOW, contributor_id=person)
        turn_queries.raise_item(connection, kind=ItemKind.REQUEST, now=NOW, contributor_id=person)
        assert requests.settle(connection, "erasure", person, LATER) == 0
        assert team_items.count_items(connection)[ItemKind.REQUEST] == 1
        assert requests.settle(connection, "access", person, LATER) == 1
        (closed,) = team_items.closed_items(connection, KINDS)
        assert (closed.closed_at, closed.closer) == (LATER, "")

    writer.run(work)


def test_many_of_one_kind_hide_no_other(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        many = team_items.MOST_OF_A_KIND + 5
        values = [{"kind": ItemKind.LEAVING.value, "raised_at": NOW} for _ in range(many)]
        connection.execute(team_items.ITEM.insert(), values)
        turn_queries.raise_item(connection, kind=ItemKind.CHANNEL, now=LATER)
        shown = [item.kind for item in team_items.open_items(connection, KINDS)]
        assert shown == [ItemKind.LEAVING] * team_items.MOST_OF_A_KIND + [ItemKind.CHANNEL]
        assert team_items.count_items(connection)[ItemKind.LEAVING] == many

    writer.run(work)
