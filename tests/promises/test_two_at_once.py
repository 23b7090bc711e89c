"""Two at once: whatever the team, time or an export is in the middle of, the person's wish wins. On both databases."""

from __future__ import annotations

import asyncio
import io
import json
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from bot.channels.channel import Limits
from flows.model.vocabulary.consent_answers import Use
from review.story import decide
from review.story.decide import Decision, DecisionRequest
from storage import tables
from storage.export import select
from storage.protection.erasure import erase_contributor, erase_story
from storage.queries.contributors.people import opt_out
from storage.queries.stories import kept_stories
from storage.queries.stories.review_queue import Filters
from storage.queries.team import members
from storage.stories import editing
from storage.stories.editing import EditionMade
from tests.bot.asking import EDITED, STORIES, Asking
from tests.bot.sending import Hand, Memory, Post
from tests.bot.service import MAYA, STORY, Service
from tests.review.room import NOON, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer
    from storage.queries.team.members import Member

ROUNDS = 12


@pytest.fixture
def asking(database: Engine, writer: Writer) -> Asking:
    return Asking(Service(database, writer))


def reviewer(connection: Connection) -> Member:
    number = members.add_member(connection, email="amina@example.org", name="Amina", role="reviewer", at=NOON)
    found = members.member_by_id(connection, number)
    assert found is not None
    return found


# --- DELETE while a reviewer has the story open ---------------------------------------------------------------------


async def test_delete_wins_over_a_reviewer_who_decides_at_the_same_moment(database: Engine, writer: Writer) -> None:
    amina = writer.run(reviewer)
    seen = []
    for _ in range(ROUNDS):
        story = writer.run(lambda connection: tell(connection, "They closed the surgery.", use="publish"))
        wish = DecisionRequest(act="approve", seen=2)
        outcome, gone = await asyncio.gather(
            asyncio.to_thread(decide.carry_out, writer, story, wish, amina, now=NOON),
            asyncio.to_thread(writer.run, lambda connection, story=story: erase_story(connection, story)),
        )
        assert gone
        seen.append(outcome)
    assert all(isinstance(one, Decision) or "has taken it back" in one.message for one in seen), seen
    assert writer.run(lambda connection: connection.execute(STORIES.select()).all()) == []
    assert select.count(database, use=Use.PUBLISH, filters=Filters(), now=NOON) == 0


# --- STOP while a notice is being sent ------------------------------------------------------------------------------


async def test_stop_while_a_notice_waits_for_its_turn(database: Engine) -> None:
    hand = Hand()
    channel = Memory(hand, limits=Limits(per_second=1000.0, per_person=2.0))
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    post.outbox.put("maya", "a reply")
    (notice,) = post.outbox.put("maya", "a notice", kind="notice")
    await hand.run(0.5)
    assert channel.texts == ["a reply"]
    assert post.outbox.row(notice).state == "sending", "it has been taken, and waits for its turn"
    person = post.outbox.person("maya")
    post.writer.run(lambda c: opt_out(c, person.contributor_id, hand.clock()))
    await hand.run(30)
    assert channel.texts == ["a reply"]
    assert (post.outbox.row(notice).state, post.outbox.row(notice).error) == ("cancelled", "opted_out")
    await post.sender.stop()


async def test_stop_while_a_notice_is_on_the_wire(database: Engine) -> None:
    hand = Hand()
    wire = asyncio.Event()
    channel = Memory(hand, script=deque([wire]))
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    first, second = post.outbox.put("maya", "first|piece", "second", kind="notice")
    await hand.run(0.5)
    person = post.outbox.person("maya")
    post.writer.run(lambda c: opt_out(c, person.contributor_id, hand.clock()))
    wire.set()
    await hand.run(30)
    assert channel.texts == ["first"], "what was on the wire has gone; nothing more follows"
    assert [post.outbox.row(number).state for number in (first, second)] == ["cancelled", "cancelled"]
    await post.sender.stop()


async def test_having_everything_deleted_while_a_notice_waits_for_its_turn(database: Engine) -> None:
    hand = Hand()
    channel = Memory(hand, limits=Limits(per_second=1000.0, per_person=2.0))
    post = Post(database, channel, hand=hand)
    await post.sender.start()
    post.outbox.put("maya", "a reply")
    post.outbox.put("maya", "a notice", kind="notice")
    await hand.run(0.5)
    person = post.outbox.person("maya")
    post.writer.run(lambda c: erase_contributor(c, person.contributor_id, hand.clock()))
    await hand.run(30)
    assert channel.texts == ["a reply"]
    await post.sender.stop()


# --- CHANGE while an export runs ------------------------------------------------------------------------------------


