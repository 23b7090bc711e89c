"""Which language a message is plainly written in, so that the person can be told of a human being to reach.

Owns the shape of `written.toml` and `english.txt`. It is no model: some scripts say it alone, the others and Latin
letters are told apart by small words, letters and endings of words. An English message is let go after a look at its
words, before `written.toml` is even read.

When in doubt it says nothing: a person who writes a kind of English that is not in a book must never be told that they
write in another language.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flows.language.normalise import folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE: Final = Path(__file__).parent
LOOKED_AT: Final = 600
"""Characters from the start of a message that are looked at; the language of a longer one is plain by then."""
LEAST_WORDS, LEAST_LETTERS = 3, 12
"""Shorter messages in Latin letters are left alone: they may be a name, a place, a word of two languages."""
LEAST_OF_A_SCRIPT: Final = 8
"""Letters of another script from which a message is more than a name; in Chinese, Japanese and Korean half as many."""
MOSTLY_ENGLISH: Final = 0.5
"""Share of English words from which a message is let go at once; "no", "me", "in" are words of other languages too."""
MOST_ENGLISH: Final = 0.2
"""Share of words that are English and nothing else from which a message is mixed, and left alone."""

ALONE: Final = {
    "GURMUKHI": "pa", "BENGALI": "bn", "GUJARATI": "gu", "TAMIL": "ta", "TELUGU": "te", "MALAYALAM": "ml",
    "KANNADA": "kn", "SINHALA": "si", "GREEK": "el", "THAI": "th", "HEBREW": "he", "GEORGIAN": "ka", "ARMENIAN": "hy",
    "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko",
}  # fmt: skip
"""Scripts that one language on our list is written in, by the first word of their letters' Unicode names."""
SHARED: Final = ("ARABIC", "CYRILLIC", "DEVANAGARI", "ETHIOPIC")
"""Scripts of several languages, each with a table of its own in `written.toml`."""
DENSE: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What a group of languages that share a script is told apart by."""

    words: Mapping[str, Mapping[str, float]]
    """Weight by language of each word, folded: one, or half for what English has as well."""
    letters: Mapping[str, tuple[str, ...]]
    """Languages by each letter that few have."""
    endings: Mapping[str, tuple[str, ...]]
    """Languages by each ending, folded."""
    letter: float
    """Weight of a letter: a mark on a Latin one says less than a letter of its own in a shared script."""


def language_of(text: str) -> str | None:
    """Return the ISO 639-1 code of the language that a message is plainly written in, other than English, or None.

    None is English in all its kinds, what is short, mixed, or not clear. Never raises.
    """
    text = text[:LOOKED_AT]
    if plainly_english(text):
        return None
    if text.isascii():
        return _in_latin(text)
    script = _script(text)
    if script == "LATIN":
        return _in_latin(text)
    if script in SHARED:
        return _told_apart(text, _written(script.lower()))
    return ALONE.get(script)


def plainly_english(text: str) -> bool:
    """Tell at the cost of a glance whether so many words are English that no other language need be thought of."""
    words = text.lower().replace("'", "").replace("’", "").split()
    english = _english()
    return len(words) >= LEAST_WORDS and sum([word in english for word in words]) >= MOSTLY_ENGLISH * len(words)


def _script(text: str) -> str:
    """Return the script that plainly most letters are of, "" if none or too few; English names between are allowed."""
    counts: Counter[str] = Counter()
    for letter, times in Counter(filter(str.isalpha, text)).items():
        counts[_script_of(letter)] += times
    if "HIRAGANA" in counts or "KATAKANA" in counts:
        counts["HIRAGANA"] += counts.pop("CJK", 0) + counts.pop("KATAKANA", 0)
    if not counts:
        return ""
    script, most = counts.most_common(1)[0]
    if script == "LATIN":
        return script if most >= 0.9 * counts.total() else ""
    least = LEAST_OF_A_SCRIPT // 2 if script in DENSE else LEAST_OF_A_SCRIPT
    weight = 2 if script in DENSE else 1
    return script if most >= least and weight * most >= 2 * counts["LATIN"] else ""


def _script_of(letter: str) -> str:
    if letter.isascii():
        return "LATIN"
    return unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]


def _in_latin(text: str) -> str | None:
    words = folded(text)
    if len(text.split()) < LEAST_WORDS or sum(map(len, words)) < LEAST_LETTERS:
        return None
    english, writing = _english(), _written("latin")
    known = [word in english for word in words]
    alone = sum([word in english and word not in writing.words for word in words])
    if sum(known) >= MOSTLY_ENGLISH * len(words) or alone >= MOST_ENGLISH * len(words):
        return None
    return _plainest(_scores(text, words, writing), len(words))


def _told_apart(text: str, writing: Writing) -> str | None:
    words = folded(text)
    return _plainest(_scores(text, words, writing), min(len(words), 4))


def _scores(text: str, words: Sequence[str], writing: Writing) -> dict[str, float]:
    """Return how much speaks for each language; a small word counts one, an ending half."""
    scores: defaultdict[str, float] = defaultdict(float)
    for word in words:
        weights = writing.words.get(word)
        if weights is not None:
            for language, weight in weights.items():
                scores[language] += weight
            continue
        if len(word) >= 5:
            for size in (4, 3, 2):
                ending = writing.endings.get(word[-size:])
                if ending is not None:
                    for language in ending:
                        scores[language] += 0.5
                    break
    if not text.isascii():
        for letter, times in Counter(text.lower()).items():
            for language in writing.letters.get(letter, ()):
                scores[language] += min(times, 3) * writing.letter
    return scores


def _plainest(scores: dict[str, float], words: int) -> str | None:
    """Return the language that leads so clearly that nobody would doubt it."""
    ranked = sorted(scores.items(), key=lambda item: -item[1])[:2]
    if not ranked:
        return None
    (language, most), second = ranked[0], (ranked[1][1] if len(ranked) > 1 else 0.0)
    return language if most >= max(1.5, 0.2 * words) and most >= max(second + 0.5, 1.15 * second) else None


@cache
def _english() -> frozenset[str]:
    lines = (HERE / "english.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _tables() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    raw = tomllib.loads((HERE / "written.toml").read_text(encoding="utf-8"))
    shared = {script.lower(): raw.pop(script.lower()) for script in SHARED}
    return {"latin": raw, **shared}


@cache
def _written(script: str) -> Writing:
    tables = _tables()[script]
    english = _english() if script == "latin" else frozenset()

    def owners(kind: str) -> dict[str, tuple[str, ...]]:
        owned: dict[str, list[str]] = {}
        for language, table in tables.items():
            for entry in _entries(table.get(kind, ""), kind):
                owned.setdefault(entry, []).append(language)
        return {entry: tuple(languages) for entry, languages in owned.items()}

    return Writing(
        words={
            word: dict.fromkeys(languages, 0.5 if word in english else 1.0)
            for word, languages in owners("words").items()
        },
        letters=owners("letters"),
        endings=owners("endings"),
        letter=0.5 if script == "latin" else 1.0,
    )


def _entries(text: str, kind: str) -> frozenset[str]:
    if kind == "letters":
        return frozenset(text.lower())
    return frozenset(part for entry in text.split() for part in folded(entry))
