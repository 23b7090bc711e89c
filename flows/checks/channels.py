"""Checks that steps and options for one channel leave the other channel a next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.authoring.flow_graph import CHANNELS
from flows.checks.checked_flow import AT
from flows.model.channel_look import LOOKS
from flows.questions.question import offered_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject

CODES = {
    "when_without_next": "A step for one channel does not say where the other goes on.",
    "too_few_options": "On one channel a question has fewer than two options.",
    "channel_left_out": "On one channel people cannot get to a question that keeps what they tell.",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Report steps, options and whole channels that `when` leaves without a next step."""
    for name, step in subject.steps.items():
        if step.when is not None and step.next is None and step.ending is None:
            yield subject.finding(
                "when_without_next",
                name,
                f"This step is only for people {LOOKS[step.when].people}; the others have no way past it.",
                'Give it a line next = "...": everyone else goes straight there.',
            )
        if step.when is not None and step.ending is not None:
            yield subject.finding(
                "when_without_next",
                name,
                f"This last step is only for people {LOOKS[step.when].people}; for the others nothing ends.",
                "Take “when” out of it, and lead the other channel to an end of its own.",
            )
        for channel in CHANNELS:
            options = step.choices()
            if options and step.when in {None, channel} and len(offered_options(options, channel)) < 2:
                yield subject.finding(
                    "too_few_options",
                    name,
                    f"{AT[channel]} there are fewer than two answers to choose from.",
                    "Take “when” out of some options, or ask this step on the other channel only.",
                )
    yield from _left_out(subject)


def _left_out(subject: Subject) -> Iterator[Finding]:
    kept = {name for name, step in subject.steps.items() if step.asks_to_keep}
    able = [graph for graph in subject.graphs if graph.reached & graph.asked & kept]
    for graph in subject.graphs if able else ():
        if graph not in able:
            yield subject.finding(
                "channel_left_out",
                "",
                f"{AT[graph.channel]} no way leads to the read-back, so nothing can be kept.",
                "Look at the steps and options with “when”: one of them cuts this channel off.",
            )
