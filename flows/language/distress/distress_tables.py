"""Words of distress: which kinds of concern a message may hold, for a signpost and for a person to look at.

Owns how a message is matched and the shape of `concerns/<language>.toml`, which is explained at the top of `en.toml`.
Reads its files once. It flags words and nothing more: no score, no grade, no decision (rule 80). When in doubt it
flags, because a signpost too many costs little.

A message is folded as keywords are, its spellings made one, its filler words left out. Then it is looked up phrase by
phrase; what lies within a look-alike or behind a negation does not count. An ordinary message costs a few microseconds.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flows.language.distress import literal_wish
from flows.language.kept_books import kept
from flows.language.normalise import folded
from flows.language.phrase_trie import Pattern, PatternChoice, Tree, build_tree, items, parsed, pattern_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

FOLDER: Final = Path(__file__).parent / "concerns"
KINDS: Final = ("suicide", "self_harm", "despair", "violence", "sexual", "child", "danger", "death")
"""Kinds of concern, for the words on a content note; their order says nothing about weight."""
ANY: Final = "~"
"""In a phrase: up to `MOST_BETWEEN` words of any kind."""
FIRST, LAST = "^", "$"
"""In a phrase: the beginning and the end of a message."""
BETWEEN = "/"
"""Stands where a clause ends; no phrase goes over it."""
FOREIGN = "@"
"""Marks a kind that was found by a phrase of another language than English."""
MOST_BETWEEN: Final = 3
BEFORE: Final = 10
"""Words looked back over for a second negation, which turns the first one round."""
_MARKS: Final = (ANY, FIRST, LAST)
LISTS: Final = ("leave_out", "negations", "bridge")
TABLES: Final = ("spellings", "typos", "slots", "alike", *KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DistressTable:
    """One language's file."""

    language: str
    checked: bool
    """False until a native speaker has read every line."""
    raw: Mapping[str, Any]

    def list(self, name: str) -> frozenset[str]:
        """Return one of the lists that belong to the whole language, folded."""
        return frozenset(word for entry in self.raw.get(name, ()) for word in folded(entry))

    def patterns(self, table: str, kind: str, known: dict[str, PatternChoice] | None = None) -> Iterator[Pattern]:
        """Yield the patterns of one list; raises ValueError that names the file and the table.

        Slots that were read for others of this table before are in `known`.
        """
        for text in self.raw.get(table, {}).get(kind, ()):
            try:
                yield parsed(text, self.raw.get("slots", {}), known)
            except ValueError as error:
                raise ValueError(f"concerns/{self.language}.toml, [{table}], {kind}: {error}.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class DistressBook:
    """Everything that is looked for in the messages of a person of one language: theirs, English, then the others."""

    spellings: Mapping[str, str]
    """What a word is read as; filler words as nothing."""
    now: Tree[str]
    """Phrases that send the signpost, each with its kind."""
    note: Tree[str]
    """Phrases that only a content note is made of."""
    hint: Tree[str]
    """Phrases that only help the model."""
    alike: Tree[str]
    starts: dict[str, list[int] | tuple[tuple[int, Tree[str]], ...]]
    """By the first word of a phrase: in which of `now`, `note`, `hint`, `alike` it stands and what may follow, once
    somebody has said the word; until then the same empty list for all."""
    negations: frozenset[str]
    bridge: frozenset[str]
    own_spellings: frozenset[str]
    """Words that English reads in another way."""

    def begun(self, word: str) -> tuple[tuple[int, Tree[str]], ...]:
        """Return what may follow the first word of a phrase, and keep it at hand."""
        trees = (self.now, self.note, self.hint, self.alike)
        branches = ((which, trees[which].after(word)) for which in range(len(trees)))
        made = self.starts[word] = tuple((which, branch) for which, branch in branches if branch is not None)
        return made

    def words(self, text: str) -> list[str]:
        """Return the words of a message as phrases are written."""
        return self._marked(_clauses(text))

    def words_twice(self, text: str) -> tuple[list[str], list[str]]:
        """Return the words of a message as phrases are written, and as English alone reads them, without marks."""
        clauses = _clauses(text)
        words = self._marked(clauses)
        if all(map(self.own_spellings.isdisjoint, clauses)):
            return words, [word for word in words[1:-1] if word != BETWEEN]
        read = _english_spellings()
        return words, " ".join([read.get(word, word) for clause in clauses for word in clause]).split()

    def _marked(self, clauses: Sequence[Sequence[str]]) -> list[str]:
        read = self.spellings
        said = [" ".join([read.get(word, word) for word in clause]) for clause in clauses]
        return f"{FIRST} {f' {BETWEEN} '.join(said)} {LAST}".split()


Match = tuple[int, int, str]
"""Where a phrase begins and ends, and its kind."""
_NONE: Final[frozenset[str]] = frozenset()


class DistressFound(NamedTuple):
    """What stands in one piece of a message."""

    words: list[str]
    """The words, with the spellings of English."""
    now: frozenset[str]
    """Kinds whose phrases send the signpost."""
    noted: frozenset[str]
    """Kinds whose phrases only a content note is made of."""
    hinted: frozenset[str]
    """Kinds whose phrases are too broad to say anything by themselves."""
    alike: bool
    """True if something stands there that looks like it and is not."""
    foreign: bool
    """True if a phrase of another language than English was found."""


def found_in(text: str, language: str = "en") -> DistressFound:
    """Return all that the phrases say about a piece of a message. Never raises."""
    return _found(text, _book(language))


def found_in_english(text: str) -> DistressFound:
    """Return what the English phrases alone say, whatever other tables there are."""
    return _found(text, _english())


def _found(text: str, book: DistressBook) -> DistressFound:
    words, in_english = book.words_twice(text)
    now, noted, hinted, alike = _all_matches(words, book)
    kinds = _meant(words, now, alike, book) if now else _NONE
    return DistressFound(
        words=in_english,
        now=_with_wish(_plain(kinds), words),
        noted=_plain(_meant(words, noted, alike, book)) if noted else _NONE,
        hinted=_plain(_meant(words, hinted, alike, book)) if hinted else _NONE,
        alike=bool(alike),
        foreign=any(kind.endswith(FOREIGN) for kind in kinds) if kinds else False,
    )


def concerns(text: str, language: str = "en") -> frozenset[str]:
    """Return the kinds of concern that these words may hold, for a signpost and a person; empty for none. Never raises.

    `language` is the person's ("cy", "en-GB"). Its own spellings come first; phrases of every language are looked for,
    because many people write in another language than the one they were asked in.
    """
    book = _book(language)
    words = book.words(text)
    found = _matches(words, book.now)
    kinds = _plain(_meant(words, found, _matches(words, book.alike), book)) if found else _NONE
    return _with_wish(kinds, words)


def concerns_across(before: str, text: str, language: str = "en") -> frozenset[str]:
    """Return the kinds that `text` holds, alone or as what goes on with the end of the message before it."""
    return concerns(text, language) or concerns_begun(before, text, language)


def concerns_begun(before: str, text: str, language: str = "en") -> frozenset[str]:
    """Return the kinds of phrases that begin at the end of the message before and go on in `text`."""
    if not before:
        return _NONE
    book, tail = _book(language), before[-TAIL:]
    head = book.words(tail)[:-1]
    if tail.endswith(_ENDS) and not tail.endswith(".."):
        head.append(BETWEEN)
    begun = len(head)
    words = head + book.words(text)[1:]
    found = [each for each in _matches(words, book.now, begun) if each[1] > begun]
    if not found:
        return _NONE
    return _plain(_meant(words, found, _matches(words, book.alike), book)) - concerns(tail, language)


_ENDS: Final = (".", "!", "?", ";")


TAIL: Final = 60
"""Characters of the message before that a phrase may have begun in."""


def noted(text: str, language: str = "en") -> frozenset[str]:
    """Return the kinds that a reader of a story should be told of before they open it. Never raises."""
    book = _book(language)
    words = book.words(text)
    found = [*_matches(words, book.now), *_matches(words, book.note)]
    kinds = _plain(_meant(words, found, _matches(words, book.alike), book)) if found else _NONE
    return _with_wish(kinds, words)


def warm(languages: Iterable[str] = ("en",)) -> None:
    """Make the tables ready, a quarter of a second's work; else the first message does it.

    Languages whose spellings do not contradict those of English share one book.

    Raises ValueError for a table that cannot be used.
    """
    for language in languages:
        _book(language)


def unchecked() -> tuple[str, ...]:
    """Return the languages whose words of distress still wait for a native speaker."""
    return tuple(table.language for table in _tables() if not table.checked)


# ---- matching

_END = re.compile(r"(?<!\.)\.(?=\s)|[!?;]+(?=\s)|\n+")
"""Where a clause ends: not at three dots, nor within a number or a name."""


def _clauses(text: str) -> list[list[str]]:
    if "\n" not in text and not _MARK_AND_SPACE.search(text):
        return [folded(text)]
    return [folded(clause) for clause in _END.split(text)]


_MARK_AND_SPACE = re.compile(r"[.!?;]\s")


def _plain(kinds: frozenset[str]) -> frozenset[str]:
    """Return the kinds without the mark of another language."""
    if not kinds:
        return kinds
    return frozenset(kind.removesuffix(FOREIGN) for kind in kinds)


def _all_matches(words: Sequence[str], book: DistressBook) -> tuple[list[Match], list[Match], list[Match], list[Match]]:
    """Return what `_matches` does of `now`, `note`, `hint` and `alike`, in one pass over the words."""
    found: tuple[list[Match], list[Match], list[Match], list[Match]] = ([], [], [], [])
    starts = book.starts
    for start, word in enumerate(words[:-1]):  # nothing begins where the message ends
        branches = starts.get(word)
        if branches is not None:
            second = words[start + 1]
            if isinstance(branches, list):
                branches = book.begun(word)
            for which, branch in branches:
                following = branch.branches
                if second in following or ANY in following or branch.meaning is not None:
                    best = _longest(words, start + 1, branch)
                    if best is not None:
                        found[which].append((start, *best))
    return found


def _matches(words: Sequence[str], tree: Tree[str], before: int | None = None) -> list[Match]:
    """Return every phrase that stands among the words and begins `before` a place: the longest one from each start."""
    found = []
    beginnings = tree.branches
    for start, word in enumerate(words[:before]):
        if word in beginnings and (branch := tree.after(word)) is not None:
            best = _longest(words, start + 1, branch)
            if best is not None:
                found.append((start, *best))
    return found


def _longest(words: Sequence[str], place: int, tree: Tree[str]) -> tuple[int, str] | None:
    """Return where the longest phrase that goes on here ends, and what it means."""
    best = None
    while True:
        if tree.meaning is not None:
            best = (place, tree.meaning)
        branches = tree.branches
        if ANY in branches and (between := tree.after(ANY)) is not None:
            for later in range(place, min(place + MOST_BETWEEN + 1, len(words))):
                if words[later] == BETWEEN:
                    break
                further = between.after(words[later])
                if further is not None:
                    best = _longer(best, _longest(words, later + 1, further))
            step = tree.after(words[place]) if place < len(words) else None
            return best if step is None else _longer(best, _longest(words, place + 1, step))
        if place >= len(words) or words[place] not in branches or (step := tree.after(words[place])) is None:
            return best
        tree = step
        place += 1


def _longer(one: tuple[int, str] | None, other: tuple[int, str] | None) -> tuple[int, str] | None:
    return other if one is None or (other is not None and other[0] > one[0]) else one


def _meant(words: Sequence[str], found: Iterable[Match], alike: Sequence[Match], book: DistressBook) -> frozenset[str]:
    """Return the kinds of those matches that neither touch a look-alike nor are negated."""
    return frozenset(
        kind
        for start, end, kind in found
        if not any(start < last and first < end for first, last, _ in alike) and not _negated(words, start, book)
    )


def _with_wish(kinds: frozenset[str], words: Sequence[str]) -> frozenset[str]:
    """Return the kinds, and suicide where a wish to die stands there in so many words: no look-alike cancels one."""
    if literal_wish.SUICIDE not in kinds and literal_wish.wish_in(words):
        return kinds | {literal_wish.SUICIDE}
    return kinds


def _negated(words: Sequence[str], start: int, book: DistressBook) -> bool:
    """Tell whether a negation stands before a match, with bridge words between them at most; two make none."""
    place = start - 1  # a clause that ends between them is no bridge
    while place >= 0 and words[place] in book.bridge:
        place -= 1
    if place < 0 or words[place] not in book.negations:
        return False
    return not {"not", "never"}.intersection(words[max(0, place - BEFORE) : place])


# ---- reading the tables


@cache
def _tables() -> tuple[DistressTable, ...]:
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.toml")))


def _read(path: Path) -> DistressTable:
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    unknown = [name for name in raw if name not in (*LISTS, *TABLES, "checked")]
    if unknown or "checked" not in raw:
        wrong = f"{', '.join(unknown)} unknown" if unknown else "checked is missing"
        raise ValueError(f"concerns/{path.name}: {wrong}. Copy the shape of en.toml.")
    return DistressTable(language=path.stem, checked=raw["checked"], raw=raw)


def _book(language: str) -> DistressBook:
    code = language if len(language) == 2 else language.replace("_", "-").partition("-")[0].lower()
    return _compiled(_spelled_like(code))


def books() -> dict[str, Any]:
    """Return the book of every language that needs its own, put together from its sources, by the name it is kept by.

    Beside them what English words are read as, and which languages have a book.
    """
    own = _own_books()
    return {
        **{f"distress {language}": _bound(_in_order(language)) for language in sorted(own)},
        "distress in English alone": _bound(_english_table()),
        "distress spellings": _all_spellings(_english_table()),
        "distress languages": own,
    }


def _spelled_like(code: str) -> str:
    """Return the language whose book does for this one: English wherever its own spellings change nothing."""
    return code if code in _languages() else "en"


@cache
def _languages() -> frozenset[str]:
    return kept("distress languages", _own_books)


def _own_books() -> frozenset[str]:
    english = _all_spellings(_in_order("en"))
    others = (code for code in (table.language for table in _tables()) if _all_spellings(_in_order(code)) != english)
    return frozenset(("en", *others))


@cache
def _compiled(language: str) -> DistressBook:
    """Return the book of one language."""
    return _begun(kept(f"distress {language}", lambda: _bound(_in_order(language))))


def _in_order(language: str) -> list[DistressTable]:
    return sorted(_tables(), key=lambda table: (table.language != language, table.language != "en"))


@cache
def _english() -> DistressBook:
    return _begun(kept("distress in English alone", lambda: _bound(_english_table())))


@cache
def _english_spellings() -> Mapping[str, str]:
    return kept("distress spellings", lambda: _all_spellings(_english_table()))


def _english_table() -> list[DistressTable]:
    return [table for table in _tables() if table.language == "en"]


def _all_spellings(tables: Sequence[DistressTable]) -> dict[str, str]:
    """Return what each word is read as; the first table that knows a word counts."""
    spellings: dict[str, str] = {}
    for table in tables:
        for word, read in _spellings(table):
            spellings.setdefault(word, read)
    return spellings


def _bound(tables: Sequence[DistressTable]) -> DistressBook:
    spellings = _all_spellings(tables)

    written = cache(_as_written)  # forgotten with what it was made for: the words are in the trees then
    respelled = partial(_respelled, spellings=spellings, written=written, known={})
    slots: dict[str, dict[str, PatternChoice]] = {table.language: {} for table in tables}

    def plant(*kinds: tuple[str, str, str]) -> Tree[str]:
        return build_tree(
            (
                (respelled(pattern), meaning if table.language == "en" else f"{meaning}{FOREIGN}")
                for name, kind, meaning in kinds
                for table in tables
                for pattern in table.patterns(name, kind, slots[table.language])
            ),
            words=str.split,
        )

    now = plant(*((kind, "now", kind) for kind in KINDS))
    note = plant(*((kind, "note", kind) for kind in KINDS))
    hint = plant(*((kind, "hint", kind) for kind in KINDS))
    alike = plant(("alike", "phrases", "alike"))
    english = _all_spellings([table for table in tables if table.language == "en"])
    return DistressBook(
        spellings=spellings,
        now=now,
        note=note,
        hint=hint,
        alike=alike,
        starts={},
        own_spellings=frozenset(word for word, read in spellings.items() if english.get(word, word) != read),
        negations=frozenset().union(*(table.list("negations") for table in tables)),
        bridge=frozenset().union(*(table.list("bridge") for table in tables)),
    )


def _begun(book: DistressBook) -> DistressBook:
    """Return the book with the first words of its phrases at hand."""
    unread: list[int] = []
    for tree in (book.now, book.note, book.hint, book.alike):
        book.starts.update(dict.fromkeys(tree.branches, unread))
    return book


def _spellings(table: DistressTable) -> Iterator[tuple[str, str]]:
    for read, written in table.raw.get("spellings", {}).items():
        for word in written:
            yield "".join(folded(word)), read
    for word in table.list("leave_out"):
        yield word, ""
    typos = table.raw.get("typos", {})
    kept = {*typos.get("words", ()), *typos.get("but_not", ())}
    for word in typos.get("words", ()):
        for slip in _slips(word):
            if slip not in kept:
                yield slip, word


def _slips(word: str) -> Iterator[str]:
    """Yield a word with one letter left out, doubled, or swapped with the next; its first letter stays."""
    for place in range(1, len(word)):
        yield word[:place] + word[place + 1 :]
        yield word[:place] + word[place] + word[place:]
        if place + 1 < len(word):
            yield word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _respelled(
    pattern: Pattern,
    spellings: Mapping[str, str],
    written: Callable[[str], list[str]],
    known: dict[int, tuple[PatternChoice, PatternChoice]],
) -> Pattern:
    """Return a pattern with its words as messages will have them; slots that were read before are in `known`."""
    read: list[str | PatternChoice] = []
    for item in items(pattern):
        if not isinstance(item, str):
            if id(item) not in known:  # kept with its own, so that no other has its number
                known[id(item)] = item, PatternChoice(_respelled(option, spellings, written, known) for option in item)
            read.append(known[id(item)][1])
            continue
        words = written(item)
        respelled = intern(" ".join(spellings.get(word, word) for word in words))
        if words and not respelled.strip():
            raise ValueError(f"“{item.strip()}” is left out of every message, so no phrase can ask for it")
        read.append(respelled)
    return pattern_of(read)


def _as_written(text: str) -> list[str]:
    return [word for part in text.split() for word in ([part] if part in _MARKS else folded(part))]
