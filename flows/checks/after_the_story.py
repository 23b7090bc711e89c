"""Checks the questions after the story: few, and none before the story is kept, so that whoever stops loses nothing."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from flows.checks.checked_flow import AT
from flows.walk.walked_costs import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.authoring.flow_graph import Graph
    from flows.checks.checked_flow import Severity, Subject

CODES = {
    "many_after": "More than 4 questions follow the story; a bonus that is left out does not count.",
    "kept_late": "A question waits between the story and the step that keeps it.",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Report too many questions after the story, and questions between the story and its keeping."""
    late: set[str] = set()
    severity: Severity = "error" if any(step.keeps for step in subject.steps.values()) else "warning"
    for graph in subject.graphs:
        after = max((graph.after_story(graph.longest(wide=wide)) for wide in (False, True)), key=len)
        if len(after) > QUESTIONS:
            yield subject.finding(
                "many_after",
                "",
                f"{AT[graph.channel]} {len(after)} questions may follow the story: {', '.join(after)}."
                f" {QUESTIONS} is the most.",
                f"Mark what matters least with bonus = true, set questions_after = {QUESTIONS}, or leave one out.",
            )
        for name in _waiting_before_kept(graph):
            if name not in late:
                late.add(name)
                yield subject.finding(
                    "kept_late",
                    name,
                    "The story is told by then and not kept yet. Whoever gives up at this question loses it.",
                    "Put a step of the type kept right after the story, and ask everything else after that.",
                    severity,
                )


def _waiting_before_kept(graph: Graph) -> Iterator[str]:
    """Yield the questions that wait after a story and before it is kept, if the flow keeps one."""
    told = [name for name in graph.reached if graph.steps[name].tells and name in graph.asked]
    queue = deque(target for name in sorted(told) for target in graph.following(name))
    seen: set[str] = set()
    while queue:
        name = queue.popleft()
        step = graph.steps[name]
        if name in seen or (step.keeps and name in graph.asked):
            continue
        seen.add(name)
        if name in graph.waits and not step.tells and _leads_to_keeping(graph, name):
            yield name
        queue.extend(graph.following(name))


def _leads_to_keeping(graph: Graph, name: str) -> bool:
    seen: set[str] = set()
    queue = [name]
    while queue:
        each = queue.pop()
        if each not in seen:
            seen.add(each)
            step = graph.steps[each]
            if step.keeps or step.asks_to_keep:
                return True
            queue.extend(graph.following(each))
    return False
