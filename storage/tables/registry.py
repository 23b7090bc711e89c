"""The registry of tables: what erasure, retention, the subject file, the vacuum and the data map need of each.

Each table is declared once, in `registry.toml` beside this module; those who do the work ask here. A table that does
not say all of it is refused by `problems`, and so by the data map and by a test, each with what to write.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import LargeBinary

from storage.db.column_types import Moment
from storage.tables.base import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Column, Table

FILE = Path(__file__).with_suffix(".toml")
WHERE = "storage/tables/registry.toml"
OF_A_PERSON = frozenset({"contributor_id", "story_id", "conversation_id", "address_id"})
"""Columns by which a row belongs to a person, or repeats something of theirs."""
LOCKS = ("sealed", "lookup", "print")
"""How a column of bytes is protected, which its name says: encrypted, a keyed hash of something, or of nothing."""


class ColumnEntry(NamedTuple):
    """What is said of one column. Empty where it is as its table says."""

    what: str
    why: str
    seen: str = ""
    kept: str = ""


class TableEntry(BaseModel):
    """What one table needs. Empty where nothing is said; `problems` knows what must be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    of: str = ""
    """Whose data it is: one of the groups."""
    why: str = ""
    kept: str = ""
    """How long, in words."""
    seen: str = ""
    """Who on our side sees it: one or more of the eyes, separated by commas."""
    erasure: str = ""
    """What becomes of its rows when their person has everything deleted."""
    deleted_with: tuple[str, ...] | None = None
    """The columns that name whose rows go whenever a story, a conversation or a person goes; none where erasure does
    more than that with it."""
    let_go: str = ""
    """How its rows go as time passes."""
    stays: str = ""
    """Why they do not."""
    subject_file: str = ""
    """The part of a person's own file in which they find its rows."""
    told: str = ""
    """The same in words, for rows that are told beside others."""
    left_out: str = ""
    """Why they are not in the file."""
    personal: bool = True
    """False for one in which nothing of a contributor ever stood: no byte of it has to be cleaned out."""
    columns: dict[str, ColumnEntry] = {}


class FileEntry(BaseModel):
    """What is said of one file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    holds: str
    kept: str
    seen: str


class Registry(BaseModel):
    """All that `registry.toml` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    groups: dict[str, str]
    eyes: dict[str, str]
    everywhere: dict[str, ColumnEntry]
    """Columns that mean the same in every table."""
    tables: dict[str, TableEntry]
    files: tuple[FileEntry, ...]
    data_folder: dict[str, str]
    """What may stand in the data folder, by the pattern of its name, and what an erasure does to it."""


@cache
def registry() -> Registry:
    """Return the registry; raises ValueError for one that cannot be read."""
    return Registry.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


def entries() -> dict[str, TableEntry]:
    """Return what each table needs, by its name."""
    return registry().tables


def column(table: str, name: str) -> ColumnEntry:
    """Return what is said of a column; raises KeyError if nothing is."""
    own = entries()[table].columns
    return own[name] if name in own else registry().everywhere[name]


def deleted_with(*names: str) -> list[tuple[Table, list[str]]]:
    """Return the tables whose rows go with what one of these columns names, and which; what points at others first."""
    said = entries()
    found = (
        (table, [name for name in said[table.name].deleted_with or () if name in names])
        for table in reversed(Row.metadata.sorted_tables)
    )
    return [(table, own) for table, own in found if own]


def lock(found: Column[object]) -> str:
    """Return how a column is protected, one of `LOCKS`; empty for one that is not, or does not say."""
    if not isinstance(found.type, LargeBinary):
        return ""
    return next((kind for kind in LOCKS if kind in found.name), "")


def eyes(who: str) -> tuple[str, ...]:
    """Return who sees something, one word each."""
    return tuple(word.strip() for word in who.split(",") if word.strip())


def problems(found: Iterable[Table] | None = None) -> list[str]:
    """Return what is missing in the registry or too much in it, each with what to do; by default for all tables."""
    said = registry()
    there = {table.name: table for table in (Row.metadata.tables.values() if found is None else found)}
    wrong = [
        f"Nobody described the table {name}. Add [tables.{name}] to {WHERE}."
        for name in sorted(there.keys() - said.tables.keys())
    ]
    wrong += [
        f"There is no table {name}. Take it out of {WHERE}." for name in sorted(said.tables.keys() - there.keys())
    ]
    for name in sorted(there.keys() & said.tables.keys()):
        wrong += [f"{one} in [tables.{name}] of {WHERE}." for one in _missing(there[name], said.tables[name])]
        wrong += _of_columns(there[name], said)
    columns = [one for table in said.tables.values() for one in table.columns.values()]
    seen = [one.seen for one in said.tables.values()] + [one.seen for one in said.files] + [one.seen for one in columns]
    words = {word for who in seen for word in eyes(who)}
    wrong += [
        f"Nobody knows who {word} is. Use the words of [eyes] in {WHERE}." for word in sorted(words - said.eyes.keys())
    ]
    of = {table.of for table in said.tables.values()} - {""}
    return wrong + [
        f"There is no group {word}. Use the words of [groups] in {WHERE}." for word in sorted(of ^ said.groups.keys())
    ]


def _missing(table: Table, said: TableEntry) -> Iterator[str]:
    """Yield what a table does not say and must, each as the beginning of a sentence."""
    for word, asks in _WORDS.items():
        if not getattr(said, word):
            yield f"{table.name} does not say {asks}: add {word}"
    columns = {one.name for one in table.columns}
    timed = any(isinstance(one.type, Moment) for one in table.columns)
    if timed and not said.let_go and not said.stays:
        yield f"{table.name} does not say how its rows go as time passes, or why they stay: add let_go or stays"
    if (said.let_go and said.stays) or (not timed and (said.let_go or said.stays)):
        yield f"{table.name} says too much of time passing: leave let_go or stays out"
    if not set(said.deleted_with or ()) <= columns:
        yield f"{table.name} has no such column: correct deleted_with"
    if not columns & OF_A_PERSON:
        return
    if said.deleted_with is None:
        yield (
            f"{table.name} names a person or a story and does not say with which of them its rows are deleted: add"
            " deleted_with, with those columns, or empty where storage/protection/erasure.py does more with it,"
        )
    if not said.subject_file and not said.left_out:
        yield f"{table.name} does not say where its person finds it in their own file: add subject_file or left_out"
    if not said.personal:
        yield f"{table.name} names a person or a story, so it must be cleaned out of the bytes: leave personal out"


_WORDS = {
    "of": "whose data it is",
    "why": "what it is for",
    "kept": "how long its rows are kept",
    "seen": "who sees it",
    "erasure": "what becomes of it when its person has everything deleted",
}


def _of_columns(table: Table, said: Registry) -> Iterator[str]:
    own = said.tables[table.name].columns
    for one in sorted(table.columns, key=lambda each: each.name):
        if one.name not in own and one.name not in said.everywhere:
            yield (
                f'Nobody described {table.name}.{one.name}. Add {one.name} = ["what it is", "why it is needed"] to'
                f" [tables.{table.name}.columns] in {WHERE}."
            )
        if isinstance(one.type, LargeBinary) and not lock(one):
            yield f"{table.name}.{one.name} holds bytes; its name must say how they are protected: {', '.join(LOCKS)}."
    for name in sorted(own.keys() - {one.name for one in table.columns}):
        yield f"There is no {table.name}.{name}. Take it out of {WHERE}."
