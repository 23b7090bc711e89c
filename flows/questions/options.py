"""Reading options out of what a person typed: number, label, first letters, any case, words around it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from flows.effects import Option
from flows.keywords import normalise
from flows.language.answering import LONGEST, answers_in, standing
from flows.language.corrections import meant
from flows.language.numerals import Named, named
from flows.letters import folded

if TYPE_CHECKING:
    from flows.language.answering import AnswerTable
    from flows.questions.base import OptionStep, Scene

_WORDS = re.compile(r"\w+")
_WORDS_AND_STOPS = re.compile(r"([\w']+)|[,.;:!?\n]")
_EDGE = " \t\r\n.,;:!?-)(\"'"
_PIECES = re.compile(r"[,;/&+\n]|\band\b|\boraz\b")
_GAP = "..."
GAP = 4
"""Words that "..." in the words of an option may stand for."""
TOLD = 25
"""Words from which on a reply tells something, and names no option in passing."""
LETTERS = 3
"""First letters that are enough for a decision."""
PASSING = 6
"""Words up to which so small a word as "me" names an option."""
_BEFORE = 3
"""Words before one that may deny it: "not", "i wasnt really …"."""


class Choice(NamedTuple):
    """One option as this contributor sees it, with every form that means it, normalised."""

    option: OptionStep
    shown: Option
    forms: tuple[str, ...]
    language: str = ""
    """Whose table of answers helps to read it; none where our own questions are read by their labels alone."""


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
            Choice(
                option,
                Option(value=option.value, label=label, key=str(number)),
                _forms(label, words, option.value),
                scene.conversation.language,
            )
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

    What somebody puts right counts as they put it right. Then, in this order: its label or one of its words; its
    number, in figures or words; a text that begins with its words; its first letters; a text in which the words of
    exactly one option stand; a slip of the finger. Never a guess between two.
    """
    table = _table(choices)
    put_right = meant(said, table)
    if put_right is not None and (found := _choose(put_right, choices)) is not None:
        return found
    return _choose(said, choices)


def _choose(said: str, choices: Sequence[Choice]) -> Match | None:
    text = normalise(said[:LONGEST])
    if not text:
        return None
    if (whole := _by_whole(text, choices)) is not None:
        return whole
    table = _table(choices)
    if (numbered := named(said, len(choices), table)) is not None:
        return _by_number(numbered, choices)
    if table is not None and len(standing_in(text, choices)) > 1:
        return None
    return (
        _by_beginning(text, said, choices)
        or _by_first_letters(text, choices)
        or _by_contained(text, said, choices)
        or _by_slip(text, choices)
    )


class Some(NamedTuple):
    """The options that were chosen, in their order, and the words around them."""

    choices: tuple[Choice, ...]
    note: str


def some(said: str, choices: Sequence[Choice]) -> Some | None:
    """Return every option that was meant ("1+2", "all three", "me and the council"), or None when none was."""
    put_right = meant(said, _table(choices))
    if put_right is not None and (found := _some(put_right, choices)) is not None:
        return found
    return _some(said, choices)


def _some(said: str, choices: Sequence[Choice]) -> Some | None:
    numbered = named(said, len(choices), _table(choices))
    if numbered is not None:
        keys = {str(number) for number in numbered.numbers}
        chosen = tuple(choice for choice in choices if choice.shown.key in keys)
        return Some(chosen, numbered.beside) if len(chosen) == len(keys) else None
    standing_there = standing_in(normalise(said[:LONGEST]), choices)
    found, notes = list(standing_there), [said.strip()] if standing_there else []
    for piece in _PIECES.split(said[:LONGEST]):
        match = _choose(piece, choices) if piece.strip() else None
        if match is not None and match.choice not in found:
            found.append(match.choice)
            notes += [match.note] if match.note and not standing_there else []
    if not found:
        return None
    whole = normalise(said)
    note = "" if any(whole in choice.forms for choice in choices) else " ".join(notes)
    return Some(tuple(choice for choice in choices if choice in found), note)


def strictly(said: str, choices: Sequence[Choice]) -> Match | None:
    """Return the option that is named and nothing else: by number, label, first letters, or one word with a slip."""
    text = normalise(said[:LONGEST])
    numbered = named(said, len(choices), _table(choices)) if text else None
    if numbered is not None:
        return _by_number(numbered, choices)
    if (whole := _by_whole(text, choices)) is not None or len(text) < LETTERS:
        return whole
    return _by_first_letters(text, choices) or (None if " " in text else _by_slip(text, choices))


def leaves(said: str, choices: Sequence[Choice]) -> Literal["none", "leave", ""]:
    """Return how a reply chooses nothing on purpose: "none of them", or "not fussed", "rather not say"; "" if not."""
    table = _table(choices)
    if table is None:
        return ""
    words = folded(said[:LONGEST])
    if not words or len(words) > PASSING * 2 or any(normalise(said) in choice.forms for choice in choices):
        return ""
    found = standing(words, table.choosing)
    kinds = {piece.kind for piece in found}
    taken = {place for piece in found for place in range(piece.start, piece.end)}
    only = all(place in taken or word in table.fillers for place, word in enumerate(words))
    if not only or kinds & {"all", "both"}:
        return ""
    return "none" if "none" in kinds else "leave" if "leave" in kinds else ""


