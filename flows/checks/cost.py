"""Checks what a flow costs a tired person with an old phone: segments and seconds, on a real path through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.checks.checked_flow import AT, called
from flows.checks.lengths import LETTERS_ALLOWANCE
from flows.walk.walked_costs import BEFORE, PUBLISHED, SECONDS, STORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Severity, Subject

CODES = {
    "late_invitation": "More than 3 SMS segments go out before people are invited to tell.",
    "costly_story": "A story in two texts costs more than 12 SMS segments, or 14 if it is published.",
    "slow_to_read": "All that a person has to read takes longer than 75 seconds.",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Report languages and channels on which the flow costs too much."""
    for cost in subject.costs:
        severity: Severity = "error" if cost.language == subject.language else "warning"
        where = (
            AT[cost.channel]
            if cost.language == subject.language
            else f"{AT[cost.channel]}, in {called(cost.language)},"
        )
        times = LETTERS_ALLOWANCE if cost.letters and cost.language != "en" else 1
        if cost.before > BEFORE * times:
            yield subject.finding(
                "late_invitation",
                "",
                f"{where} {cost.before} segments go out before people are invited to tell."
                f" {BEFORE * times} is the most.",
                "Shorten the welcome and the consent question (text_sms), or ask other things after the story.",
                severity,
            )
        if cost.story > STORY * times or cost.published > PUBLISHED * times:
            yield subject.finding(
                "costly_story",
                "",
                f"{where} a story in two texts costs {cost.story} segments, {cost.published} if it is published."
                f" {STORY * times} and {PUBLISHED * times} are the most.",
                "Give the longest messages a shorter text_sms and label_sms, or leave a question out.",
                severity,
            )
        if cost.seconds > SECONDS:
            yield subject.finding(
                "slow_to_read",
                "",
                f"{where} people have {cost.seconds:.0f} seconds to read. {SECONDS} is the most for somebody tired.",
                "Say it in fewer words, and let MORE tell the rest.",
                "warning",
            )
