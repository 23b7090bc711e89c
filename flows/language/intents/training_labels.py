"""The labelled messages that the model of what is said to us is trained on, read from the tables of the tests.

Each file has columns of its own; here they become one list of messages with a label and who wrote them. Never imported
while Earshot runs.
"""

from __future__ import annotations

import csv
import re
import tomllib
from typing import TYPE_CHECKING, Final, NamedTuple

from flows.language.intents.intent_tables import IntentKind
from flows.language.intents.sense_words import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTHING: Final = "-"
"""A story, an answer, a place: nothing that is said to us."""
UNLIKE: Final = "~"
"""No command and no age, but perhaps a question: what only looks like a wish."""
COMMANDS: Final = ("stop", "delete", "my_data", "narrow_team", "narrow_unnamed", "done")
_TOO_FEW: Final = frozenset(
    {
        IntentKind.REACTION,
        IntentKind.MAYBE_UNDER_AGE,
        IntentKind.CORRECTION,
        IntentKind.ADD_MORE,
        IntentKind.TEST,
        IntentKind.SPELLING,
        IntentKind.VOICE_NOTE,
        IntentKind.SWEARING,
        IntentKind.CASEWORK,
        IntentKind.OTHER_QUESTION,
        IntentKind.PAYMENT,
    }
)
KINDS: Final = tuple(kind.value for kind in IntentKind if kind not in _TOO_FEW)
"""Kinds that there are enough examples of."""
LABELS: Final = (*COMMANDS, *KINDS)
_SAME: Final = {
    "help_me_answer": "can_someone_help_me_answer",
    "reaction_or_auto_reply": "automatic_reply",
    "PERSON": "person_please",
    "MY_DATA": "my_data",
    "STOP": "stop",
    "DELETE": "delete",
    "DONE": "done",
    "NARROW team": "narrow_team",
    "NARROW quote": "narrow_team",
    "NARROW unnamed": "narrow_unnamed",
    "maybe_under_age": "under_age",
    "answer": NOTHING,
    "late_answer": NOTHING,
    "story": NOTHING,
    "young": "under_age",
}
_NO_ANSWER: Final = {"no", "unclear", "minor"}
"""What else a reply may mean: a wish, a question or an age, which are said to us."""
_PUBLISHED: Final = ("STOP", "DELETE", "MY_DATA", "DONE")
_UNNAMED: Final = re.compile(r"\b(?:nam(?:e|es|ed)|anonymous\w*|unnamed|initials)\b", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"(?<=[.!?;…])\s+|\n+")
_TALK: Final = {"answer", "question", "bot", "thanks", "stop", "kill_chat", "short", "chat"}
"""Topics of the files on danger that are no stories, and whose labels say nothing of what is asked."""


_AGE: Final = re.compile(r"\bi'?m (?:only |just )?\d", re.IGNORECASE)
"""Whoever tells of danger may also tell an age, which is said to us as well."""
FEWEST: Final = 4
"""Words in a sentence of a story: a shorter one alone may be anything."""


class Example(NamedTuple):
    """A labelled message."""

    label: str
    source: str
    """Which file it stands in, and so who wrote it: what is held out to measure is always a whole source."""
    text: str


def labelled(folder: Path) -> list[Example]:
    """Return the messages of `tests/flows` and the places beside it, in a fixed order, each text once."""
    found: dict[str, Example] = {}
    for each in _all(folder):
        if each.text.strip() and (each.label in LABELS or each.label in {NOTHING, UNLIKE}):
            found.setdefault(each.text, each)
    return list(found.values())


def _all(folder: Path) -> Iterator[Example]:
    for name in ("fresh", "more"):
        for row in _rows(folder / "talk" / f"{name}.tsv"):
            yield Example(_label(row["intent"], row["text"]), name, row["text"])
    for row in _rows(folder / "talk" / "talk.tsv"):
        yield Example(_label(row["intent"], row["text"]), "talk", row["text"])
    for row in _rows(folder / "talk" / "asides.tsv"):
        yield Example(_label(row["kind"], row["text"]), "asides", row["text"])
    for row in _rows(folder / "own_words.tsv"):
        label = UNLIKE if row["heard"] == NOTHING else _label(row["heard"], row["text"])
        yield Example(label, "own_words", row["text"])
    for row in _rows(folder / "ages.tsv"):
        yield Example("under_age" if row["age"] == "young" else NOTHING, "ages", row["said"])
    english = tomllib.loads((folder / "phrasings.toml").read_text(encoding="utf-8"))["en"]
    for word, lists in english.items():
        if word in _PUBLISHED:
            yield from (Example(_label(word, text), "phrasings", text) for text in lists.get("counts", ()))
        yield from (Example(UNLIKE, "phrasings", text) for text in lists.get("mentions", ()))
    for name in ("agreeing", "choosing"):
        for row in _rows(folder / "answers" / f"{name}.tsv"):
            if row["means"] not in _NO_ANSWER:
                yield Example(NOTHING, name, row["reply"])
    for row in _rows(folder.parent / "storage" / "places" / "typed.tsv"):
        yield Example(NOTHING, "places", row["typed"])
    for path in sorted((folder / "distress").glob("?.tsv")):
        yield from _told(path)


def _told(path: Path) -> Iterator[Example]:
    """Yield the sentences of stories: whatever they hold, nobody says it to us."""
    for row in _rows(path):
        if row["kind"] in _TALK:
            continue
        for clause in _CLAUSE.split(row["text"]):
            if FEWEST <= len(clause.split()) <= LONGEST and not _AGE.search(clause):
                yield Example(NOTHING, f"told {path.stem}", clause)


def _label(name: str, text: str) -> str:
    if name == "narrow":
        if re.search(r"\d", text):
            return UNLIKE
        return "narrow_unnamed" if _UNNAMED.search(text) else "narrow_team"
    if name.endswith("_lookalike"):
        return UNLIKE
    return _SAME.get(name, name)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a table as they would arrive; lines with # first are notes. Nothing where there is no file."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {key: value.replace("\\n", "\n") for key, value in row.items() if isinstance(value, str)}
