"""What is let go by itself after its time, what stays, and that no table was forgotten (rule 64)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from flows.model.conversation import Conversation
from flows.model.vocabulary.item_kinds import ItemKind
from flows.questions.story import Telling
from storage import tables
from storage.db.column_types import Moment
from storage.db.engine import reader
from storage.privacy import retained_kinds, retention
from storage.privacy.retained_kinds import KINDS, Periods
from storage.privacy.retention import RetentionReport, run
from storage.queries.conversations import turn_queries
from storage.queries.delivery import provider_statuses
from storage.tables.registry import entries
from tests.storage.acts import HERON, NOW, begin, claim, consent, decide, keep, meet, meet_another, queue, rows
from tests.storage.protection import test_erasure
from tests.storage.protection.test_erasure import MARK, SEALED_MARK, everything, holding

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer
    from storage.queries.conversations.turn_queries import Person

AUDIT = tables.Audit.__table__
ADDRESS = tables.Address.__table__
CONTRIBUTOR = tables.Contributor.__table__
CONVERSATION = tables.Conversation.__table__
DECISION = tables.Decision.__table__
EVENT = tables.DeliveryEvent.__table__
INBOUND = tables.Inbound.__table__
ITEM = tables.TeamItem.__table__
OUTBOX = tables.Outbox.__table__
PART = tables.StoryPart.__table__
SEALED = tables.SealedMessage.__table__
STORY = tables.Story.__table__
ON_CALL = tables.OnCall.__table__
SUPPRESSION = tables.Suppression.__table__

PERIODS = Periods(warning=0)
SECOND = timedelta(seconds=1)


def live(connection: Connection, person: Person, name: str, mark: str) -> None:
    """Give a person a row in every table, as anybody may have one: the phone is not on call, or it would stay."""
    test_erasure.live(connection, person, name, mark)
    connection.execute(delete(ON_CALL))


def on(days: int) -> datetime:
    """So many days after it all happened, less the hour by which a run is early."""
    return NOW + timedelta(days=days) - retained_kinds.EARLY


def count(connection: Connection, table: Any) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


# --- nothing is forgotten -------------------------------------------------------------------------------------------


def test_every_table_with_a_time_in_it_is_let_go_of_or_kept_for_a_reason() -> None:
    timed = {
        table.name
        for table in tables.metadata.sorted_tables
        if any(isinstance(column.type, Moment) for column in table.columns)
    }
    assert len(timed) > 15
    let_go = {name for name, entry in entries().items() if entry.let_go}
    stays = {name for name, entry in entries().items() if entry.stays}
    assert let_go | stays == timed, "tell the registry how long rows of the new table are kept"
    assert not let_go & stays


def test_every_kind_is_counted() -> None:
    assert [kind.name for kind in KINDS] == [name for name in RetentionReport().counts() if name != "stuck"]


# --- raw events -----------------------------------------------------------------------------------------------------


def test_a_raw_event_is_emptied_after_its_days_and_a_duplicate_is_still_one(database: Engine, writer: Writer) -> None:
    def set_up(connection: Connection) -> None:
        claim(connection, "SM1")
        number = claim(connection, "SM2")
        assert number is not None
        turn_queries.mark_inbound(connection, number, state="failed", error="ValueError")
        connection.execute(
            insert(INBOUND).values(
                channel="sms", provider_id="SM3", received_at=NOW + timedelta(days=1), sealed=b"x", state="handled",
                attempts=1,
            )
        )  # fmt: skip

    writer.run(set_up)
    assert run(database, writer, PERIODS, on(30)).raw_events == 0
    assert run(database, writer, PERIODS, on(30) + SECOND) == RetentionReport(raw_events=2)
    assert run(database, writer, PERIODS, on(30) + SECOND) == RetentionReport()
    kept = dict(writer.run(lambda c: rows(c, INBOUND, "provider_id", "sealed")))
    assert kept == {"SM1": None, "SM2": None, "SM3": b"x"}
    assert writer.run(lambda c: claim(c, "SM1")) is None


def test_it_goes_before_the_promised_time_is_over() -> None:
    assert timedelta(0) < retained_kinds.EARLY < timedelta(days=1)


# --- messages that went out -----------------------------------------------------------------------------------------

STATES = ("queued", "sending", "unknown", "sent", "delivered", "undelivered", "failed", "cancelled")


def test_what_we_sent_is_forgotten_and_what_is_still_on_its_way_is_not(database: Engine, writer: Writer) -> None:
    def set_up(connection: Connection) -> None:
        person = meet(connection)
        for state in STATES:
            number = queue(connection, person, "reply")
            connection.execute(update(OUTBOX).where(OUTBOX.c.id == number).values(state=state))
        prompt = queue(connection, person, "prompt")
        connection.execute(update(OUTBOX).where(OUTBOX.c.id == prompt).values(state="sent", sent_at=on(20)))

    writer.run(set_up)
    assert run(database, writer, PERIODS, on(30) + SECOND) == RetentionReport(messages=5)
    left = writer.run(lambda c: [state for (state,) in rows(c, OUTBOX, "state")])
    assert left == ["queued", "sending", "unknown", "sent"]


def test_notes_of_providers_go_with_the_age_of_raw_events(database: Engine, writer: Writer) -> None:
    def set_up(connection: Connection) -> None:
        for number in range(3):
            for status in ("sent", "delivered"):
                provider_statuses.apply_status(
                    connection, channel="sms", provider_id=f"SM{number}", status=status, error=None,
                    now=NOW + timedelta(days=number),
                )  # fmt: skip

    writer.run(set_up)
    assert run(database, writer, PERIODS, on(31) + SECOND) == RetentionReport(delivery_events=4)
    assert writer.run(lambda c: rows(c, EVENT, "provider_id")) == [("SM2",), ("SM2",)]


# --- conversations that kept no story -------------------------------------------------------------------------------


def unfinished(connection: Connection, person: Person, **changes: Any) -> Conversation:
    """Begin something that is never finished, with words of it everywhere."""
    conversation = begin(
        connection, person, shown=MARK, partial=Telling(kind="telling", parts=(("", MARK),)), **changes
    )
    turn_queries.hold_sealed(
        connection, conversation_id="c1", contributor_id=person.contributor_id, ref="r", sealed=SEALED_MARK, now=NOW
    )
    effect = consent("no", purpose="take_part")
    decide(connection, person, conversation, effect)
    connection.execute(update(DECISION).values(literal=MARK))
    turn_queries.claim(
        connection, channel="sms", provider_id="SM1", received_at=NOW, sealed=SEALED_MARK,
        contributor_id=person.contributor_id,
    )  # fmt: skip
    turn_queries.enqueue(
        connection, address_id=person.address_id, contributor_id=person.contributor_id, conversation_id="c1",
        inbound_id=None, channel="sms", kind="nudge", payload=MARK, due_at=NOW, now=NOW,
    )  # fmt: skip
    turn_queries.raise_item(
        connection, kind=ItemKind.HELP_MID_STORY, now=NOW, contributor_id=person.contributor_id, conversation_id="c1"
    )
    turn_queries.raise_item(connection, kind=ItemKind.STUCK_CONVERSATION, now=NOW, conversation_id="c1")
    return conversation


@pytest.mark.parametrize("status", ["open", "ended", "parted", "stopped", "expired"])
def test_a_conversation_without_a_story_goes_thirty_days_after_its_last_word(
    database: Engine, writer: Writer, status: str
) -> None:
    periods = Periods(raw=90, warning=0)
    writer.run(lambda c: unfinished(c, meet(c), status=status))
    writer.run(lambda c: c.execute(update(CONVERSATION).values(updated_at=on(29))))  # a nudge is no word of theirs
    assert run(database, writer, periods, on(30)) == RetentionReport()
    gone = run(database, writer, periods, on(30) + SECOND)
    assert (gone.conversations, gone.contributors, gone.stuck) == (1, 0, 0)
    found = writer.run(everything)
    assert found["conversation"] == found["sealed_message"] == []
    assert holding(found, MARK) == holding(found, SEALED_MARK) == set()
    assert [(row["purpose"], row["answer"]) for row in found["decision"]] == [("take_part", "no")]
    assert [row["state"] for row in found["outbox"]] == ["cancelled"]
    assert [(row["kind"], row["conversation_id"]) for row in found["team_item"]] == [("help_mid_story", None)]
    assert writer.run(lambda c: turn_queries.find_person(c, channel="sms", lookups=[HERON])) is not None


def test_new_words_pause_the_clock(database: Engine, writer: Writer) -> None:
    writer.run(lambda c: unfinished(c, meet(c), heard_at=NOW + timedelta(days=9)))
    assert run(database, writer, PERIODS, on(39)).conversations == 0
    assert run(database, writer, PERIODS, on(39) + SECOND).conversations == 1


def test_a_conversation_that_cannot_be_read_goes_by_the_time_it_was_last_saved(
    database: Engine, writer: Writer
) -> None:
    writer.run(lambda c: unfinished(c, meet(c)))
    writer.run(lambda c: c.execute(update(CONVERSATION).values(state='{"torn": 1}')))
    assert run(database, writer, PERIODS, on(30)).conversations == 0
    assert run(database, writer, PERIODS, on(30) + SECOND).conversations == 1


def test_a_conversation_with_a_story_stays_and_words_nobody_will_answer_for_go(
    database: Engine, writer: Writer
) -> None:
    def set_up(connection: Connection, name: str, status: str, person: Person) -> None:
        keep(connection, person, begin(connection, person, name), "It was the bus.")
        turn_queries.hold_sealed(
            connection, conversation_id=name, contributor_id=person.contributor_id, ref="r", sealed=b"s", now=NOW
        )
        begin(connection, person, name, status=status)

    writer.run(lambda c: set_up(c, "c1", "ended", meet(c)))
    writer.run(lambda c: set_up(c, "c2", "open", meet_another(c)))
    before = writer.run(everything)
    assert run(database, writer, PERIODS, on(30) + SECOND) == RetentionReport(sealed_messages=1)
    after = writer.run(everything)
    assert [row["conversation_id"] for row in after["sealed_message"]] == ["c2"]
    for table in ("story", "story_part", "conversation", "decision", "tag", "address", "contributor"):
        assert after[table] == before[table]


# --- contacts who have gone quiet -----------------------------------------------------------------------------------


def quiet(connection: Connection, *, story: bool) -> Person:
    person = meet(connection, source="leaflet")
    connection.execute(update(ADDRESS).where(ADDRESS.c.id == person.address_id).values(sealed=SEALED_MARK))
    turn_queries.set_language(connection, person.contributor_id, "cy")
    if story:
        live(connection, person, "c1", MARK)
        begin(connection, person, "c3", status="ended", shown=MARK)
        connection.execute(update(CONVERSATION).where(CONVERSATION.c.id == "c1").values(state='{"torn": 1}'))
    else:
        unfinished(connection, person)
    return person


def test_a_quiet_contact_without_a_story_is_erased(database: Engine, writer: Writer) -> None:
    writer.run(lambda c: quiet(c, story=False))
    periods = Periods(raw=900, unfinished=900, warning=0)
    assert run(database, writer, periods, on(365)) == RetentionReport()
    assert run(database, writer, periods, on(365) + SECOND) == RetentionReport(contributors=1)
    found = writer.run(everything)
    assert found["contributor"] == found["address"] == found["conversation"] == found["outbox"] == []
    assert holding(found, HERON) == {"suppression.lookup"}
    assert [row["contributor_id"] for row in found["decision"]] == [None]


def test_a_quiet_contact_with_stories_loses_every_way_back_and_keeps_the_stories(
    database: Engine, writer: Writer
) -> None:
    def set_up(connection: Connection) -> Person:
        live(connection, meet_another(connection), "c2", "magnesium")
        connection.execute(update(CONTRIBUTOR).values(heard_at=NOW + timedelta(days=300)))
        return quiet(connection, story=True)

    person = writer.run(set_up)
    before = writer.run(everything)
    gone = run(database, writer, Periods(raw=900, unfinished=900, warning=0), on(365) + SECOND)
    assert gone == RetentionReport(contacts=1, holder_codes=2)
    after = writer.run(everything)

    for table in ("story", "answer", "tag", "export_story"):
        assert after[table] == before[table], table
    theirs = [row for row in after["decision"] if row["contributor_id"] == person.contributor_id]
    assert theirs == [row for row in before["decision"] if row["contributor_id"] == person.contributor_id]
    assert [row["text"] for row in after["story_part"]] == [row["text"] for row in before["story_part"]]
    assert holding(after, SEALED_MARK) == set()
    assert holding(after, HERON) == {"suppression.lookup"}
    assert holding(after, MARK) <= {
        "edition.text", "edition.reason",
        "answer.value", "answer.note", "decision.literal", "story.text", "story.reason", "story.place_words",
        "story_part.text", "tag.value",
    }  # fmt: skip
    (who,) = [row for row in after["contributor"] if row["id"] == person.contributor_id]
    assert (who["language"], who["source"]) == ("", "leaflet")
    (address,) = [row for row in after["address"] if row["contributor_id"] == person.contributor_id]
    assert (address["sealed"], address["state"]) == (b"", "unusable")
    assert all(row["contributor_id"] != person.contributor_id for row in after["inbound"] + after["outbox"])
    assert all(row["story_id"] for row in after["team_item"] if row["contributor_id"] == person.contributor_id)
    told = {row["id"]: row["contributor_id"] for row in after["story"]}
    refs = [(told[row["story_id"]] == person.contributor_id, row["ref"]) for row in after["story_part"]]
    assert {ref for own, ref in refs if own} == {""}
    assert all(ref for own, ref in refs if not own)
    own = [row for row in after["conversation"] if row["contributor_id"] == person.contributor_id]
    assert [(row["id"], row["status"], row["due_at"]) for row in own] == [("c1", "ended", None)]
    assert Conversation.from_json(own[0]["state"]).kept
    stays = [row for row in after["conversation"] if row["id"] == "c2"]
    assert stays == [row for row in before["conversation"] if row["id"] == "c2"]
    assert run(database, writer, Periods(raw=900, unfinished=900, warning=0), on(400)) == RetentionReport()


def test_two_contacts_can_be_forgotten_and_both_may_come_back(database: Engine, writer: Writer) -> None:
    def set_up(connection: Connection) -> None:
        for person, name in ((meet(connection), "c1"), (meet_another(connection), "c2")):
            keep(connection, person, begin(connection, person, name, status="ended"), "It was the bus.")
        turn_queries.opt_out(connection, 1, NOW)

    writer.run(set_up)
    assert run(database, writer, PERIODS, on(366)).contacts == 2
    assert sorted(writer.run(lambda c: [x for (x,) in rows(c, SUPPRESSION, "opted_out")])) == [False, True]
    back = [writer.run(meet), writer.run(meet_another)]
    assert [person.contributor_id for person in back] == [3, 4]
    assert [person.opted_out for person in back] == [True, False]


def test_somebody_who_wrote_last_week_is_not_quiet(database: Engine, writer: Writer) -> None:
    def set_up(connection: Connection) -> None:
        person = meet(connection)
        keep(connection, person, begin(connection, person, status="ended"), "It was the bus.")
        turn_queries.heard(connection, person, NOW + timedelta(days=360))

    writer.run(set_up)
    gone = run(database, writer, PERIODS, on(366))
    assert (gone.contacts, gone.contributors) == (0, 0)


def test_somebody_who_writes_while_it_runs_is_left_alone(database: Engine, writer: Writer) -> None:
    """What was found to be over is looked at again before it goes."""
    person = writer.run(lambda c: quiet(c, story=True))
    look = retained_kinds.RetentionRun(PERIODS, on(366))
    found = {kind.name: [key for batch in retention._batches(database, kind, look) for key in batch] for kind in KINDS}
    assert found["contacts"] == [person.contributor_id]
    assert found["conversations"] == ["c3"]

    def write_again(connection: Connection) -> None:
        turn_queries.heard(connection, person, look.now)
        begin(connection, person, "c3", status="ended", heard_at=look.now)

    writer.run(write_again)
    for kind in KINDS:
        if kind.name in {"contacts", "contributors", "conversations"}:
            keys = found[kind.name] or [person.contributor_id]
            assert writer.run(retention._piece(kind, keys, look)) == 0, kind.name


# --- a run as a whole -----------------------------------------------------------------------------------------------


def crowd(connection: Connection) -> None:
    """Some of everything: with stories, without, begun and left."""
    for number in range(7):
        person = meet(connection, bytes([number + 1]) * 32)
        name = f"c{number}"
        if number % 2:
            live(connection, person, name, "the bus")
            begin(connection, person, name, status="ended")
        else:
            begin(connection, person, name)
            claim(connection, name, contributor_id=person.contributor_id)
            queue(connection, person, "reply")
        provider_statuses.apply_status(connection, channel="sms", provider_id=name, status="sent", error=None, now=NOW)
    connection.execute(update(OUTBOX).values(state="sent", sent_at=NOW))


@pytest.mark.parametrize("days", [1, 31, 366])
def test_a_dry_run_counts_what_a_run_lets_go_and_changes_nothing(
    database: Engine, writer: Writer, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AHEAD", 1)
    monkeypatch.setattr(retention, "KINDS", tuple(kind._replace(at_once=2) for kind in KINDS))
    writer.run(crowd)
    before = writer.run(everything)
    dry = run(database, writer, PERIODS, NOW + timedelta(days=days), who="command line", dry_run=True)
    assert writer.run(everything) == before
    assert run(database, writer, PERIODS, NOW + timedelta(days=days), who="command line") == dry
    assert bool(dry) is (days > 1)
    if days == 366:
        assert dry == RetentionReport(
            holder_codes=3,
            raw_events=7,
            sealed_messages=3,
            messages=10,
            delivery_events=7,
            conversations=4,
            contributors=4,
            contacts=3,
        )


def test_a_run_leaves_a_trace_with_counts_only(database: Engine, writer: Writer) -> None:
    writer.run(lambda c: quiet(c, story=True))
    gone = run(database, writer, PERIODS, on(366))
    (row,) = writer.run(lambda c: rows(c, AUDIT, "at", "who", "act", "object_kind", "object_id", "detail"))
    assert row[:5] == (on(366), "earshot", "retention", "installation", "")
    assert json.loads(row[5]) == gone.counts()
    assert all(isinstance(value, int) for value in json.loads(row[5]).values())


@pytest.mark.parametrize(("who", "traces"), [("earshot", 0), ("command line", 1)])
def test_a_run_that_finds_nothing_leaves_a_trace_if_somebody_asked_for_it(
    database: Engine, writer: Writer, who: str, traces: int
) -> None:
    assert not run(database, writer, PERIODS, NOW, who=who)
    assert writer.run(lambda c: count(c, AUDIT)) == traces


def test_one_that_cannot_go_holds_no_other_up(
    database: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [writer.run(meet), writer.run(meet_another)]
    real: Callable[..., bool] = retained_kinds.erase_contributor

    def erase(connection: Connection, contributor_id: int, now: datetime) -> bool:
        if contributor_id == people[0].contributor_id:
            raise IntegrityError("a table nobody thought of", None, ValueError())
        return real(connection, contributor_id, now)

    monkeypatch.setattr(retained_kinds, "erase_contributor", erase)
    assert run(database, writer, PERIODS, on(366)) == RetentionReport(contributors=1, stuck=1)
    assert writer.run(lambda c: count(c, CONTRIBUTOR)) == 1


def test_no_piece_is_large(database: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn waits for one piece at most."""
    sizes: list[int] = []
    for number, kind in enumerate(KINDS):
        assert kind.at_once <= retained_kinds.AT_ONCE
        if kind.name == "raw_events":
            raw, position = kind, number

    def watched(connection: Connection, keys: Any, look: retained_kinds.RetentionRun) -> int:
        sizes.append(len(keys))
        return raw.let_go(connection, keys, look)

    kinds = list(KINDS)
    kinds[position] = raw._replace(let_go=watched)
    monkeypatch.setattr(retention, "KINDS", tuple(kinds))
    many = [
        {"channel": "sms", "provider_id": str(n), "received_at": NOW, "sealed": b"x", "state": "handled", "attempts": 1}
        for n in range(4500)
    ]
    writer.run(lambda c: c.execute(insert(INBOUND), many))
    assert run(database, writer, PERIODS, on(31)) == RetentionReport(raw_events=4500)
    assert (max(sizes), sum(sizes)) == (retained_kinds.AT_ONCE, 4500)


