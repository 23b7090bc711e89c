"""Messages on their way out: order, leases, statuses; on both databases."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from storage import tables
from storage.queries.conversations import turn_queries
from storage.queries.delivery import outbox, processes, provider_statuses
from storage.queries.delivery.outbox import SentMessage
from tests.storage.acts import NOW, meet, meet_another, queue

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

OUTBOX = tables.Outbox.__table__
EVENT = tables.DeliveryEvent.__table__
SOON = NOW + timedelta(seconds=30)


def take(connection: Connection, now: datetime = NOW, **more: Any) -> list[int]:
    return [due.id for due in outbox.claim_due(connection, now, **more)]


def take_in_hand(connection: Connection, now: datetime = NOW, **more: Any) -> list[int]:
    """Take messages and give them to the provider."""
    numbers = take(connection, now, **more)
    for number in numbers:
        assert outbox.hand_over(connection, number, now, asked_for=True, owner=more.get("owner")) == ""
    return numbers


def state_of(connection: Connection, message: int) -> str:
    state: str = connection.execute(select(OUTBOX.c.state).where(OUTBOX.c.id == message)).scalar_one()
    return state


def row_of(connection: Connection, message: int) -> Any:
    return connection.execute(select(OUTBOX).where(OUTBOX.c.id == message)).one()


def test_a_due_message_comes_with_all_that_is_looked_at_when_sending(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        turn_queries.opt_out(connection, person.contributor_id, NOW)
        number = queue(connection, person, "reply")
        (due,) = outbox.claim_due(connection, NOW, "sms")
        assert due == (
            number, person.address_id, person.contributor_id, None, None, "sms", "reply", "a reply", NOW, NOW, 0,
            None, b"sealed", "opted_out", True, False, False, None,
        )  # fmt: skip
        assert outbox.claim_due(connection, NOW) == []
        row = row_of(connection, number)
        assert (row.state, row.attempts, row.lease_until) == ("sending", 1, NOW + timedelta(seconds=60))

    writer.run(work)


def test_to_one_address_goes_one_message_at_a_time_in_order(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person, stranger = meet(connection), meet_another(connection)
        first, second, third = (queue(connection, person, "reply") for _ in range(3))
        theirs = queue(connection, stranger, "reply")
        assert take(connection) == [first, theirs]
        assert take(connection) == []
        outbox.mark_sent(connection, [SentMessage(theirs, "SM9", 1)], NOW)
        outbox.mark_sent(connection, [SentMessage(first, "SM1", 1)], NOW)
        assert take(connection) == [second]
        outbox.mark_failed(connection, second, "30005")
        assert take(connection) == [third]

    writer.run(work)


def test_a_reply_to_be_tried_again_keeps_later_ones_back_however_long_that_takes(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        first = queue(connection, person, "reply")
        queue(connection, person, "reply")
        for hours in (0, 1, 5, 20):
            assert take(connection, NOW + timedelta(hours=hours)) == [first]
            outbox.retry_at(connection, first, NOW + timedelta(hours=hours + 1), "network")
            assert take(connection, NOW + timedelta(hours=hours, minutes=30)) == []

    writer.run(work)


def test_a_prompt_to_be_tried_again_soon_keeps_later_ones_back_and_a_long_wait_does_not(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        first = queue(connection, person, "prompt")
        second = queue(connection, person, "notice")
        assert take(connection) == [first]
        outbox.retry_at(connection, first, SOON, "429")
        assert take(connection) == []
        assert take(connection, SOON) == [first]
        assert row_of(connection, first).attempts == 2
        outbox.retry_at(connection, first, NOW + timedelta(hours=3), "30003")
        assert take(connection, SOON) == [second], "what is due now does not wait for hours"

    writer.run(work)


def test_what_waits_for_its_hour_holds_nobody_up(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        morning = NOW + timedelta(hours=12)
        prompt = queue(connection, person, "prompt", morning)
        reply = queue(connection, person, "reply")
        assert take(connection) == [reply]
        assert take(connection, morning) == [], "one at a time, whatever was written first"
        outbox.mark_sent(connection, [SentMessage(reply, None, None)], NOW)
        assert take(connection, morning) == [prompt]

    writer.run(work)


def test_channels_and_numbers_are_asked_for(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        people = [meet(connection, bytes([n]) * 32, ("sms", "telegram")[n % 2]) for n in range(6)]
        numbers = [queue(connection, person, "reply", NOW - timedelta(seconds=n)) for n, person in enumerate(people)]
        assert take(connection, channel="simulator") == []
        assert take(connection, channel="telegram", limit=2) == [numbers[5], numbers[3]], "longest due first"
        assert take(connection) == [numbers[4], numbers[2], numbers[1], numbers[0]]

    writer.run(work)


def test_two_senders_never_take_the_same_message(writer: Writer) -> None:
    def fill(connection: Connection) -> list[int]:
        people = [meet(connection, bytes([n]) * 32) for n in range(40)]
        return [queue(connection, person, "reply") for person in people]

    numbers = writer.run(fill)
    ready, taken = threading.Barrier(6), []

    def send() -> None:
        ready.wait(10)
        for _ in range(10):
            taken.extend(writer.run(lambda c: take(c, limit=3)))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(taken) == numbers


def test_what_was_sent_is_blanked(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person, stranger = meet(connection), meet_another(connection)
        one, other = queue(connection, person, "reply"), queue(connection, stranger, "reply")
        take(connection)
        outbox.mark_sent(connection, [SentMessage(one, "SM1", 2), SentMessage(other, None, None)], SOON)
        row = row_of(connection, one)
        assert (row.state, row.payload, row.provider_id, row.segments, row.sent_at, row.lease_until) == (
            "sent", None, "SM1", 2, SOON, None,
        )  # fmt: skip
        assert row_of(connection, other).payload is None
        outbox.mark_sent(connection, [], SOON)

    writer.run(work)


@pytest.mark.parametrize("end", ["mark_failed", "cancel"])
def test_what_is_given_up_is_blanked_and_stays_given_up(writer: Writer, end: str) -> None:
    def work(connection: Connection) -> None:
        number = queue(connection, meet(connection), "reply")
        take(connection)
        getattr(outbox, end)(connection, number, "21610")
        row = row_of(connection, number)
        assert (row.state, row.payload, row.error) == ({"cancel": "cancelled"}.get(end, "failed"), None, "21610")
        for again in (outbox.mark_failed, outbox.cancel, outbox.mark_unknown):
            again(connection, number, "other")
        outbox.retry_at(connection, number, NOW, "other")
        assert row_of(connection, number) == row
        assert take(connection) == []

    writer.run(work)


def test_what_a_dead_sender_had_taken_is_unknown_and_not_sent_again(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person, stranger = meet(connection), meet_another(connection)
        early, late = queue(connection, person, "reply"), queue(connection, stranger, "reply")
        queue(connection, person, "reply")
        assert take_in_hand(connection, limit=1) == [early]
        assert take_in_hand(connection, NOW + timedelta(seconds=45), limit=1) == [late]
        past = NOW + timedelta(seconds=61)
        assert outbox.release_expired_leases(connection, past) == 1
        assert (state_of(connection, early), state_of(connection, late)) == ("unknown", "sending")
        assert outbox.release_expired_leases(connection, past) == 0
        assert outbox.backlog(connection) == {"queued": 1, "sending": 1, "unknown": 1}
        assert take(connection, past) == [], "the first holds up its person until it is settled"
        assert outbox.release_expired_leases(connection, past, all_of_them=True) == 1
        assert [due.id for due in outbox.unknown(connection)] == [early, late]
        assert outbox.unknown(connection, limit=1)[0].payload == "a reply", "kept until its outcome is known"

    writer.run(work)


def test_what_a_dead_sender_never_gave_the_provider_simply_waits_again(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        number = queue(connection, meet(connection), "prompt")
        take(connection)
        assert outbox.release_expired_leases(connection, NOW, all_of_them=True) == 1
        assert state_of(connection, number) == "queued"
        assert take(connection) == [number]

    writer.run(work)


def test_what_a_process_that_is_struck_off_had_taken_is_let_go_and_it_may_not_send_it(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        mine = queue(connection, meet(connection), "reply")
        theirs = queue(connection, meet_another(connection), "reply")
        processes.beat(connection, "a", 2, NOW)
        processes.beat(connection, "b", 2, NOW)
        assert take_in_hand(connection, limit=1, owner="a") == [mine]
        assert take(connection, owner="b") == [theirs]
        assert outbox.take_over(connection) == [], "both are alive, however long it takes them"
        processes.forget(connection, ["b"])
        assert outbox.take_over(connection) == [theirs]
        assert (state_of(connection, mine), state_of(connection, theirs)) == ("sending", "queued")
        assert outbox.hand_over(connection, theirs, NOW, asked_for=True, owner="b") == outbox.TAKEN_OVER
        assert take(connection, owner="a") == [theirs]
        assert outbox.hand_over(connection, theirs, NOW, asked_for=True, owner="b") == outbox.TAKEN_OVER
        assert outbox.hand_over(connection, theirs, NOW, asked_for=True, owner="a") == ""

    writer.run(work)


def test_what_was_sent_is_written_down_though_another_believed_its_sender_dead(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        number = queue(connection, meet(connection), "reply")
        take_in_hand(connection, owner="a")
        outbox.take_over(connection)
        outbox.retry_at(connection, number, NOW, "unknown", perhaps_read=True)
        outbox.mark_sent(connection, [SentMessage(number, "SM1", 1)], NOW)
        assert (state_of(connection, number), take(connection)) == ("sent", [])

    writer.run(work)


@pytest.mark.parametrize("kind", ["reply", "unsay", "care", "alert"])
def test_what_somebody_waits_for_goes_before_anything_unasked(writer: Writer, kind: str) -> None:
    def work(connection: Connection) -> None:
        for _ in range(3):
            queue(connection, meet(connection), "prompt")
        own = queue(connection, meet(connection), "nudge")
        answer = queue(connection, meet(connection), kind, due_at=NOW)
        other = queue(connection, meet_another(connection), kind, due_at=NOW)
        assert take(connection, limit=2) == [answer, other], "not even their own nudge holds it up"
        assert take(connection) == [], "and it is one at a time all the same"
        assert state_of(connection, own) == "queued"

    writer.run(work)


def test_some_places_are_kept_for_what_somebody_waits_for(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        people = [meet(connection, bytes([n + 20]) * 32) for n in range(5)]
        prompts = [queue(connection, person, "prompt") for person in people[:4]]
        assert take(connection, limit=4, spare=1) == prompts[:3]
        answer = queue(connection, people[4], "reply")
        assert take(connection, limit=2, spare=1) == [answer, *prompts[3:]][:1]

    writer.run(work)


ENDS = {
    "it arrived": lambda c, number: outbox.mark_sent(c, [SentMessage(number, "SM1", 1)], SOON),
    "it never will": lambda c, number: outbox.mark_failed(c, number, "unknown"),
    "its person said stop": lambda c, number: outbox.cancel(c, number, "opted_out"),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_unknown_message_holds_up_its_person_until_it_is_settled(writer: Writer, end: str) -> None:
    def work(connection: Connection) -> None:
        person, stranger = meet(connection), meet_another(connection)
        earlier, in_doubt, later = (queue(connection, person, "reply", NOW) for _ in range(3))
        theirs = queue(connection, stranger, "reply", SOON)
        assert take(connection, limit=1) == [earlier]
        outbox.mark_sent(connection, [SentMessage(earlier, "SM0", 1)], NOW)
        assert take(connection, limit=1) == [in_doubt]
        outbox.mark_unknown(connection, in_doubt, "no answer")
        assert take(connection, SOON) == [theirs], "nobody else waits for it"
        assert take(connection, NOW + timedelta(hours=9)) == []
        ENDS[end](connection, in_doubt)
        assert take(connection, SOON) == [later]

    writer.run(work)


def test_an_unknown_message_that_is_sent_again_goes_before_later_ones(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        in_doubt, later = queue(connection, person, "reply"), queue(connection, person, "reply")
        take(connection)
        outbox.mark_unknown(connection, in_doubt, "no answer")
        outbox.retry_at(connection, in_doubt, SOON + timedelta(seconds=300), "unknown")
        assert take(connection, SOON) == []
        assert take(connection, SOON + timedelta(seconds=300)) == [in_doubt]
        outbox.mark_sent(connection, [SentMessage(in_doubt, "SM1", 1)], SOON)
        assert take(connection, SOON) == [later]

    writer.run(work)


def test_of_two_who_look_into_it_one_settles_it(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        number = queue(connection, meet(connection), "reply")
        take(connection)
        assert not outbox.still_unknown(connection, number)
        outbox.mark_unknown(connection, number, "no answer")
        assert outbox.still_unknown(connection, number)
        outbox.retry_at(connection, number, NOW, "unknown")
        assert not outbox.still_unknown(connection, number)

    writer.run(work)


def test_when_trouble_is_over_what_is_tried_again_goes_at_once_and_nothing_else(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        people = [meet(connection, bytes([n]) * 32, ("telegram", "sms")[n == 3]) for n in range(4)]
        tried, fresh, prompt, other = people
        numbers = [queue(connection, person, "reply", NOW) for person in (tried, other)]
        waiting = queue(connection, prompt, "prompt", NOW)
        take(connection)
        for number in (*numbers, waiting):
            outbox.retry_at(connection, number, SOON, "network")
        queue(connection, fresh, "reply", SOON)
        outbox.hurry(connection, "telegram", NOW)
        assert take(connection) == [numbers[0]]

    writer.run(work)


def test_the_fate_of_an_unknown_message_can_be_found_out(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        people = [meet(connection, bytes([n]) * 32) for n in range(3)]
        sent, lost, hopeless = (queue(connection, person, "reply") for person in people)
        take(connection)
        for number in (sent, lost, hopeless):
            outbox.mark_unknown(connection, number, "TimedOut")
        outbox.mark_sent(connection, [SentMessage(sent, "SM1", 1)], NOW)
        outbox.retry_at(connection, lost, NOW, "TimedOut")
        outbox.mark_failed(connection, hopeless, "TimedOut")
        assert [state_of(connection, number) for number in (sent, lost, hopeless)] == ["sent", "queued", "failed"]
        assert take(connection) == [lost]

    writer.run(work)


def test_a_sender_that_was_taken_for_dead_may_still_say_sent(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        number = queue(connection, meet(connection), "reply")
        take_in_hand(connection)
        outbox.release_expired_leases(connection, NOW, all_of_them=True)
        assert state_of(connection, number) == "unknown"
        outbox.mark_sent(connection, [SentMessage(number, "SM1", 1)], NOW)
        assert state_of(connection, number) == "sent"

    writer.run(work)


STATUS_TABLE = [
    # the provider's words, in whatever order they come; the state in the end
    (["queued", "sent", "delivered"], "delivered"),
    (["sent", "undelivered"], "undelivered"),
    (["accepted", "failed"], "failed"),
    (["sent", "delivered", "read"], "delivered"),
    (["undelivered", "delivered"], "delivered"),
    (["failed", "undelivered", "sent"], "undelivered"),
    (["sending", "canceled"], "failed"),
    (["sent", "partially_delivered", "receiving"], "sent"),
    ([], "sent"),
]


@pytest.mark.parametrize(("statuses", "end"), STATUS_TABLE, ids=lambda value: "-".join(value) or "none")
def test_statuses_end_the_same_in_every_order(writer: Writer, statuses: list[str], end: str) -> None:
    """Also repeated, and also when they come before we know the message's id (rule 17)."""

    def work(connection: Connection) -> None:
        person, n = meet(connection), 0
        for order in itertools.permutations(statuses):
            for before in range(len(order) + 1):
                n += 1
                number = queue(connection, person, "reply")
                assert take(connection) == [number]
                for at, status in enumerate([*order, None]):
                    if at == before:
                        outbox.mark_sent(connection, [SentMessage(number, f"SM{n}", 1)], NOW)
                    for _ in range(2 if status else 0):
                        provider_statuses.apply_status(
                            connection, channel="sms", provider_id=f"SM{n}", status=str(status), error=None, now=NOW
                        )
                assert state_of(connection, number) == end, (order, before)

    writer.run(work)


