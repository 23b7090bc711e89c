"""Names that lead to one place: no module and no class is called like another, so that a search finds what is meant."""

from __future__ import annotations

import ast
import re
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


# --- the glossary -----------------------------------------------------------------------------------------------------

NO_NOUNS = frozenset({
    "a", "after", "again", "alike", "another", "around", "asked", "before", "elsewhere", "first", "force", "given",
    "in", "kept", "look", "made", "many", "of", "off", "on", "open", "other", "own", "reachable", "read", "that", "the",
    "to", "up", "usual", "waiting", "where", "whole",
})  # fmt: skip
"""Words of a file's name that are passed over when its noun is looked for, unless the glossary knows them together."""


def listed(part: str) -> set[str]:
    """Return the words of a table of the glossary, the first one or the second, in lower case with single spaces."""
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| ") and not line.startswith("| word")]
    return {word.strip().replace("-", " ") for row in rows for word in row.split(",")}


def glossary() -> tuple[set[str], set[str]]:
    first, second = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").split("## Words of the field")
    found = listed(first), listed(second)
    assert min(map(len, found)) > 40
    return found


def singular(name: str) -> set[str]:
    """Return what a word may be the plural of, and the word itself."""
    return {name, name.removesuffix("s"), name.removesuffix("es"), re.sub("ies$", "y", name)}


def noun_of(name: str, known: set[str]) -> str:
    """Return the last noun of a file's name as the glossary has it, or as it stands where the glossary lacks it."""
    words = Path(name).stem.split("_")
    while words:
        for start in range(len(words)):
            if found := singular(" ".join(words[start:])) & known:
                return min(found)
        if words[-1] not in NO_NOUNS:
            return words[-1]
        words.pop()
    return ""


def test_the_noun_of_each_module_is_in_the_glossary() -> None:
    known = set().union(*glossary())
    strange = {name: noun for name in modules() if (noun := noun_of(name, known)) not in known}
    assert strange == {}


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("conversation_timers", "timer"), ("follow_ups_asked", "follow up"), ("own_stories", "own story"),
        ("after_the_end", "end"), ("frobnicators", "frobnicators"), ("story_frobnicator", "frobnicator"),
    ],
)  # fmt: skip
def test_the_noun_of_a_module_is_its_last_one(name: str, noun: str) -> None:
    assert noun_of(name, {"timer", "follow up", "story", "own story", "end"}) == noun


def everything_written() -> str:
    """Return code, templates, flows and documents, but not the glossary itself, as words with single spaces."""
    folders = (*PACKAGES, "docs")
    paths = [
        path
        for folder in folders
        for kind in ("py", "html", "toml", "md")
        for path in (ROOT / folder).rglob(f"*.{kind}")
    ]
    kept = [path for path in paths if path != ROOT / "docs/glossary.md"]
    assert len(kept) > 300
    text = "\n".join(path.read_text(encoding="utf-8") for path in kept)
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return re.sub(r"[\s_/.-]+", " ", parted).lower()


def unused(words: set[str], written: str) -> list[str]:
    return sorted(word for word in words if not re.search(rf"\b{re.sub('y$', '(y|ie)', word)}(s|es)?\b", written))


def test_each_word_of_the_glossary_is_used() -> None:
    written = everything_written()
    assert [unused(words, written) for words in glossary()] == [[], []]
    assert unused({"frobnicator", "story"}, written) == ["frobnicator"]