# --- the team is told first -----------------------------------------------------------------------------------------

WARNED = Periods(raw=900, unfinished=900, warning=14)


def leavers(engine: Engine) -> list[retained_kinds.Leaving]:
    with reader(engine) as connection:
        return retained_kinds.leaving(connection, WARNED)


def test_the_team_is_told_fourteen_days_before_a_contact_goes(database: Engine, writer: Writer) -> None:
    def set_up(connection: Connection) -> None:
        teller, quiet = meet(connection), meet_another(connection)
        keep(connection, teller, begin(connection, teller, status="ended"), "A story.")
        assert quiet.contributor_id != teller.contributor_id

    writer.run(set_up)
    assert run(database, writer, WARNED, on(351)) == RetentionReport()
    assert run(database, writer, WARNED, on(351) + SECOND, dry_run=True) == RetentionReport(warnings=2)
    assert run(database, writer, WARNED, on(351) + SECOND) == RetentionReport(warnings=2)
    assert run(database, writer, WARNED, on(352)) == RetentionReport(), "once"
    (group,) = leavers(database)
    assert (group.people, group.practice) == (2, 0)
    assert abs(group.on - (NOW + timedelta(days=365))) <= timedelta(hours=1)
    with reader(database) as connection:
        assert rows(connection, ITEM, "kind", "contributor_id", "closed_at") == [
            ("leaving", 1, None),
            ("leaving", 2, None),
        ]
    assert run(database, writer, WARNED, on(365)) == RetentionReport()
    assert run(database, writer, WARNED, on(365) + timedelta(hours=1)) == RetentionReport(contributors=1, contacts=1)
    assert leavers(database) == []
    assert run(database, writer, WARNED, on(500)) == RetentionReport(), "a forgotten contact is not warned of again"