def test_a_status_says_whether_it_changed_anything(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        number = queue(connection, meet(connection), "reply")
        take(connection)
        outbox.mark_sent(connection, [SentMessage(number, "SM1", 1)], NOW)

        def apply(status: str, error: str | None = None, channel: str = "sms", provider_id: str = "SM1") -> bool:
            return provider_statuses.apply_status(
                connection, channel=channel, provider_id=provider_id, status=status, error=error, now=NOW
            )

        assert apply("undelivered", "30003") is True
        assert row_of(connection, number).error == "30003"
        assert apply("undelivered", "30003") is False
        assert apply("sent") is False
        assert apply("delivered", channel="telegram") is False
        assert apply("delivered", provider_id="SM-of-nobody") is False
        assert apply("a word of next year") is False
        assert apply("delivered") is True
        assert row_of(connection, number).error is None
        assert len(connection.execute(select(EVENT)).all()) == 6

    writer.run(work)


def test_a_status_for_what_was_cancelled_changes_nothing(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        number = queue(connection, meet(connection), "prompt")
        outbox.cancel(connection, number, "opted out")
        provider_statuses.apply_status(
            connection, channel="sms", provider_id="SM1", status="delivered", error=None, now=NOW
        )
        outbox.mark_sent(connection, [SentMessage(number, "SM1", 1)], NOW)
        assert state_of(connection, number) == "cancelled"

    writer.run(work)


def test_listeners_hear_of_what_may_go_out_now(writer: Writer) -> None:
    topics: list[frozenset[str]] = []
    writer.on_commit(topics.append)
    number = writer.run(lambda c: queue(c, meet(c), "reply"))
    assert writer.run(take) == [number]
    assert writer.run(take) == []
    writer.run(lambda c: outbox.retry_at(c, number, NOW, "429"))
    assert writer.run(take) == [number]
    writer.run(lambda c: outbox.mark_sent(c, [SentMessage(number, None, None)], NOW))
    writer.close()
    assert topics == [frozenset({"outbox"})] * 3, "taking, and finding nothing, wake nobody"


def test_sent_messages_do_not_slow_the_search_for_waiting_ones(sqlite_database: Engine) -> None:
    """The search goes through the indexes over waiting messages alone."""
    asked: list[str] = []
    with sqlite_database.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(asked.append)
        take(connection, channel="sms")
        driver.set_trace_callback(None)
        searches = [each for each in asked if "earlier" in each]
        plans = [
            "\n".join(str(row) for row in driver.execute(f"EXPLAIN QUERY PLAN {search}").fetchall())
            for search in searches
        ]
    for plan, index in zip(plans, ("ix_outbox_answers", "ix_outbox_due"), strict=True):
        assert f"SEARCH outbox USING INDEX {index}" in plan
        assert "SEARCH earlier USING INDEX ix_outbox_waiting" in plan
        assert "SCAN" not in plan.replace("SCAN doubtful USING INDEX ix_outbox_unknown", ""), "those in doubt are few"
        assert "TEMP B-TREE" not in plan


def test_a_message_of_an_erased_person_is_nobodys(writer: Writer) -> None:
    writer.run(lambda c: outbox.mark_sent(c, [SentMessage(99, "SM1", 1)], NOW))
    writer.run(lambda c: outbox.retry_at(c, 99, NOW, "429"))
    assert writer.run(outbox.backlog) == {"queued": 0, "sending": 0, "unknown": 0}
