"""The inbox: whatever the team is told stands on the page of those whose work it is, until somebody closes it."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.model.vocabulary.item_kinds import ItemKind, Role, kinds_for
from review.kit.visit import READERS
from storage import tables
from storage.queries.conversations import turn_queries
from storage.queries.team import requests, team_items
from tests.review import room
from tests.review.conftest import KEYS
from tests.review.room import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from tests.review.conftest import Room

ROOT = Path(__file__).parents[2]
PACKAGES = ("flows", "storage", "review", "bot")
WORDS = "The heron on the weir saw it all."
ITEM = tables.TeamItem.__table__


def tell_the_team(connection: Connection, kind: ItemKind) -> None:
    """Raise an item of this kind as it is really raised: about a person and a conversation, or about nobody."""
    if kind.about == "running":
        turn_queries.raise_item(connection, kind=kind, now=NOON)
        return
    story_id = room.tell(connection, WORDS)
    story = room.whole_story.story_by_id(connection, story_id)
    assert story is not None
    by_story = kind in {ItemKind.STORY_CHANGED, ItemKind.TELLER_REWORDED}
    turn_queries.raise_item(
        connection, kind=kind, now=NOON, contributor_id=story.contributor_id,
        story_id=story_id if by_story else None, conversation_id=None if by_story else story.conversation_id,
    )  # fmt: skip


def number_of(team_room: Room) -> int:
    """Return the number of the one item there is."""
    return int(team_room.does(lambda connection: connection.execute(ITEM.select()).one().id))


@pytest.mark.parametrize("kind", ItemKind)
async def test_each_kind_stands_on_the_page_of_its_role_and_is_closed_there(team_room: Room, kind: ItemKind) -> None:
    team_room.does(lambda connection: tell_the_team(connection, kind))
    number = number_of(team_room)
    member = await team_room.member(kind.role)
    assert "Inbox 1 open" in member.words
    await member.open("/inbox")
    assert kind.label in member.words
    assert kind.advice in member.words
    assert WORDS not in member.html
    if kind.about == "story":
        assert 'href="/stories/1"' in member.html, "it leads to what it is about"
    await member.send(f"/inbox/{number}/close", words="Rang the service.")
    assert member.path == "/inbox?done=close"
    assert kind.advice not in member.words
    assert f"{kind.label}" in member.words, "it stands among what was closed last"
    assert "by Amina Reid" in member.words
    assert "Rang the service." in member.words
    assert not member.offers(f"/inbox/{number}/close")
    await member.send(f"/inbox/{number}/reopen")
    assert member.offers(f"/inbox/{number}/close")


@pytest.mark.parametrize("role", sorted(Role))
async def test_a_role_sees_its_own_kinds_and_no_others(team_room: Room, role: str) -> None:
    for kind in ItemKind:
        team_room.does(lambda connection, kind=kind: tell_the_team(connection, kind))
    member = await team_room.member(role)
    await member.open("/inbox")
    seen = {kind for kind in ItemKind if kind.label in member.words}
    expected = {"lead": set(ItemKind), "outreach": set()}.get(role, {kind for kind in ItemKind if kind.role == role})
    assert seen == expected == set(kinds_for(role))
    assert (member.status == 200) is (role in READERS)
    if role in READERS:
        assert f"Inbox {len(expected)} open" in member.words


def test_every_kind_says_what_it_is_whose_work_it_is_and_what_to_do() -> None:
    assert len(ItemKind) >= 13
    assert {kind.role for kind in ItemKind} == {"lead", "reviewer", "safeguarding"}
    assert len({kind.label for kind in ItemKind}) == len({kind.advice for kind in ItemKind}) == len(ItemKind)
    for kind in ItemKind:
        assert kind.advice.endswith(".")
        assert kind.advice.count(". ") == 0, "one sentence"


async def test_nobody_closes_what_is_not_their_work(team_room: Room) -> None:
    team_room.does(lambda connection: tell_the_team(connection, ItemKind.SENDING))
    team_room.does(lambda connection: tell_the_team(connection, ItemKind.OTHER_LANGUAGE))
    member = await team_room.member("reviewer")
    await member.open("/inbox")
    theirs = member.form("/inbox/2/close").fields
    await member.post("/inbox/1/close", [(name, value) for name, (value, *_) in theirs.items()])
    assert member.status == 404
    await member.post("/inbox/2/close", [("words", "")])
    assert member.status == 403, "a form of another site"
    counts = team_room.does(team_items.count_items)
    assert counts[ItemKind.SENDING] == counts[ItemKind.OTHER_LANGUAGE] == 1


@pytest.mark.parametrize("path", ["/inbox/99/close", "/inbox/1/eat", f"/inbox/{2**40}/close"])
async def test_what_is_not_there_is_said_to_be_missing(team_room: Room, path: str) -> None:
    team_room.does(lambda connection: tell_the_team(connection, ItemKind.SENDING))
    member = await team_room.member("lead")
    await member.open("/inbox")
    token = member.form("/inbox/1/close").fields
    await member.post(path, [(name, value) for name, (value, *_) in token.items()])
    assert member.status == 404


async def test_a_note_that_is_too_long_is_kept_in_its_box(team_room: Room) -> None:
    team_room.does(lambda connection: tell_the_team(connection, ItemKind.CHANNEL))
    member = await team_room.member("lead")
    await member.open("/inbox")
    long = "n" * (team_items.LONGEST_NOTE + 1)
    await member.send("/inbox/1/close", words=long)
    assert member.status == 422
    assert "too long" in member.words
    assert member.form("/inbox/1/close").fields["words"] == [long]


async def test_two_who_close_the_same_item(team_room: Room) -> None:
    team_room.does(lambda connection: tell_the_team(connection, ItemKind.CHANNEL))
    amina, sam = await team_room.member("lead"), await team_room.member("lead", "Sam Okafor")
    await amina.open("/inbox")
    await sam.open("/inbox")
    await amina.send("/inbox/1/close", words="Paid the bill.")
    await sam.send("/inbox/1/close", words="")
    assert "Somebody was quicker" in sam.words
    assert "by Amina Reid" in sam.words
    assert "Paid the bill." in sam.words
    acts = team_room.does(lambda connection: connection.execute(tables.Audit.__table__.select()).all())
    assert [(row.who, row.act, row.detail) for row in acts if row.object_kind == "team_item"] == [
        ("amina@example.org", "item.closed", "channel")
    ]


async def test_what_waits_longest_stands_first(team_room: Room) -> None:
    raised = [(ItemKind.CHANNEL, 1), (ItemKind.SENDING, 5), (ItemKind.LEAVING, 3)]
    for kind, hours in raised:
        team_room.does(
            lambda connection, kind=kind, hours=hours: turn_queries.raise_item(
                connection, kind=kind, now=NOON - timedelta(hours=hours)
            )
        )
    member = await team_room.member("lead")
    await member.open("/inbox")
    places = [member.words.index(kind.label) for kind in (ItemKind.SENDING, ItemKind.LEAVING, ItemKind.CHANNEL)]
    assert places == sorted(places)


async def test_an_empty_inbox_says_so(team_room: Room) -> None:
    member = await team_room.member("reviewer")
    assert "Inbox" in member.words
    await member.open("/inbox")
    assert "Nothing is open" in member.words


async def test_a_story_that_was_taken_back_is_not_led_to(team_room: Room) -> None:
    def work(connection: Connection) -> None:
        tell_the_team(connection, ItemKind.SENDING)
        connection.execute(tables.Story.__table__.update().values(withdrawn_at=NOON))

    team_room.does(work)
    member = await team_room.member("lead")
    await member.open("/inbox")
    assert ItemKind.SENDING.label in member.words
    assert "/stories/" not in member.html


async def test_an_answered_request_closes_its_item(team_room: Room) -> None:
    def ask(connection: Connection) -> None:
        person = room.somebody(connection)
        for kind in ("access", "erasure"):
            requests.open_request(
                connection, KEYS, kind=kind, origin="chat", now=NOON, contributor_id=person.contributor_id
            )
        turn_queries.raise_item(connection, kind=ItemKind.REQUEST, now=NOON, contributor_id=person.contributor_id)

    team_room.does(ask)
    member = await team_room.member("lead")
    await member.open("/inbox")
    assert 'href="/requests/1"' in member.html
    for number, still in ((1, 1), (2, 0)):
        await member.open(f"/requests/{number}")
        await member.send(f"/requests/{number}/close", outcome="done")
        assert team_room.does(team_items.count_items)[ItemKind.REQUEST] == still


@pytest.mark.parametrize("kind", [ItemKind.STORY_CHANGED, ItemKind.TELLER_REWORDED])
async def test_deciding_about_the_story_closes_what_asked_for_it(team_room: Room, kind: ItemKind) -> None:
    team_room.does(lambda connection: tell_the_team(connection, kind))
    member = await team_room.member("reviewer")
    await member.open("/stories/1")
    await member.send("/stories/1/approve")
    await member.open("/inbox")
    assert "Nothing is open" in member.words
    assert "by Amina Reid" in member.words


OTHER_MEANINGS = {"channel", "leaving", "other_language", "put_back", "request", "sending", "wrong_number"}
"""Values that are words of other lists as well: columns, states, texts, intents."""

# --- every kind is one of the list ------------------------------------------------------------------------------------


def raised(tree: ast.AST) -> Iterator[tuple[int, ast.expr | None]]:
    """Yield line and kind of every call that raises an item, and of every row put into the table by hand."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"raise_item", "TellTeam"}:
            yield node.lineno, next((word.value for word in node.keywords if word.arg == "kind"), None)


