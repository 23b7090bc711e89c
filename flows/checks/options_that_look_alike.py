"""Checks that the options of a question begin differently: people type the first word, or a number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flows.authoring.flow_graph import CHANNELS
from flows.checks.checked_flow import called
from flows.language.keywords.recognise import normalise
from flows.model.channel_look import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject
    from flows.model.channel_look import ChannelKind

CODES = {
    "same_answer": "Two answers of a question are, or mean, the same words.",
    "alike_answers": "Two answers of a question begin with the same word.",
    "number_answer": "An answer begins with the number of another answer.",
}

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SMALL = frozenset(
    {
        "a", "an", "the", "i", "it", "my", "me", "we", "you", "in", "on", "at", "of", "to", "not", "some", "something",
        "someone", "y", "yr", "i'r", "fy", "na", "nie", "w", "z", "ja",
    }
)  # fmt: skip
"""Short words that many options begin with; the word after them counts as the first."""


def check(subject: Subject) -> Iterator[Finding]:
    """Report options that begin alike, as each channel and language shows them."""
    said: set[tuple[str, str, str]] = set()
    for language, _, texts in subject.versions:
        for channel in CHANNELS:
            for name, addresses in subject.answers(channel):
                options = [_forms(address, texts, channel) for address in addresses]
                for finding in _compare(subject, name, language, options):
                    if (finding.step, finding.code, finding.what) not in said:
                        said.add((finding.step, finding.code, finding.what))
                        yield finding


def _forms(address: str, texts: Mapping[str, str], channel: ChannelKind) -> tuple[str, frozenset[str]]:
    """Return an option's label on this channel, with every form that means it."""
    label = (texts.get(f"{address}.sms", "") if LOOKS[channel].short else "") or texts.get(address, "")
    words = texts.get(f"{address}.words", "").split(",")
    return label, frozenset(filter(None, (normalise(form) for form in (label, *words))))


def _compare(
    subject: Subject, name: str, language: str, options: list[tuple[str, frozenset[str]]]
) -> Iterator[Finding]:
    where = "" if language == subject.language else f" in {called(language)}"
    for position, (label, forms) in enumerate(options, start=1):
        begins = re.match(r"(\d+)|(\w+)", normalise(label))
        number = 0
        if begins is not None:
            number = int(begins[1]) if begins[1] else _NUMBERS.index(begins[2]) if begins[2] in _NUMBERS else 0
        if 1 <= number <= len(options) and number != position:
            yield subject.finding(
                "number_answer",
                name,
                f"“{label}” is answer {position} but begins with {number}{where}.",
                "Put the answers in the order of their numbers, or begin with another word.",
            )
        for other, others in options[position:]:
            if not label or not other:
                continue
            if shared := sorted(forms & others):
                yield subject.finding(
                    "same_answer",
                    name,
                    f"“{shared[0]}” means both “{label}” and “{other}”{where}.",
                    "Keep the words for one of them only.",
                )
            elif _first(label) == _first(other):
                yield subject.finding(
                    "alike_answers",
                    name,
                    f"“{label}” and “{other}” begin alike{where}, so a short answer could mean either.",
                    "Let each begin with the word that makes it different.",
                    "warning",
                )


def _first(label: str) -> str:
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+", normalise(label))
    return next((word for word in words if word not in _SMALL), " ".join(words))
