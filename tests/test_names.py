"""Names that lead to one place: no module and no class is called like another, so that a search finds what is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("flows", "storage", "review", "bot")
APART = ("storage/tables", "storage/migrations", "bot/cli")
"""Tables are called like what they hold, migrations by their number, commands by what is typed."""
TWICE = {"app"}
"""The team's pages are put together in one, the whole service in the other: the name that the field uses for both."""
EMPTY = frozenset({"common", "helpers", "manager", "misc", "utils"})


@cache
def modules() -> dict[str, ast.Module]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    named = {str(path.relative_to(ROOT)): path for path in paths if not path.stem.startswith("__")}
    kept = {name: path for name, path in named.items() if not name.startswith(APART)}
    assert len(kept) > 200, "the product is looked at, not an empty folder"
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in kept.items()}


def twice(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: where for name, where in found.items() if len(where) > 1}


def test_no_module_is_called_like_another() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for name in modules():
        found[Path(name).stem].append(name)
    assert set(twice(found)) == TWICE


def test_no_class_is_called_like_another() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name)
    assert len(found) > 200
    assert twice(found) == {}


@pytest.mark.parametrize("word", sorted(EMPTY))
def test_no_module_is_called_by_a_word_that_says_nothing(word: str) -> None:
    assert [name for name in modules() if word in Path(name).stem.split("_")] == []


def test_no_folder_holds_more_than_can_be_read_at_a_glance() -> None:
    """Beside tables, migrations, checks, queries and commands, whose names are a list of their own."""
    counted: dict[str, int] = defaultdict(int)
    for name in modules():
        counted[str(Path(name).parent)] += 1
    many = {folder: count for folder, count in counted.items() if count > 15 and folder != "flows/checks"}
    assert set(many) <= {"flows/interruptions"}, many
