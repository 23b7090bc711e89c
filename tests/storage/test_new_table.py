"""A new table is a file, a word and what the registry says of it: then its rows are told, deleted and cleaned out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, MetaData, Table, Text, insert, select

from storage import tables
from storage.db.column_types import Moment
from storage.db.engine import reader
from storage.privacy.subject_file import about
from storage.privacy.vacuum import vacuum
from storage.protection.crypto import Keyring
from storage.protection.erasure import erase_contributor, erase_story
from storage.tables import registry as registry_module
from storage.tables.registry import ColumnEntry, TableEntry, problems, registry
from tests.storage.acts import LATER, NOW, begin, keep, meet, meet_another

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

    Say = Callable[[TableEntry | None], None]

WORDS = "chrysanthemum"
SAID = TableEntry(
    of="words",
    why="Letters that people send us with their story.",
    kept="As long as its story.",
    seen="readers",
    erasure="deleted",
    deleted_with=("contributor_id", "story_id"),
    stays="with its story",
    subject_file="letters",
    columns={"text": ColumnEntry("the letter", "it is read"), "written_at": ColumnEntry("when", "newest first")},
)


def table_of(metadata: MetaData) -> Table:
    return Table(
        "letter",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("contributor_id", Integer, ForeignKey("contributor.id"), nullable=False),
        Column("story_id", Integer, ForeignKey("story.id")),
        Column("text", Text, nullable=False),
        Column("written_at", Moment, nullable=False),
    )


@pytest.fixture
def letter() -> Iterator[Table]:
    """The new table, among the others for one test."""
    made = table_of(tables.metadata)
    yield made
    tables.metadata.remove(made)


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Put what is said of the new table into the registry; None says nothing."""
    before = registry()

    def put(said: TableEntry | None) -> None:
        more = {} if said is None else {"letter": said}
        changed = before.model_copy(update={"tables": {**before.tables, **more}})
        monkeypatch.setattr(registry_module, "registry", lambda: changed)

    return put


def test_a_table_that_says_all_is_taken(letter: Table, say: Say) -> None:
    say(SAID)
    assert problems() == []


def test_a_table_of_which_nothing_is_said_is_refused(letter: Table, say: Say) -> None:
    say(None)
    assert problems() == ["Nobody described the table letter. Add [tables.letter] to storage/tables/registry.toml."]


@pytest.mark.parametrize(
    ("left_out", "told"),
    [
        ("of", "letter does not say whose data it is: add of"),
        ("why", "letter does not say what it is for: add why"),
        ("kept", "letter does not say how long its rows are kept: add kept"),
        ("seen", "letter does not say who sees it: add seen"),
        ("erasure", "letter does not say what becomes of it when its person has everything deleted: add erasure"),
        ("deleted_with", "letter names a person or a story and does not say with which of them its rows are deleted:"),
        ("stays", "letter does not say how its rows go as time passes, or why they stay: add let_go or stays"),
        ("subject_file", "letter does not say where its person finds it in their own file: add subject_file or left_"),
    ],
)
def test_what_it_leaves_out_is_named(letter: Table, say: Say, left_out: str, told: str) -> None:
    say(TableEntry(**{name: said for name, said in SAID if name != left_out}))
    (problem,) = problems()
    assert problem.startswith(told)
    assert problem.endswith("in [tables.letter] of storage/tables/registry.toml.")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"let_go": "after a year"}, "letter says too much of time passing"),
        ({"deleted_with": ("person_id",)}, "letter has no such column: correct deleted_with"),
        ({"personal": False}, "letter names a person or a story, so it must be cleaned out of the bytes"),
        ({"columns": {"text": SAID.columns["text"]}}, "Nobody described letter.written_at. Add written_at = "),
        ({"of": "letters"}, "There is no group letters."),
        ({"seen": "the postman"}, "Nobody knows who the postman is."),
    ],
)
def test_what_cannot_be_is_named(letter: Table, say: Say, change: dict[str, object], told: str) -> None:
    say(SAID.model_copy(update=change))
    (problem,) = problems()
    assert problem.startswith(told)


def test_a_column_of_bytes_says_how_it_is_protected(say: Say) -> None:
    whole = table_of(MetaData())
    whole.append_column(Column("scan", LargeBinary))
    described = {**SAID.columns, "scan": ColumnEntry("a picture of it", "it is read")}
    say(SAID.model_copy(update={"columns": described}))
    assert problems([*tables.metadata.tables.values(), whole]) == [
        "letter.scan holds bytes; its name must say how they are protected: sealed, lookup, print."
    ]


@pytest.fixture
def letters(letter: Table, say: Say, database: Engine, writer: Writer) -> Iterator[tuple[int, int, int]]:
    """Two people with a letter each, and a letter without a story; both numbers, and the story of the first."""
    say(SAID)
    with database.begin() as connection:
        letter.create(connection)

    def write(connection: Connection) -> tuple[int, int, int]:
        first, second = meet(connection), meet_another(connection)
        stories = [
            keep(connection, person, begin(connection, person, name), "A story.")
            for person, name in ((first, "c1"), (second, "c2"))
        ]
        rows = [
            (first.contributor_id, stories[0], f"{WORDS} one"),
            (first.contributor_id, None, f"{WORDS} two"),
            (second.contributor_id, stories[1], "another"),
        ]
        for person, story, words in rows:
            connection.execute(insert(letter).values(contributor_id=person, story_id=story, text=words, written_at=NOW))
        return first.contributor_id, second.contributor_id, stories[0]

    yield writer.run(write)
    with database.begin() as connection:
        letter.drop(connection)


def texts(engine: Engine) -> list[str]:
    with reader(engine) as connection:
        return sorted(connection.execute(select(tables.metadata.tables["letter"].c.text)).scalars())


def test_its_person_finds_their_rows_in_their_own_file(letters: tuple[int, int, int], database: Engine) -> None:
    with reader(database) as connection:
        file = about(connection, Keyring([bytes(32)]), letters[0], LATER)
    assert [row["text"] for row in file.held["letters"]] == [f"{WORDS} one", f"{WORDS} two"]
    assert "contributor_id" not in file.held["letters"][0]
    assert json.loads(file.to_json())["letters"][0]["written_at"] == NOW.isoformat()
    assert f"text: {WORDS} two" in file.to_text()


def test_its_rows_go_with_their_story(letters: tuple[int, int, int], database: Engine, writer: Writer) -> None:
    assert writer.run(lambda connection: erase_story(connection, letters[2], LATER))
    assert texts(database) == ["another", f"{WORDS} two"]


def test_its_rows_go_with_their_person_and_out_of_the_bytes(
    letters: tuple[int, int, int], database: Engine, writer: Writer, tmp_path: Path
) -> None:
    assert writer.run(lambda connection: erase_contributor(connection, letters[0], LATER))
    assert texts(database) == ["another"]
    assert vacuum(database, writer, tmp_path, LATER, patient=False).clean
    if database.dialect.name == "sqlite":
        assert WORDS.encode() not in (tmp_path / str(database.url.database)).read_bytes()
