"""The keyword tables of every language, ready to be looked up in. Owns the shape of `words/<language>.toml`.

Imports the standard library, `flows.letters` and `flows.phrases`; reads its files once, when imported. The shape is
explained for translators at the top of `words/en.toml`. A table that cannot be used is an error at start, never a
silent gap.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flows.letters import folded, normalise
from flows.phrases import Pattern, Tree, parsed, planted, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

WORDS: Final = Path(__file__).parent / "words"
LISTS: Final = ("leads", "tails", "joins", "therefore", "reported", "excused", "others")
KINDS: Final = ("words", "phrases", "clear", "opening", "line", "asks", "own")


class Word(StrEnum):
    """What a keyword asks for."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"
    DELETE = "DELETE"
    DELETE_CHAT = "DELETE CHAT"
    MY_DATA = "MY DATA"
    LANGUAGE = "LANGUAGE"
    BACK = "BACK"
    SKIP = "SKIP"
    DONE = "DONE"
    CHANGE = "CHANGE"
    MORE = "MORE"
    PRIVACY = "PRIVACY"


EVERYWHERE: Final = (Word.STOP, Word.LANGUAGE)
"""Words that are looked for in every language: nobody has to know how to be understood to leave or to switch."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A keyword that was found, and what stood around it."""

    word: Word
    rest: str = ""
    """What surrounds the keyword, word for word, to be kept; empty when it was courtesy. What stood before and what
    stood after are on lines of their own. Two words have an argument instead: START the token of a link, and LANGUAGE
    the code of the language that was named ("pl")."""
    whole: bool = True
    """True when the message was this word (with its argument) and nothing else but courtesy."""
    language: str = "en"
    """Language of the table it was found in."""
    carrier_only: bool = False
    """True for a lone YES by SMS, which the carrier takes to opt a person in: START for somebody who had opted out, for
    everybody else their answer to whatever was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One language's file."""

    language: str
    checked: bool
    """False until a native speaker has read every line."""
    raw: Mapping[str, Any]

    def patterns(self, word: Word, *kinds: str, **slots: list[str]) -> Iterator[Pattern]:
        """Yield the patterns of these kinds for one word; raises ValueError that names the file and the table."""
        for kind in kinds:
            for text in self.raw[word.name].get(kind, ()):
                try:
                    yield parsed(text, {**self.raw.get("slots", {}), **slots})
                except ValueError as error:
                    raise ValueError(f"{self.language}.toml, [{word.name}], {kind}: {error}.") from None

    def list(self, name: str) -> frozenset[str]:
        """Return one of the lists that belong to the whole language, folded."""
        return frozenset(" ".join(folded(entry)) for entry in self.raw[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything that counts for a person of one language: theirs and English, and STOP and LANGUAGE in all."""

    whole: Tree[Recognised]
    clear: Tree[Recognised]
    opening: Tree[Recognised]
    """The clear ones and those that count at the beginning only."""
    line: Tree[Recognised]
    names: Mapping[str, str]
    """Language code by its name, in the languages of this book."""
    reserved: frozenset[str]
    breaks: re.Pattern[str]
    """Where a part of a message may end: a word that joins (group 1) or gives a reason, a dash, punctuation."""
    reported: frozenset[str]
    excused: frozenset[str]
    others: frozenset[str]


def read(path: Path) -> Table:
    """Read one language's file; raises ValueError that names the file, what is wrong and what to do."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    missing = [name for name in (*LISTS, "checked", "names", *(word.name for word in Word)) if name not in raw]
    if missing:
        raise ValueError(f"{path.name}: {', '.join(missing)} missing. Copy the shape of en.toml; a list may be empty.")
    for word in Word:
        unknown = [kind for kind in raw[word.name] if kind not in KINDS]
        if unknown:
            raise ValueError(f"{path.name}, [{word.name}]: {', '.join(unknown)} unknown. Use only {', '.join(KINDS)}.")
    return Table(language=path.stem, checked=raw["checked"], raw=raw)


def compiled(own: Table, tables: Iterable[Table]) -> Book:
    """Return the book of one language. What its own table says comes before English, and that before the others."""
    mine = [own, *(table for table in tables if table.language == "en" and table is not own)]
    shelves = [(table, word) for table in mine for word in Word]
    shelves += [(table, word) for table in tables if table not in mine for word in EVERYWHERE]

    def part(*kinds: str) -> list[tuple[Pattern, Recognised]]:
        return [
            (pattern, Recognised(word, whole=False, language=table.language))
            for table, word in shelves
            for pattern in table.patterns(word, *kinds)
        ]

    whole = [(pattern, replace(found, whole=True)) for pattern, found in part("words", "phrases", "clear")]
    return Book(
        whole=planted([*whole, *(named for table in tables for named in _languages(table))]),
        clear=planted(part("clear")),
        opening=planted(part("clear", "opening")),
        line=planted(part("line")),
        names={name: code for table in tables for code, name in _names(table)},
        reserved=frozenset(form for table, word in shelves for form in _forms(table, word)),
        breaks=_breaks(mine),
        reported=_union(mine, "reported"),
        excused=_union(mine, "excused"),
        others=_union(mine, "others"),
    )


def _forms(table: Table, word: Word) -> Iterator[str]:
    for pattern in table.patterns(word, "words"):
        for phrase in spelled(pattern):
            yield normalise(phrase)
            yield " ".join(folded(phrase))


def _languages(table: Table) -> Iterator[tuple[Pattern, Recognised]]:
    """Yield the ways to ask for a language by name; a name alone counts only for the language it is written in."""
    for code, names in table.raw["names"].items():
        for pattern in table.patterns(Word.LANGUAGE, "asks", name=names):
            yield pattern, Recognised(Word.LANGUAGE, rest=code, language=table.language)
    for pattern in table.patterns(Word.LANGUAGE, "own"):
        yield pattern, Recognised(Word.LANGUAGE, rest=table.language, language=table.language)


def _names(table: Table) -> Iterator[tuple[str, str]]:
    for code, names in table.raw["names"].items():
        for name in (code, *names):
            yield code, " ".join(folded(name))


def _breaks(tables: Iterable[Table]) -> re.Pattern[str]:
    def either(name: str) -> str:
        return "|".join(sorted({re.escape(entry) for table in tables for entry in table.raw[name]}))

    return re.compile(
        rf"\s+({either('joins')})(?=\s)|\s+(?:{either('therefore')})(?=\s)|\s[-–—]+\s|[.,;:!?…\n][\s.,;:!?…]*",
        re.IGNORECASE,
    )


def _union(tables: Iterable[Table], name: str) -> frozenset[str]:
    return frozenset().union(*(table.list(name) for table in tables))


TABLES: Final = tuple(read(path) for path in sorted(WORDS.glob("*.toml")))
BOOKS: Final = {table.language: compiled(table, TABLES) for table in TABLES}
LEADS: Final = _union(TABLES, "leads")
"""Courtesies that may stand before a keyword, of all languages together."""
TAILS: Final = _union(TABLES, "tails")
"""Courtesies that may stand after a keyword."""
