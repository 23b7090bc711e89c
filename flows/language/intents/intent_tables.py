"""The phrases people use to speak to us beside their story, by language, ready to be found in a message.

Owns the shape of `intents/<language>.toml`, explained for translators at the top of `en.toml`, and the kinds there are.
A book is made when it is first asked for. Finding costs one look per word and open phrase, however many phrases there
are.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flows.language.intents.automaton import ANY, found
from flows.language.intents.gathered import Gathering, Rule
from flows.language.kept_books import kept
from flows.language.normalise import folded
from flows.language.phrase_trie import PatternChoice, build_tree, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flows.language.phrase_trie import Pattern, Tree

FOLDER: Final = Path(__file__).parent
SLOTS: Final = {"own": "own_language", "names": "language"}
"""Parts of the list of names, and how patterns call them."""
NAMES: Final = FOLDER / "names.toml"
"""Languages by ISO code with the names people call them by."""
LISTS: Final = ("courtesies", "past", "long_ago", "vetoes", "units", "since", "asking", "us", "narrating")
GATHERED: Final = {"asked": True, "gathered": False}
"""Lists of rules beside those of phrases, and whether what they find has to ask something."""
UP_TO_THREE: Final = " [*] [*] [*] "
"""What `...` is short for."""
FALLBACK: Final = "en"


class IntentKind(StrEnum):
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


_RANK: Final = {kind: -place for place, kind in enumerate(IntentKind)}


class Level(IntEnum):
    """How much of a message a phrase speaks for."""

    WHOLE = 0
    """All of it, courtesies aside."""
    STARTS = 1
    """A short message that begins with it, unless somebody is telling."""
    HOLDS = 2
    """Wherever it stands in a short message, unless somebody is telling."""
    SURE = 3
    """Wherever it stands in a short message, even while somebody is telling."""


class IntentWords(NamedTuple):
    """What a phrase means."""

    kind: IntentKind
    level: Level
    detail: str = ""


class IntentHit(NamedTuple):
    """A phrase found in the words of a message."""

    kind: IntentKind
    level: Level
    detail_named: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentBook:
    """Everything that counts for a person of one language: theirs and English."""

    said: Tree[IntentWords]
    courteous: Tree[bool]
    gathering: Gathering[IntentWords]
    vetoed: Tree[bool]
    pasts: frozenset[str]
    long_ago: frozenset[str]
    asking: frozenset[str]
    """Words that questions begin with."""
    us: frozenset[str]
    """Words that speak to us, or of this exchange."""
    narrating: frozenset[str]
    """Words beside which loosely gathered ones count for nothing."""
    same: Mapping[str, Sequence[str]]
    """Spellings that mean the same, by word as people write it."""
    ages: Mapping[str, str]
    """Ages under eighteen by word ("fifteen"), and those of school years ("year 9") by their number."""
    units: frozenset[str]
    """What a number may count that is no age: weeks, stone, miles."""
    since: frozenset[str]
    """Words before which "I am 12" tells of another time or another person."""
    languages: Mapping[str, str]

    def hits(self, words: Sequence[str]) -> list[IntentHit]:
        """Return every phrase in these words."""
        return [IntentHit(*said, start, end) for said, start, end in found(self.said, words)]

    def courtesies(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return where courtesies begin and end that may stand beside a phrase."""
        return [(start, end) for _, start, end in found(self.courteous, words)]

    def rank(self, hit: IntentHit) -> int:
        """Return how a phrase stands among others: higher is answered first."""
        return _RANK[hit.kind]

    def uncourteous(self, words: Sequence[str]) -> Sequence[str]:
        """Return words without the courtesies they begin with."""
        start = 0
        for begin, end in sorted(self.courtesies(words)):
            if begin <= start < end < len(words):
                start = end
        return words[start:]

    def is_courtesy(self, text: str) -> bool:
        """Tell whether a text is nothing but courtesies."""
        words = phrase_words(text, self.same)
        reached = {0}
        for start, end in sorted(self.courtesies(words)):
            if start in reached:
                reached.add(end)
        return len(words) in reached

    def addresses(self, words: Sequence[str]) -> bool:
        """Tell whether the words speak to us or of what we do."""
        return not self.us.isdisjoint(words)

    def vetoes(self, words: Sequence[str]) -> bool:
        """Tell whether the message asks for something that commands answer: to stop, to delete."""
        return bool(found(self.vetoed, words))

    def tells(self, words: Iterable[str]) -> bool:
        """Tell whether the words beside a phrase tell of something that was: then they are story rather than aside."""
        return not self.pasts.isdisjoint(words)

    def tells_of_long_ago(self, words: Iterable[str]) -> bool:
        """Tell whether the words tell of another time, so that nobody need be rung now."""
        return not self.long_ago.isdisjoint(words)

    def excepted(self, hit: IntentHit, words: Sequence[str]) -> bool:
        """Tell whether what was found is something else: a number that is no age, somebody else's words."""
        if hit.kind is not IntentKind.UNDER_AGE or not self._age(words[hit.start : hit.end]):
            return False
        after = words[hit.end : hit.end + 2]
        if after and after[0] in self.units and after[1:] != ["old"]:
            return True
        return hit.start > 0 and words[hit.start - 1] in self.since

    def detail(self, hit: IntentHit, words: Sequence[str]) -> str:
        """Return what is known beside the kind: of an age the age, of a language its code."""
        spoken = words[hit.start : hit.end]
        if hit.kind is IntentKind.UNDER_AGE:
            return self._age(spoken)
        if hit.kind is IntentKind.LANGUAGE_REQUEST:
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


