"""The data map: every column of every table, why we have it, who sees it, for how long.

Descriptions stand in `data_map.toml`; names, encryption and what becomes of each table are taken from the code, so that
the document cannot say something else. `python -m storage.privacy.data_map` prints docs/data-map.md; a test keeps the
two equal and fails for a column that nobody described.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from storage import tables
from storage.privacy.retention import KEPT, LET_GO
from storage.privacy.subject_file import FOUND_IN
from storage.protection.crypto import PROTECTED
from storage.protection.erasure import ON_ERASURE

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTIONS = Path(__file__).with_name("data_map.toml")
LOCKS = {"sealed": "encrypted", "lookup": "keyed hash"}
HEAD = """\
# Data map

What Earshot keeps, column by column: what it is, why it is needed, who sees it, and for how long. This file is made
from the code by `python -m storage.privacy.data_map`; a test fails when the two differ, and for a column that nobody
described in `storage/privacy/data_map.toml`. Where the table's first lines say who sees it and how long it is kept,
that holds for each of its columns, unless the column says otherwise. A person gets all that is held about them in one
file; numbers that only Earshot works with, and the names of colleagues, are left out of it.

**Whoever may read the machine's disk as Earshot does can read the database.** What is marked *encrypted* also needs the
key, which is kept apart. What is marked *keyed hash* cannot be turned back without it, not even by trying all numbers.
All else, the stories among it, is readable in the file: encrypting the disk is up to whoever runs the machine
([threat model](threat-model.md)).
"""


class MisdescribedError(ValueError):
    """`data_map.toml` does not describe the tables as they are; nothing was printed. The message says what to do."""


class Described(NamedTuple):
    """What is said of one column. Empty where it is as its table says."""

    what: str
    why: str
    seen: str = ""
    kept: str = ""


@cache
def descriptions() -> dict[str, Any]:
    """Return what is said of tables, columns and files."""
    return tomllib.loads(DESCRIPTIONS.read_text(encoding="utf-8"))


def column(table: str, name: str) -> Described:
    """Return what is said of a column; raises KeyError if nothing is."""
    said = descriptions()
    own = said["tables"][table]["columns"]
    return Described(*(own[name] if name in own else said["everywhere"][name]))


def eyes(who: str) -> tuple[str, ...]:
    """Return who sees something, one word each."""
    return tuple(word.strip() for word in who.split(","))


def problems() -> list[str]:
    """Return what is missing in the descriptions or too much in them, each with what to do."""
    said, file = descriptions(), f"storage/privacy/{DESCRIPTIONS.name}"
    there = {table.name: {one.name for one in table.columns} for table in tables.metadata.tables.values()}
    found = [
        f"Nobody described the table {name}. Add [tables.{name}] to {file}."
        for name in sorted(there.keys() - said["tables"].keys())
    ]
    found += [
        f"There is no table {name}. Take it out of {file}." for name in sorted(said["tables"].keys() - there.keys())
    ]
    for name in sorted(there.keys() & said["tables"].keys()):
        own = set(said["tables"][name]["columns"])
        found += [
            f'Nobody described {name}.{one}. Add {one} = ["what it is", "why it is needed"] to'
            f" [tables.{name}.columns] in {file}."
            for one in sorted(there[name] - own - said["everywhere"].keys())
        ]
        found += [f"There is no {name}.{one}. Take it out of {file}." for one in sorted(own - there[name])]
    seen = [*said["tables"].values(), *said["files"]]
    words = {word for one in seen for word in eyes(one["seen"])}
    words |= {word for table in said["tables"].values() for one in table["columns"].values() for word in _eyes_of(one)}
    found += [f"Nobody knows who {word} is. Use the words of [eyes] in {file}." for word in words - said["eyes"].keys()]
    of = {table["of"] for table in said["tables"].values()}
    return found + [
        f"There is no group {word}. Use the words of [groups] in {file}." for word in of ^ {*said["groups"]}
    ]


def document() -> str:
    """Return docs/data-map.md; raises MisdescribedError."""
    if wrong := problems():
        raise MisdescribedError("\n".join(wrong))
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    said = descriptions()
    yield HEAD
    yield "## Who on our side sees it\n"
    yield from _table(("word", "meaning"), ((f"*{word}*", meaning) for word, meaning in said["eyes"].items()))
    for group, title in said["groups"].items():
        yield f"\n## {title}"
        for name in (name for name, table in said["tables"].items() if table["of"] == group):
            yield from _of_table(name)
    yield "\n## Files\n"
    rows = ((one["name"], one["holds"], one["kept"], _seen(one["seen"])) for one in said["files"])
    yield from _table(("file", "what it holds", "how long", "who on our side sees it"), rows)


def _of_table(name: str) -> Iterator[str]:
    table = descriptions()["tables"][name]
    yield f"\n### `{name}`\n"
    yield f"{table['why']}\n"
    yield f"- Who on our side sees it: {_seen(table['seen'])}"
    yield f"- Its person sees it in their own file: {_told(name)}"
    yield f"- How long: {table['kept']}"
    if name in LET_GO:
        yield f"- As time passes: {LET_GO[name]}"
    elif name in KEPT:
        yield f"- As time passes, it stays: {KEPT[name]}"
    yield f"- When its person has everything deleted: {ON_ERASURE[name]}\n"
    rows = (_of_column(name, one.name) for one in tables.metadata.tables[name].columns)
    yield from _table(("column", "what it is", "why", "differs"), rows)


def _of_column(table: str, name: str) -> tuple[str, ...]:
    said = column(table, name)
    locked = [LOCKS[one.kind] for one in PROTECTED if (one.table, one.column) == (table, name)]
    whole = descriptions()["tables"][table]
    differs = [f"**{lock}**" for lock in locked]
    if said.seen and eyes(said.seen) != eyes(whole["seen"]):
        differs.append(f"seen by {_seen(said.seen)}")
    if said.kept:
        differs.append(said.kept.rstrip("."))
    return f"`{name}`", said.what, said.why, "; ".join(differs)


def _told(name: str) -> str:
    told: str = descriptions()["tables"][name].get("told", "")
    return told or (f"under `{FOUND_IN[name]}`" if name in FOUND_IN else "no")


def _eyes_of(one: list[str]) -> tuple[str, ...]:
    return eyes(one[2]) if len(one) > 2 else ()


def _seen(who: str) -> str:
    return ", ".join(f"*{word}*" for word in eyes(who))


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield _row(head)
    yield f"|{'---|' * len(head)}"
    yield from map(_row, rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |".replace("  |", " |")


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
