"""Checks that every step named in a flow exists."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"unknown_target": "A step leads to a step that does not exist."}


def check(subject: Subject) -> Iterator[Finding]:
    """Report names of steps that do not exist."""
    if subject.flow is None:
        return
    if subject.flow.start not in subject.steps:
        yield _missing(subject, "", "start", subject.flow.start)
    for name, step in subject.steps.items():
        for where, target in step.targets():
            if target not in subject.steps:
                yield _missing(subject, name, where, target)


def _missing(subject: Subject, step: str, where: str, target: str) -> Finding:
    near = get_close_matches(target, subject.steps, n=1)
    advice = f"Did you mean “{near[0]}”?" if near else f"Add a step [steps.{target}], or name one that exists."
    return subject.finding("unknown_target", step, f"“{where}” leads to “{target}”, and there is no such step.", advice)
