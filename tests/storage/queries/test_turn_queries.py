"""Events, conversations and sealed words, as a turn asks for them, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from flows.model.conversation import Conversation, DueKind, Status
from flows.questions.story import Telling
from storage import tables
from storage.db import engine as db
from storage.queries.conversations import failed_events, timers, turn_queries
from tests.storage.acts import LATER, NOW, begin, claim, meet, meet_another

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

INBOUND = tables.Inbound.__table__
CONVERSATION = tables.Conversation.__table__


def test_an_event_is_claimed_once(database: Engine, writer: Writer) -> None:
    first = writer.run(claim)
    assert first is not None
    assert writer.run(claim) is None
    other = writer.run(
        lambda c: turn_queries.claim(c, channel="telegram", provider_id="SM1", received_at=NOW, sealed=None)
    )
    assert other not in {None, first}
    with db.reader(database) as connection:
        rows = connection.execute(select(INBOUND.c.channel, INBOUND.c.state, INBOUND.c.attempts).order_by("id")).all()
    assert [tuple(row) for row in rows] == [("sms", "handled", 1), ("telegram", "handled", 1)]


def test_of_two_at_the_same_moment_one_has_the_claim(writer: Writer) -> None:
    ready = threading.Barrier(8)
    won: list[int] = []

    def deliver() -> None:
        ready.wait(10)
        for n in range(20):
            number = writer.run(lambda c, n=n: claim(c, f"SM{n}"))
            if number is not None:
                won.append(n)

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(won) == list(range(20))


def test_a_turn_that_fails_leaves_its_event_unclaimed(writer: Writer) -> None:
    def fails(connection: Connection) -> None:
        assert claim(connection) is not None
        raise RuntimeError

    with pytest.raises(RuntimeError):
        writer.run(fails)
    assert writer.run(claim) is not None


@pytest.mark.parametrize("state", ["failed", "stored"])
def test_an_unhandled_event_is_kept_listed_and_handed_out_again(database: Engine, writer: Writer, state: str) -> None:
    def fail(connection: Connection) -> int | None:
        return failed_events.keep_event(
            connection, channel="sms", provider_id="SM1", received_at=NOW, sealed=b"raw", state=state, error="KeyError"
        )

    number = writer.run(fail)
    assert writer.run(fail) == number
    with db.reader(database) as connection:
        (event,) = failed_events.unhandled(connection)
        assert failed_events.count_unhandled(connection) == 1
        assert failed_events.unhandled(connection, after=event.id) == []
    assert event == (number, "sms", "SM1", NOW, state, "KeyError", 2, b"raw")
    assert writer.run(claim) == number
    assert writer.run(fail) is None, "what was handled meanwhile stays handled"
    assert writer.run(claim) is None
    with db.reader(database) as connection:
        assert failed_events.count_unhandled(connection) == 0


def test_what_never_reached_us_is_found(writer: Writer) -> None:
    for provider_id in ("SM1", "SM3"):
        writer.run(lambda c, p=provider_id: claim(c, p))
    ids = [f"SM{n}" for n in range(1, 1200)]
    missing = writer.run(lambda c: failed_events.unseen(c, channel="sms", provider_ids=ids))
    assert missing == [each for each in ids if each not in {"SM1", "SM3"}]


def test_strays_are_counted_and_nothing_else(database: Engine, writer: Writer) -> None:
    for kind in ("short code", "short code", "group"):
        writer.run(lambda c, kind=kind: turn_queries.count_stray(c, channel="sms", kind=kind))
    with db.reader(database) as connection:
        rows = connection.execute(select(tables.Stray.__table__).order_by("kind")).all()
    assert [tuple(row) for row in rows] == [("sms", "group", 1), ("sms", "short code", 2)]


def test_a_conversation_is_stored_and_found_as_it_was(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        assert turn_queries.latest_conversation(connection, person.contributor_id) is None
        old = begin(connection, person, "old", status="ended")
        new = begin(
            connection, person, "new", started_at=LATER, partial=Telling(kind="telling", parts=(("", "café 👍"),))
        )
        turn_queries.save_conversation(
            connection, old, contributor_id=person.contributor_id, address_id=person.address_id, now=LATER
        )
        stored = turn_queries.latest_conversation(connection, person.contributor_id)
        assert stored is not None
        assert (stored.id, stored.status, stored.flow, stored.structure) == ("new", "open", "share", "s1")
        assert Conversation.from_json(stored.state) == new
        moved = new.model_copy(update={"step": "story", "due": DueKind.NUDGE, "due_at": LATER, "status": Status.OPEN})
        turn_queries.save_conversation(
            connection, moved, contributor_id=person.contributor_id, address_id=person.address_id, now=LATER
        )
        again = turn_queries.conversation_by_id(connection, "new")
        assert again is not None
        assert Conversation.from_json(again.state) == moved
        row = connection.execute(select(CONVERSATION).where(CONVERSATION.c.id == "new")).one()
        assert (row.step, row.due_kind, row.due_at, row.updated_at) == ("story", "nudge", LATER, LATER)
        assert row.started_at == LATER

    writer.run(work)
    assert writer.run(lambda c: turn_queries.conversation_by_id(c, "nobody's")) is None


def test_a_contributor_has_one_open_conversation_at_most(writer: Writer) -> None:
    person = writer.run(meet)
    writer.run(lambda c: begin(c, person, "c1"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        writer.run(lambda c: begin(c, person, "c2"))
    writer.run(lambda c: begin(c, person, "c1", status="ended"))
    writer.run(lambda c: begin(c, person, "c2"))
    writer.run(lambda c: begin(c, meet_another(c), "c3"))


def test_conversations_fall_due_in_order(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        for n, (due, minutes) in enumerate(
            [(DueKind.NUDGE, 5), (DueKind.QUIET, -5), (DueKind.EXPIRE, 0), (None, None)]
        ):
            person = meet(connection, bytes([n + 1]) * 32)
            due_at = None if minutes is None else NOW + timedelta(minutes=minutes)
            begin(connection, person, f"c{n}", due=due, due_at=due_at)

    writer.run(work)
    with db.reader(database) as connection:
        assert [(each.id, each.due_kind) for each in timers.due(connection, NOW)] == [
            ("c1", "quiet"),
            ("c2", "expire"),
        ]
        assert [each.id for each in timers.due(connection, NOW, limit=1)] == ["c1"]
        assert timers.count_open(connection) == 4


def test_sealed_words_come_back_once_in_order(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        begin(connection, person)
        for n in range(3):
            turn_queries.hold_sealed(
                connection, conversation_id="c1", contributor_id=person.contributor_id, ref=f"r{n}",
                sealed=bytes([n]), now=NOW - timedelta(seconds=n),
            )  # fmt: skip
        assert turn_queries.take_sealed(connection, "c1") == [("r0", b"\0"), ("r1", b"\1"), ("r2", b"\2")]
        assert turn_queries.take_sealed(connection, "c1") == []

    writer.run(work)


def test_purging_destroys_held_words_and_raw_events_of_that_person_alone(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person, stranger = meet(connection), meet_another(connection)
        for each, name in ((person, "c1"), (stranger, "c2")):
            begin(connection, each, name)
            number = claim(connection, f"SM {name}")
            assert number is not None
            turn_queries.mark_inbound(connection, number, contributor_id=each.contributor_id)
            turn_queries.hold_sealed(
                connection, conversation_id=name, contributor_id=each.contributor_id, ref="", sealed=b"x", now=NOW
            )
        turn_queries.purge_sealed(connection, conversation_id="c1", contributor_id=person.contributor_id)

    writer.run(work)
    with db.reader(database) as connection:
        assert connection.execute(select(tables.SealedMessage.__table__.c.conversation_id)).scalars().all() == ["c2"]
        raw = connection.execute(select(INBOUND.c.provider_id, INBOUND.c.sealed))
        assert dict(raw.all()) == {"SM c1": None, "SM c2": b"raw"}
    assert writer.run(lambda c: claim(c, "SM c1")) is None, "a purged event is still a known one"
