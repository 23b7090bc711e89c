"""Checks placeholders in braces: known names only, in texts that may contain them, the same in every language."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from flows.authoring.release import PLACEHOLDERS
from flows.checks.checked_flow import called

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject
    from flows.questions.question import SourceText

CODES = {
    "unknown_placeholder": "A text holds braces that nothing can fill.",
    "placeholder_differs": "A translation has other braces than its source.",
}

EVERYWHERE = frozenset(
    {
        "organisation", "contact", "privacy_url", "emergency", "crisis_line", "youth_line", "age", "receipt", "agreed",
    }
)  # fmt: skip
"""Known in any text of a flow."""

READ_BACK = frozenset({"story", "place", "scale", "actor", "rating"})
"""Known only in a text that shows what was told."""

_BRACED = re.compile(r"\{([^{}]*)\}|[{}]")


def check(subject: Subject) -> Iterator[Finding]:
    """Report placeholders that are unknown, out of place, or differ between languages."""
    for text in subject.texts:
        known = _known(subject, text)
        for braced in dict.fromkeys(found for found in _braces(text.text) if found not in known):
            yield _unknown(subject, text, braced, known)
    for language, _, texts in subject.versions[1:]:
        for text in subject.texts:
            if text.address in texts and set(_braces(texts[text.address])) != set(_braces(text.text)):
                yield subject.finding(
                    "placeholder_differs",
                    subject.step_of(text.address),
                    f"The {called(language)} text has {_listed(texts[text.address])} in braces,"
                    f" its source has {_listed(text.text)}.",
                    "Use the same names in braces, spelled as in the source.",
                )


def _braces(text: str) -> list[str]:
    return [found[0] if found[0] in "{}" else f"{{{found[1]}}}" for found in _BRACED.finditer(text)]


def _listed(text: str) -> str:
    return ", ".join(sorted(set(_braces(text)))) or "nothing"


def _known(subject: Subject, text: SourceText) -> frozenset[str]:
    names = PLACEHOLDERS if subject.flow is None else EVERYWHERE
    if subject.flow is not None:
        step, _, part = text.address.removeprefix(f"{subject.id}/").partition(".")
        if subject.steps[step].shows_told and part in {"text", "text_sms"}:
            names |= READ_BACK
    return frozenset(f"{{{name}}}" for name in names)


def _unknown(subject: Subject, text: SourceText, braced: str, known: frozenset[str]) -> Finding:
    if braced in "{}":
        return subject.finding(
            "unknown_placeholder",
            subject.step_of(text.address),
            f"There is a single “{braced}” in the text.",
            "Write both braces around the name of what is to be filled in, or take it out.",
        )
    near = get_close_matches(braced, known, n=1)
    return subject.finding(
        "unknown_placeholder",
        subject.step_of(text.address),
        f"“{braced}” cannot be filled in here.",
        f"Did you mean {near[0]}?" if near else f"Use one of: {', '.join(sorted(known))}.",
    )
