"""STOP, HELP and DELETE as whole messages in languages that we do not speak. Owns the shape of `elsewhere.toml`.

The table is read when the first short message comes that nothing else has recognised, and is a single look-up from then
on.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flows.language.normalise import folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE: Final = Path(__file__).parent / "elsewhere.toml"
WORDS: Final = ("STOP", "HELP", "DELETE")
"""What is listened for in every language. Where one wording means two of them, the first counts."""
MOST_WORDS: Final = 9
"""Words of the longest entry with a courtesy; a longer message is none."""


def asked_elsewhere(words: Sequence[str]) -> tuple[str, str] | None:
    """Return what a whole message asks for ("STOP", "HELP", "DELETE") and in which language (a code), or None.

    `words` is the message as `flows.language.normalise.folded` gives it.
    """
    if not 0 < len(words) <= MOST_WORDS:
        return None
    text = " ".join(words)
    phrases, before, after = _phrases()
    found = phrases.get(text)
    if found is None and len(words) > 1:
        for courtesy in before.get(words[0], ()):
            found = found or phrases.get(text.removeprefix(f"{courtesy} "))
        for courtesy in after.get(words[-1], ()):
            found = found or phrases.get(text.removesuffix(f" {courtesy}"))
    return found


def unchecked() -> tuple[str, ...]:
    """Return the languages whose words wait for a native speaker."""
    return tuple(sorted(code for code, table in _read()[0].items() if not table["checked"]))


@cache
def _read() -> tuple[Mapping[str, Any], frozenset[str]]:
    """Return the tables by language, and what may stand beside a word, folded."""
    tables: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    courtesies = frozenset(" ".join(folded(entry)) for entry in tables.pop("courtesies"))
    for code, table in tables.items():
        unknown = set(table) - {"checked", *WORDS}
        if unknown or "checked" not in table:
            raise ValueError(f"elsewhere.toml, [{code}]: needs checked, and lists named {', '.join(WORDS)} only.")
    return tables, courtesies


@cache
def _phrases() -> tuple[Mapping[str, tuple[str, str]], Mapping[str, list[str]], Mapping[str, list[str]]]:
    """Return what is asked for by phrase, and the courtesies by their first and by their last word."""
    tables, courtesies = _read()
    phrases: dict[str, tuple[str, str]] = {}
    for word in WORDS:
        for code, table in tables.items():
            for phrase in table.get(word, ()):
                phrases.setdefault(" ".join(folded(phrase)), (word, code))
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for courtesy in sorted(courtesies):
        before.setdefault(courtesy.split()[0], []).append(courtesy)
        after.setdefault(courtesy.split()[-1], []).append(courtesy)
    return phrases, before, after
