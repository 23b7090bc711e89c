"""STOP, HELP and DELETE as whole messages in languages that we do not speak. Owns the shape of `elsewhere.toml`. Pure.

Imports the standard library and `flows.letters`. The table is read when the first short message comes that nothing else
has recognised, and is a single look-up from then on.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flows.letters import folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE: Final = Path(__file__).parent / "elsewhere.toml"
WORDS: Final = ("STOP", "HELP", "DELETE")
"""What is listened for in every language. Where one wording means two of them, the first counts."""
MOST_WORDS: Final = 8
"""Words of the longest entry; a longer message is none."""


def asked_elsewhere(words: Sequence[str]) -> tuple[str, str] | None:
    """Return what a whole message asks for ("STOP", "HELP", "DELETE") and in which language (a code), or None.

    `words` is the message as `flows.letters.folded` gives it.
    """
    return _phrases().get(" ".join(words)) if 0 < len(words) <= MOST_WORDS else None


def unchecked() -> tuple[str, ...]:
    """Return the languages whose words wait for a native speaker."""
    return tuple(sorted(code for code, table in _tables().items() if not table["checked"]))


@cache
def _tables() -> Mapping[str, Any]:
    tables: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for code, table in tables.items():
        unknown = set(table) - {"checked", *WORDS}
        if unknown or "checked" not in table:
            raise ValueError(f"elsewhere.toml, [{code}]: needs checked, and lists named {', '.join(WORDS)} only.")
    return tables


@cache
def _phrases() -> Mapping[str, tuple[str, str]]:
    phrases: dict[str, tuple[str, str]] = {}
    for word in WORDS:
        for code, table in _tables().items():
            for phrase in table.get(word, ()):
                phrases.setdefault(" ".join(folded(phrase)), (word, code))
    return phrases
