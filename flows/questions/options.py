"""Reading an option out of what a person typed: number, label, first letters, any case, words around it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from flows.effects import Option
from flows.keywords import normalise

if TYPE_CHECKING:
    from flows.questions.base import OptionStep, Scene

LONGEST = 300
"""Characters beyond which a text is no choice but something told; only its beginning is read for one."""

_NUMBER = re.compile(r"^(?:no\.?|number|option|#|nr\.?)?\s*(\d{1,2})(?!\d|[.,:/]\d)[\s.):;,\-]*(.*)$", re.DOTALL)
_WORDS = re.compile(r"\w+")
_EDGE = " \t\r\n.,;:!?-)(\"'"


class Choice(NamedTuple):
    """One option as this contributor sees it, with every form that means it, normalised."""

    option: OptionStep
    shown: Option
    forms: tuple[str, ...]


class Match(NamedTuple):
    """What was chosen, and the words around it."""

    choice: Choice
    note: str


def offered(scene: Scene, options: Sequence[OptionStep], start: int = 1) -> tuple[Choice, ...]:
    """Return the options offered on this channel, numbered from `start`, in the contributor's language."""
    made = []
    channel = scene.conversation.channel
    number = start
    for option in options:
        if option.when is not None and option.when != channel:
            continue
        address = f"options.{option.value}"
        label = scene.text(f"{address}.sms") if scene.sms and scene.has(f"{address}.sms") else scene.text(address)
        words = scene.text(f"{address}.words") if scene.has(f"{address}.words") else ""
        made.append(
            Choice(option, Option(value=option.value, label=label, key=str(number)), _forms(label, words, option.value))
        )
        number += 1
    return tuple(made)


@lru_cache(maxsize=4096)
def _forms(label: str, words: str, value: str) -> tuple[str, ...]:
    forms = [normalise(label), *(normalise(word) for word in words.split(",")), normalise(value.replace("_", " "))]
    return tuple(dict.fromkeys(form for form in forms if form))


def pressed(choices: Sequence[Choice], index: int) -> Choice | None:
    """Return the option behind a button, or None if there is no such button."""
    return choices[index] if 0 <= index < len(choices) else None


def choose(said: str, choices: Sequence[Choice]) -> Match | None:
    """Return the one option that was meant, or None when none or several could be.

    In this order: its number; its label or one of its words; a text that begins with one; its first letters; a text
    in which the words of exactly one option stand; a slip of the finger. Never a guess between two.
    """
    text = normalise(said[:LONGEST])
    if not text:
        return None
    return (
        _by_number(text, choices)
        or _by_whole(text, choices)
        or _by_beginning(text, said, choices)
        or _by_first_letters(text, choices)
        or _by_contained(text, said, choices)
        or _by_slip(text, choices)
    )


def _by_number(text: str, choices: Sequence[Choice]) -> Match | None:
    found = _NUMBER.match(text)
    if found is None:
        return None
    key, rest = str(int(found[1])), found[2].strip(_EDGE)
    chosen = [choice for choice in choices if choice.shown.key == key]
    if not chosen or len(rest.split()) > 12:
        return None
    note = "" if rest in chosen[0].forms else rest
    return Match(chosen[0], note)


def _by_whole(text: str, choices: Sequence[Choice]) -> Match | None:
    chosen = [choice for choice in choices if text in choice.forms]
    return Match(chosen[0], "") if len(chosen) == 1 else None


def _by_beginning(text: str, said: str, choices: Sequence[Choice]) -> Match | None:
    begun = [
        (len(form), choice)
        for choice in choices
        for form in choice.forms
        if text.startswith(form) and len(text) > len(form) and not text[len(form)].isalnum()
    ]
    if not begun:
        return None
    length, chosen = max(begun, key=lambda pair: pair[0])
    return Match(chosen, _rest(said, length))


def _rest(said: str, length: int) -> str:
    stripped = said.strip()
    return stripped[length:].strip(_EDGE) if len(stripped) > length else ""


def _by_first_letters(text: str, choices: Sequence[Choice]) -> Match | None:
    if not text.replace(" ", "").isalpha() or len(text) > 20:
        return None
    chosen = [choice for choice in choices if any(form.startswith(text) for form in choice.forms)]
    return Match(chosen[0], "") if len(chosen) == 1 else None


def _by_contained(text: str, said: str, choices: Sequence[Choice]) -> Match | None:
    padded = spaced(text)
    chosen = [choice for choice in choices if any(len(form) > 2 and spaced(form) in padded for form in choice.forms)]
    return Match(chosen[0], said.strip()) if len(chosen) == 1 else None


def _by_slip(text: str, choices: Sequence[Choice]) -> Match | None:
    if len(text) < 4:
        return None
    near = []
    for choice in choices:
        score = max(SequenceMatcher(None, text, form).ratio() for form in choice.forms)
        if score >= 0.84:
            near.append((score, choice))
    near.sort(key=lambda pair: pair[0], reverse=True)
    if not near or (len(near) > 1 and near[0][0] - near[1][0] < 0.05):
        return None
    return Match(near[0][1], "")


def spaced(text: str) -> str:
    """Return the words of a text between single spaces, so that whole words can be looked for in it."""
    return f" {' '.join(_WORDS.findall(text))} "


def numbers(said: str) -> tuple[int, ...] | None:
    """Return the numbers of a text that holds nothing else ("1 3", "1,3", "1 and 3", "1&3"), or None."""
    text = re.sub(r"\b(?:and|a|ac|i|oraz)\b|[&+]", " ", normalise(said[:LONGEST]))
    if not re.fullmatch(r"[\s\d.,;:/\-)]+", text):
        return None
    found = [int(item) for item in re.findall(r"\d{1,2}", text)]
    return tuple(dict.fromkeys(found)) or None