class Restless:
    """An export into which a change falls, between the rows and the record: `times` times."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, writer: Writer, change: Callable[[Connection], Any], times: int = 1
    ) -> None:
        write = select._write

        def then_change(*given: Any, **named: Any) -> Any:
            nonlocal times
            made = write(*given, **named)
            if times:
                times -= 1
                writer.run(change)
            return made

        monkeypatch.setattr(select, "_write", then_change)


def exported(database: Engine, writer: Writer, use: str) -> list[dict[str, Any]]:
    out = io.BytesIO()
    summary = select.run(database, writer, format="jsonl", use=use, out=out, who="amina@example.org", now=NOON)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert summary.stories == len(rows)
    return rows


def added(story: int) -> Callable[[Connection], Any]:
    def change(connection: Connection) -> None:
        row = connection.execute(STORIES.select().where(STORIES.c.id == story)).one()
        kept_stories.add_to_story(
            connection, conversation_id=row.conversation_id, ref="", text="And in May again.", now=NOON
        )

    return change


def edited(story: int) -> Callable[[Connection], Any]:
    return lambda c: editing.edit(c, story, text="Somebody waited.", reason="Shorter", author="amina", now=NOON)


CHANGES: list[tuple[str, str, Callable[[int], Callable[[Connection], Any]], list[str]]] = [
    ("taken back", "team", lambda story: lambda c: erase_story(c, story), []),
    ("narrowed", "publish", lambda story: lambda c: c.execute(
        update(STORIES).where(STORIES.c.id == story).values(use="team", version=STORIES.c.version + 1)), []),
    ("said more", "team", added, ["I waited.\n\nAnd in May again."]),
    ("said more", "publish", added, []),
    ("edited", "publish", edited, []),
    ("edited", "team", edited, ["I waited."]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "use", "change", "texts"), CHANGES, ids=[f"{one[0]}-{one[1]}" for one in CHANGES])
def test_an_export_holds_a_story_as_it_is_agreed_now_or_not_at_all(
    database: Engine,
    writer: Writer,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    use: str,
    change: Callable[[int], Callable[[Connection], Any]],
    texts: list[str],
) -> None:
    story = writer.run(lambda connection: tell(connection, "I waited.", use="publish"))
    writer.run(lambda connection: connection.execute(update(STORIES).values(state="approved")))
    Restless(monkeypatch, writer, change(story))
    assert [row["text"] for row in exported(database, writer, use)] == texts, what


def test_an_export_that_never_comes_to_rest_hands_out_nothing(
    database: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = writer.run(lambda connection: tell(connection, "I waited."))
    Restless(monkeypatch, writer, added(story), times=select.TRIES)
    out = io.BytesIO()
    with pytest.raises(select.RestlessStoriesError):
        select.run(database, writer, format="jsonl", use="team", out=out, who="amina@example.org", now=NOON)
    assert out.getvalue() == b""
    assert writer.run(lambda c: c.execute(tables.ExportRun.__table__.select()).all()) == []


# --- a sign-off while the team changes its mind, and an edit while the teller leaves -------------------------------


async def test_an_answer_while_the_version_is_undone(asking: Asking) -> None:
    service = asking.service
    story = await asking.told()
    for _ in range(ROUNDS // 2):
        asking.edits(story)
        await asking.ticks(days=15)
        await service.text(MAYA, "SHOW", "1")
        before = len(asking.decided())
        answers, _ = await asyncio.gather(
            service.text(MAYA, service.code(MAYA)), asyncio.to_thread(asking.undoes, story)
        )
        assert len(answers) == 1
        was_first = "in no other way" in answers[0]
        assert was_first or "no longer open" in answers[0]
        assert len(asking.decided()) - before == was_first
        assert asking.states()[0][-1] == "dropped"
        assert asking.published() == [STORY]


async def test_an_edit_while_the_teller_has_everything_deleted(asking: Asking) -> None:
    service = asking.service
    for _ in range(ROUNDS // 2):
        story = await asking.told()
        await service.text(MAYA, "DELETE", "everything")

        def edit(story: int = story) -> EditionMade | editing.EditRefusal:
            return service.writer.run(
                lambda c: editing.edit(c, story, text=EDITED, reason="Shorter", author="amina", now=service.now)
            )

        answers, made = await asyncio.gather(service.text(MAYA, service.code(MAYA)), asyncio.to_thread(edit))
        assert any("is deleted" in answer for answer in answers), answers
        assert isinstance(made, EditionMade) or made.kind == "gone"
        for table in (tables.Story, tables.Edition, tables.AskBack):
            assert service.rows(table) == []
        assert await asking.ticks(days=1) == []
