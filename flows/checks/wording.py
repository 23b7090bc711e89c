"""Checks the wording: short sentences, and a reading age of 11 or less over the whole flow (rule 97)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flows.language.readability import longest_sentence, reading_age

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {
    "long_sentence": "A sentence has more than 15 words.",
    "hard_to_read": "The flow as a whole needs a reading age over 11.",
}

WORDS, TOO_MANY = 15, 25
"""Words in a sentence: above the first a warning, above the second an error."""

AGE, TOO_HIGH = 11, 14
"""Reading age in years, in the same way; measured on the whole flow, because formulas need long samples."""

ENOUGH = 100
"""Fewest words for which a reading age means anything."""


def check(subject: Subject) -> Iterator[Finding]:
    """Report long sentences and a high reading age in the English source texts; the formulas fit no other language."""
    if subject.language != "en":
        return
    told = [text for text in subject.texts if text.kind == "text"]
    for text in told:
        words = longest_sentence(_plain(text.text))
        if words > WORDS:
            yield subject.finding(
                "long_sentence",
                subject.step_of(text.address),
                f"A sentence has {words} words; {WORDS} is the most.",
                "Make two sentences of it.",
                "error" if words > TOO_MANY else "warning",
            )
    whole = "\n\n".join(_plain(text.text) for text in told)
    if len(whole.split()) < ENOUGH:
        return
    age = reading_age(whole)
    if age > AGE:
        yield subject.finding(
            "hard_to_read",
            "",
            f"The texts need a reading age of {age:.0f} years; {AGE} is the aim.",
            "Use shorter sentences and more common words.",
            "error" if age > TOO_HIGH else "warning",
        )


def _plain(text: str) -> str:
    """Return the text with one short word for each placeholder, because we do not write what is filled in."""
    return re.sub(r"\{[a-z_]+\}", "us", text)
