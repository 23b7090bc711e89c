"""`earshot stories`: from finding a story to an edited version of it, and back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bot.settings.environment import read
from bot.settings.open_database import opened_database
from storage.queries.stories import editions
from storage.stories.editing import GONE
from tests.review.room import tell

if TYPE_CHECKING:
    from tests.bot.terminal import Terminal

OWN = "The clinic sent me home.\nDr Ahmed sent me home three times."
EDITED = "The clinic sent me home.\nA doctor sent me home three times.\n"


@pytest.fixture
def story(earshot: Terminal) -> str:
    """Return the number of a story that may be published; its teller was never asked about contact."""
    with opened_database(read({})) as base:
        return str(base.writer.run(lambda connection: tell(connection, OWN, use="publish")))


def test_a_story_is_found_read_edited_and_put_back(earshot: Terminal, story: str) -> None:
    assert earshot("stories", "list") == 0
    assert "publish" in earshot.said
    assert "The clinic sent me home." in earshot.said
    edited = earshot.folder / "edited.txt"
    edited.write_text(EDITED, encoding="utf-8")
    assert earshot("stories", "edit", story, "--file", str(edited), "--reason", "It names a doctor") == 0
    assert "-Dr Ahmed sent me home three times." in earshot.said
    assert "+A doctor sent me home three times." in earshot.said
    assert (
        "did not agree to be contacted, so nobody can ask them. An edited version stays with the team." in earshot.said
    )
    assert earshot("stories", "show", story) == 0
    assert OWN in earshot.said, "the teller's own words are as they were"
    assert "Version 1 by command line" in earshot.said
    assert "nobody was asked about it" in earshot.said
    assert "Why: It names a doctor" in earshot.said
    assert earshot("stories", "edit", story, "--undo") == 0
    assert earshot("stories", "edit", story, "--undo") == 1
    assert "no edited version" in earshot.said


@pytest.mark.parametrize("many", [1, 2])
def test_a_list_without_a_real_story_says_where_the_practice_ones_are(earshot: Terminal, many: int) -> None:
    assert earshot("db", "upgrade") == 0
    assert earshot("stories", "list") == 0
    assert earshot.said.strip() == "There is no story."
    with opened_database(read({})) as base:
        for _ in range(many):
            base.writer.run(lambda connection: tell(connection, OWN, simulated=True))
    assert earshot("stories", "list") == 0
    there = "is one practice story" if many == 1 else "are 2 practice stories"
    assert f"There {there}: earshot stories list --practice" in " ".join(earshot.said.split())
    assert "The clinic" not in earshot.said
    assert earshot("stories", "list", "--state", "approved") == 0
    assert earshot.said.strip() == "There is no story in the state approved."
    assert earshot("stories", "list", "--practice") == 0
    assert earshot.said.count("The clinic sent me home.") == many
    assert earshot("stories", "list", "--state", "lost") == 2
    assert "new, approved or declined" in " ".join(earshot.said.split())


def test_the_reason_is_asked_for_and_must_be_given(earshot: Terminal, story: str) -> None:
    edited = earshot.folder / "edited.txt"
    edited.write_text(EDITED, encoding="utf-8-sig")
    assert earshot("stories", "edit", story, "--file", str(edited), typed="\n") == 1
    assert "its teller reads it" in earshot.said
    assert earshot("stories", "edit", story, "--file", str(edited), typed="It names a doctor\n") == 0
    assert "\ufeff" not in earshot.said
    assert "+A doctor" in earshot.said
    with opened_database(read({})) as base:
        (made,) = base.writer.run(lambda c: editions.of_story(c, int(story)))
    assert made.text == EDITED.strip(), "a byte order mark is none of the words"


def test_what_makes_no_sense_is_refused_in_plain_words(earshot: Terminal, story: str) -> None:
    assert earshot("stories", "edit", story, "--undo", "--editor") == 2
    assert earshot("stories", "edit", story) == 2
    assert earshot("stories", "show", "999999") == 1
    assert GONE in " ".join(earshot.said.split())
    assert earshot("stories", "edit", "999999", "--undo") == 1


def test_an_empty_house_says_so(earshot: Terminal) -> None:
    assert earshot("db", "upgrade") == 0
    assert earshot("stories", "list") == 0
    assert earshot.said.strip() == "There is no story."


def test_a_version_can_be_made_in_an_editor(earshot: Terminal, story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = earshot.folder / "editor.py"
    script.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\n"
        "p.write_text(p.read_text().replace('Dr Ahmed', 'A doctor'))\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
    assert earshot("stories", "edit", story, "--editor", "--reason", "It names a doctor") == 0
    assert "+A doctor sent me home three times." in earshot.said
    monkeypatch.setenv("VISUAL", "/nowhere/editor")
    assert earshot("stories", "edit", story, "--editor", "--reason", "It names a doctor") == 2
    assert "Nothing was changed" in " ".join(earshot.said.split())