@lru_cache(maxsize=64)
def book(language: str) -> IntentBook:
    """Return the book of a language with English beside it; of English alone for a language without a file."""
    return _book(language if (FOLDER / f"{language}.toml").is_file() else FALLBACK)


def books() -> dict[str, IntentBook]:
    """Return the book of every language, put together from its sources, by the name it is kept by."""
    return {f"intents {language}": _made(language) for language in known_languages()}


@cache
def _book(language: str) -> IntentBook:
    return kept(f"intents {language}", lambda: _made(language))


def _made(language: str) -> IntentBook:
    tables = [_read(FOLDER / f"{code}.toml") for code in dict.fromkeys((language, FALLBACK))]
    names = tomllib.loads(NAMES.read_text(encoding="utf-8"))
    same = {word: usual.split() for table in reversed(tables) for word, usual in table["same"].items()}
    known: dict[str, list[str]] = {}

    def words(text: str) -> list[str]:
        made = known.get(text)
        if made is None:
            made = [made for word in text.split() for made in ([ANY] if word == ANY else phrase_words(word, same))]
            known[text] = made
        return made

    def listed(name: str) -> Tree[bool]:
        return build_tree([(parsed(line, {}), True) for table in tables for line in table[name]], words)

    def every(name: str) -> frozenset[str]:
        return frozenset(word for table in tables for word in table[name])

    named = {SLOTS[slot]: [form for forms in names[slot].values() for form in forms] for slot in SLOTS}
    for table in tables:
        table["slots"] |= named
    phrases = [said for table in tables for said in _phrases(table, table["slots"])]
    phrases += [
        (
            parsed(ask.replace("{name}", f"({'|'.join(forms)})"), {}),
            IntentWords(IntentKind.LANGUAGE_REQUEST, Level.SURE, code),
        )
        for code, asks in names["asks"].items()
        for forms in (names["own"][code],)
        for ask in asks
    ]
    phrases.sort(key=lambda each: (each[1].level, _RANK[each[1].kind]), reverse=True)
    return IntentBook(
        said=build_tree(phrases, words),
        courteous=listed("courtesies"),
        gathering=Gathering([rule for table in tables for rule in _rules(table)]),
        vetoed=listed("vetoes"),
        pasts=every("past"),
        long_ago=every("long_ago"),
        asking=every("asking"),
        narrating=every("narrating"),
        us=every("us"),
        same=same,
        ages={word: str(age) for table in tables for word, age in table["ages"].items()},
        units=every("units"),
        since=every("since"),
        languages={folded(form)[0]: code for slot in SLOTS for code, forms in names[slot].items() for form in forms},
    )


def _read(path: Path) -> dict[str, Any]:
    """Read one language's file; raises ValueError that names the file and what is wrong with it."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    shape: dict[str, Any] = {"checked": False, "same": {}, "slots": {}, "ages": {}, **{name: [] for name in LISTS}}
    if unknown := raw.keys() - shape.keys() - {kind.value for kind in IntentKind}:
        raise ValueError(f"{path.name}: {', '.join(sorted(unknown))} unknown. Use the kinds of flows/language only.")
    return shape | raw


def _phrases(table: Mapping[str, Any], slots: Mapping[str, Sequence[str]]) -> Iterator[tuple[Pattern, IntentWords]]:
    read: dict[str, PatternChoice] = {}
    known: dict[str, PatternChoice] = {}
    for name, written in slots.items():
        read[name] = PatternChoice(parsed(entry, read, known) for entry in written)
    for kind, detail, levels in _parts(table):
        for level in Level:
            said = IntentWords(kind, level, detail)
            for line in levels.get(level.name.lower(), ()):
                yield parsed(line.replace("...", UP_TO_THREE), read, known), said


def _rules(table: Mapping[str, Any]) -> Iterator[Rule[IntentWords]]:
    """Yield the rules of a table: groups in brackets, of single words or `{slots}`, of which the single words count."""
    for kind, detail, levels in _parts(table):
        for name, asked in GATHERED.items():
            for line in levels.get(name, ()):
                groups = [_group(written, table["slots"]) for written in line.split(")") if written.strip()]
                yield Rule(IntentWords(kind, Level.HOLDS, detail), groups, asked)


def _parts(table: Mapping[str, Any]) -> Iterator[tuple[IntentKind, str, Mapping[str, Any]]]:
    """Yield each kind and each detail of a kind with its lists."""
    for kind in IntentKind:
        entries = table.get(kind.value, {})
        yield kind, "", entries
        yield from ((kind, name, part) for name, part in entries.items() if isinstance(part, dict))


def _group(written: str, slots: Mapping[str, Sequence[str]]) -> frozenset[str]:
    entries = written.strip().removeprefix("(").split("|")
    words = [word for entry in entries for word in (slots[entry[1:-1]] if entry.startswith("{") else [entry])]
    return frozenset(word for word in words if " " not in word)


def known_languages() -> Iterable[str]:
    """Return the languages that have a file of phrases."""
    return sorted(path.stem for path in FOLDER.glob("??.toml"))
