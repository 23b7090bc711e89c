"""`earshot flows` and `earshot texts`, as they are typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import build, groups_named
from flows.authoring.texts import TEXTS

BAD_FLOWS = Path(__file__).parents[2] / "bad_flows"
CLI = CliRunner()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in an empty folder; returns its exit status and what it printed, in one line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")

    def running(*words: str | Path) -> tuple[int, str]:
        typed = [str(word) for word in words]
        result = CLI.invoke(build(groups_named(typed)), typed)
        return result.exit_code, " ".join(result.output.split())

    return running


def test_the_flows_that_ship_pass(run):
    status, told = run("flows", "check")
    assert status == 0
    assert told.endswith("2 flows checked: 0 errors, 0 warnings.")
    assert told.count("before the invitation") == 2, "what each costs by SMS stands above"


def test_the_longest_name_fits_into_every_first_text(run, monkeypatch):
    monkeypatch.setenv("EARSHOT_ORGANISATION", "North Lanarkshire Council Community Team")
    status, told = run("flows", "check")
    assert (status, told.endswith("0 errors, 0 warnings.")) == (0, True), told


def test_drafts_are_warned_of_and_are_no_error(run):
    status, told = run("flows", "check", "--languages", "en,cy")
    assert status == 0
    assert re.search(r"Welsh: (\d+) of \1 translations are drafts", told)
    assert told.count("[translation_unchecked]") == 3
    assert "2 flows checked: 0 errors," in told


def test_an_error_names_file_step_and_advice_and_fails(run):
    status, told = run("flows", "check", BAD_FLOWS / "no_consent.toml")
    assert status == 1
    assert told.startswith("no_consent.toml error step story: By SMS people get here without agreeing")
    assert 'purpose = "take_part"' in told
    assert "1 flow checked: 1 error, 0 warnings." in told


def test_a_warning_alone_does_not_fail(run):
    status, told = run("flows", "check", BAD_FLOWS / "no_again.toml")
    assert status == 0
    assert "0 errors, 1 warning." in told


def test_a_file_that_cannot_be_read_does_not_hide_the_others(run):
    status, told = run("flows", "check", BAD_FLOWS)
    assert status == 1
    for code in ("not_toml", "not_a_flow", "unknown_target", "no_again"):
        assert f"[{code}]" in told


def test_checking_nothing_is_no_success(run, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    status, told = run("flows", "check", empty)
    assert status == 2
    assert "no flow here to check" in told


def test_a_path_that_is_not_there_is_said_so(run):
    status, told = run("flows", "check", "nowhere.toml")
    assert status == 2
    assert "there is no nowhere.toml" in told


def test_the_list_says_how_much_is_asked_and_which_languages_are_spoken(run, monkeypatch):
    monkeypatch.setenv("EARSHOT_LANGUAGES", "en,cy")
    status, told = run("flows", "list")
    assert status == 0
    assert "share Share a story 6 7 en share, story" in told


def test_a_flow_is_shown_as_a_script_and_as_a_diagram(run):
    status, told = run("flows", "show", "share")
    assert status == 0
    assert "Share a story (share)" in told
    assert "1 Yes, {age} or over → take_part" in told
    status, told = run("flows", "show", "share", "--diagram")
    assert status == 0
    assert told.startswith("flowchart TD begin(( )) --> s_welcome")


def test_a_flow_is_shown_in_another_language(run):
    assert "1 Ydw, {age} oed neu drosodd → take_part" in run("flows", "show", "share", "--lang", "cy")[1]
    status, told = run("flows", "show", "share", "--lang", "fr")
    assert status == 2
    assert "earshot texts update fr" in told


def test_a_flow_that_is_not_there_is_said_so(run):
    status, told = run("flows", "show", "shear")
    assert status == 2
    assert "choose one of: feedback, share" in told


def test_publishing_twice_publishes_once(run, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("EARSHOT_DATA_DIR", str(tmp_path / "data"))
    status, told = run("flows", "publish")
    assert status == 0, told
    assert "share speaks en" in told
    assert "2 of 2 flows were new or had changed" in told
    assert "Nothing has changed" in run("flows", "publish")[1]
    monkeypatch.setenv("EARSHOT_ORGANISATION", "Glenboig Listening Project")
    assert "2 of 2 flows were new or had changed" in run("flows", "publish")[1]


def test_texts_are_gathered_and_brought_up_to_date(run, tmp_path):
    folder = tmp_path / "texts"
    assert run("texts", "update", "--folder", folder)[0] == 2
    status, told = run("texts", "extract", "--folder", folder)
    assert status == 0
    assert (folder / "earshot.pot").read_text(encoding="utf-8") == (TEXTS / "earshot.pot").read_text(encoding="utf-8")
    status, told = run("texts", "update", "gd", "--folder", folder)
    assert status == 0
    assert "gd.po: 0 as they were, 0 to look at again" in told
    before = (folder / "gd.po").read_bytes()
    assert run("texts", "update", "--folder", folder)[0] == 0
    assert (folder / "gd.po").read_bytes() == before


def test_a_broken_po_file_is_left_alone(run, tmp_path):
    path = tmp_path / "cy.po"
    path.write_text('msgid "Hello\n', encoding="utf-8")
    status, told = run("texts", "update", "--folder", tmp_path)
    assert status == 1
    assert "cy.po cannot be read: line 1 lacks a quote" in told
    assert path.read_text(encoding="utf-8") == 'msgid "Hello\n'
