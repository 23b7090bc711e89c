"""The phrases people use to speak to us beside their story, by language, ready to be found in a message.

Owns the shape of `intents/<language>.toml`, explained for translators at the top of `en.toml`, and the kinds there are.
Imports the standard library, `flows.letters` and `flows.phrases`. A book is made when it is first asked for. Finding
costs one look per word and open phrase, however many phrases there are.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flows.letters import folded
from flows.phrases import Tree, parsed, planted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from flows.phrases import Pattern

FOLDER: Final = Path(__file__).parent / "intents"
NAMES: Final = FOLDER / "names.toml"
"""Languages by ISO code with the names people call them by."""
LISTS: Final = ("leads", "tails", "past", "vetoes")
ANY: Final = "*"
"""Any one word, in a pattern; `...` is up to three of them."""
FALLBACK: Final = "en"


class Kind(StrEnum):
    """What is said to us. Where two are said at once, the one that stands higher here is answered."""

    EMERGENCY = "emergency"
    UNDER_AGE = "under_age"
    MAYBE_UNDER_AGE = "maybe_under_age"
    AUTOMATIC_REPLY = "automatic_reply"
    REACTION = "reaction"
    SPAM = "spam"
    WRONG_NUMBER = "wrong_number"
    CAN_SOMEONE_HELP_ME_ANSWER = "can_someone_help_me_answer"
    PERSON_PLEASE = "person_please"
    LANGUAGE_REQUEST = "language_request"
    MY_DATA_QUESTION = "my_data_question"
    WHAT_IF_NO = "what_if_no"
    WHO_READS = "who_reads"
    COST = "cost"
    PAYMENT = "payment"
    ROBOT = "robot"
    WHO_ARE_YOU = "who_are_you"
    HOW_LONG = "how_long"
    WHAT_HAPPENS_NEXT = "what_happens_next"
    REPEAT_PLEASE = "repeat_please"
    WHY = "why"
    CHANGE_SOMETHING = "change_something"
    CORRECTION = "correction"
    ADD_MORE = "add_more"
    CASEWORK = "casework"
    SWEARING = "swearing"
    SPELLING = "spelling"
    VOICE_NOTE = "voice_note"
    OTHER_QUESTION = "other_question"
    TEST = "test"
    PAUSE = "pause"
    DONT_UNDERSTAND = "dont_understand"
    ABUSE = "abuse"
    THANKS = "thanks"
    GREETING = "greeting"


_RANK: Final = {kind: -place for place, kind in enumerate(Kind)}


class Level(IntEnum):
    """How much of a message a phrase speaks for."""

    WHOLE = 0
    """All of it, courtesies aside."""
    HOLDS = 1
    """Wherever it stands in a short message, unless somebody is telling."""
    SURE = 2
    """Wherever it stands in a short message, even while somebody is telling."""


class Said(NamedTuple):
    """What a phrase means."""

    kind: Kind
    level: Level
    detail: str = ""


class Hit(NamedTuple):
    """A phrase found in the words of a message."""

    kind: Kind
    level: Level
    detail_named: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Everything that counts for a person of one language: theirs and English."""

    said: Tree[Said]
    leads: Tree[bool]
    tails: Tree[bool]
    veto: Tree[bool]
    pasts: frozenset[str]
    same: Mapping[str, Sequence[str]]
    """Spellings that mean the same, by word as people write it."""
    ages: Mapping[str, str]
    """Ages under eighteen by word ("fifteen"), and those of school years ("year 9") by their number."""
    units: frozenset[str]
    """What a number may count that is no age: weeks, stone, miles."""
    since: frozenset[str]
    """Words before which "I am 12" tells of another time or another person."""
    languages: Mapping[str, str]

    def hits(self, words: Sequence[str]) -> list[Hit]:
        """Return every phrase in these words."""
        found: list[Hit] = []
        root = self.said.next
        active: list[tuple[int, Tree[Said]]] = []
        for place, word in enumerate(words):
            following: list[tuple[int, Tree[Said]]] = []
            for start, tree in active:
                if (named := tree.next.get(word)) is not None:
                    following.append((start, named))
                if (anything := tree.next.get(ANY)) is not None:
                    following.append((start, anything))
            if (first := root.get(word)) is not None:
                following.append((place, first))
            active = following
            for start, tree in active:
                if tree.meaning is not None:
                    found.append(Hit(*tree.meaning, start, place + 1))
        return found

    def rank(self, hit: Hit) -> int:
        """Return how a phrase stands among others: higher is answered first."""
        return _RANK[hit.kind]

    def courtesy(self, words: Sequence[str], *, first: bool) -> bool:
        """Tell whether words are nothing but what may stand before (first) or after a phrase."""
        tree = self.leads if first else self.tails
        return _made_of(words, tree)

    def vetoes(self, words: Sequence[str]) -> bool:
        """Tell whether the message asks for something that commands answer: to stop, to delete."""
        return self.veto.within(words)

    def past(self, words: Sequence[str]) -> bool:
        """Tell whether the words tell of something that was, so that they are story rather than aside."""
        return not self.pasts.isdisjoint(words)

    def excepted(self, hit: Hit, words: Sequence[str]) -> bool:
        """Tell whether what was found is something else: a number that is no age, somebody else's words."""
        if hit.kind is not Kind.UNDER_AGE or not self._age(words[hit.start : hit.end]):
            return False
        after = words[hit.end : hit.end + 2]
        if after and after[0] in self.units and after[1:] != ["old"]:
            return True
        return hit.start > 0 and words[hit.start - 1] in self.since

    def detail(self, hit: Hit, words: Sequence[str]) -> str:
        """Return what is known beside the kind: of an age the age, of a language its code."""
        spoken = words[hit.start : hit.end]
        if hit.kind is Kind.UNDER_AGE:
            return self._age(spoken)
        if hit.kind is Kind.LANGUAGE_REQUEST:
            return hit.detail_named or next((self.languages[word] for word in spoken if word in self.languages), "")
        return hit.detail_named

    def _age(self, spoken: Sequence[str]) -> str:
        for place, word in enumerate(spoken):
            before = spoken[place - 1] if place else ""
            if (age := self.ages.get(f"{before} {word}") or self.ages.get(word)) is not None:
                return age
        return ""


