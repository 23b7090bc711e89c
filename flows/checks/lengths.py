"""Checks how many segments each SMS takes as really sent, options and filled placeholders included (rules 18, 96)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.checks.checked_flow import called
from flows.language import segments
from flows.model.channel_look import LOOKS
from flows.model.messages import sms_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Severity, Shown, Subject

CODES = {
    "sms_too_long": "An SMS needs more segments than it may: 2, or 3 for what MORE tells about consent.",
    "costly_sign": "One sign that is no letter, such as an emoji, makes an SMS cost up to twice as much.",
    "typographic": "Curly quotes, long dashes and the like are sent as plain ones by SMS.",
}

MOST = 2
MOST_AFTER_MORE = 3
"""Most segments of what MORE explains about a decision: only who asks for it gets it."""

LETTERS_ALLOWANCE = 2
"""Factor on the segments for a language whose letters are not in the GSM alphabet: the same number of characters."""


def check(subject: Subject) -> Iterator[Finding]:
    """Report SMS that are too long in any language, and characters of source texts that make an SMS longer."""
    signed: set[str] = set()
    for shown in subject.shown():
        if LOOKS[shown.channel].short:
            yield from _measured(subject, shown)
            yield from _signs(subject, shown, signed)
    for text in subject.texts:
        if text.kind != "words" and text.sms is not False:
            plain = segments.normalise_typography(text.text)
            changed = sorted(set(text.text) - set(plain))
            if changed:
                yield subject.finding(
                    "typographic",
                    subject.step_of(text.address),
                    f"By SMS {' '.join(changed)} is sent as a plain sign, so people see something else than you wrote.",
                    "Write straight quotes, a short dash and three dots, or give the text a text_sms.",
                    "warning",
                )


def _measured(subject: Subject, shown: Shown) -> Iterator[Finding]:
    body = sms_text(shown.say)
    counted = segments.count(body)
    letters = [sign for sign in segments.unicode_causes(body) if sign.isalpha()]
    most = _most(subject, shown) * (LETTERS_ALLOWANCE if letters and shown.language != "en" else 1)
    if counted.parts > most:
        language = "" if shown.language == subject.language else f"In {called(shown.language)} this"
        severity: Severity = "warning" if shown.draft else "error"
        yield subject.finding(
            "sms_too_long",
            _where(shown),
            f"{language or 'This'} SMS has {len(body)} characters: {counted.parts} segments, and {most} is the most.",
            "Say it in fewer words, or give it a shorter text_sms (again_sms, label_sms). Each segment is paid for.",
            severity,
        )


def _most(subject: Subject, shown: Shown) -> int:
    step = subject.steps.get(shown.step)
    tells_more = shown.part == "more" and step is not None and step.asks_consent
    return MOST_AFTER_MORE if tells_more else MOST


def _signs(subject: Subject, shown: Shown, said: set[str]) -> Iterator[Finding]:
    causes = [sign for sign in segments.unicode_causes(sms_text(shown.say)) if not sign.isalpha()]
    where = _where(shown)
    if causes and where not in said:
        said.add(where)
        yield subject.finding(
            "costly_sign",
            where,
            f"Because of {' '.join(dict.fromkeys(causes))} this SMS holds 70 characters, not 160.",
            "Leave the sign out, or keep it for Telegram and write a text_sms without it.",
            "warning",
        )


def _where(shown: Shown) -> str:
    return shown.step if shown.part == "text" else f"{shown.step}.{shown.part}"
