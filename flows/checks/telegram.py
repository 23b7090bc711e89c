"""Checks what Telegram can show: 4096 characters a message, 64 a button, 100 buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.checks.checked_flow import called
from flows.model.channel_look import LOOKS
from flows.model.messages import LONGEST_LABEL, utf16_units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"telegram_limit": "A message or a button is longer than Telegram shows."}

MESSAGE, BUTTONS = 4096, 100
"""Most characters of a message as Telegram counts, and most buttons under one (python-telegram-bot's constants)."""


def check(subject: Subject) -> Iterator[Finding]:
    """Report messages that Telegram would refuse."""
    for shown in subject.shown():
        if not LOOKS[shown.channel].buttons or shown.part == "again":
            continue
        language = "" if shown.language == subject.language else f"The {called(shown.language)} text: "
        units = utf16_units(shown.say.text)
        if units > MESSAGE:
            yield subject.finding(
                "telegram_limit",
                shown.step,
                f"{language}{units} characters; Telegram shows {MESSAGE} in a message.",
                "Make it shorter.",
            )
        if len(shown.say.options) > BUTTONS:
            yield subject.finding(
                "telegram_limit",
                shown.step,
                f"{len(shown.say.options)} buttons; Telegram shows {BUTTONS}.",
                "Offer fewer.",
            )
        for option in shown.say.options:
            if len(option.label) > LONGEST_LABEL:
                yield subject.finding(
                    "telegram_limit",
                    shown.step,
                    f"{language}the button “{option.label}” has {len(option.label)} characters;"
                    f" it is cut off at {LONGEST_LABEL}.",
                    "Find shorter words.",
                )