def test_a_word_from_them_stops_it(database: Engine, writer: Writer) -> None:
    person = writer.run(meet)
    assert run(database, writer, WARNED, on(360)) == RetentionReport(warnings=1)
    writer.run(lambda connection: turn_queries.heard(connection, person, on(361)))
    assert leavers(database) == []
    with reader(database) as connection:
        assert [closed for (closed,) in rows(connection, ITEM, "closed_at")] == [on(361)]
    assert run(database, writer, WARNED, on(400)) == RetentionReport()
    assert run(database, writer, WARNED, on(361 + 352)) == RetentionReport(warnings=1), "the clock begins anew"


def test_nobody_goes_untold_because_the_service_stood_still(database: Engine, writer: Writer) -> None:
    writer.run(meet)
    assert run(database, writer, WARNED, on(800)) == RetentionReport(warnings=1)
    assert run(database, writer, WARNED, on(813)) == RetentionReport()
    assert run(database, writer, WARNED, on(815)) == RetentionReport(contributors=1)


def test_people_of_the_practice_phone_go_like_anybody(database: Engine, writer: Writer) -> None:
    writer.run(lambda connection: meet(connection, simulated=True))
    assert run(database, writer, WARNED, on(360)) == RetentionReport(warnings=1)
    assert [group.practice for group in leavers(database)] == [1]
    assert run(database, writer, WARNED, on(376)) == RetentionReport(contributors=1)


