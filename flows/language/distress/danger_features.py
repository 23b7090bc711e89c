"""What the model sees of a piece of a message: its words as `flows.language.linear` sees them, and what phrases say.

How long a piece is says nothing. Words are read with the spellings of English alone, whatever else is loaded.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flows.language.linear.hashed_features import Groups, of_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.language.distress import distress_tables

FLAG = "k"
"""Family of what the phrases of `concerns/` find."""
_FILE = Path(__file__).parent / "groups.toml"


@cache
def groups() -> Groups:
    """Return the groups of words that this model knows."""
    return Groups(tomllib.loads(_FILE.read_text(encoding="utf-8")))


def of_piece(words: Sequence[str], flags: Sequence[str]) -> Iterator[str]:
    """Yield every feature of a piece: of its words, and of what the phrases say."""
    yield from of_words(words, groups())
    for flag in flags:
        yield f"{FLAG} {flag}"


def flags(found: distress_tables.DistressFound) -> tuple[str, ...]:
    """Return what the phrases say about a piece."""
    seen = [f"now {kind}" for kind in sorted(found.now)]
    seen += [f"note {kind}" for kind in sorted(found.noted)]
    seen += [f"hint {kind}" for kind in sorted(found.hinted)]
    return (*seen, *(["now"] if found.now else []), *(["alike"] if found.alike else []))
