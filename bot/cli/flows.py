"""`earshot flows`: list, show, check and publish conversations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import console, installed_settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from bot.settings.environment import Settings
    from flows.authoring.catalogue import Catalogue
    from flows.authoring.definition import Flow
    from flows.authoring.findings import Finding
    from flows.model.organisation_facts import OrganisationFacts

commands = typer.Typer(name="flows", help="Look at conversations, check them and publish them.", no_args_is_help=True)

FOUND_NONE = 2
"""Exit status if there was no flow to check."""

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Flow files, or folders of them. If left out: the flows of Earshot.", show_default=False),
]


@commands.command("list")
def list_flows(paths: Paths = None) -> None:
    """List the flows, with how many questions they ask and the languages they speak."""
    from rich.table import Table  # noqa: PLC0415 - keep start-up light

    from flows.authoring.flow_graph import CHANNELS, Graph  # noqa: PLC0415
    from flows.authoring.texts import read_translations, texts_for  # noqa: PLC0415

    flows, findings = _read(_files(paths))
    languages = read_settings().languages
    translations = read_translations(languages, flows, read_settings().text_folders)
    table = Table("flow", "title", "questions by SMS", "on Telegram", "speaks", "starts when people send", box=None)
    for flow in flows:
        counts = [str(len(Graph.of(flow, channel).longest(wide=False))) for channel in CHANNELS]
        table.add_row(flow.id, flow.title, *counts, ", ".join(texts_for(flow, translations)), ", ".join(flow.words))
    out = console()
    out.print(table)
    if findings:
        out.print()
        _print_findings(out, findings)
        raise typer.Exit(1)


@commands.command()
def show(
    flow: Annotated[str, typer.Argument(help="The flow to show: its name, such as share, or its file.")],
    language: Annotated[
        str | None, typer.Option("--lang", help="Show it in this language, drafts too, for example cy.")
    ] = None,
    diagram: Annotated[bool, typer.Option("--diagram", help="Print a Mermaid diagram instead.")] = False,
) -> None:
    """Print a flow as a script that anybody can read, or as a diagram."""
    from flows.authoring.script import diagram as drawn  # noqa: PLC0415 - keep start-up light
    from flows.authoring.script import script  # noqa: PLC0415
    from flows.authoring.texts import read_catalogues  # noqa: PLC0415

    found = _named(flow)
    out = console()
    if diagram:
        out.print(drawn(found), markup=False, soft_wrap=True, end="")
        return
    texts = {}
    if language is not None and language != found.source_language:
        entries = read_catalogues([language], read_settings().text_folders)[language].entries
        texts = {address: entry.text for address, entry in entries.items() if entry.text}
        if not texts:
            raise typer.BadParameter(
                f"there are no texts in {language} yet; “earshot texts update {language}” begins them"
            )
    styles = {"title": "bold", "fact": "dim", "step": "bold cyan", "sms": "magenta", "answer": "green", "aside": "dim"}
    leads = {"says": "  │ ", "sms": "  sms │ ", "answer": "    ", "aside": "    "}
    for line in script(found, texts):
        out.print(leads.get(line.kind, "") + line.text, style=styles.get(line.kind), markup=False)


@commands.command()
def check(
    paths: Paths = None,
    languages: Annotated[
        str | None,
        typer.Option("--languages", help="Languages to check, with commas. If left out: those of the settings."),
    ] = None,
    texts: Annotated[
        Path | None, typer.Option("--texts", help="A folder of further PO files.", exists=True, file_okay=False)
    ] = None,
) -> None:
    """Check flows and say what is wrong, where, and what to do. Fails if there is an error."""
    from flows.checks import check_everywhere, check_flow, costs_of  # noqa: PLC0415 - keep start-up light
    from flows.walk.walked_costs import line  # noqa: PLC0415

    files = _files(paths)
    out = console()
    if not files:
        out.print("There is no flow here to check: no file ends in .toml.", style="red")
        raise typer.Exit(FOUND_NONE)
    settings = read_settings()
    spoken = [code.strip() for code in languages.split(",")] if languages else settings.languages
    catalogues = _catalogues(spoken, texts)
    organisation_facts = _organisation_facts(settings)
    flows, findings = _read(files)
    if not paths:
        findings += check_everywhere(catalogues, organisation_facts)
    by_id = {flow.id: file for file in files for flow in flows if file.stem == flow.id}
    for flow in flows:
        findings += check_flow(flow, by_id.get(flow.id, Path(f"{flow.id}.toml")).name, catalogues, organisation_facts)
    _print_findings(out, findings)
    for flow in flows:
        for cost in costs_of(flow, catalogues, organisation_facts):
            out.print(line(flow.id, cost), markup=False, highlight=False)
    _sum_up(out, len(files), findings)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


@commands.command()
def publish() -> None:
    """Check the flows and write what changed to the database. The service uses it from its next start."""
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from bot.turn.releases import Releases  # noqa: PLC0415
    from flows.checks import check_flows  # noqa: PLC0415

    settings = installed_settings(makes=True)
    out = console()
    organisation_facts = _organisation_facts(settings)
    flows, findings = _read(_files(None))
    findings += check_flows(flows, _catalogues(settings.languages, None), organisation_facts)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        _print_findings(out, errors)
        out.print("Nothing was published. Put these right first.", style="bold red")
        raise typer.Exit(1)
    releases = Releases.compile(organisation_facts, settings.default_flow, settings.flow_folders, settings.text_folders)
    with opened_database(settings) as base:
        number = base.writer.run(lambda connection: releases.publish(connection, base.clock()))
    for release in releases.current.values():
        out.print(f"{release.flow.id} speaks {', '.join(release.languages)}", markup=False)
    out.print(
        f"{number} of {len(releases.current)} flows were new or had changed, and are published."
        if number
        else "Nothing has changed since the last time."
    )


def _organisation_facts(settings: Settings) -> OrganisationFacts:
    from bot.settings.organisation import organisation_facts  # noqa: PLC0415 - keep start-up light

    return organisation_facts(settings)


def _files(paths: Iterable[Path] | None) -> list[Path]:
    """Return the flow files under these paths. Raises BadParameter for a path that does not exist."""
    from flows.authoring.loader import EVERYWHERE  # noqa: PLC0415 - keep start-up light

    found = []
    own = [folder for folder in read_settings().flow_folders if folder.is_dir()]
    for path in paths or own:
        if not path.exists():
            raise typer.BadParameter(f"there is no {path}")
        found += sorted(path.glob("*.toml")) if path.is_dir() else [path]
    return [path for path in found if path.stem != EVERYWHERE]


def _read(files: Iterable[Path]) -> tuple[list[Flow], list[Finding]]:
    """Read each file. A file that cannot be read becomes a finding and does not hide the others."""
    from flows.authoring.findings import FlowError  # noqa: PLC0415 - keep start-up light
    from flows.authoring.loader import load_file  # noqa: PLC0415

    flows = []
    findings: list[Finding] = []
    for file in files:
        try:
            flows.append(load_file(file))
        except FlowError as error:
            findings += error.findings
    return flows, findings


def _named(name: str) -> Flow:
    from flows.authoring.findings import FlowError  # noqa: PLC0415 - keep start-up light
    from flows.authoring.loader import load, load_file  # noqa: PLC0415

    try:
        if name.endswith(".toml"):
            if not Path(name).is_file():
                raise typer.BadParameter(f"there is no {name}")
            return load_file(Path(name))
        flows = {flow.id: flow for flow in load(read_settings().flow_folders)}
    except FlowError as error:
        _print_findings(console(), error.findings)
        raise typer.Exit(1) from None
    if name not in flows:
        raise typer.BadParameter(f"there is no flow {name!r}; choose one of: {', '.join(flows)}")
    return flows[name]


def _catalogues(languages: Iterable[str], folder: Path | None) -> Mapping[str, Catalogue]:
    from flows.authoring.texts import read_catalogues  # noqa: PLC0415 - keep start-up light

    return read_catalogues(languages, (*read_settings().text_folders, *([folder] if folder is not None else [])))


def _print_findings(out: Console, findings: Iterable[Finding]) -> None:
    """Print findings grouped by file, each with its step and what to do."""
    from rich.text import Text  # noqa: PLC0415 - keep start-up light

    file = ""
    for finding in sorted(findings, key=lambda finding: finding.file):
        if finding.file != file:
            file = finding.file
            out.print(file, style="bold", markup=False)
        colour = "red" if finding.severity == "error" else "yellow"
        step = f"step {finding.step}: " if finding.step else ""
        line = Text.assemble(
            "  ", (finding.severity, f"bold {colour}"), f"  {step}{finding.what} ", (finding.advice, "green")
        )
        line.append(f" [{finding.code}]", "dim")
        out.print(line)


def _sum_up(out: Console, files: int, findings: Iterable[Finding]) -> None:
    count = Counter(finding.severity for finding in findings)
    colour = "red" if count["error"] else "yellow" if count["warning"] else "green"
    out.print(
        f"{_many(files, 'flow')} checked: {_many(count['error'], 'error')}, {_many(count['warning'], 'warning')}.",
        style=colour,
    )


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