def _table(choices: Sequence[Choice]) -> AnswerTable | None:
    return answers_in(choices[0].language) if choices and choices[0].language else None


def _by_number(numbered: Named, choices: Sequence[Choice]) -> Match | None:
    chosen = [choice for choice in choices if choice.shown.key in {str(number) for number in numbered.numbers}]
    if len(chosen) != 1 or len(numbered.numbers) != 1:
        return None
    return Match(chosen[0], "" if normalise(numbered.beside) in chosen[0].forms else numbered.beside)


def _by_whole(text: str, choices: Sequence[Choice]) -> Match | None:
    chosen = [choice for choice in choices if text in choice.forms]
    return Match(chosen[0], "") if len(chosen) == 1 else None


def _by_beginning(text: str, said: str, choices: Sequence[Choice]) -> Match | None:
    begun = [
        (len(form), choice)
        for choice in choices
        for form in choice.forms
        if text.startswith(form) and len(text) > len(form) and not text[len(form)].isalnum() and text[len(form)] != "?"
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
    chosen = standing_in(text, choices)
    return Match(chosen[0], said.strip()) if len(chosen) == 1 else None


def standing_in(text: str, choices: Sequence[Choice]) -> list[Choice]:
    """Return the options whose words stand in a text and are not denied; longer phrases go before shorter ones."""
    words, clauses = _words_and_clauses(text)
    if len(words) > TOLD:
        return []
    table = _table(choices)
    kinds = _kinds(words, table)
    found = [
        (start, end, choice)
        for choice in choices
        for form in _known(choice.forms)
        for start, end in _places(form, kinds)
        if len("".join(form)) > 2 or _is_named(words, start, table)
        if not _denied(words[max(clauses[start], start - _BEFORE) : start], table)
    ]
    return [choice for choice in choices if any(one[2] is choice and not _within(one, found) for one in found)]


def _within(one: tuple[int, int, Choice], found: list[tuple[int, int, Choice]]) -> bool:
    start, end, mine = one
    return any(
        other is not mine and begin <= start and end <= stop and stop - begin > end - start
        for begin, stop, other in found
    )


@lru_cache(maxsize=1024)
def _known(forms: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    split = (
        tuple(_GAP if word == _GAP else word.strip(_EDGE) for word in form.replace("'", "").split()) for form in forms
    )
    return tuple(dict.fromkeys(form for form in split if form))


def _kinds(words: Sequence[str], table: AnswerTable | None) -> list[frozenset[str]]:
    """Return for each word what it can be called: itself, and the head word of its kind ("mum" is a "relative")."""
    if table is None:
        return [frozenset((word,)) for word in words]
    made = [
        frozenset((word, *table.alike.get(word, ()), *table.alike.get(word.removesuffix("s"), ()))) for word in words
    ]
    for place, pair in enumerate(pairwise(words)):
        if heads := table.alike.get(" ".join(pair)):
            made[place], made[place + 1] = frozenset((pair[0], *heads)), frozenset((pair[1], *heads))
    return made


def _places(form: Sequence[str], words: Sequence[frozenset[str]]) -> list[tuple[int, int]]:
    """Return where a form stands among words, a gap being up to some words of any kind."""
    if _GAP in form:
        middle = list(form).index(_GAP)
        firsts, lasts = _places(form[:middle], words), _places(form[middle + 1 :], words)
        return [(start, end) for start, stop in firsts for begin, end in lasts if stop <= begin <= stop + GAP]
    size = len(form)
    return [
        (at, at + size)
        for at in range(len(words) - size + 1)
        if all(word in words[at + step] for step, word in enumerate(form))
    ]


def _is_named(words: Sequence[str], place: int, table: AnswerTable | None) -> bool:
    """Tell whether so small a word as "me" names an option: not in "they told me"."""
    return len(words) <= PASSING and (place == 0 or (table is not None and words[place - 1] in table.fillers))


def _words_and_clauses(text: str) -> tuple[list[str], list[int]]:
    """Return the words of a text, and for each the place where its clause begins: "not staff, a patient"."""
    words: list[str] = []
    clauses: list[int] = []
    begins = 0
    for found in _WORDS_AND_STOPS.finditer(text):
        if found[1]:
            words.append(found[1].replace("'", ""))
            clauses.append(begins)
        else:
            begins = len(words)
    return words, clauses


def _denied(before: Sequence[str], table: AnswerTable | None) -> bool:
    return not _not_words(table).isdisjoint(before)


def _not_words(table: AnswerTable | None) -> frozenset[str]:
    table = table or answers_in("en")
    return table.not_words if table is not None else frozenset()


def _by_slip(text: str, choices: Sequence[Choice]) -> Match | None:
    if len(text) < 4:
        return None
    near = []
    denials = _not_words(_table(choices)).intersection(text.replace("'", "").split())
    for choice in choices:
        forms = [form for form in choice.forms if denials <= set(form.split())]
        score = max((SequenceMatcher(None, text, form).ratio() for form in forms), default=0.0)
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