def test_no_kind_is_raised_as_a_bare_string() -> None:
    found = [
        (path, line, kind)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, kind in raised(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert len(found) >= 13, "nothing raises an item any more, or this test looks past it"
    bare = [f"{path.relative_to(ROOT)}:{line}" for path, line, kind in found if isinstance(kind, ast.Constant | None)]
    assert bare == [], "take a kind of flows.model.vocabulary.item_kinds.ItemKind"


def test_no_value_of_a_kind_stands_anywhere_else_in_the_code() -> None:
    ours = {kind.value for kind in ItemKind} - OTHER_MEANINGS
    assert len(ours) >= 7
    elsewhere = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "item_kinds.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in ours
    ]
    assert elsewhere == []


def test_every_kind_of_the_list_is_raised_somewhere() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "item_kinds.py"
    )
    assert [kind.name for kind in ItemKind if f"ItemKind.{kind.name}" not in code] == []


def test_every_topic_of_a_commit_has_a_listener() -> None:
    told, heard = set(), set()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "note" and len(node.args) > 1:
                    told |= {node.args[1].value} if isinstance(node.args[1], ast.Constant) else set()
                if isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) == "topics":
                    heard.add(ast.literal_eval(node.left))
    assert told == heard == {"outbox"}


# --- the language of a story ------------------------------------------------------------------------------------------

POLISH = "Byłam na oddziale trzy dni i nikt mi nie powiedział, dlaczego nie mogę iść do domu. Dzieci czekały na mnie."


async def test_a_story_in_a_language_we_do_not_speak_says_so_by_name(team_room: Room) -> None:
    strange, plain = team_room.told(POLISH), team_room.told("They closed the surgery in our village last winter.")
    member = await team_room.member("reviewer")
    assert member.words.count("In Polish") == 1
    await member.open(f"/stories/{strange}")
    assert "In Polish" in member.words
    assert 'lang="pl"' in member.html
    await member.open(f"/stories/{plain}")
    assert "In Polish" not in member.words
    assert "In English" not in member.words
