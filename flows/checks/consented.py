"""Checks that nothing about an experience is asked or kept before a yes to taking part (design rule 2, rule 47)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.checks.checked_flow import AT
from flows.model.vocabulary.consent_answers import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"no_consent": "A story can be asked for, or kept, without a yes to taking part."}


def check(subject: Subject) -> Iterator[Finding]:
    """Report sensitive steps that can be reached without a yes."""
    said: set[str] = set()
    for graph in subject.graphs:
        for name, way in graph.routes(lambda edge: not edge.consents).items():
            if name in graph.asked and graph.steps[name].sensitive and name not in said:
                said.add(name)
                yield subject.finding(
                    "no_consent",
                    name,
                    f"{AT[graph.channel]} people get here without agreeing to take part, this way: {' → '.join(way)}.",
                    f'Put a step of type consent with purpose = "{Purpose.TAKE_PART}" before it, and let only its yes '
                    "lead on.",
                )
