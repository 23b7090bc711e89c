"""The data map is the tables' own: nothing in it is missing, made up, or out of date (data map of docs/data-map.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings.environment import Settings
from bot.settings.open_database import KEY_FILE
from review.kit import visit
from review.kit.safeguarding_rules import SAFEGUARDING_ROLES
from storage import tables
from storage.privacy import data_map
from storage.privacy.data_map import MisdescribedError, document
from storage.privacy.vacuum import LIST
from storage.protection.crypto import PROTECTED
from storage.tables import registry as registry_module
from storage.tables.registry import column, entries, eyes, problems, registry

DOCUMENT = Path(__file__).parents[3] / "docs" / "data-map.md"
MAKE = ".venv/bin/python -m storage.privacy.data_map > docs/data-map.md"
COLUMNS = [
    pytest.param(table.name, one.name, id=f"{table.name}.{one.name}")
    for table in tables.metadata.tables.values()
    for one in table.columns
]
ROLES = {"readers": visit.READERS, "deciders": visit.DECIDERS, "safeguarding": SAFEGUARDING_ROLES}


def test_every_column_is_described_and_none_is_made_up() -> None:
    assert len(COLUMNS) > 200
    assert problems() == [], "\n".join(problems())


def test_the_document_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), f"docs/data-map.md is out of date. Run: {MAKE}"


@pytest.mark.parametrize(("table", "name"), COLUMNS)
def test_a_column_says_what_it_is_and_why(table: str, name: str) -> None:
    said = column(table, name)
    assert said.what
    assert said.why
    assert said.what != said.why


def test_a_column_nobody_described_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    said, before = registry(), problems()
    story = said.tables["story"]
    columns = {name: one for name, one in story.columns.items() if name != "credit"}
    forgotten = said.model_copy(
        update={"tables": {**said.tables, "story": story.model_copy(update={"columns": columns})}}
    )
    monkeypatch.setattr(registry_module, "registry", lambda: forgotten)
    (problem,) = (one for one in problems() if one not in before)
    assert problem.startswith("Nobody described story.credit. Add credit = ")
    assert "[tables.story.columns] in storage/tables/registry.toml" in problem
    with pytest.raises(MisdescribedError, match=r"story\.credit"):
        document()


def test_a_table_nobody_described_and_one_that_is_gone_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said, before = registry(), problems()
    renamed = {("stories" if name == "story" else name): table for name, table in said.tables.items()}
    monkeypatch.setattr(registry_module, "registry", lambda: said.model_copy(update={"tables": renamed}))
    assert [one for one in problems() if one not in before] == [
        "Nobody described the table story. Add [tables.story] to storage/tables/registry.toml.",
        "There is no table stories. Take it out of storage/tables/registry.toml.",
    ]


def test_every_protected_column_is_marked_so() -> None:
    sections = dict(section.split("`\n", 1) for section in document().split("\n### `")[1:])
    assert PROTECTED
    for one in PROTECTED:
        (line,) = [line for line in sections[one.table].splitlines() if line.startswith(f"| `{one.column}`")]
        assert data_map.LOCKS[one.kind] in line


def test_every_table_says_what_erasure_and_time_do_to_it() -> None:
    text = document()
    for said in entries().values():
        assert said.erasure in text
        assert said.let_go in text
        assert said.stays in text


@pytest.mark.parametrize("word", ROLES)
def test_those_who_see_it_are_those_whom_the_pages_let_in(word: str) -> None:
    said = registry().eyes[word].rstrip(".").rpartition(": ")[2]
    assert set(eyes(said)) == ROLES[word]


def test_what_is_sealed_is_opened_to_help_somebody_or_to_answer_them_and_for_nothing_else() -> None:
    seen = {
        f"{one.table}.{one.column}": column(one.table, one.column).seen or entries()[one.table].seen
        for one in PROTECTED
    }
    assert seen.pop("request.sealed") == "leads"
    assert (seen.pop("address.sealed"), seen.pop("inbound.sealed")) == ("safeguarding", "safeguarding")
    assert set(seen.values()) == {"nobody"}


def test_the_files_are_those_of_the_data_folder() -> None:
    names = " ".join(one.name for one in registry().files)
    database = str(Settings.model_fields["database_url"].default).rpartition("/")[2]
    for file in (database, f"{database}-wal", f"{database}-shm", f"{database}.before-restore", KEY_FILE, LIST):
        assert f"`{file}`" in names


def test_what_a_person_finds_in_their_own_file_is_said() -> None:
    text = document()
    found_in = {entry.subject_file for entry in entries().values() if entry.subject_file}
    assert found_in
    for section in {*found_in, "seen_by_the_team", "exports"}:
        assert f"`{section}`" in text
