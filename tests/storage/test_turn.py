"""What a turn asks of the database, on both kinds."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, update

from flows.conversation import Conversation, idle
from flows.effects import Draft, RecordConsent
from storage import database as db
from storage import tables
from storage.queries import conversations, inbox, turn
from storage.queries.turn import Person, StoryPlace

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from storage.unit import Writer

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
HERON = bytes([1]) * 32
GLENBOIG = StoryPlace("gb-glenboig", "Glenboig, North Lanarkshire", "village", "ONS", "S52000286", "2022", "S", "NL")
INBOUND = tables.Inbound.__table__
CONTRIBUTOR = tables.Contributor.__table__
ADDRESS = tables.Address.__table__
CONVERSATION = tables.Conversation.__table__
DECISION = tables.Decision.__table__
TEXT = tables.ConsentText.__table__
STORY = tables.Story.__table__
PART = tables.StoryPart.__table__
ANSWER = tables.Answer.__table__
TAG = tables.Tag.__table__
OUTBOX = tables.Outbox.__table__
ITEM = tables.TeamItem.__table__


def claim(connection: Connection, provider_id: str = "SM1", **more: Any) -> int | None:
    return turn.claim(connection, channel="sms", provider_id=provider_id, received_at=NOW, sealed=b"raw", **more)


def meet(connection: Connection, lookup: bytes = HERON, channel: str = "sms", **more: Any) -> Person:
    return turn.make_person(connection, channel=channel, lookups=[lookup], sealed=b"sealed", now=NOW, **more)


def begin(connection: Connection, person: Person, name: str = "c1", **changes: Any) -> Conversation:
    conversation = idle(id=name, token="t", flow="share", channel="sms", language="en", now=NOW)
    conversation = conversation.model_copy(update={"status": "open", "structure": "s1", "step": "welcome", **changes})
    turn.save_conversation(
        connection, conversation, contributor_id=person.contributor_id, address_id=person.address_id, now=NOW
    )
    return conversation


def consent(answer: str, purpose: str = "use", text: str = "How far may it travel? 1 team 2 quote") -> RecordConsent:
    return RecordConsent(
        purpose=purpose, answer=answer, step=purpose, literal=f"{answer}, thank you", text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(), language="en",
    )  # fmt: skip


def keep(connection: Connection, person: Person, conversation: Conversation, *parts: str, **more: Any) -> int:
    values: dict[str, Any] = {"kind": "story", "place_words": "near the Clyde"} | more
    draft = Draft(text="\n\n".join(parts), parts=tuple((f"r{n}", part) for n, part in enumerate(parts)), **values)
    return turn.keep_story(
        connection, draft, conversation=conversation, contributor_id=person.contributor_id, use="team",
        place=GLENBOIG, receipt_lookup=bytes(32), now=NOW,
    )  # fmt: skip


def queue(connection: Connection, person: Person, kind: str, due_at: datetime = NOW) -> int:
    return turn.enqueue(
        connection, address_id=person.address_id, contributor_id=person.contributor_id, conversation_id=None,
        inbound_id=None, channel=person.channel, kind=kind, payload=f"a {kind}", due_at=due_at, now=NOW,
    )  # fmt: skip


# --- events -----------------------------------------------------------------------------------------------------


def test_an_event_is_claimed_once(database: Engine, writer: Writer) -> None:
    first = writer.run(claim)
    assert first is not None
    assert writer.run(claim) is None
    other = writer.run(lambda c: turn.claim(c, channel="telegram", provider_id="SM1", received_at=NOW, sealed=None))
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
        return inbox.keep_event(
            connection, channel="sms", provider_id="SM1", received_at=NOW, sealed=b"raw", state=state, error="KeyError"
        )

    number = writer.run(fail)
    assert writer.run(fail) == number
    with db.reader(database) as connection:
        (event,) = inbox.unhandled(connection)
        assert inbox.count_unhandled(connection) == 1
        assert inbox.unhandled(connection, after=event.id) == []
    assert event == (number, "sms", "SM1", NOW, state, "KeyError", 2, b"raw")
    assert writer.run(claim) == number
    assert writer.run(fail) is None, "what was handled meanwhile stays handled"
    assert writer.run(claim) is None
    with db.reader(database) as connection:
        assert inbox.count_unhandled(connection) == 0


def test_what_never_reached_us_is_found(writer: Writer) -> None:
    for provider_id in ("SM1", "SM3"):
        writer.run(lambda c, p=provider_id: claim(c, p))
    ids = [f"SM{n}" for n in range(1, 1200)]
    missing = writer.run(lambda c: inbox.unseen(c, channel="sms", provider_ids=ids))
    assert missing == [each for each in ids if each not in {"SM1", "SM3"}]


def test_strays_are_counted_and_nothing_else(database: Engine, writer: Writer) -> None:
    for kind in ("short code", "short code", "group"):
        writer.run(lambda c, kind=kind: turn.count_stray(c, channel="sms", kind=kind))
    with db.reader(database) as connection:
        rows = connection.execute(select(tables.Stray.__table__).order_by("kind")).all()
    assert [tuple(row) for row in rows] == [("sms", "group", 1), ("sms", "short code", 2)]


# --- people -----------------------------------------------------------------------------------------------------


def test_a_person_is_made_once_and_found_again(writer: Writer) -> None:
    made = writer.run(lambda c: meet(c, language="cy", source="poster"))
    assert made[2:] == ("sms", "cy", False, "reachable", False, NOW)
    for lock in (False, True):
        found = writer.run(
            lambda c, lock=lock: turn.find_person(c, channel="sms", lookups=[bytes(32), HERON], lock=lock)
        )
        assert found == made
        assert writer.run(lambda c, lock=lock: turn.person_at(c, made.address_id, lock=lock)) == made
    assert writer.run(lambda c: turn.find_person(c, channel="telegram", lookups=[HERON])) is None
    assert writer.run(lambda c: turn.person_at(c, 99)) is None


def test_two_first_messages_at_once_make_one_person(database: Engine, writer: Writer) -> None:
    ready = threading.Barrier(8)
    people: list[Person] = []

    def first_words(connection: Connection) -> Person:
        found = turn.find_person(connection, channel="sms", lookups=[HERON], lock=True)
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
    monkeypatch.setattr("storage.queries.people.new_pseudonym", lambda digits: next(names))
    writer.run(meet)
    writer.run(lambda c: meet(c, bytes(32)))
    with db.reader(database) as connection:
        assert set(connection.execute(select(CONTRIBUTOR.c.pseudonym)).scalars()) == {"Heron 1000", "Wren 2000"}


def test_when_a_person_was_heard_is_written_once_an_hour(writer: Writer) -> None:
    person = writer.run(meet)
    soon = NOW + timedelta(minutes=59)
    writer.run(lambda c: turn.heard(c, person, soon))
    assert writer.run(lambda c: turn.person_at(c, person.address_id)) == person
    writer.run(lambda c: turn.heard(c, person, LATER))
    assert writer.run(lambda c: turn.person_at(c, person.address_id)) == person._replace(heard_at=LATER)


def test_stop_reaches_every_address_and_cancels_what_nobody_asked_for(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> dict[str, int]:
        person = meet(connection)
        connection.execute(
            insert(ADDRESS).values(
                contributor_id=person.contributor_id, channel="telegram", lookup=bytes(32), sealed=b"x",
                state="reachable", changed_at=NOW,
            )
        )  # fmt: skip
        second = turn.find_person(connection, channel="telegram", lookups=[bytes(32)])
        assert second is not None
        stranger = meet(connection, bytes([9]) * 32)
        numbers = {
            "reply": queue(connection, person, "reply"),
            "nudge": queue(connection, person, "nudge"),
            "prompt": queue(connection, second, "prompt", NOW + timedelta(days=3)),
            "theirs": queue(connection, stranger, "prompt"),
        }
        assert turn.opt_out(connection, person.contributor_id, NOW) == 2
        assert turn.opt_out(connection, person.contributor_id, NOW) == 0
        return numbers

    numbers = writer.run(work)
    with db.reader(database) as connection:
        for lookup, channel in ((HERON, "sms"), (bytes(32), "telegram")):
            person = turn.find_person(connection, channel=channel, lookups=[lookup])
            assert person is not None
            assert (person.opted_out, person.address_state) == (True, "opted_out")
        rows = connection.execute(select(OUTBOX.c.id, OUTBOX.c.state, OUTBOX.c.payload)).all()
        found = {row.id: (row.state, row.payload) for row in rows}
    assert found == {
        numbers["reply"]: ("queued", "a reply"),
        numbers["nudge"]: ("cancelled", None),
        numbers["prompt"]: ("cancelled", None),
        numbers["theirs"]: ("queued", "a prompt"),
    }


def test_start_opens_what_stop_closed_and_not_what_was_blocked(writer: Writer) -> None:
    person = writer.run(meet)

    def states(*steps: str) -> str:
        def work(connection: Connection) -> str:
            for step in steps:
                if step in {"opt_out", "opt_in"}:
                    getattr(turn, step)(connection, person.contributor_id, NOW)
                else:
                    turn.set_address_state(connection, person.address_id, step, NOW)
            found = turn.person_at(connection, person.address_id)
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


def test_a_blocked_address_gets_no_prompts(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        queue(connection, person, "prompt")
        queue(connection, person, "reply")
        turn.set_address_state(connection, person.address_id, "blocked", NOW)

    writer.run(work)
    with db.reader(database) as connection:
        states = connection.execute(select(OUTBOX.c.kind, OUTBOX.c.state))
        assert dict(states.all()) == {"prompt": "cancelled", "reply": "queued"}


def test_my_data_counts_what_is_held(writer: Writer) -> None:
    def work(connection: Connection) -> turn.Held | None:
        person = meet(connection)
        keep(connection, person, begin(connection, person, status="ended"), "one")
        keep(connection, person, begin(connection, person, "c2"), "two")
        connection.execute(update(STORY).where(STORY.c.conversation_id == "c1").values(withdrawn_at=NOW))
        turn.set_language(connection, person.contributor_id, "pl")
        return turn.facts_about(connection, person.contributor_id)

    assert writer.run(work) == (1, ("sms",), NOW)
    assert writer.run(lambda c: turn.facts_about(c, 99)) is None
    found = writer.run(lambda c: turn.find_person(c, channel="sms", lookups=[HERON]))
    assert found is not None
    assert found.language == "pl"


# --- conversations ----------------------------------------------------------------------------------------------


def test_a_conversation_is_stored_and_found_as_it_was(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        assert turn.latest_conversation(connection, person.contributor_id) is None
        old = begin(connection, person, "old", status="ended")
        new = begin(connection, person, "new", started_at=LATER, scratch={"parts": ["café 👍"]})
        turn.save_conversation(
            connection, old, contributor_id=person.contributor_id, address_id=person.address_id, now=LATER
        )
        stored = turn.latest_conversation(connection, person.contributor_id)
        assert stored is not None
        assert (stored.id, stored.status, stored.flow, stored.structure) == ("new", "open", "share", "s1")
        assert Conversation.from_json(stored.state) == new
        moved = new.model_copy(update={"step": "story", "due": "nudge", "due_at": LATER, "status": "open"})
        turn.save_conversation(
            connection, moved, contributor_id=person.contributor_id, address_id=person.address_id, now=LATER
        )
        again = turn.conversation_by_id(connection, "new")
        assert again is not None
        assert Conversation.from_json(again.state) == moved
        row = connection.execute(select(CONVERSATION).where(CONVERSATION.c.id == "new")).one()
        assert (row.step, row.due_kind, row.due_at, row.updated_at) == ("story", "nudge", LATER, LATER)
        assert row.started_at == LATER

    writer.run(work)
    assert writer.run(lambda c: turn.conversation_by_id(c, "nobody's")) is None


def test_a_contributor_has_one_open_conversation_at_most(writer: Writer) -> None:
    person = writer.run(meet)
    writer.run(lambda c: begin(c, person, "c1"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        writer.run(lambda c: begin(c, person, "c2"))
    writer.run(lambda c: begin(c, person, "c1", status="ended"))
    writer.run(lambda c: begin(c, person, "c2"))
    writer.run(lambda c: begin(c, c_person(c), "c3"))


def c_person(connection: Connection) -> Person:
    return meet(connection, bytes([7]) * 32)


def test_conversations_fall_due_in_order(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        for n, (due, minutes) in enumerate([("nudge", 5), ("quiet", -5), ("expire", 0), (None, None)]):
            person = meet(connection, bytes([n + 1]) * 32)
            due_at = None if minutes is None else NOW + timedelta(minutes=minutes)
            begin(connection, person, f"c{n}", due=due, due_at=due_at)

    writer.run(work)
    with db.reader(database) as connection:
        assert [(each.id, each.due_kind) for each in conversations.due(connection, NOW)] == [
            ("c1", "quiet"),
            ("c2", "expire"),
        ]
        assert [each.id for each in conversations.due(connection, NOW, limit=1)] == ["c1"]
        assert conversations.next_due(connection) == NOW - timedelta(minutes=5)
        assert conversations.count_open(connection) == 4


# --- sealed words -----------------------------------------------------------------------------------------------


def test_sealed_words_come_back_once_in_order(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        begin(connection, person)
        for n in range(3):
            turn.hold_sealed(
                connection, conversation_id="c1", contributor_id=person.contributor_id, ref=f"r{n}",
                sealed=bytes([n]), now=NOW - timedelta(seconds=n),
            )  # fmt: skip
        assert turn.take_sealed(connection, "c1") == [("r0", b"\0"), ("r1", b"\1"), ("r2", b"\2")]
        assert turn.take_sealed(connection, "c1") == []

    writer.run(work)


def test_purging_destroys_held_words_and_raw_events_of_that_person_alone(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person, stranger = meet(connection), c_person(connection)
        for each, name in ((person, "c1"), (stranger, "c2")):
            begin(connection, each, name)
            number = claim(connection, f"SM {name}")
            assert number is not None
            turn.mark_inbound(connection, number, contributor_id=each.contributor_id)
            turn.hold_sealed(
                connection, conversation_id=name, contributor_id=each.contributor_id, ref="", sealed=b"x", now=NOW
            )
        turn.purge_sealed(connection, conversation_id="c1", contributor_id=person.contributor_id)

    writer.run(work)
    with db.reader(database) as connection:
        assert connection.execute(select(tables.SealedMessage.__table__.c.conversation_id)).scalars().all() == ["c2"]
        raw = connection.execute(select(INBOUND.c.provider_id, INBOUND.c.sealed))
        assert dict(raw.all()) == {"SM c1": None, "SM c2": b"raw"}
    assert writer.run(lambda c: claim(c, "SM c1")) is None, "a purged event is still a known one"


# --- stories and decisions --------------------------------------------------------------------------------------


def rows(connection: Connection, table: Any, *columns: str) -> list[tuple[Any, ...]]:
    order = list(table.primary_key.columns)
    return [tuple(row) for row in connection.execute(select(*(table.c[name] for name in columns)).order_by(*order))]


def test_a_story_is_kept_with_its_parts_answers_and_tags(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection, simulated=True)
        conversation = begin(connection, person)
        number = keep(
            connection, person, conversation, "First part. ", "  Second\n part\0", answers={
                "scale": {"value": ["individual", "society"], "note": "I think"}, "rating": 4,
                "skipped": {"value": None, "note": ""},
            },
            tags=(("scale", "individual"), ("scale", "society"), ("scale", "individual")),
        )  # fmt: skip
        story = connection.execute(select(STORY)).one()
        assert (story.id, story.text, story.state, story.use, story.version) == (
            number, "First part. \n\n  Second\n part", "new", "team", 1,
        )  # fmt: skip
        assert story.simulated is True
        assert (story.place_id, story.place_kind, story.place_code, story.place_parent, story.place_words) == (
            "gb-glenboig", "village", "S52000286", "NL", "near the Clyde",
        )  # fmt: skip
        assert (story.told_at, story.changed_at, story.receipt_lookup) == (NOW, NOW, bytes(32))
        assert rows(connection, PART, "position", "ref", "text", "kind") == [
            (0, "r0", "First part. ", "told"),
            (1, "r1", "  Second\n part", "told"),
        ]
        answers = rows(connection, ANSWER, "step", "value", "note")
        assert {step: (json.loads(value), note) for step, value, note in answers} == {
            "scale": (["individual", "society"], "I think"), "rating": (4, ""), "skipped": (None, ""),
        }  # fmt: skip
        assert rows(connection, TAG, "dimension", "value", "origin", "confidence", "confirmed_by") == [
            ("scale", "individual", "contributor", None, None),
            ("scale", "society", "contributor", None, None),
        ]

    writer.run(work)


def test_a_story_kept_again_is_the_same_story_and_goes_back_to_the_queue(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)
        number = keep(connection, person, conversation, "Told.", answers={"a": 1}, tags=(("scale", "individual"),))
        connection.execute(update(STORY).values(state="approved", decided_at=NOW, reason="clear"))
        connection.execute(
            insert(TAG).values(story_id=number, dimension="theme", value="waiting", origin="reviewer", created_at=NOW)
        )
        assert turn.add_to_story(connection, conversation_id="c1", ref="r9", text="And more.", now=LATER) == number
        assert keep(
            connection, person, conversation, "Told anew.", answers={"b": 2}, tags=(("scale", "society"),)
        ) == number  # fmt: skip
        story = connection.execute(select(STORY)).one()
        assert (story.state, story.decided_at, story.reason, story.version) == ("new", None, "", 3)
        assert story.text == "Told anew.\n\nAnd more."
        assert rows(connection, PART, "position", "text", "kind") == [
            (0, "Told anew.", "told"),
            (1, "And more.", "added"),
        ]
        assert rows(connection, ANSWER, "step", "value") == [("b", "2")]
        assert sorted(rows(connection, TAG, "value", "origin")) == [("society", "contributor"), ("waiting", "reviewer")]

    writer.run(work)


def test_an_added_message_that_the_teller_put_into_the_story_is_not_there_twice(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)
        keep(connection, person, conversation, "Told.")
        turn.add_to_story(connection, conversation_id="c1", ref="r1", text="More.", now=LATER)
        keep(connection, person, conversation, "Told.", "More.")
        assert connection.execute(select(STORY.c.text)).scalar_one() == "Told.\n\nMore."
        assert rows(connection, PART, "position", "text", "kind") == [(0, "Told.", "told"), (1, "More.", "told")]

    writer.run(work)


def test_an_edit_stands_beside_the_original(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)
        keep(connection, person, conversation, "My word.", "Another.")
        connection.execute(update(STORY).values(state="approved"))
        for text in ("My other word.", "My last word."):
            turn.amend_story(connection, conversation_id="c1", ref="r0", text=text, now=LATER)
        story = connection.execute(select(STORY)).one()
        assert (story.text, story.state, story.version, story.changed_at) == ("My word.\n\nAnother.", "new", 3, LATER)
        assert rows(connection, PART, "ref", "text", "kind") == [
            ("r0", "My word.", "told"),
            ("r1", "Another.", "told"),
            ("r0", "My other word.", "amended"),
            ("r0", "My last word.", "amended"),
        ]
        keep(connection, person, conversation, "My word.", "Another.", "Third.")
        assert [part[2] for part in rows(connection, PART, "ref", "text", "kind")] == ["told"] * 3 + ["amended"] * 2

    writer.run(work)


def test_nothing_is_added_to_a_story_that_is_not_there(writer: Writer) -> None:
    for change in (turn.add_to_story, turn.amend_story):
        assert writer.run(lambda c, f=change: f(c, conversation_id="c1", ref="", text="x", now=NOW)) is None
    assert writer.run(lambda c: turn.drop_story(c, "c1")) is False


def test_decisions_are_added_and_never_changed(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)

        def decide(effect: RecordConsent) -> None:
            turn.record_decision(
                connection, effect, conversation=conversation, contributor_id=person.contributor_id, whole="w1", now=NOW
            )

        decide(consent("yes", "take_part", "Will you take part?"))
        number = keep(connection, person, conversation, "Told.")
        uses = []
        for answer in ("publish", "quote", "maybe", "team"):
            decide(consent(answer))
            uses.append(connection.execute(select(STORY.c.use)).scalar_one())
        assert uses == ["publish", "quote", "team", "team"], "what is unclear allows the least (rule 55)"
        decide(consent("yes", "contact"))
        assert connection.execute(select(STORY.c.use)).scalar_one() == "team"
        assert connection.execute(select(STORY.c.version)).scalar_one() == 5
        assert rows(connection, DECISION, "purpose", "answer", "story_id") == [
            ("take_part", "yes", number), ("use", "publish", number), ("use", "quote", number),
            ("use", "maybe", number), ("use", "team", number), ("contact", "yes", number),
        ]  # fmt: skip
        first = connection.execute(select(DECISION).order_by(DECISION.c.id).limit(1)).one()
        shown = connection.execute(select(TEXT.c.text).where(TEXT.c.digest == first.text_digest)).scalar_one()
        assert shown == "Will you take part?"
        assert len(rows(connection, TEXT, "digest")) == 2, "a text is kept once"
        assert first.literal == "yes, thank you"
        assert (first.flow, first.structure, first.whole, first.language, first.channel, first.decided_at) == (
            "share", "s1", "w1", "en", "sms", NOW,
        )  # fmt: skip

    writer.run(work)


def test_a_dropped_story_is_gone_and_the_conversation_goes_on(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)
        keep(connection, person, conversation, "Told.", answers={"a": 1}, tags=(("scale", "individual"),))
        assert turn.drop_story(connection, "c1") is True
        for table in (STORY, PART, ANSWER, TAG):
            assert connection.execute(select(table)).all() == []
        turn.save_conversation(
            connection, conversation, contributor_id=person.contributor_id, address_id=person.address_id, now=LATER
        )
        assert keep(connection, person, conversation, "Told again.") > 1, "a story's number is never used twice"

    writer.run(work)


def test_the_team_is_told_once_while_an_item_is_open(database: Engine, writer: Writer) -> None:
    topics: list[frozenset[str]] = []
    writer.on_commit(topics.append)

    def work(connection: Connection) -> None:
        person = meet(connection)
        begin(connection, person)
        about = {"contributor_id": person.contributor_id, "conversation_id": "c1"}
        for kind in ("help", "help", "distress"):
            turn.raise_item(connection, kind=kind, now=NOW, **about)
        connection.execute(update(ITEM).where(ITEM.c.kind == "help").values(closed_at=NOW))
        turn.raise_item(connection, kind="help", now=LATER, **about)
        for _ in range(2):
            turn.raise_item(connection, kind="failed event", now=NOW)

    writer.run(work)
    writer.close()
    with db.reader(database) as connection:
        kinds = [kind for (kind,) in rows(connection, ITEM, "kind")]
    assert kinds == ["help", "distress", "help", "failed event", "failed event"]
    assert topics == [frozenset({"team"})]
