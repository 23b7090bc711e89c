"""The data map: every column of every table, why we have it, who sees it, for how long.

All of it is what the registry of tables says, by which erasure, retention and the subject file go as well, so that the
document cannot say something else. `python -m storage.privacy.data_map` prints docs/data-map.md; a test keeps the two
equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage import tables
from storage.tables.registry import column, entries, eyes, lock, problems, registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column

LOCKS = {"sealed": "encrypted", "lookup": "keyed hash"}
HEAD = """\
# Data map

What Earshot keeps, column by column: what it is, why it is needed, who sees it, and for how long. This file is made
from the code by `python -m storage.privacy.data_map`; a test fails when the two differ, and for a column that nobody
described in `storage/tables/registry.toml`. Where the table's first lines say who sees it and how long it is kept,
that holds for each of its columns, unless the column says otherwise. A person gets all that is held about them in one
file; numbers that only Earshot works with, and the names of colleagues, are left out of it.

**Whoever may read the machine's disk as Earshot does can read the database.** What is marked *encrypted* also needs the
key, which is kept apart. What is marked *keyed hash* cannot be turned back without it, not even by trying all numbers.
All else, the stories among it, is readable in the file: encrypting the disk is up to whoever runs the machine
([threat model](threat-model.md)).
"""


class MisdescribedError(ValueError):
    """The registry does not describe the tables as they are; nothing was printed. The message says what to do."""


def document() -> str:
    """Return docs/data-map.md; raises MisdescribedError."""
    if wrong := problems():
        raise MisdescribedError("\n".join(wrong))
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    said = registry()
    yield HEAD
    yield "## Who on our side sees it\n"
    yield from _table(("word", "meaning"), ((f"*{word}*", meaning) for word, meaning in said.eyes.items()))
    for group, title in said.groups.items():
        yield f"\n## {title}"
        for name in (name for name, table in said.tables.items() if table.of == group):
            yield from _of_table(name)
    yield "\n## Files\n"
    rows = ((one.name, one.holds, one.kept, _seen(one.seen)) for one in said.files)
    yield from _table(("file", "what it holds", "how long", "who on our side sees it"), rows)


def _of_table(name: str) -> Iterator[str]:
    said = entries()[name]
    yield f"\n### `{name}`\n"
    yield f"{said.why}\n"
    yield f"- Who on our side sees it: {_seen(said.seen)}"
    found = f"under `{said.subject_file}`" if said.subject_file else "no"
    yield f"- Its person sees it in their own file: {said.told or found}"
    yield f"- How long: {said.kept}"
    if said.let_go:
        yield f"- As time passes: {said.let_go}"
    elif said.stays:
        yield f"- As time passes, it stays: {said.stays}"
    yield f"- When its person has everything deleted: {said.erasure}\n"
    rows = (_of_column(one) for one in tables.metadata.tables[name].columns)
    yield from _table(("column", "what it is", "why", "differs"), rows)


def _of_column(one: Column[object]) -> tuple[str, ...]:
    said = column(one.table.name, one.name)
    differs = [f"**{LOCKS[kind]}**"] if (kind := lock(one)) in LOCKS else []
    if said.seen and eyes(said.seen) != eyes(entries()[one.table.name].seen):
        differs.append(f"seen by {_seen(said.seen)}")
    if said.kept:
        differs.append(said.kept.rstrip("."))
    return f"`{one.name}`", said.what, said.why, "; ".join(differs)


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
