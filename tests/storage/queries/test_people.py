"""Contributors and their addresses, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, update

from storage import tables
from storage.db import engine as db
from storage.queries.conversations import turn_queries
from storage.queries.conversations.turn_queries import Person
from tests.storage.acts import HERON, LATER, NOW, begin, keep, meet, queue

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

CONTRIBUTOR = tables.Contributor.__table__
ADDRESS = tables.Address.__table__
STORY = tables.Story.__table__
OUTBOX = tables.Outbox.__table__


def test_a_person_is_made_once_and_found_again(writer: Writer) -> None:
    made = writer.run(lambda c: meet(c, language="cy", source="poster"))
    assert made[2:] == ("sms", "cy", False, "reachable", False, NOW, None, NOW, None)
    for lock in (False, True):
        found = writer.run(
            lambda c, lock=lock: turn_queries.find_person(c, channel="sms", lookups=[bytes(32), HERON], lock=lock)
        )
        assert found == made
        assert writer.run(lambda c, lock=lock: turn_queries.person_at(c, made.address_id, lock=lock)) == made
    assert writer.run(lambda c: turn_queries.find_person(c, channel="telegram", lookups=[HERON])) is None
    assert writer.run(lambda c: turn_queries.person_at(c, 99)) is None


def test_two_first_messages_at_once_make_one_person(database: Engine, writer: Writer) -> None:
    ready = threading.Barrier(8)
    people: list[Person] = []

    def first_words(connection: Connection) -> Person:
        found = turn_queries.find_person(connection, channel="sms", lookups=[HERON], lock=True)
        return found or meet(connection)

    def deliver() -> None:
        ready.wait(10)
        people.append(writer.run(first_words))

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(people) == 8
    assert len(set(people)) == 1
    with db.reader(database) as connection:
        assert len(connection.execute(select(CONTRIBUTOR.c.id)).all()) == 1
        assert len(connection.execute(select(ADDRESS.c.id)).all()) == 1


def test_pseudonyms_that_are_taken_are_not_given_twice(
    database: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["Heron 1000", "Heron 1000", "Heron 1000", "Wren 2000"])
    monkeypatch.setattr("storage.queries.contributors.people.new_pseudonym", lambda digits: next(names))
    writer.run(meet)
    writer.run(lambda c: meet(c, bytes(32)))
    with db.reader(database) as connection:
        assert set(connection.execute(select(CONTRIBUTOR.c.pseudonym)).scalars()) == {"Heron 1000", "Wren 2000"}


def test_when_a_person_was_heard_is_written_once_an_hour(writer: Writer) -> None:
    person = writer.run(meet)
    soon = NOW + timedelta(minutes=59)
    writer.run(lambda c: turn_queries.heard(c, person, soon))
    assert writer.run(lambda c: turn_queries.person_at(c, person.address_id)) == person
    writer.run(lambda c: turn_queries.heard(c, person, LATER))
    assert writer.run(lambda c: turn_queries.person_at(c, person.address_id)) == person._replace(
        heard_at=LATER, used_at=LATER
    )


def test_stop_reaches_every_address_and_cancels_what_waits(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> dict[str, int]:
        person = meet(connection)
        connection.execute(
            insert(ADDRESS).values(
                contributor_id=person.contributor_id, channel="telegram", lookup=bytes(32), sealed=b"x",
                state="reachable", changed_at=NOW,
            )
        )  # fmt: skip
        second = turn_queries.find_person(connection, channel="telegram", lookups=[bytes(32)])
        assert second is not None
        stranger = meet(connection, bytes([9]) * 32)
        numbers = {
            "reply": queue(connection, person, "reply"),
            "nudge": queue(connection, person, "nudge"),
            "prompt": queue(connection, second, "prompt", NOW + timedelta(days=3)),
            "theirs": queue(connection, stranger, "prompt"),
        }
        numbers["confirmation"] = queue(connection, person, "reply")
        kept = [numbers["confirmation"]]
        assert turn_queries.opt_out(connection, person.contributor_id, NOW, but=kept) == 3
        assert turn_queries.opt_out(connection, person.contributor_id, NOW, but=kept) == 0
        return numbers

    numbers = writer.run(work)
    with db.reader(database) as connection:
        for lookup, channel in ((HERON, "sms"), (bytes(32), "telegram")):
            person = turn_queries.find_person(connection, channel=channel, lookups=[lookup])
            assert person is not None
            assert (person.opted_out, person.address_state) == (True, "opted_out")
        rows = connection.execute(select(OUTBOX.c.id, OUTBOX.c.state, OUTBOX.c.payload, OUTBOX.c.error)).all()
        found = {row.id: (row.state, row.payload, row.error) for row in rows}
    assert found == {
        numbers["reply"]: ("cancelled", None, "opted_out"),
        numbers["nudge"]: ("cancelled", None, "opted_out"),
        numbers["prompt"]: ("cancelled", None, "opted_out"),
        numbers["theirs"]: ("queued", "a prompt", None),
        numbers["confirmation"]: ("queued", "a reply", None),
    }


def test_start_opens_what_stop_closed_and_not_what_was_blocked(writer: Writer) -> None:
    person = writer.run(meet)

    def states(*steps: str) -> str:
        def work(connection: Connection) -> str:
            for step in steps:
                if step in {"opt_out", "opt_in"}:
                    getattr(turn_queries, step)(connection, person.contributor_id, NOW)
                else:
                    turn_queries.set_address_state(connection, person.address_id, step, NOW)
            found = turn_queries.person_at(connection, person.address_id)
            assert found is not None
            return found.address_state

        return writer.run(work)

    assert states("opt_out") == "opted_out"
    assert states("opt_in") == "reachable"
    assert states("blocked") == "blocked"
    assert states("opt_in") == "blocked"
    assert states("reachable") == "reachable"
    assert states("opt_out", "blocked", "reachable") == "opted_out", "unblocking is no consent (rule 37)"
    assert states("opt_in") == "reachable"


def test_nothing_goes_to_a_blocked_address_that_waited(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        queue(connection, person, "prompt")
        queue(connection, person, "reply")
        turn_queries.set_address_state(connection, person.address_id, "blocked", NOW)

    writer.run(work)
    with db.reader(database) as connection:
        states = connection.execute(select(OUTBOX.c.kind, OUTBOX.c.state))
        assert dict(states.all()) == {"prompt": "cancelled", "reply": "cancelled"}


def test_my_data_counts_what_is_held(writer: Writer) -> None:
    def work(connection: Connection) -> turn_queries.Held | None:
        person = meet(connection)
        keep(connection, person, begin(connection, person, status="ended"), "one")
        keep(connection, person, begin(connection, person, "c2"), "two")
        connection.execute(update(STORY).where(STORY.c.conversation_id == "c1").values(withdrawn_at=NOW))
        turn_queries.set_language(connection, person.contributor_id, "pl")
        return turn_queries.facts_about(connection, person.contributor_id)

    assert writer.run(work) == (2, ("sms",), NOW), "what is out of use and not deleted yet is held"
    assert writer.run(lambda c: turn_queries.facts_about(c, 99)) is None
    found = writer.run(lambda c: turn_queries.find_person(c, channel="sms", lookups=[HERON]))
    assert found is not None
    assert found.language == "pl"
