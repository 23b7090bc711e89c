"""Each check has a tiny broken flow in `tests/bad_flows/` that it finds, and that nothing else objects to."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import checks
from flows.authoring.catalogue import Catalogue, read_catalogue
from flows.authoring.findings import Finding, FlowError
from flows.authoring.loader import load_file
from flows.checks import CHECKS, CODES, check_flow

BAD_FLOWS = Path(__file__).parents[2] / "bad_flows"
FILES = sorted(BAD_FLOWS.glob("*.toml"))
LOADER_CODES = {"not_toml", "not_a_flow"}


def findings_in(path: Path) -> tuple[Finding, ...]:
    catalogues = {}
    for po in path.parent.glob(f"{path.stem}.*.po"):
        language = po.suffixes[-2].removeprefix(".")
        catalogues[language] = Catalogue(language, read_catalogue(po).entries)
    try:
        return check_flow(load_file(path), path.name, catalogues)
    except FlowError as error:
        return error.findings


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_flow_gives_exactly_its_finding(path):
    assert {finding.code for finding in findings_in(path)} == {path.stem}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_finding_says_where_what_and_what_to_do(path):
    for finding in findings_in(path):
        assert finding.file == path.name
        for sentence in (finding.what, finding.advice):
            assert sentence.endswith((".", "?", ". "))
            assert len(sentence.split()) > 1
        assert str(finding).startswith(f"{finding.severity}: {path.name}")


def test_every_code_has_a_broken_flow_and_every_broken_flow_a_code():
    assert len(FILES) > 30
    assert {path.stem for path in FILES} == set(CODES) | LOADER_CODES


def test_every_check_in_the_folder_is_in_the_tuple():
    modules = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__", "checked_flow"}
    assert len(modules) > 15
    assert {check.__name__.rpartition(".")[2] for check in CHECKS} == modules


def test_no_two_checks_share_a_code():
    assert sum(len(check.CODES) for check in CHECKS) == len(CODES)
