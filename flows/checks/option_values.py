"""Checks that each option of a step has its own value: answers and texts are stored under it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {"value_twice": "Two options of a step have the same value."}


def check(subject: Subject) -> Iterator[Finding]:
    """Report option values that are used twice in one step."""
    for name, step in subject.steps.items():
        values = [option.value for option in step.choices()]
        values += [item.value for item in step.changeable()]
        values += step.beside()
        for value, times in Counter(values).items():
            if times > 1:
                yield subject.finding(
                    "value_twice",
                    name,
                    f"The value “{value}” is used for {times} options, so they cannot be told apart.",
                    "Give each option a value of its own.",
                )
