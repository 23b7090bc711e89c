"""Checks that a question that was not understood is asked again in other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"no_again": "A question has no other words for when the answer was not understood."}


def check(subject: Subject) -> Iterator[Finding]:
    """Report questions without `again`, and those whose `again` only repeats them."""
    for name, step in subject.steps.items():
        if step.waits and (step.again is None or step.again.strip() == step.text.strip()):
            yield subject.finding(
                "no_again",
                name,
                "If the answer is not understood, the same words would come again.",
                'Add again = "...": the same question in other, simpler words.',
                "warning",
            )
