"""Checks that no cycle of steps runs without waiting for an answer: such a turn would never end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.checks.checked_flow import AT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"loop_without_waiting": "Steps follow each other in a round, and none waits for an answer."}


def check(subject: Subject) -> Iterator[Finding]:
    """Report cycles of steps that ask nothing."""
    said: set[frozenset[str]] = set()
    for graph in subject.graphs:
        for group in graph.silent_rounds:
            if group not in said:
                said.add(group)
                first = next(name for name in graph.steps if name in group)
                yield subject.finding(
                    "loop_without_waiting",
                    first,
                    f"{AT[graph.channel]} the conversation goes round without asking anything:"
                    f" {', '.join(name for name in graph.steps if name in group)}.",
                    "Lead one of these steps to a question or to an end.",
                )
