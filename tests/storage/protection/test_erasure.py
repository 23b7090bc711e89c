"""Deleting what belongs to a person, and proof that no table was forgotten (rules 54, 60, 61)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, insert, select, update

from flows.model.conversation import Conversation
from flows.model.vocabulary.item_kinds import ItemKind
from flows.questions.story import Telling
from storage import tables
from storage.protection.erasure import erase_contributor, erase_story, finish_erasures
from storage.queries.conversations import failed_events, turn_queries
from storage.queries.delivery import outbox
from storage.tables.registry import entries
from tests.storage.acts import HERON, LATER, NOW, begin, claim, consent, decide, keep, meet, meet_another, queue

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer
    from storage.queries.conversations.turn_queries import Person

MARK = "quicksilver"
"""A word that stands in every text of the person who leaves."""
SEALED_MARK = b"quicksilver, sealed"
PSEUDONYM = "Heron 4821"

CONTRIBUTOR = tables.Contributor.__table__
ADDRESS = tables.Address.__table__
CONVERSATION = tables.Conversation.__table__
DECISION = tables.Decision.__table__
INBOUND = tables.Inbound.__table__
OUTBOX = tables.Outbox.__table__
STORY = tables.Story.__table__
SUPPRESSION = tables.Suppression.__table__
ITEM = tables.TeamItem.__table__
EXPORT, EXPORTED = tables.ExportRun.__table__, tables.ExportStory.__table__

OWN = ("address", "answer", "ask_back", "contributor", "conversation", "decision", "edition", "export_story",
       "holder_code", "inbound", "on_call", "outbox", "request", "safeguarding", "sealed_message", "story",
       "story_part", "tag", "team_item")  # fmt: skip
"""Tables in which a person who has been through everything has rows."""


def live(connection: Connection, person: Person, name: str, mark: str) -> int:
    """Give a person a row in every table that can hold one, with `mark` in every text; returns their story."""
    sealed = f"{mark}, sealed".encode()
    number = turn_queries.claim(
        connection, channel="sms", provider_id=f"SM{name}", received_at=NOW, sealed=sealed,
        contributor_id=person.contributor_id,
    )  # fmt: skip
    conversation = begin(
        connection,
        person,
        name,
        shown=mark,
        partial=Telling(kind="telling", parts=(("", mark),)),
        receipt=f"maple {mark} otter",
    )
    turn_queries.hold_sealed(
        connection, conversation_id=name, contributor_id=person.contributor_id, ref=mark, sealed=sealed, now=NOW
    )
    story = keep(
        connection, person, conversation, f"It was {mark}.", place_words=f"near {mark}",
        answers={"why": {"value": mark, "note": mark}}, tags=(("theme", mark),),
    )  # fmt: skip
    for change in (turn_queries.add_to_story, turn_queries.amend_story):
        change(connection, conversation_id=name, ref="r0", text=f"and {mark}", now=NOW)
    effect = consent("quote")
    decide(connection, person, conversation, replace(effect, literal=f"yes {mark}"))
    connection.execute(update(STORY).where(STORY.c.id == story).values(reason=mark))
    for kind in ("reply", "prompt"):
        turn_queries.enqueue(
            connection, address_id=person.address_id, contributor_id=person.contributor_id, conversation_id=name,
            inbound_id=number, channel="sms", kind=kind, payload=mark, due_at=NOW, now=NOW,
        )  # fmt: skip
    turn_queries.raise_item(
        connection, kind=ItemKind.HELP_MID_STORY, now=NOW, contributor_id=person.contributor_id,
        conversation_id=name, story_id=story, inbound_id=number,
    )  # fmt: skip
    connection.execute(ITEM.insert().values(kind="story_changed", story_id=story, raised_at=NOW))
    connection.execute(ITEM.insert().values(kind="failed_turn", inbound_id=number, raised_at=NOW))
    connection.execute(ITEM.insert().values(kind="stuck_conversation", conversation_id=name, raised_at=NOW))
    _ask_and_alert(connection, person, name, story, number, mark)
    export = connection.execute(
        insert(EXPORT)
        .values(at=NOW, who="lead@example.org", format="csv", use="team", filters="{}", stories=1)
        .returning(EXPORT.c.id)
    ).scalar_one()
    connection.execute(insert(EXPORTED).values(export_id=export, story_id=story))
    return story


def _ask_and_alert(
    connection: Connection, person: Person, name: str, story: int, number: int | None, mark: str
) -> None:
    """An edited version to sign off, a request, an item of safeguarding, an alert, a wrong receipt."""
    edition = connection.execute(
        insert(tables.Edition.__table__)
        .values(story_id=story, position=1, of_version=1, text=mark, reason=mark, author="a@example.org", made_at=NOW,
                state="asking")
        .returning(tables.Edition.__table__.c.id)
    ).scalar_one()  # fmt: skip
    whose = {"contributor_id": person.contributor_id}
    connection.execute(
        insert(tables.AskBack.__table__).values(
            **whose, kind="sign_off", story_id=story, edition_id=edition, state="asked", wanted_at=NOW, answer=mark
        )
    )
    connection.execute(
        insert(tables.Request.__table__).values(
            **whose, kind="access", origin="chat", sealed=f"{mark}, sealed".encode(), opened_at=NOW, target_at=NOW,
            due_at=NOW, outcome="",
        )
    )  # fmt: skip
    connection.execute(
        insert(tables.Safeguarding.__table__).values(
            **whose, conversation_id=name, story_id=story, inbound_id=number, origin="rule", raised_at=NOW, last_at=NOW,
            look_by=NOW, repeats=0, alerts=0, outcome="", version=1,
        )
    )  # fmt: skip
    code = tables.HolderCode.__table__
    connection.execute(insert(code).values(**whose, lookup=bytes(32), made_at=NOW, tries=0))
    member = connection.execute(
        insert(tables.TeamMember.__table__)
        .values(email=f"{name}@example.org", name="Lead", role="lead", active=True, created_at=NOW)
        .returning(tables.TeamMember.__table__.c.id)
    ).scalar_one()
    connection.execute(
        insert(tables.OnCall.__table__).values(member_id=member, position=1, address_id=person.address_id)
    )


def both(connection: Connection) -> tuple[Person, Person, int]:
    """The one who leaves and the one who stays, each with everything; and the leaver's story."""
    leaver, stayer = meet(connection, source=MARK), meet_another(connection)
    connection.execute(update(CONTRIBUTOR).where(CONTRIBUTOR.c.id == leaver.contributor_id).values(pseudonym=PSEUDONYM))
    connection.execute(update(ADDRESS).where(ADDRESS.c.id == leaver.address_id).values(sealed=SEALED_MARK))
    story = live(connection, leaver, "c1", MARK)
    live(connection, stayer, "c2", "magnesium")
    return leaver, stayer, story


