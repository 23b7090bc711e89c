"""Every rule that is cited stands in docs/rules.md, and every place that is named there cites its rule."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
RULES = ROOT / "docs" / "rules.md"
ROOMS = ("bot", "flows", "storage", "review", "tests", "docs")
KINDS = {".py", ".toml", ".md", ".html"}
FEWEST_CITATIONS = 150
FEWEST = {"design rule": 14, "rule": 100}
_CITED = re.compile(
    r"\b(?P<design>design[\s#]+)?rules?[\s#]+(?P<numbers>\d+(?:(?:\s*[,–-]|(?:,?[\s#]+(?:and|or|to)\b))[\s#]*\d+)*)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(\d+)[\s#]*(?:to\b|[–-])[\s#]*(\d+)")
_ENTRY = re.compile(r"^### (Design rule|Rule) (\d+)\n\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_PLACE = re.compile(rf"`((?:{'|'.join(ROOMS)})/[\w./-]+)`")


class Rule(NamedTuple):
    """One rule, as it is cited: "design rule 3", "rule 17"."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Entry(NamedTuple):
    """What docs/rules.md says of a rule."""

    rule: Rule
    text: str


ENTRIES = [
    Entry(Rule(kind.lower(), int(number)), text) for kind, number, text in _ENTRY.findall(RULES.read_text("utf-8"))
]


def files() -> Iterator[Path]:
    """Yield every file that may cite a rule, the list itself left out."""
    for path in chain(ROOT.glob("*"), *(ROOT.joinpath(room).rglob("*") for room in ROOMS)):
        if path.suffix in KINDS and path.is_file() and path != RULES and path.name != "test_rules.py":
            yield path


def cited(text: str) -> Iterator[Rule]:
    """Yield each rule that a text cites, and with "1 to 5" those between."""
    for found in _CITED.finditer(text):
        numbers = {int(number) for number in re.findall(r"\d+", found["numbers"])}
        for first, last in _RANGE.findall(found["numbers"]):
            numbers |= set(range(int(first), int(last) + 1))
        yield from (Rule("design rule" if found["design"] else "rule", number) for number in sorted(numbers))


CITATIONS = [(path.relative_to(ROOT).as_posix(), rule) for path in files() for rule in cited(path.read_text("utf-8"))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(rule 17's end)", ["rule 17"]),
        ("(rules 6 and 33)", ["rule 6", "rule 33"]),
        ("Rules 54, 60 and\n# 61.", ["rule 54", "rule 60", "rule 61"]),
        ("(rules 84, 99, and 100)", ["rule 84", "rule 99", "rule 100"]),
        ("(rules 1 to 3, 8)", ["rule 1", "rule 2", "rule 3", "rule 8"]),
        ("(design rule 2, rule 47)", ["design rule 2", "rule 47"]),
        ("(rules 30 and 54, design rule\n    11)", ["rule 30", "rule 54", "design rule 11"]),
        ("(design\n# rules 3 and 10)", ["design rule 3", "design rule 10"]),
        ("my mother and the rules, 5 of them; no ruler 5; rule 26:-69", ["rule 26"]),
    ],
)
def test_citations_are_read(text: str, found: list[str]) -> None:
    assert [str(rule) for rule in cited(text)] == found


def test_numbering_has_no_gap_and_no_double() -> None:
    for kind, fewest in FEWEST.items():
        numbers = [entry.rule.number for entry in ENTRIES if entry.rule.kind == kind]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= fewest, "a rule that is dropped keeps its number, and says so"
    assert RULES.read_text("utf-8").count("\n### ") == len(ENTRIES)


def test_every_citation_resolves() -> None:
    known = {entry.rule for entry in ENTRIES}
    assert len(CITATIONS) >= FEWEST_CITATIONS
    assert [f"{path}: {rule}" for path, rule in CITATIONS if rule not in known] == []


def test_every_place_cites_its_rule() -> None:
    citations = set(CITATIONS)
    named = [(place, entry.rule) for entry in ENTRIES for place in _PLACE.findall(entry.text)]
    assert len(named) > 150
    assert [f"{place}: {rule}" for place, rule in named if (place, rule) not in citations] == []


def test_every_rule_that_is_cited_says_where_it_is_kept() -> None:
    homes = {rule for _, rule in CITATIONS}
    assert [str(entry.rule) for entry in ENTRIES if entry.rule in homes and not _PLACE.search(entry.text)] == []


def test_a_rule_that_nothing_cites_says_how_far_it_is_built() -> None:
    homes = {rule for _, rule in CITATIONS}
    left = [entry for entry in ENTRIES if entry.rule not in homes]
    silent = [str(entry.rule) for entry in left if not re.search(r"\*\*(Not|Partly)\s+built|\*\*Kept by", entry.text)]
    assert silent == []


def test_every_source_stands_in_the_list_at_the_end() -> None:
    listed = set(
        re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", RULES.read_text("utf-8").split("\n## Sources\n")[1], re.MULTILINE)
    )
    named: set[str] = set()
    for entry in ENTRIES:
        found = re.search(r"\*Source:\*\s(.*?)\.\n", entry.text, re.DOTALL)
        if found is not None:
            named |= {" ".join(source.split()) for source in found[1].split("·")}
        elif entry.rule.kind == "rule":
            assert re.search(r"\*\*Our\s+own\s+choice", entry.text), entry.rule
    assert named == listed - {"named above as"}
