"""Finds place names that nobody could choose as an answer: keywords, and words that mean no place.

A team's own list of places is checked with it, so that "Stop" or "no" is found when the list is imported, not when a
person answers.
"""

from __future__ import annotations

from functools import lru_cache

from flows.authoring.loader import EVERYWHERE, everywhere
from flows.language.keywords.keyword_tables import WORDS
from flows.language.keywords.recognise import recognise
from flows.model.channel_look import LOOKS
from flows.questions.place import says_nowhere


def means_else(name: str) -> bool:
    """Return True if this name would be understood as something else, in any language or on any channel."""
    languages = sorted(file.stem for file in WORDS.glob("*.toml"))
    heard = (recognise(name, language=language, channel=channel) for language in languages for channel in LOOKS)
    if any(word is not None and word.whole and not word.sensed for word in heard):
        return True
    texts = _texts()
    none = (f"{EVERYWHERE}/none_words.text", f"{EVERYWHERE}/yes_words.text", f"{EVERYWHERE}/no_words.text")
    return says_nowhere(
        name, texts[f"{EVERYWHERE}/place_skips.text"], texts[f"{EVERYWHERE}/place_fillers.text"]
    ) or any(says_nowhere(name, texts[address], "") for address in none)


@lru_cache(maxsize=1)
def _texts() -> dict[str, str]:
    return {text.address: text.text for text in everywhere()}
