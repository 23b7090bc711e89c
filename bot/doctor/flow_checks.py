"""Checks of the flows and of the languages they are offered in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.finding import CheckContext, DoctorFinding
from bot.settings.environment import Settings, variable
from bot.settings.organisation import organisation_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.authoring.definition import Flow


def flows(context: CheckContext) -> Iterator[DoctorFinding]:
    """Check every flow, and name the languages that each is offered in."""
    from flows.authoring.findings import FlowError  # noqa: PLC0415
    from flows.authoring.loader import load  # noqa: PLC0415
    from flows.authoring.texts import read_catalogues  # noqa: PLC0415
    from flows.checks import check_flows  # noqa: PLC0415 - only this look needs it

    settings = context.settings
    try:
        flows = load(settings.flow_folders)
    except FlowError as error:
        yield DoctorFinding(
            "wrong", f"{len(error.findings)} things are wrong with the flows.", "Run: earshot flows check"
        )
        return
    if settings.default_flow not in {flow.id for flow in flows}:
        yield DoctorFinding(
            "wrong", f"There is no flow {settings.default_flow}.", f"Put {variable('default_flow')} right."
        )
    findings = check_flows(
        flows, read_catalogues(settings.languages, settings.text_folders), organisation_facts(settings)
    )
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        yield DoctorFinding("wrong", f"{errors} things are wrong with the flows.", "Run: earshot flows check")
    else:
        yield from _spoken(flows, settings)


def languages(_context: CheckContext) -> Iterator[DoctorFinding]:
    """Name the languages whose keywords no speaker has checked yet; some are in use all the same, for safety."""
    from flows.language import keywords_elsewhere, spoken_where  # noqa: PLC0415
    from flows.language.distress import distress_tables  # noqa: PLC0415
    from flows.language.keywords import recognise  # noqa: PLC0415 - only this look needs them

    drafts = {
        "keywords": recognise.unchecked(),
        "words of danger": distress_tables.unchecked(),
        "STOP, HELP and DELETE": keywords_elsewhere.unchecked(),
        "the sentence that names a person (not sent before)": spoken_where.unchecked(),
    }
    waiting = [f"{what} in {', '.join(codes)}" for what, codes in drafts.items() if codes]
    if waiting:
        yield DoctorFinding("good", f"Drafts that wait for somebody who speaks the language: {'; '.join(waiting)}.")


def _spoken(flows: Sequence[Flow], settings: Settings) -> Iterator[DoctorFinding]:
    """Name the languages that each flow is really offered in: a language counts only if all its texts are checked."""
    from flows.authoring.texts import read_translations, texts_for  # noqa: PLC0415

    translations = read_translations(settings.languages, flows, settings.text_folders)
    spoken = {flow.id: tuple(texts_for(flow, translations)) for flow in flows}
    by_flow = "; ".join(f"{flow} in {', '.join(languages)}" for flow, languages in spoken.items())
    yield DoctorFinding("good", f"Languages of the flows: {by_flow}.")
    for language in settings.languages:
        lacking = [flow for flow, languages in spoken.items() if language not in languages]
        if lacking:
            yield DoctorFinding(
                "warn",
                f"{language} is offered, but these flows do not speak it: {', '.join(lacking)}.",
                f"Have every text of {language}.po checked (earshot flows check names them), "
                f"or take {language} out of {variable('languages')}.",
            )
