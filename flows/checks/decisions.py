"""Checks consent questions: the answer for unclear replies, how to refuse, and use asked last (rules 49, 50, 55)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.authoring.flow_graph import CHANNELS
from flows.checks.checked_flow import AT, BY
from flows.model.vocabulary.consent_answers import WIDTH, Naming, Purpose, Use
from flows.questions.question import offered_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flows.authoring.findings import Finding
    from flows.checks.checked_flow import Subject
    from flows.questions.question import Step

CODES = {
    "narrowest": "A consent question does not say, or says wrongly, what an unclear answer counts as.",
    "one_sided_consent": "A consent question cannot be answered with yes and with no.",
    "use_before_story": "People are asked how far their words may travel before they have written any.",
}

_OF_THEIR_OWN: Mapping[Purpose | None, str] = {Purpose.USE: Use.TEAM, Purpose.NAMING: Naming.NONE}
"""Purposes that are not answered with yes or no, and the answer that each must offer."""


def check(subject: Subject) -> Iterator[Finding]:
    """Report consent questions that could count as a yes that was not given."""
    for name, step in subject.steps.items():
        if step.asks_consent:
            yield from _narrowest(subject, name, step)
            decisions = {option.stands_for for option in step.choices()}
            least = _OF_THEIR_OWN.get(step.about)
            if least is not None and least not in decisions:
                yield subject.finding(
                    "one_sided_consent",
                    name,
                    f"This question needs an answer that allows the least, with decision = “{least}”.",
                    f'Give one option decision = "{least}": refusing must be as easy.',
                )
            if least is None and not {"yes", "no"} <= decisions:
                yield subject.finding(
                    "one_sided_consent",
                    name,
                    "This question needs an answer that means yes and one that means no.",
                    'Give one option decision = "yes" and another decision = "no": refusing must be as easy.',
                )
    yield from _use_order(subject)


def _narrowest(subject: Subject, name: str, step: Step) -> Iterator[Finding]:
    named = next((option for option in step.choices() if option.value == step.least), None)
    least = min(step.choices(), key=lambda option: WIDTH[option.stands_for])
    advice = f'Write narrowest = "{least.value}".'
    if named is None:
        yield subject.finding("narrowest", name, f"narrowest = “{step.least}” is none of its options.", advice)
    elif WIDTH[named.stands_for] > WIDTH[least.stands_for]:
        yield subject.finding(
            "narrowest",
            name,
            f"An unclear answer would count as “{named.label}”, which allows more than was said.",
            advice,
        )
    else:
        for channel in CHANNELS:
            if step.when in {None, channel} and named not in offered_options(step.choices(), channel):
                yield subject.finding(
                    "narrowest",
                    name,
                    f"“{named.label}” is not offered {BY[channel]}, so an unclear answer has no meaning there.",
                    f"Offer “{named.value}” on every channel: take its “when” out.",
                )


def _use_order(subject: Subject) -> Iterator[Finding]:
    told = {name for name, step in subject.steps.items() if step.tells}
    said: set[str] = set()
    for graph in subject.graphs:
        for name, way in graph.routes(lambda edge: edge.target not in told).items():
            step = graph.steps[name]
            if step.asks_consent and step.about == Purpose.USE and name not in said | told:
                said.add(name)
                yield subject.finding(
                    "use_before_story",
                    name,
                    f"{AT[graph.channel]} this is asked before anything was written: {' → '.join(way)}.",
                    "Ask it after the story, when people know what they have told.",
                )
