"""Checks that questions are few and the story comes early: people stop answering when there are many (rule 97)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.checks.checked_flow import AT
from flows.model.channel_look import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Severity, Subject

CODES = {
    "too_many_questions": "More than 7 questions by SMS, or more than 10 on Telegram; 2 more if people allow more.",
    "story_late": "The story is not among the first three questions.",
}

_SEVERITY: dict[bool, Severity] = {True: "error", False: "warning"}
FOR_MORE = 2
"""Questions more that are allowed if they only follow a wider use, such as how the teller is named."""

STORY_BY = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Report too many questions on the longest path, and too many before the story."""
    late: set[str] = set()
    for graph in subject.graphs:
        look = LOOKS[graph.channel]
        most, severity = look.questions, _SEVERITY[look.strict]
        ways = ((graph.longest(wide=False), most), (graph.longest(), most + FOR_MORE))
        way, most = next(((way, most) for way, most in ways if len(way) > most), ((), most))
        if way:
            yield subject.finding(
                "too_many_questions",
                "",
                f"{AT[graph.channel]} people may be asked {len(way)} questions: {', '.join(way)}. {most} is the most.",
                "Leave one out, join two into one, or ask it on the other channel only (when).",
                severity,
            )
        stories = frozenset(name for name, step in subject.steps.items() if step.listens and name in graph.reached)
        before = graph.longest(to=stories) if stories else ()
        told = next((name for name in before if name in stories), "")
        if told and before.index(told) + 1 > STORY_BY and told not in late:
            late.add(told)
            yield subject.finding(
                "story_late",
                told,
                f"{AT[graph.channel]} the story is question {before.index(told) + 1}."
                " People who have to answer much first often leave.",
                f"Ask for it by question {STORY_BY}; the rest can come after it.",
            )
