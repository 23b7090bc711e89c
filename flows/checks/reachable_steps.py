"""Every step must be reachable from the start, on some channel it is meant for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"unreachable": "Nothing leads to this step."}


def check(subject: Subject) -> Iterator[Finding]:
    """Find steps that nobody can ever get to."""
    reached = {name for graph in subject.graphs for name in graph.reached & graph.asked}
    if not reached:
        return  # the start itself is unknown; another check says so
    for name in subject.steps:
        if name not in reached:
            yield subject.finding(
                "unreachable",
                name,
                "No answer leads to this step, so nobody will ever see it.",
                f'Lead to it: write next = "{name}" where it belongs. Or take the step out.',
            )
