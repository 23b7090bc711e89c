"""Checks that every step can be reached from the start, on a channel it is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"unreachable": "Nothing leads to this step."}


def check(subject: Subject) -> Iterator[Finding]:
    """Report steps that nobody can reach."""
    reached = {name for graph in subject.graphs for name in graph.reached & graph.asked}
    if not reached:
        return  # the start itself is unknown, which another check reports
    for name in subject.steps:
        if name not in reached:
            yield subject.finding(
                "unreachable",
                name,
                "No answer leads to this step, so nobody will ever see it.",
                f'Lead to it: write next = "{name}" where it belongs. Or take the step out.',
            )