def everything(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in tables.metadata.sorted_tables
    }


def holding(found: dict[str, list[dict[str, Any]]], what: str | bytes) -> set[str]:
    """Names of `table.column` in which `what` can be read."""
    return {
        f"{table}.{column}"
        for table, rows in found.items()
        for row in rows
        for column, value in row.items()
        if isinstance(value, type(what)) and what in value
    }


def test_every_table_has_its_fate() -> None:
    said = {name for name, entry in entries().items() if entry.erasure}
    assert len(said) > 20
    assert said == set(tables.metadata.tables), "tell the registry what becomes of the new table"


def test_the_trial_below_fills_every_table_that_belongs_to_a_person(writer: Writer) -> None:
    found = writer.run(lambda c: both(c) and everything(c))
    assert {table for table, rows in found.items() if rows} >= set(OWN)
    personal = {
        table.name
        for table in tables.metadata.sorted_tables
        if {"contributor_id", "story_id", "conversation_id", "address_id"} & {column.name for column in table.columns}
    }
    assert personal <= set(OWN), "the trial below knows nothing of this table"
    assert len(holding(found, MARK)) >= 12
    assert holding(found, SEALED_MARK) == {
        "address.sealed",
        "inbound.sealed",
        "request.sealed",
        "sealed_message.sealed",
    }