# --- stories --------------------------------------------------------------------------------------------------------


def test_a_story_goes_when_consent_to_keep_it_ends_and_its_decisions_stay(database: Engine, writer: Writer) -> None:
    def set_up(connection: Connection) -> None:
        person = meet(connection)
        for name, until in (("c1", 700), ("c2", 900), ("c3", None)):
            conversation = begin(connection, person, name, status="ended")
            story = keep(connection, person, conversation, f"Story {name}.")
            ends = None if until is None else NOW + timedelta(days=until)
            decide(connection, person, conversation, consent("yes", "take_part"))
            connection.execute(update(STORY).where(STORY.c.id == story).values(kept_until=ends))

    writer.run(set_up)
    periods = Periods(raw=9999, unfinished=9999, contact=9999)
    assert run(database, writer, periods, on(700)) == RetentionReport()
    assert run(database, writer, periods, on(700) + SECOND, dry_run=True) == RetentionReport(stories=1)
    assert run(database, writer, periods, on(700) + SECOND) == RetentionReport(stories=1)
    with reader(database) as connection:
        assert [text for (text,) in rows(connection, STORY, "text")] == ["Story c2.", "Story c3."]
        assert rows(connection, DECISION, "story_id", "answer", "literal")[0] == (1, "yes", "")
        assert count(connection, DECISION) == 3
