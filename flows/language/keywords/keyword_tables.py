"""The keyword tables of every language, ready to be looked up in. Owns the shape of `words/<language>.toml`.

Its files are read once, when first asked for, and the book of a language is put together when somebody of that language
first writes. The shape is explained for translators at the top of `words/en.toml`. A table that cannot be used is an
error, never a silent gap.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flows.language.kept_books import kept
from flows.language.normalise import folded, normalise
from flows.language.phrase_trie import Pattern, PatternChoice, Place, Tree, expanded, joined, parsed, sown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ANY: Final = "*"
"""Stands for one word, whatever it is, in the patterns of `beside`."""
LONG: Final = 9
"""Letters from which on a keyword is known although up to two of them are wrong."""
NAME: Final = r"[^\W\d_][\w.'’-]*"
"""One word of somebody's name, or an initial."""
WORDS: Final = Path(__file__).parent / "words"
LISTS: Final = ("leads", "tails", "joins", "therefore", "reported", "excused", "others")
PERHAPS: Final = ("beside", "footers", "farewells", "signers", "begins", "ties", "fillers", "ours")
"""Lists that a language may do without."""
USES: Final = ("team", "quote", "unnamed")
"""How far a story is to travel from now on; what NARROW leaves in `rest`."""
KINDS: Final = ("words", "phrases", "clear", "opening", "ending", "line", "lone", "signs", "asks", "own", *USES)


class Keyword(StrEnum):
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
    PERSON = "PERSON"
    """A human being is wanted, to talk or write to."""
    NARROW = "NARROW"
    """A story is to travel less far than was agreed, or without a name; `rest` is one of `USES`."""


