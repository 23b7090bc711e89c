"""Everything held about one person, and nothing of anybody else's (rule 59)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, update

from storage import tables
from storage.db.engine import reader
from storage.privacy.subject_file import LOCKED, NobodyError, about
from storage.protection.crypto import Keyring, seal_address
from storage.protection.erasure import erase_contributor, forget_contact
from storage.queries.team import members
from storage.tables.registry import entries
from tests.storage.acts import LATER, NOW, meet, meet_another
from tests.storage.protection.test_erasure import OWN, live

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer
    from storage.privacy.subject_file import PersonFile
    from storage.queries.conversations.turn_queries import Person

KEYS = Keyring([b"k" * 32])
MARK, OTHER = "quicksilver", "magnesium"
NUMBER, OTHERS_NUMBER = "+447700900123", "+447700900456"
AUDIT = tables.Audit.__table__


def seal(connection: Connection, person: Person, mark: str, number: str) -> None:
    """Lock with a real key what `live` only pretends to have locked."""
    whose = person.contributor_id
    form = f"MessageSid=SM1&From=%2B44&Body=It+was+{mark}+by+the+river".encode()
    for table, domain, content in (
        (tables.Inbound.__table__, "inbound.sealed", form),
        (tables.SealedMessage.__table__, "sealed_message.sealed", f"early {mark}".encode()),
        (tables.Request.__table__, "request.sealed", json.dumps({"words": f"asked {mark}"}).encode()),
    ):
        connection.execute(
            update(table).where(table.c.contributor_id == whose).values(sealed=KEYS.seal(domain, content))
        )
    address = tables.Address.__table__
    connection.execute(
        update(address).where(address.c.contributor_id == whose).values(sealed=seal_address(KEYS, number))
    )


def two(connection: Connection) -> tuple[Person, Person, int]:
    first, second = meet(connection), meet_another(connection)
    story = live(connection, first, "c1", MARK)
    live(connection, second, "c2", OTHER)
    seal(connection, first, MARK, NUMBER)
    seal(connection, second, OTHER, OTHERS_NUMBER)
    member = tables.TeamMember.__table__
    connection.execute(
        insert(member).values(
            email="amina@example.org", name="Amina Reid", role="reviewer", active=True, created_at=NOW
        )
    )
    for who in ("amina@example.org", "gone@example.org", "command line", "earshot"):
        members.record(connection, at=LATER, who=who, act="story.opened", object_kind="story", object_id=story)
    return first, second, story


@pytest.fixture
def made(database: Engine, writer: Writer) -> tuple[PersonFile, int]:
    first, _, story = writer.run(two)
    with reader(database) as connection:
        return about(connection, KEYS, first.contributor_id, LATER), story


def test_every_table_of_people_has_its_place_in_the_file(made: tuple[PersonFile, int]) -> None:
    found_in = {name: entry.subject_file for name, entry in entries().items() if entry.subject_file}
    left_out = {name for name, entry in entries().items() if entry.left_out}
    assert set(found_in) | left_out == set(OWN), "tell the registry where the new table is told"
    file, _ = made
    assert set(found_in.values()) | {"seen_by_the_team"} == set(file.held)
    assert all(file.counts().values()), "the trial leaves something empty"


def test_it_holds_all_of_one_person_opened_and_nothing_of_another(made: tuple[PersonFile, int]) -> None:
    file, _ = made
    for text in (file.to_json(), file.to_text()):
        assert OTHER not in text
        assert OTHERS_NUMBER not in text
        assert LOCKED not in text
        for own in (
            NUMBER,
            f"It was {MARK} by the river",
            f"early {MARK}",
            f"asked {MARK}",
            f"yes {MARK}",
            "team 2 quote",
        ):
            assert own in text, own
    for kind in ("stories", "decisions", "conversations", "messages", "messages_held_sealed", "requests"):
        assert MARK in json.dumps(file.held[kind], default=str), kind
    story: dict[str, Any] = file.held["stories"][0]
    assert [len(story[name]) for name in ("parts", "answers", "tags", "editions")] == [2, 1, 1, 1]
    assert story["tags"][0]["origin"] == "contributor"


def test_the_team_is_told_by_role_and_time_and_never_by_name(made: tuple[PersonFile, int]) -> None:
    file, story = made
    assert [(row["role"], row["at"], row["story_id"]) for row in file.held["seen_by_the_team"]] == [
        ("reviewer", LATER, story),
        ("whoever runs the service", LATER, story),
        ("whoever runs the service", LATER, story),
        ("earshot", LATER, story),
    ]
    for text in (file.to_json(), file.to_text()):
        assert "Amina" not in text
        assert "@example.org" not in text
    assert "A reviewer opened the story" in file.to_text()


def test_an_item_of_care_is_told_without_why_and_by_whom(made: tuple[PersonFile, int]) -> None:
    file, _ = made
    assert file.held["care"] == [{"noted_at": NOW, "a_person_looked_at": None, "closed_at": None}]


def test_it_is_in_words_to_read_and_in_full_detail_for_a_program(database: Engine, writer: Writer) -> None:
    place = json.dumps({"id": "geonames:1", "label": "Glenboig, North Lanarkshire", "kind": "village"})
    pressed = json.dumps({"update_id": 7, "callback_query": {"id": "1", "data": "4VFF.1.0"}}).encode()

    def work(connection: Connection) -> int:
        first, _, _ = two(connection)
        answer, inbound = tables.Answer.__table__, tables.Inbound.__table__
        connection.execute(update(answer).values(step="place", value=place))
        mine = inbound.c.contributor_id == first.contributor_id
        connection.execute(update(inbound).where(mine).values(sealed=KEYS.seal("inbound.sealed", pressed)))
        return first.contributor_id

    person = writer.run(work)
    with reader(database) as connection:
        file = about(connection, KEYS, person, LATER)
    text = file.to_text()
    assert "place: Glenboig, North Lanarkshire" in text
    assert "(no words: a button, a picture or a place)" in text
    for machine in ("{", "4VFF.1.0", "geonames:1"):
        assert machine not in text
    for whole in ("4VFF.1.0", "geonames:1"):
        assert whole in file.to_json()


def test_exports_are_told_by_use(made: tuple[PersonFile, int]) -> None:
    file, story = made
    (export,) = file.held["exports"]
    assert (export["use"], export["story_id"], export["at"]) == ("team", story, NOW)
    assert "who" not in export


def test_what_was_let_go_is_told_as_let_go(database: Engine, writer: Writer) -> None:
    def work(connection: Connection) -> int:
        first, _, _ = two(connection)
        forget_contact(connection, first.contributor_id, LATER)
        return first.contributor_id

    whose = writer.run(work)
    with reader(database) as connection:
        file = about(connection, KEYS, whose, LATER + timedelta(days=1))
    assert file.held["addresses"][0]["address"] is None
    assert NUMBER not in file.to_json()
    assert "let go" in file.to_text()
    assert file.held["messages"] == []


def test_a_lost_key_is_said_and_hides_nothing_else(database: Engine, writer: Writer) -> None:
    first, _, _ = writer.run(two)
    with reader(database) as connection:
        file = about(connection, Keyring([b"x" * 32]), first.contributor_id, LATER)
    assert file.held["addresses"][0]["address"] == LOCKED
    assert MARK in file.to_json()


def test_nobody_is_an_error_and_an_erased_person_is_nobody(database: Engine, writer: Writer) -> None:
    first, _, _ = writer.run(two)
    writer.run(lambda connection: erase_contributor(connection, first.contributor_id, LATER))
    with reader(database) as connection, pytest.raises(NobodyError):
        about(connection, KEYS, first.contributor_id, LATER)
