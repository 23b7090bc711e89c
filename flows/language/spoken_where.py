"""The one sentence for somebody who writes in a language that we do not offer: whom to reach.

Owns the shape of `reach.toml`. Only a sentence that a native speaker has checked is given out; for every other language
the English one is, with nothing beside it that nobody has checked.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE: Final = Path(__file__).parent / "reach.toml"
ENGLISH: Final = "en"


def reach_sentence(code: str | None) -> tuple[str, bool]:
    """Return the sentence for this language, with `{contact}` still in it, and whether it is in that language.

    `code` is what `language_of` returned. False goes with the English sentence.
    """
    sentences = _sentences()
    own = sentences.get(code or "")
    if own is not None and own["checked"]:
        return own["text"], True
    return sentences[ENGLISH]["text"], False


def unchecked() -> tuple[str, ...]:
    """Return the languages whose sentence waits for a native speaker."""
    return tuple(sorted(code for code, sentence in _sentences().items() if not sentence["checked"]))


@cache
def _sentences() -> Mapping[str, Any]:
    sentences: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for code, sentence in sentences.items():
        if set(sentence) != {"checked", "text"} or sentence["text"].count("{contact}") != 1:
            raise ValueError(f"reach.toml, [{code}]: needs checked, and a text with {{contact}} in it once.")
    if not sentences.get(ENGLISH, {}).get("checked"):
        raise ValueError("reach.toml: the English sentence stands in for the others, so it must be checked.")
    return sentences
