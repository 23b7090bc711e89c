"""Edited versions: a layer beside a teller's own words, held back until they have agreed. On both databases."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy import select as pick

from flows.model.vocabulary.consent_answers import USES, Use
from storage.db.engine import reader
from storage.export import select
from storage.protection.erasure import erase_story
from storage.queries.contributors import people
from storage.queries.stories import editions, kept_stories, whole_story
from storage.queries.stories.review_queue import Filters
from storage.stories import editing
from storage.stories.editing import EditionMade, EditRefusal
from storage.tables import AskBack, Audit, Decision, Story
from tests.review.room import NOON, conversation_of, tell

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Update

    from storage.db.writer import Writer

STORY, DECISION, ASK_BACK, AUDIT = (table.__table__ for table in (Story, Decision, AskBack, Audit))
OWN = "Dr Ahmed at the Easton surgery sent me home three times."
EDITED = "A doctor sent me home three times."


@dataclass
class Desk:
    """A team with one approved story of somebody who may be contacted."""

    engine: Engine
    writer: Writer

    def story(self, *, use: str = "publish", contact: str = "yes", **sides: Any) -> int:
        def work(connection: Connection) -> int:
            story_id = tell(connection, OWN, use=use, **sides)
            asked = connection.execute(pick(DECISION).where(DECISION.c.story_id == story_id)).first()
            assert asked is not None
            said = {**asked._mapping, "purpose": "contact", "answer": contact, "story_id": None}
            del said["id"]
            connection.execute(insert(DECISION).values(said))
            connection.execute(update(STORY).where(STORY.c.id == story_id).values(state="approved"))
            return story_id

        return self.writer.run(work)

    def edits(self, story_id: int, text: str = EDITED, reason: str = "It names a doctor") -> EditionMade | EditRefusal:
        return self.writer.run(
            lambda connection: editing.edit(
                connection, story_id, text=text, reason=reason, author="amina@example.org", now=NOON
            )
        )

    def made(self, story_id: int, text: str = EDITED) -> editions.Edition:
        made = self.edits(story_id, text)
        assert isinstance(made, EditionMade), made
        return made.edition

    def undoes(self, story_id: int) -> editions.Edition | EditRefusal:
        return self.writer.run(
            lambda connection: editing.undo(connection, story_id, author="amina@example.org", now=NOON)
        )

    def becomes(self, edition_id: int, state: str) -> None:
        self.writer.run(lambda connection: editions.set_state(connection, edition_id, state))

    def leaves(self, use: str = "publish") -> list[dict[str, Any]]:
        out = io.BytesIO()
        summary = select.run(self.engine, self.writer, format="jsonl", use=use, out=out, who="amina", now=NOON)
        rows = [json.loads(line) for line in out.getvalue().splitlines()]
        assert len(rows) == summary.stories
        assert select.count(self.engine, use=Use(use), filters=Filters(), now=NOON) == summary.stories
        return rows

    def texts(self, use: str = "publish") -> list[str]:
        return [row["text"] for row in self.leaves(use)]

    def does(self, statement: Update) -> None:
        self.writer.run(lambda connection: connection.execute(statement))

    def rows(self, table: Any) -> list[Any]:
        with reader(self.engine) as connection:
            return list(connection.execute(pick(table)).all())


@pytest.fixture
def desk(database: Engine, writer: Writer) -> Desk:
    return Desk(database, writer)


@pytest.mark.parametrize("state", ["draft", "asking", "refused", "changed", "lapsed"])
def test_an_edited_story_stays_with_the_team_until_its_teller_agrees(desk: Desk, state: str) -> None:
    story_id = desk.story()
    assert desk.texts() == [OWN]
    edition = desk.made(story_id)
    desk.becomes(edition.id, state)
    assert desk.texts("publish") == desk.texts("quote") == []
    assert desk.texts("team") == [OWN], "the team reads what its teller wrote"


def test_what_leaves_is_the_version_its_teller_agreed_to_and_nothing_of_their_own_words(desk: Desk) -> None:
    story_id = desk.story()
    meant = "Dr Ali at the Easton surgery sent me home three times."

    def amend(connection: Connection) -> int | None:
        (told,) = whole_story.parts_of(connection, story_id)
        talk = conversation_of(connection, story_id)
        return kept_stories.amend_story(connection, conversation_id=talk, ref=told.ref, text=meant, now=NOON)

    assert desk.writer.run(amend) == story_id
    desk.writer.run(lambda c: c.execute(update(STORY).values(state="approved")))
    desk.becomes(desk.made(story_id).id, "agreed")
    (row,) = desk.leaves()
    assert (row["text"], row["amended"], row["edited"]) == (EDITED, [], True)
    assert not {"Ahmed", "Ali"} & set(json.dumps(row).split())
    (row,) = desk.leaves("team")
    assert (row["text"], row["amended"], row["edited"]) == (meant, [], False)


def test_the_newest_version_counts_and_undoing_it_brings_the_one_before_back(desk: Desk) -> None:
    story_id = desk.story()
    first = desk.made(story_id)
    desk.becomes(first.id, "agreed")
    second = desk.made(story_id, "Somebody sent me home.")
    assert (first.position, second.position) == (1, 2)
    assert desk.texts() == [], "an older yes is no yes to this"
    assert isinstance(desk.undoes(story_id), editions.Edition)
    assert desk.texts() == [EDITED]
    assert isinstance(desk.undoes(story_id), editions.Edition)
    assert desk.texts() == [OWN]
    assert desk.undoes(story_id) == EditRefusal("nothing", "This story has no edited version. Nothing was changed.")


def test_words_that_came_later_need_a_new_version(desk: Desk) -> None:
    story_id = desk.story()
    desk.becomes(desk.made(story_id).id, "agreed")
    desk.writer.run(
        lambda c: kept_stories.add_to_story(
            c, conversation_id=conversation_of(c, story_id), ref="", text="And again in May.", now=NOON
        )
    )
    desk.writer.run(lambda c: c.execute(update(STORY).values(state="approved", version=STORY.c.version + 1)))
    assert desk.texts() == []
    desk.becomes(desk.made(story_id, "Four times.").id, "agreed")
    assert desk.texts() == ["Four times."], "deciding about a story does not make its version old, new words do"


def test_an_answer_that_has_run_out_reaches_no_further_than_the_team(desk: Desk) -> None:
    desk.story()
    for purpose, uses in (("use", ["team"]), ("take_part", [])):
        ends = update(DECISION).where(DECISION.c.purpose == purpose).values(valid_until=NOON)
        desk.does(ends)
        assert [use for use in USES if desk.texts(use)] == uses
    desk.does(update(DECISION).values(valid_until=NOON + timedelta(seconds=1)))
    assert [use for use in USES if desk.texts(use)] == ["team", "quote", "publish"]


@pytest.mark.parametrize(
    ("naming", "told"),
    [("none", ("none", "")), ("place", ("place", "")), ("name", ("name", "Maya from Easton"))],
)
def test_a_published_story_carries_the_credit_its_teller_chose_and_no_other_use_does(
    desk: Desk, naming: str, told: tuple[str, str]
) -> None:
    desk.story()
    desk.writer.run(lambda c: c.execute(update(STORY).values(naming=naming, credit="Maya from Easton")))
    seen = {use: [(row["naming"], row["credit"]) for row in desk.leaves(use)] for use in USES}
    assert seen == {"team": [("", "")], "quote": [("", "")], "publish": [told]}


@pytest.mark.parametrize(
    ("sides", "why_not"),
    [
        ({}, ""),
        ({"contact": "no"}, "no_consent"),
        ({"use": "team"}, "team_only"),
    ],
)
def test_only_a_teller_who_may_be_asked_is_asked(desk: Desk, sides: dict[str, str], why_not: str) -> None:
    made = desk.edits(desk.story(**sides))
    assert isinstance(made, EditionMade)
    assert made.why_not == why_not
    assert made.edition.state == ("draft" if why_not else "asking")
    assert [(row.kind, row.state) for row in desk.rows(ASK_BACK)] == ([] if why_not else [("sign_off", "waiting")])


@pytest.mark.parametrize(("state", "why_not"), [("opted_out", "opted_out"), ("blocked", "forgotten")])
def test_somebody_who_cannot_be_reached_is_not_asked(desk: Desk, state: str, why_not: str) -> None:
    story_id = desk.story()
    contributor = desk.rows(STORY)[0].contributor_id

    def silence(connection: Connection) -> None:
        if state == "opted_out":
            people.opt_out(connection, contributor, NOON)
        else:
            from storage.tables import Address  # noqa: PLC0415 - used here alone

            connection.execute(update(Address.__table__).values(state=state))

    desk.writer.run(silence)
    made = desk.edits(story_id)
    assert isinstance(made, EditionMade)
    assert (made.why_not, desk.rows(ASK_BACK)) == (why_not, [])


@pytest.mark.parametrize(
    ("text", "reason", "kind"),
    [("", "why", "empty"), (OWN, "why", "same"), (EDITED, " ", "say_why"), ("a" * 20_001, "why", "too_long")],
)
def test_an_edit_that_makes_no_sense_saves_nothing(desk: Desk, text: str, reason: str, kind: str) -> None:
    refused = desk.edits(desk.story(), text, reason)
    assert isinstance(refused, EditRefusal)
    assert refused.kind == kind
    assert desk.texts() == [OWN]


def test_a_new_version_asks_no_more_about_the_one_before(desk: Desk) -> None:
    story_id = desk.story()
    first = desk.made(story_id)
    desk.made(story_id, "Somebody sent me home.")
    assert [row.state for row in desk.rows(ASK_BACK)] == ["cancelled", "waiting"]
    with reader(desk.engine) as connection:
        assert [one.state for one in editions.of_story(connection, story_id)] == ["lapsed", "asking"]
    desk.undoes(story_id)
    assert [row.state for row in desk.rows(ASK_BACK)] == ["cancelled", "cancelled"]
    assert desk.texts() == [], first


def test_the_tellers_own_words_never_change_and_every_act_is_on_record(desk: Desk) -> None:
    story_id = desk.story()
    desk.made(story_id)
    desk.undoes(story_id)
    with reader(desk.engine) as connection:
        story = whole_story.story_by_id(connection, story_id)
        assert story is not None
        assert story.text == OWN
        assert [part.text for part in whole_story.parts_of(connection, story_id)] == [OWN]
    assert [(row.who, row.act, row.detail) for row in desk.rows(AUDIT)] == [
        ("amina@example.org", "story.edited", "version 1"),
        ("amina@example.org", "story.edit_undone", "version 1"),
    ]


def test_a_story_that_is_gone_cannot_be_edited(desk: Desk) -> None:
    story_id = desk.story()
    desk.made(story_id)
    desk.writer.run(lambda connection: erase_story(connection, story_id))
    for refused in (desk.edits(story_id), desk.undoes(story_id)):
        assert isinstance(refused, EditRefusal)
        assert refused.kind == "gone"


def test_the_difference_is_shown_line_by_line() -> None:
    before = "We waited.\nDr Ahmed came.\nThen we left."
    after = "We waited.\nA doctor came.\nThen we left."
    assert editing.difference(before, after) == ("-Dr Ahmed came.", "+A doctor came.")
