"""Finds options in what a person typed: by number, label or first letters, in any case, with words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from flows.language.answers.corrections import meant
from flows.language.answers.mentions import mentioned, not_words
from flows.language.answers.numerals import NumberNamed, named
from flows.language.answers.phrase_book import LONGEST, answers_in, standing
from flows.language.keywords.recognise import normalise
from flows.language.normalise import folded
from flows.model.effects import Option
from flows.questions.question import Choice

if TYPE_CHECKING:
    from flows.language.answers.phrase_book import AnswerTable
    from flows.questions.question import OptionStep, QuestionContext

_WORDS = re.compile(r"\w+")
_EDGE = " \t\r\n.,;:!?-)(\"'"
_PIECES = re.compile(r"[,;/&+\n]|\band\b|\boraz\b")
LEAVING = 12
"""A reply with more words than this does more than skip a question."""
LETTERS = 3
"""How many first letters are enough to name a decision."""


class Match(NamedTuple):
    """The option that was chosen, and the words around it."""

    choice: Choice
    note: str


def offered(context: QuestionContext, options: Sequence[OptionStep], start: int = 1) -> tuple[Choice, ...]:
    """Return the options offered on this channel, numbered from `start`, in the contributor's language."""
    state = context.conversation
    key = (context.name, state.language, state.channel, start, len(options))
    known = context.release.offered.get(key)
    if known is not None and all(one is other for one, other in zip(known[0], options, strict=True)):
        return known[1]
    made = tuple(_offered(context, options, start))
    context.release.offered[key] = (tuple(options), made)
    return made


def _offered(context: QuestionContext, options: Sequence[OptionStep], start: int) -> Iterator[Choice]:
    channel = context.conversation.channel
    number = start
    for option in options:
        if option.when is not None and option.when != channel:
            continue
        address = f"options.{option.value}"
        short = context.look.short and context.has(f"{address}.sms")
        label = context.text(f"{address}.sms" if short else address)
        words = context.text(f"{address}.words") if context.has(f"{address}.words") else ""
        shown = Option(value=option.value, label=label, key=str(number))
        yield Choice(option, shown, _forms(label, words, option.value), context.conversation.language)
        number += 1


@lru_cache(maxsize=4096)
def _forms(label: str, words: str, value: str) -> tuple[str, ...]:
    forms = [normalise(label), *(normalise(word) for word in words.split(",")), normalise(value.replace("_", " "))]
    return tuple(dict.fromkeys(form for form in forms if form))


def pressed(choices: Sequence[Choice], index: int) -> Choice | None:
    """Return the option behind a button, or None if there is no such button."""
    return choices[index] if 0 <= index < len(choices) else None


def choose(said: str, choices: Sequence[Choice]) -> Match | None:
    """Return the one option that was meant; None if none or several could be.

    If somebody corrects themselves, the correction counts. Then, in this order: its label or one of its words; its
    number, in figures or words; a text that begins with its words; its first letters; a text with the words of exactly
    one option; a word with one typing error. It never guesses between two.
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
    """Return every option that was meant ("1+2", "all three", "me and the council"); None if none was."""
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
    """Return the option if nothing else is said: number, label, first letters, or one mistyped word; else None."""
    text = normalise(said[:LONGEST])
    numbered = named(said, len(choices), _table(choices)) if text else None
    if numbered is not None:
        return _by_number(numbered, choices)
    if (whole := _by_whole(text, choices)) is not None or len(text) < LETTERS:
        return whole
    return _by_first_letters(text, choices) or (None if " " in text else _by_slip(text, choices))


def leaves(said: str, choices: Sequence[Choice]) -> Literal["none", "leave", ""]:
    """Return how a reply avoids choosing: `none` for "none of them", `leave` for "rather not say"; "" if not."""
    table = _table(choices)
    if table is None:
        return ""
    words = folded(said[:LONGEST])
    if not words or len(words) > LEAVING or any(normalise(said) in choice.forms for choice in choices):
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


def _by_number(numbered: NumberNamed, choices: Sequence[Choice]) -> Match | None:
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
    """Return the options whose words appear in a normalised text."""
    return [choices[which] for which in mentioned(text, [choice.forms for choice in choices], _table(choices))]


def _by_slip(text: str, choices: Sequence[Choice]) -> Match | None:
    if len(text) < 4:
        return None
    near = []
    denials = not_words(_table(choices)).intersection(text.replace("'", "").split())
    for choice in choices:
        forms = [form for form in choice.forms if _may_be_near(text, form) and denials <= set(form.split())]
        score = max((SequenceMatcher(None, text, form).ratio() for form in forms), default=0.0)
        if score >= 0.84:
            near.append((score, choice))
    near.sort(key=lambda pair: pair[0], reverse=True)
    if not near or (len(near) > 1 and near[0][0] - near[1][0] < 0.05):
        return None
    return Match(near[0][1], "")


def _may_be_near(text: str, form: str) -> bool:
    return 0.84 * (len(text) + len(form)) <= 2 * min(len(text), len(form))


def spaced(text: str) -> str:
    """Return the words of a text between single spaces, so that whole words can be searched in it."""
    return f" {' '.join(_WORDS.findall(text))} "


def numbers(said: str) -> tuple[int, ...] | None:
    """Return the numbers of a text that contains nothing else ("1 3", "1,3", "1 and 3", "1&3"); else None."""
    text = re.sub(r"\b(?:and|a|ac|i|oraz)\b|[&+]", " ", normalise(said[:LONGEST]))
    if not re.fullmatch(r"[\s\d.,;:/\-)]+", text):
        return None
    found = [int(item) for item in re.findall(r"\d{1,2}", text)]
    return tuple(dict.fromkeys(found)) or None
