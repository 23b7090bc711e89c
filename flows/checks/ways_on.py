"""Checks that every answer, SKIP included, leads to a step, and that every step can reach an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.checks.checked_flow import BY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.authoring.flow_graph import Graph
    from flows.checks.checked_flow import Subject

CODES = {
    "no_way_on": "An answer, or SKIP, leads nowhere.",
    "no_end": "From this step the conversation can never end.",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Report answers without a next step, and cycles without an exit."""
    said: set[tuple[str, str]] = set()
    for graph in subject.graphs:
        for name, edge in [(name, edge) for name, edges in graph.edges.items() for edge in edges]:
            past = graph.steps[name].when is not None and edge.by in {"SKIP", "next"}  # `when_without_next` reports it
            if edge.target is None and not past and (name, edge.by) not in said:
                said.add((name, edge.by))
                yield subject.finding(
                    "no_way_on",
                    name,
                    f"After {_named(edge.by)} nothing is written to come next.",
                    'Give the step a line: next = "...". It is also where SKIP leads.'
                    if edge.by in {"SKIP", "next", "nothing told"}
                    else "Give the option a next, or give the step one for all its options.",
                )
    stuck = {graph.channel: _stuck(graph) for graph in subject.graphs}
    for name in subject.steps:
        channels = [channel for channel, names in stuck.items() if name in names]
        if channels:
            where = "" if len(channels) == len(stuck) else f" {BY[channels[0]]}"
            yield subject.finding(
                "no_end",
                name,
                f"From here the conversation can never come to an end{where}.",
                "Let one of its answers lead on to a step of type end.",
            )


def _named(by: str) -> str:
    return f"the answer “{by.removeprefix('option ')}”" if by.startswith("option ") else f"“{by}”"


def _stuck(graph: Graph) -> frozenset[str]:
    """Return reachable steps from which no end can be reached.

    A missing or unknown target and a cycle without a question count as an end here: other findings report those.
    """
    leading: dict[str, set[str]] = {name: set() for name in graph.steps}
    good = [name for group in graph.silent_rounds for name in group]
    for name, edges in graph.edges.items():
        if not edges or any(edge.target not in graph.steps for edge in edges):
            good.append(name)
        for edge in edges:
            if edge.target in leading and edge.target is not None:
                leading[edge.target].add(name)
    ending = set(good)
    while good:
        for name in leading[good.pop()] - ending:
            ending.add(name)
            good.append(name)
    return graph.reached - ending