PERHAPS_WORDS: Final = (Keyword.PERSON, Keyword.NARROW)
"""Words that a table may not have yet: then the English ones alone count."""
TOGETHER: Final = (Keyword.STOP, Keyword.DELETE, Keyword.DELETE_CHAT, Keyword.MY_DATA, Keyword.NARROW, Keyword.PERSON)
"""Words that may stand together in one message, or beside half-sentences that mean nothing else; first comes first."""
EVERYWHERE: Final = (Keyword.STOP, Keyword.LANGUAGE)
"""Words that are looked for in every language: nobody has to know how to be understood to leave or to switch."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A keyword that was found, and what stood around it."""

    word: Keyword
    rest: str = ""
    """What surrounds the keyword, word for word, to be kept; empty when it was courtesy. What stood before and what
    stood after are on lines of their own. Three words have an argument instead: START the token of a link, LANGUAGE
    the code of the language that was named ("pl"), NARROW one of "team", "quote", "unnamed"."""
    whole: bool = True
    """True when the message was this word (with its argument) and nothing else but courtesy."""
    language: str = "en"
    """Language of the table it was found in."""
    sensed: bool = False
    """True where no phrase says it but a model reads it so: then what the question understands comes first."""
    carrier_only: bool = False
    """True for a lone YES by SMS, which the carrier takes to opt a person in: START for somebody who had opted out, for
    everybody else their answer to whatever was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordTable:
    """One language's file."""

    language: str
    checked: bool
    """False until a native speaker has read every line."""
    raw: Mapping[str, Any]
    _known: dict[str, PatternChoice] = field(default_factory=dict, compare=False, repr=False)
    _sown: dict[tuple[Keyword, str], list[Place[Recognised]]] = field(default_factory=dict, compare=False, repr=False)

    def sown(self, word: Keyword, kind: str) -> list[Place[Recognised]]:
        """Return the patterns of one kind, ready for any number of trees."""
        if (word, kind) not in self._sown:
            meaning = Recognised(word, rest=kind if kind in USES else "", language=self.language)
            self._sown[word, kind] = [sown(pattern, meaning, _words) for pattern in self.patterns(word, kind)]
        return self._sown[word, kind]

    def patterns(self, word: Keyword, *kinds: str, **slots: list[str]) -> Iterator[Pattern]:
        """Yield the patterns of these kinds for one word; raises ValueError that names the file and the table."""
        for kind in kinds:
            for text in self.raw.get(word.name, {}).get(kind, ()):
                yield self._parsed(text, f"[{word.name}], {kind}", slots)

    def beside(self) -> list[Place[str]]:
        """Return what people put beside a keyword and means nothing else: "courtesy", "join", or "beside"."""
        kinds = {"courtesy": ("leads", "tails"), "join": ("joins", "therefore")}
        read: list[tuple[Pattern, str]] = [
            (text, kind) for kind, names in kinds.items() for name in names for text in self.raw[name] if len(text) > 1
        ]
        read += [(self._parsed(text, "beside", {}), "beside") for text in self.raw.get("beside", ())]
        return [sown(pattern, kind, _words) for pattern, kind in read]

    def _parsed(self, text: str, where: str, slots: Mapping[str, list[str]]) -> Pattern:
        try:
            return parsed(text, {**self.raw.get("slots", {}), **slots}, None if slots else self._known)
        except ValueError as error:
            raise ValueError(f"{self.language}.toml, {where}: {error}.") from None

    def list(self, name: str) -> frozenset[str]:
        """Return one of the lists that belong to the whole language, folded."""
        return frozenset(" ".join(folded(entry)) for entry in self.raw.get(name, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordBook:
    """Everything that counts for a person of one language: theirs and English, and STOP and LANGUAGE in all."""

    whole: Tree[Recognised]
    clear: Tree[Recognised]
    opening: Tree[Recognised]
    """The clear ones and those that count at the beginning only."""
    ending: Tree[Recognised]
    """The clear ones and those that count at the end only, where nobody wrote a full stop."""
    line: Tree[Recognised]
    lone_ends: frozenset[str]
    """The last words of those, and of courtesies."""
    lone: Tree[Recognised]
    """Those that count as first sentence of a message which goes on to speak to us."""
    together: Tree[Recognised]
    """Every way to say one of `TOGETHER`, and `beside` what may stand between them."""
    beside: Tree[str]
    order: Mapping[Keyword, int]
    signs: Mapping[str, Recognised]
    """Emoji that are a keyword where nothing else is written."""
    names: Mapping[str, str]
    """Language code by its name, in the languages of this book."""
    reserved: frozenset[str]
    breaks: re.Pattern[str]
    """Where a part of a message may end: a word that joins (group 1) or gives a reason, a dash, punctuation."""
    therefore: frozenset[str]
    """Words that begin what follows from what was said."""
    reported: frozenset[str]
    excused: frozenset[str]
    others: frozenset[str]
    begins: frozenset[str]
    """Words that begin a new sentence where somebody dictates without full stops."""
    ties: frozenset[str]
    """Words that tie a clear phrase to what stands before it."""
    fillers: frozenset[str]
    """Words that change nothing, wherever they stand."""
    ours: frozenset[str]
    """Words that show a message speaks to us or of its writer."""
    long: frozenset[str]
    """Keywords of one long word, which are known by most of their letters."""
    leads: frozenset[str]
    """Courtesies that may stand before a keyword, of all languages together."""
    tails: frozenset[str]
    """Courtesies that may stand after a keyword."""
    lead_begins: frozenset[str]
    tail_ends: frozenset[str]
    footer: re.Pattern[str]
    """What a phone or a mail program writes below a message by itself."""
    farewell: re.Pattern[str]
    """A greeting at the end, with or without a name after it."""
    signer: re.Pattern[str]
    """The same, less plain: only where a sentence begins."""


def read(path: Path) -> KeywordTable:
    """Read one language's file; raises ValueError that names the file, what is wrong and what to do."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    missing = [name for name in (*LISTS, "checked", "names", *_needed()) if name not in raw]
    if missing:
        raise ValueError(f"{path.name}: {', '.join(missing)} missing. Copy the shape of en.toml; a list may be empty.")
    for word in Keyword:
        unknown = [kind for kind in raw.get(word.name, ()) if kind not in KINDS]
        if unknown:
            raise ValueError(f"{path.name}, [{word.name}]: {', '.join(unknown)} unknown. Use only {', '.join(KINDS)}.")
    return KeywordTable(language=path.stem, checked=raw["checked"], raw=raw)


def _needed() -> Iterator[str]:
    return (word.name for word in Keyword if word not in PERHAPS_WORDS)


def compiled(own: KeywordTable, tables: Iterable[KeywordTable]) -> KeywordBook:
    """Return the book of one language. What its own table says comes before English, and that before the others."""
    mine = [own, *(table for table in tables if table.language == "en" and table is not own)]
    shelves = [(table, word) for table in mine for word in Keyword]
    shelves += [(table, word) for table in tables if table not in mine for word in EVERYWHERE]

    def part(*kinds: str) -> list[Place[Recognised]]:
        return [place for table, word in shelves for kind in kinds for place in table.sown(word, kind)]

    leads, tails = _union(tables, "leads"), _union(tables, "tails")
    together = [(table, word) for word in TOGETHER for table, each in shelves if each is word]
    named = [sown(pattern, found, _words) for table in tables for pattern, found in _languages(table)]
    words_alone = {form for table, word in shelves if word is Keyword.STOP for form in _forms(table, word)}
    lone_ends = frozenset(
        folded(phrase)[-1]
        for table, word in shelves
        for pattern in table.patterns(word, "lone")
        for phrase in expanded(pattern)
    )
    names = rf"\b[\W_]*((?:{NAME}\W*){{0,4}})"
    whole = joined([*part("words", "phrases", "clear", *USES), *named])
    beside = joined(place for table in mine for place in table.beside())
    lead_begins = frozenset(lead.split()[0] for lead in leads)
    return KeywordBook(
        whole=whole,
        clear=joined(part("clear")),
        opening=joined(part("clear", "opening")),
        ending=joined(part("clear", "ending")),
        line=joined(part("line")),
        lone=joined(part("lone")),
        lone_ends=lone_ends.union(tail.split()[-1] for tail in tails),
        together=joined(
            place
            for table, word in together
            for kind in ("words", "phrases", "clear", *USES)
            for place in table.sown(word, kind)
        ),
        beside=beside,
        order={word: place for place, word in enumerate(TOGETHER)},
        signs={
            sign: Recognised(word, language=table.language)
            for table, word in shelves
            for sign in table.raw.get(word.name, {}).get("signs", ())
        },
        names={name: code for table in tables for code, name in _names(table)},
        reserved=frozenset(form for table, word in shelves for form in _forms(table, word)),
        breaks=_breaks(mine),
        therefore=_union(mine, "therefore"),
        reported=_union(mine, "reported"),
        excused=_union(mine, "excused"),
        others=_union(mine, "others"),
        begins=_union(mine, "begins"),
        ties=_union(mine, "ties"),
        fillers=_union(mine, "fillers"),
        ours=_union(mine, "ours"),
        long=frozenset(word for word in words_alone if len(word) >= LONG and word.isalpha()),
        leads=leads,
        tails=tails,
        lead_begins=lead_begins,
        tail_ends=frozenset(tail.split()[-1] for tail in tails),
        footer=_ending(tables, "footers", r"\b[^\n]{0,60}"),
        farewell=_ending(tables, "farewells", names),
        signer=_ending(tables, "signers", names, before=r"[.!?,;…\n–—-]\s*"),
    )


def _forms(table: KeywordTable, word: Keyword) -> Iterator[str]:
    for pattern in table.patterns(word, "words"):
        for phrase in expanded(pattern):
            yield normalise(phrase)
            yield " ".join(folded(phrase))


def _languages(table: KeywordTable) -> Iterator[tuple[Pattern, Recognised]]:
    """Yield the ways to ask for a language by name; a name alone counts only for the language it is written in."""
    for code, names in table.raw["names"].items():
        for pattern in table.patterns(Keyword.LANGUAGE, "asks", name=names):
            yield pattern, Recognised(Keyword.LANGUAGE, rest=code, language=table.language)
    for pattern in table.patterns(Keyword.LANGUAGE, "own"):
        yield pattern, Recognised(Keyword.LANGUAGE, rest=table.language, language=table.language)


def _names(table: KeywordTable) -> Iterator[tuple[str, str]]:
    for code, names in table.raw["names"].items():
        for name in (code, *names):
            yield code, " ".join(folded(name))


def _breaks(tables: Iterable[KeywordTable]) -> re.Pattern[str]:
    def either(name: str) -> str:
        return "|".join(sorted({re.escape(entry) for table in tables for entry in table.raw[name]}))

    return re.compile(
        rf"\s+({either('joins')})(?=\s)|\s+(?:{either('therefore')})(?=\s)|\s[-–—]+\s|[.,;:!?…\n][\s.,;:!?…]*",
        re.IGNORECASE,
    )


def _ending(tables: Iterable[KeywordTable], name: str, after: str, before: str = r"(?:^|[\W_])") -> re.Pattern[str]:
    """Return what finds one of a list, and what may follow it, at the end of a text."""
    either = "|".join(sorted({re.escape(entry) for table in tables for entry in table.raw.get(name, ())}, reverse=True))
    return re.compile(rf"{before}(?:{either or '(?!)'}){after}\Z", re.IGNORECASE)


def _union(tables: Iterable[KeywordTable], name: str) -> frozenset[str]:
    return frozenset().union(*(table.list(name) for table in tables))


@cache
def _words(text: str) -> tuple[str, ...]:
    """Return the words of a piece of a pattern; the same few hundred pieces make up all of them."""
    return tuple(word for piece in text.split() for word in ((ANY,) if piece == ANY else folded(piece)))


@cache
def tables() -> tuple[KeywordTable, ...]:
    """Return the table of every language."""
    return tuple(read(path) for path in sorted(WORDS.glob("*.toml")))


@lru_cache(maxsize=64)
def book_of(language: str) -> KeywordBook:
    """Return the book for a person's language ("cy", "en-GB"): English where we have none of theirs."""
    code = language.replace("_", "-").partition("-")[0].lower()
    return _compiled(next((each for each in (language, code) if each in _languages_known()), "en"))


def books() -> dict[str, KeywordBook]:
    """Return the book of every language, put together from its sources, by the name it is kept by."""
    return {f"keywords {table.language}": compiled(table, tables()) for table in tables()}


@cache
def _languages_known() -> frozenset[str]:
    return frozenset(path.stem for path in WORDS.glob("*.toml"))


@cache
def _compiled(language: str) -> KeywordBook:
    return kept(f"keywords {language}", lambda: books()[f"keywords {language}"])