def test_nothing_of_a_person_can_be_read_after_their_erasure(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        leaver, stayer, _ = both(connection)
        before = everything(connection)
        assert erase_contributor(connection, leaver.contributor_id, LATER) is True
        after = everything(connection)
        assert holding(after, MARK) == holding(after, SEALED_MARK) == holding(after, PSEUDONYM) == set()
        assert holding(after, HERON) == {"suppression.lookup"}
        for table, rows in after.items():
            for row in rows:
                assert row.get("contributor_id") != leaver.contributor_id, table
                assert row.get("address_id") != leaver.address_id, table
        theirs = [row for row in before["story"] if row["contributor_id"] == stayer.contributor_id]
        assert after["story"] == theirs
        for table in (
            "address",
            "answer",
            "conversation",
            "outbox",
            "sealed_message",
            "story_part",
            "tag",
            "team_item",
        ):
            assert len(after[table]) * 2 == len(before[table]), table
            assert all(row in before[table] for row in after[table]), table
        assert erase_contributor(connection, leaver.contributor_id, LATER) is False

    writer.run(work)


def test_what_stays_after_an_erasure(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        leaver, _, story = both(connection)
        turn_queries.opt_out(connection, leaver.contributor_id, NOW)
        erase_contributor(connection, leaver.contributor_id, LATER)
        token = connection.execute(select(SUPPRESSION)).one()
        assert tuple(token) == ("sms", HERON, True, LATER)
        decision = connection.execute(select(DECISION).where(DECISION.c.story_id == story)).one()
        assert (decision.contributor_id, decision.literal, decision.answer, decision.purpose) == (
            None,
            "",
            "quote",
            "use",
        )
        assert connection.execute(select(EXPORTED.c.story_id)).scalars().first() == story
        assert claim(connection, "SMc1") is None, "a late redelivery is still known"
        assert failed_events.count_unhandled(connection) == 0

    writer.run(work)


def test_somebody_who_said_stop_and_left_is_still_opted_out_when_they_write_again(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        for opted_out in (True, False):
            person = meet(connection)
            (turn_queries.opt_out if opted_out else turn_queries.opt_in)(connection, person.contributor_id, NOW)
            erase_contributor(connection, person.contributor_id, NOW)
            back = meet(connection)
            assert back.opted_out is opted_out
            assert back.address_state == ("opted_out" if opted_out else "reachable")
            assert back.contributor_id != person.contributor_id
            assert connection.execute(select(SUPPRESSION)).all() == []

    writer.run(work)


def test_the_goodbye_goes_out_and_then_the_last_rows_go(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        leaver, _, _ = both(connection)
        erase_contributor(connection, leaver.contributor_id, NOW, farewell=True)
        found = everything(connection)
        assert holding(found, MARK) == set()
        theirs = {t for t, rows in found.items() for row in rows if row.get("contributor_id") == leaver.contributor_id}
        assert theirs == {"address"}
        goodbye = queue(connection, leaver, "reply")
        assert finish_erasures(connection, LATER) == 0
        (due,) = [each for each in outbox.claim_due(connection, LATER) if each.contributor_id == leaver.contributor_id]
        assert (due.id, due.sealed) == (goodbye, SEALED_MARK)
        assert finish_erasures(connection, LATER) == 0
        outbox.mark_sent(connection, [outbox.SentMessage(goodbye, "SM1", 1)], LATER)
        assert finish_erasures(connection, LATER) == 1
        assert holding(everything(connection), PSEUDONYM) == holding(everything(connection), SEALED_MARK) == set()
        assert finish_erasures(connection, LATER) == 0

    writer.run(work)


def test_a_goodbye_that_cannot_go_out_does_not_keep_a_person_for_ever(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        erase_contributor(connection, person.contributor_id, NOW, farewell=True)
        queue(connection, person, "reply")
        assert finish_erasures(connection, NOW + timedelta(hours=23)) == 0
        assert finish_erasures(connection, NOW + timedelta(hours=25)) == 1
        assert connection.execute(select(func.count()).select_from(CONTRIBUTOR)).scalar_one() == 0

    writer.run(work)


@pytest.mark.parametrize("told", [False, True], ids=["talking again", "told again"])
def test_somebody_who_comes_back_before_the_end_is_no_longer_leaving(writer: Writer, told: bool) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        erase_contributor(connection, person.contributor_id, NOW, farewell=True)
        again = turn_queries.find_person(connection, channel="sms", lookups=[HERON], lock=True)
        assert again is not None
        assert again.contributor_id == person.contributor_id
        conversation = begin(connection, again, "new", status="open")
        if told:
            keep(connection, again, conversation, "A new story.")
            begin(connection, again, "new", status="ended")
        assert finish_erasures(connection, LATER) == 0
        begin(connection, again, "new", status="ended")
        assert finish_erasures(connection, NOW + timedelta(days=9)) == 0
        assert connection.execute(select(func.count()).select_from(STORY)).scalar_one() == told

    writer.run(work)


def test_a_story_goes_with_all_that_repeats_it_and_its_teller_stays(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        leaver, stayer, story = both(connection)
        assert erase_story(connection, story) is True
        found = everything(connection)
        assert holding(found, MARK) == {"contributor.source"}
        assert holding(found, SEALED_MARK) == {"address.sealed", "request.sealed"}
        assert [row["contributor_id"] for row in found["story"]] == [stayer.contributor_id]
        state = connection.execute(select(CONVERSATION.c.state).where(CONVERSATION.c.id == "c1")).scalar_one()
        conversation = Conversation.from_json(state)
        assert (conversation.status, conversation.kept, conversation.answers) == ("ended", False, {})
        assert connection.execute(select(OUTBOX.c.state).where(OUTBOX.c.conversation_id == "c1")).scalars().all() == [
            "cancelled",
            "cancelled",
        ]
        assert turn_queries.facts_about(connection, leaver.contributor_id) == (0, ("sms",), NOW)
        assert erase_story(connection, story) is False

    writer.run(work)


def test_a_conversation_that_cannot_be_read_goes_whole(writer: Writer) -> None:
    """Nothing can be taken out of it, and whoever began it must be able to begin anew."""

    def work(connection: Connection) -> None:
        leaver, _, story = both(connection)
        connection.execute(update(CONVERSATION).values(state=f'{{"torn": "{MARK}"}}'))
        assert erase_story(connection, story) is True
        assert connection.execute(select(CONVERSATION.c.id)).scalars().all() == ["c2"]
        assert turn_queries.latest_conversation(connection, leaver.contributor_id) is None

    writer.run(work)
