"""Stories and consent decisions, on both databases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, update

from flows.model.vocabulary.item_kinds import ItemKind
from storage import tables
from storage.db import engine as db
from storage.queries.conversations import turn_queries
from tests.storage.acts import LATER, NOW, begin, consent, decide, keep, meet, rows

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

DECISION = tables.Decision.__table__
TEXT = tables.ConsentText.__table__
STORY = tables.Story.__table__
PART = tables.StoryPart.__table__
ANSWER = tables.Answer.__table__
TAG = tables.Tag.__table__
ITEM = tables.TeamItem.__table__


def test_a_story_is_kept_with_its_parts_answers_and_tags(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection, simulated=True)
        conversation = begin(connection, person)
        number = keep(
            connection, person, conversation, "First part. ", "  Second\n part\0", answers={
                "about": {"value": ["me", "society"]}, "rating": 4, "skipped": {"value": None},
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
            "about": (["me", "society"], ""), "rating": (4, ""), "skipped": (None, ""),
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
        assert (
            turn_queries.add_to_story(connection, conversation_id="c1", ref="r9", text="And more.", now=LATER) == number
        )
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
        turn_queries.add_to_story(connection, conversation_id="c1", ref="r1", text="More.", now=LATER)
        keep(connection, person, conversation, "Told.", "More.")
        assert connection.execute(select(STORY.c.text)).scalar_one() == "Told.\n\nMore."
        assert rows(connection, PART, "position", "text", "kind") == [(0, "Told.", "told"), (1, "More.", "told")]

    writer.run(work)


def test_an_edit_takes_the_place_of_what_was_said(writer: Writer) -> None:
    """Whoever takes a name out of a message wants it nowhere."""

    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)
        keep(connection, person, conversation, "My word.", "Another.")
        connection.execute(update(STORY).values(state="approved"))
        for text in ("My other word.", "My last word."):
            assert (
                turn_queries.amend_story(connection, conversation_id="c1", ref="r0", text=text, now=LATER) is not None
            )
        story = connection.execute(select(STORY)).one()
        assert (story.text, story.state, story.version, story.changed_at) == (
            "My last word.\nAnother.", "new", 3, LATER,
        )  # fmt: skip
        assert rows(connection, PART, "ref", "text", "kind") == [
            ("r0", "My last word.", "told"), ("r1", "Another.", "told"),
        ]  # fmt: skip

    writer.run(work)


BEFORE: dict[str, Any] = {"answers": {"place": 1}, "tags": (("scale", "individual"),)}
KEPT_AGAIN: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "the same": (("Told.",), BEFORE, "approved"),
    "an answer more": (("Told.",), BEFORE | {"answers": {"place": 1, "about": ["work"]}}, "approved"),
    "other tags": (("Told.",), BEFORE | {"tags": (("scale", "society"), ("actor", "carer"))}, "approved"),
    "other words": (("Told anew.",), BEFORE, "new"),
    "words more": (("Told.", "And more."), BEFORE, "new"),
    "another place": (("Told.",), BEFORE | {"place_words": "by the canal"}, "new"),
    "another kind": (("Told.",), BEFORE | {"kind": "feedback"}, "new"),
}


@pytest.mark.parametrize(("parts", "values", "state"), KEPT_AGAIN.values(), ids=KEPT_AGAIN.keys())
def test_what_the_team_decided_stands_until_the_words_or_the_place_are_others(
    writer: Writer, parts: tuple[str, ...], values: dict[str, Any], state: str
) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)
        keep(connection, person, conversation, "Told.", **BEFORE)
        connection.execute(update(STORY).values(state="approved", decided_at=NOW, reason="clear"))
        before = connection.execute(select(STORY)).one()
        keep(connection, person, conversation, *parts, **values)
        story = connection.execute(select(STORY)).one()
        stands = state == "approved"
        assert (story.state, story.decided_at, story.reason) == (
            ("approved", NOW, "clear") if stands else ("new", None, "")
        )
        assert story.version == before.version + 1, "whoever reads it meanwhile is told"
        assert (story.words_version == before.words_version) is stands
        assert sorted(rows(connection, TAG, "dimension", "value")) == sorted(values["tags"])

    writer.run(work)


def test_a_story_kept_again_travels_as_far_as_was_decided_last(writer: Writer) -> None:
    """The state of a conversation may hold an older answer than somebody with the receipt gave since."""

    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)
        keep(connection, person, conversation, "Told.")
        for use in ("team", "quote"):
            connection.execute(update(STORY).values(use=use))
            keep(connection, person, conversation, "Told.", answers={"about": [use]})
            assert connection.execute(select(STORY.c.use)).scalar_one() == use

    writer.run(work)


def test_nothing_is_added_to_a_story_that_is_not_there(writer: Writer) -> None:
    for change in (turn_queries.add_to_story, turn_queries.amend_story):
        assert writer.run(lambda c, f=change: f(c, conversation_id="c1", ref="", text="x", now=NOW)) is None
    assert writer.run(lambda c: turn_queries.drop_story(c, "c1", NOW)) is False


def test_decisions_are_added_and_never_changed(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)

        decide(connection, person, conversation, consent("yes", "take_part", "Will you take part?"))
        number = keep(connection, person, conversation, "Told.")
        uses = []
        for answer in ("publish", "quote", "maybe", "team"):
            decide(connection, person, conversation, consent(answer))
            uses.append(connection.execute(select(STORY.c.use)).scalar_one())
        assert uses == ["publish", "quote", "team", "team"], "what is unclear allows the least (rule 55)"
        decide(connection, person, conversation, consent("yes", "contact"))
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
            "share", "s1", "w" * 64, "en", "sms", NOW,
        )  # fmt: skip

    writer.run(work)


def test_a_dropped_story_is_gone_and_the_conversation_goes_on(writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        conversation = begin(connection, person)
        keep(connection, person, conversation, "Told.", answers={"a": 1}, tags=(("scale", "individual"),))
        assert turn_queries.drop_story(connection, "c1", NOW) is True
        for table in (STORY, PART, ANSWER, TAG):
            assert connection.execute(select(table)).all() == []
        turn_queries.save_conversation(
            connection, conversation, contributor_id=person.contributor_id, address_id=person.address_id, now=LATER
        )
        assert keep(connection, person, conversation, "Told again.") > 1, "a story's number is never used twice"

    writer.run(work)


def test_the_team_is_told_once_while_an_item_is_open(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> None:
        person = meet(connection)
        begin(connection, person)
        about = {"contributor_id": person.contributor_id, "conversation_id": "c1"}
        for kind in (ItemKind.HELP_MID_STORY, ItemKind.HELP_MID_STORY, ItemKind.SENDING):
            turn_queries.raise_item(connection, kind=kind, now=NOW, **about)
        connection.execute(update(ITEM).where(ITEM.c.kind == "help_mid_story").values(closed_at=NOW))
        turn_queries.raise_item(connection, kind=ItemKind.HELP_MID_STORY, now=LATER, **about)
        for _ in range(2):
            turn_queries.raise_item(connection, kind=ItemKind.CHANNEL, now=NOW)

    writer.run(work)
    with db.reader(database) as connection:
        kinds = [kind for (kind,) in rows(connection, ITEM, "kind")]
    assert kinds == ["help_mid_story", "sending", "help_mid_story", "channel"]
