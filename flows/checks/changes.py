"""Checks that a read-back offers to change only what was asked before it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flows.checks.checked_flow import BY
from flows.questions.question import offered_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject
    from flows.questions.question import Edge

CODES = {"change_not_asked": "The read-back offers to change something that was not asked before it."}


def check(subject: Subject) -> Iterator[Finding]:
    """Report things to change that were not asked before."""
    said: set[tuple[str, str]] = set()
    for graph in subject.graphs:
        for name, step in subject.steps.items():
            if not step.changeable() or name not in graph.reached & graph.asked:
                continue
            before = graph.routes(partial(_comes_before, name))
            for item in offered_options(step.changeable(), graph.channel):
                asked = item.value in before and item.value in graph.waits
                if item.value in subject.steps and not asked and (name, item.value) not in said:
                    said.add((name, item.value))
                    yield subject.finding(
                        "change_not_asked",
                        name,
                        f"“{item.label}” can be changed, but {BY[graph.channel]} “{item.value}” is not asked before.",
                        "Take it out of “change”, or give it a “when” for the channel that asks it.",
                    )


def _comes_before(read_back: str, edge: Edge) -> bool:
    return edge.target != read_back and not edge.by.startswith("change ")
