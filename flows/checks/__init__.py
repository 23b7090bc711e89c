"""The static checks of a flow, one file each. To add one: its file here and its word in `CHECKS`.

A check is a module with `CODES` (what it can find, in a few words) and `check(subject)`, which yields findings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from flows.authoring.loader import EVERYWHERE, everywhere
from flows.checks import (
    after_the_story,
    asked_in_other_words,
    changes,
    channels,
    consented,
    cost,
    decisions,
    lengths,
    loops,
    number_of_questions,
    one_thing_a_message,
    option_values,
    options_that_look_alike,
    placeholders,
    reachable_steps,
    reserved_words,
    targets,
    telegram,
    translations,
    way_to_a_person,
    ways_on,
    wording,
)
from flows.checks.checked_flow import SAMPLE_ORGANISATION, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.authoring.catalogue import Catalogue
    from flows.authoring.definition import Flow
    from flows.authoring.findings import Finding
    from flows.model.organisation_facts import OrganisationFacts
    from flows.walk.walked_costs import Cost

__all__ = ["CHECKS", "CODES", "Check", "Subject", "check_everywhere", "check_flow", "check_flows", "costs_of"]


class Check(Protocol):
    """A check module."""

    CODES: dict[str, str]

    def check(self, subject: Subject) -> Iterator[Finding]:
        """Yield what is wrong, with file, step and advice."""


CHECKS: tuple[Check, ...] = (
    targets,
    reachable_steps,
    ways_on,
    loops,
    consented,
    decisions,
    channels,
    changes,
    option_values,
    number_of_questions,
    after_the_story,
    cost,
    one_thing_a_message,
    asked_in_other_words,
    way_to_a_person,
    translations,
    placeholders,
    lengths,
    telegram,
    reserved_words,
    options_that_look_alike,
    wording,
)

CODES: dict[str, str] = {code: meaning for check in CHECKS for code, meaning in check.CODES.items()}
"""Every code that a check can report, with its meaning."""


def check_flow(
    flow: Flow,
    file: str,
    catalogues: Mapping[str, Catalogue] | None = None,
    organisation: OrganisationFacts = SAMPLE_ORGANISATION,
) -> tuple[Finding, ...]:
    """Return what is wrong with a flow, errors first.

    `catalogues` contains the translations, drafts included, of every language that is to be offered besides the flow's
    own; see `flows.authoring.texts.read_catalogues`. `organisation` supplies the real names, so that messages are
    measured at their real length.
    """
    return _checked(Subject(file, flow, tuple(flow.texts()), everywhere(), catalogues or {}, organisation))


def costs_of(
    flow: Flow, catalogues: Mapping[str, Catalogue] | None = None, organisation: OrganisationFacts = SAMPLE_ORGANISATION
) -> tuple[Cost, ...]:
    """Return the cost of a flow on each channel, in its own language and each complete translation, drafts included."""
    return Subject(f"{flow.id}.toml", flow, tuple(flow.texts()), everywhere(), catalogues or {}, organisation).costs


def check_everywhere(
    catalogues: Mapping[str, Catalogue] | None = None, organisation: OrganisationFacts = SAMPLE_ORGANISATION
) -> tuple[Finding, ...]:
    """Return what is wrong with the texts that all flows share, errors first."""
    texts = everywhere()
    return _checked(Subject(f"{EVERYWHERE}.toml", None, texts, texts, catalogues or {}, organisation))


def check_flows(
    flows: Iterable[Flow],
    catalogues: Mapping[str, Catalogue] | None = None,
    organisation: OrganisationFacts = SAMPLE_ORGANISATION,
) -> tuple[Finding, ...]:
    """Return what is wrong with these flows and with the texts that they share, file by file."""
    found = list(check_everywhere(catalogues, organisation))
    for flow in flows:
        found += check_flow(flow, f"{flow.id}.toml", catalogues, organisation)
    return tuple(found)


def _checked(subject: Subject) -> tuple[Finding, ...]:
    order = {name: position for position, name in enumerate(subject.steps)}
    found = [finding for check in CHECKS for finding in check.check(subject)]
    found.sort(key=lambda finding: (finding.severity, order.get(finding.step.partition(".")[0], -1)))
    return tuple(dict.fromkeys(found))