def phrase_words(text: str, same: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the words of a text as phrases are compared: folded, each spelling as its usual one."""
    made: list[str] = []
    for word in folded(text):
        usual = same.get(word)
        if usual is None:
            made.append(word)
        else:
            made.extend(usual)
    return made


def book(language: str) -> Book:
    """Return the book of a language with English beside it; of English alone for a language without a file."""
    return _book(language if (FOLDER / f"{language}.toml").is_file() else FALLBACK)


@cache
def _book(language: str) -> Book:
    tables = [_read(FOLDER / f"{code}.toml") for code in dict.fromkeys((language, FALLBACK))]
    names = tomllib.loads(NAMES.read_text(encoding="utf-8"))
    same = {word: folded(usual) for table in reversed(tables) for word, usual in table["same"].items()}
    ages = {word: str(age) for table in tables for word, age in table["ages"].items()}
    slots = {
        "language": [name for forms in names["names"].values() for name in forms],
        "own_language": [name for forms in names["own"].values() for name in forms],
    }

    def words(text: str) -> list[str]:
        return [made for word in text.split() for made in ([ANY] if word == ANY else phrase_words(word, same))]

    def listed(name: str) -> Tree[bool]:
        return planted(((parsed(line, {}), True) for table in tables for line in table[name]), words)

    phrases = [said for table in tables for said in _phrases(table, {**table["slots"], **slots})]
    phrases.sort(key=lambda each: (each[1].level, _RANK[each[1].kind]), reverse=True)
    return Book(
        said=planted(phrases, words),
        leads=listed("leads"),
        tails=listed("tails"),
        veto=listed("vetoes"),
        pasts=frozenset(word for table in tables for word in table["past"]),
        same=same,
        ages=ages,
        units=frozenset(word for table in tables for word in table["units"]),
        since=frozenset(word for table in tables for word in table["since"]),
        languages={
            word: code
            for shelf in (names["own"], names["names"])
            for code, forms in shelf.items()
            for form in forms
            for word in (folded(form)[0],)
        },
    )


def _read(path: Path) -> dict[str, Any]:
    """Read one language's file; raises ValueError that names the file and what is wrong with it."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    shape = {"checked": False, "same": {}, "slots": {}, "ages": {}, "units": [], "since": []}
    shape |= {name: [] for name in LISTS}
    kinds = {name for name in raw if name not in shape}
    if unknown := kinds - {kind.value for kind in Kind}:
        raise ValueError(f"{path.name}: {', '.join(sorted(unknown))} unknown. Use the kinds of flows/language only.")
    return shape | raw


def _phrases(table: Mapping[str, Any], slots: Mapping[str, Sequence[str]]) -> Iterator[tuple[Pattern, Said]]:
    for kind in Kind:
        entries = table.get(kind.value, {})
        for detail, levels in (("", entries), *((name, part) for name, part in entries.items() if _is_part(part))):
            for name, lines in levels.items():
                if _is_part(lines):
                    continue
                level = Level[name.upper()]
                for line in lines:
                    yield parsed(line.replace("...", " [*] [*] [*] "), slots), Said(kind, level, detail)


def _is_part(entry: object) -> bool:
    return isinstance(entry, dict)


def _made_of(words: Sequence[str], tree: Tree[bool]) -> bool:
    """Tell whether words are phrases of the tree one after the other, or none at all."""
    reached: set[int] = {0}
    for start in range(len(words)):
        if start in reached:
            reached.update(_ends(words, start, tree))
    return len(words) in reached


def _ends(words: Sequence[str], start: int, tree: Tree[bool]) -> Collection[int]:
    found = []
    for place in range(start, len(words)):
        following = tree.next.get(words[place])
        if following is None:
            break
        tree = following
        if tree.meaning is not None:
            found.append(place + 1)
    return found


def known_languages() -> Iterable[str]:
    """Return the languages that have a file of phrases."""
    return sorted(path.stem for path in FOLDER.glob("??.toml"))
