"""Checks who speaks, and how to reach a person: at the start, somewhere on the way, and at the end (rules 81, 98)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flows.checks.checked_flow import BY
from flows.model.channel_look import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.authoring.flow_graph import Graph
    from flows.checks.checked_flow import Subject

CODES = {
    "no_name": "The first message does not say who is writing.",
    "no_person": "A sensitive flow never says how to reach a person.",
    "no_last_word": "A sensitive flow ends in refusal without saying who is there for people.",
}

_PERSON = re.compile(r"\{contact\}|\bHELP\b")
_SUPPORT = re.compile(r"\{contact\}|\bHELP\b|\{crisis_line\}|\{youth_line\}")


def check(subject: Subject) -> Iterator[Finding]:
    """Report a start without {organisation}, and a sensitive flow without {contact} or HELP."""
    if subject.flow is None:
        return
    unnamed = [graph.channel for graph in subject.graphs if "{organisation}" not in (_first(graph) or "{organisation}")]
    if unnamed:
        where = BY[unnamed[0]] if len(unnamed) == 1 else "on every channel"
        yield subject.finding(
            "no_name",
            subject.flow.start,
            f"The first message does not say who is writing ({where}).",
            "Write {organisation} in it; people get the name of your organisation there.",
        )
    if subject.flow.sensitive:
        yield from _reachable(subject)


def _first(graph: Graph) -> str:
    """Return the first text that this channel sends; empty if there is none."""
    for name in graph.routes():
        if name in graph.asked:
            step = graph.steps[name]
            return step.text_sms if LOOKS[graph.channel].short and step.text_sms is not None else step.text
    return ""


def _reachable(subject: Subject) -> Iterator[Finding]:
    without = [
        channel
        for channel, look in LOOKS.items()
        if not any(_PERSON.search(text.text) for text in subject.texts if text.sms in {None, look.short})
    ]
    if without:
        where = f" {BY[without[0]]}" if len(without) == 1 else ""
        yield subject.finding(
            "no_person",
            "",
            f"People may tell of their worst days here, and no text says how to reach a person{where}.",
            "Write {contact} in a text, or say that people can send HELP.",
        )
        return
    for name, step in subject.steps.items():
        if step.ending is not None and step.ending.outcome == "parted":
            forms = [form for form in (step.text, step.text_sms) if form is not None]
            if not all(_SUPPORT.search(form) for form in forms):
                yield subject.finding(
                    "no_last_word",
                    name,
                    "This is the last thing somebody reads who did not tell us, and it names nobody to turn to.",
                    "End on support: write {crisis_line}, {youth_line} or {contact} in it, or name HELP.",
                    "warning",
                )
