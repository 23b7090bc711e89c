"""Checks that each message asks one thing: a second decision beside the first is easily given without being meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"asked_together": "By SMS one message asks for several decisions (also)."}


def check(subject: Subject) -> Iterator[Finding]:
    """Report decisions that are asked beside another one."""
    for name, step in subject.steps.items():
        if beside := step.beside():
            yield subject.finding(
                "asked_together",
                name,
                f"By SMS this message asks for {', '.join(beside)} as well.",
                "Give each decision a step of its own, and take the lines under also out.",
                "warning",
            )
