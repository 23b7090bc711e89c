"""The assessment is filled in as far as the software can, and says of the rest whose it is (rule 67)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from bot.cli import build
from bot.settings import environment

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "dpia.md").read_text(encoding="utf-8")
YOURS = "your organisation fills this in"
RISKS = dict(re.findall(r"^### (.+)\n((?:(?!^##).*\n?)*)", TEXT, re.MULTILINE))
ASKED_FOR = (
    "Shared phones", "Somebody who does harm reads the messages", "Being recognised in a small place",
    "Somebody tells of a crisis", "What the team can see", "Words go to another country", "Flags set by a machine",
    "Words that nobody asked for", "Children", "Theft and loss",
)  # fmt: skip
SECTIONS = ("1. What is done, and why", "2. Why it is needed", "3. Whom you asked", "4. Risks", "5. What comes of it")


def measures(risk: str) -> list[str]:
    found = re.search(r"^Measures:\n((?:- .*\n(?:  .*\n)*)+)", RISKS[risk], re.MULTILINE)
    return re.findall(r"^- (.*(?:\n  .*)*)", found[1], re.MULTILINE) if found else []


def test_every_section_and_every_risk_that_was_asked_for_is_there() -> None:
    assert set(ASKED_FOR) <= set(RISKS)
    for section in SECTIONS:
        assert f"## {section}" in TEXT


@pytest.mark.parametrize("risk", RISKS)
def test_a_risk_says_what_is_done_what_is_left_and_who_judges(risk: str) -> None:
    assert measures(risk)
    assert "\nLeft over: " in RISKS[risk]
    assert "\nJudgement" in RISKS[risk]
    assert RISKS[risk].rstrip().lower().endswith(f"**{YOURS}.**")


@pytest.mark.parametrize("risk", RISKS)
def test_every_measure_names_what_carries_it_out(risk: str) -> None:
    for said in measures(risk):
        named = re.findall(r"`([^`]+)`", said)
        assert any(_carries_out(name) for name in named), f"“{said}” names no setting, command, test or module"
        assert [name for name in named if not _carries_out(name) and not name.startswith("/")] == []


def test_what_only_the_organisation_knows_is_left_open_and_marked() -> None:
    blanks = TEXT.lower().count(YOURS)
    assert blanks > 30
    assert TEXT.lower().count(f"**{YOURS}") == blanks, "every blank is set in bold, so that none is overlooked"


def _carries_out(name: str) -> bool:
    """Tell whether this is a setting, a command or a file that exists."""
    if name.startswith(environment.PREFIX):
        return name in {environment.variable(field) for field in environment.Settings.model_fields}
    if name.startswith("earshot "):
        commands = getattr(typer.main.get_command(build()), "commands", {})
        return name.split()[1] in commands
    return "/" in name and not name.startswith("/") and (ROOT / name).exists()
