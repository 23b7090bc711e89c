"""What an operator types, and what they are told."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from typer.main import get_command

from bot.app import build as build_app
from bot.cli import GROUPS, build, groups_named
from bot.settings.environment import read
from bot.settings.open_database import opened_database
from flows.model.vocabulary.consent_answers import USES
from storage import tables
from storage.db.engine import reader
from storage.export import select as gate
from storage.queries.project_places import project_places
from storage.queries.stories.review_queue import Filters
from tests.bot.service import MAYA, NOON, OURS, STORY
from tests.review.room import tell

if TYPE_CHECKING:
    from tests.bot.terminal import Terminal

ROOT = Path(__file__).parents[3]
SMS = {
    "EARSHOT_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "EARSHOT_TWILIO_AUTH_TOKEN": "c" * 32,
    "EARSHOT_TWILIO_FROM": OURS,
}


PARTS = {"on_call": "team", "proof": "stories", "assist": "stories"}
"""Commands with a file of their own that belong to another group."""


def test_every_group_is_one_file_and_says_what_it_is_for(earshot: Terminal) -> None:
    assert len(GROUPS) > 7
    assert earshot("--help") == 0
    folder = ROOT / "bot" / "cli"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "console", *PARTS}
    assert files == set(GROUPS)
    for group in set(GROUPS) - {"serve"}:
        assert earshot(group, "--help") == 0
        assert len(earshot.said.split()) > 10


def test_python_m_bot_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 0
    assert "doctor" in done.stdout


def test_bad_settings_are_told_plainly(
    earshot: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EARSHOT_TIMEZONE", "Mars/North")
    with pytest.raises(SystemExit) as caught:
        earshot("db", "upgrade")
    assert caught.value.code == 1
    told = capsys.readouterr().err
    assert "EARSHOT_TIMEZONE" in told
    assert "Europe/London" in told
    assert "Traceback" not in told


def test_a_file_that_is_not_there_is_named_with_what_to_do(
    earshot: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        earshot("places", "import", "nowhere.csv")
    assert caught.value.code == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "nowhere.csv" in told
    assert "Check how the name is written" in told


def test_an_error_nobody_expected_shows_its_place_and_no_content(
    earshot: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError(f"for {MAYA}")

    monkeypatch.setattr("bot.settings.environment.read", fail)
    with pytest.raises(SystemExit) as caught:
        earshot("db", "upgrade")
    assert caught.value.code == 70
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told
    assert "bot/cli/db.py" in told
    assert MAYA not in told


# --- team -----------------------------------------------------------------------------------------------------------


def test_somebody_is_added_with_a_link_that_works_once(earshot: Terminal) -> None:
    assert earshot("team", "add", "Sam@Example.org", "--role", "reviewer") == 0
    assert re.search(r"http://127\.0\.0\.1:8000/join/[\w-]{40,}", earshot.said)
    with opened_database(read({})) as base, reader(base.engine) as connection:
        (member,) = connection.execute(select(tables.TeamMember.__table__)).all()
    assert (member.email, member.role) == ("sam@example.org", "reviewer")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("team", "add", "sam at example"), "sam@example.org"),
        (("team", "add", "sam@example.org", "--role", "boss"), "lead, reviewer"),
    ],
)
def test_a_slip_in_adding_somebody_is_explained(
    earshot: Terminal, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], advice: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        earshot(*words)
    assert caught.value.code == 1
    assert advice in capsys.readouterr().err


def test_a_token_replaces_the_one_before_and_only_its_hash_is_kept(earshot: Terminal) -> None:
    earshot("team", "add", "sam@example.org")
    tokens = []
    for _ in range(2):
        assert earshot("team", "token", "sam@example.org") == 0
        tokens.append(earshot.said.strip())
    assert len(set(tokens)) == 2
    with opened_database(read({})) as base, reader(base.engine) as connection:
        rows = connection.execute(select(tables.ApiToken.__table__)).all()
    assert [row.revoked_at is None for row in rows] == [False, True]
    assert not any(token in repr(rows) for token in tokens)
    assert earshot("team", "token", "nobody@example.org") == 1


# --- inbox ----------------------------------------------------------------------------------------------------------


def test_the_inbox_lists_what_failed_and_replays_it(earshot: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMS.items():
        monkeypatch.setenv(name, value)
    assert earshot("db", "upgrade") == 0
    assert earshot("inbox", "list") == 0
    assert "Every message was handled" in earshot.said

    app = build_app(read(SMS), clock=lambda: NOON)
    monkeypatch.setattr(app.releases, "begin", lambda flow, text: 1 / 0)
    event = app.channels["sms"].parse(
        f"MessageSid=SM1&From=%2B{MAYA[1:]}&To=%2B{OURS[1:]}&Body={STORY.replace(' ', '+')}".encode()
    )
    assert asyncio.run(app.intake.take(event)) == "failed"
    app.close()

    assert earshot("inbox", "list") == 0
    for word in ("sms", "failed", "ZeroDivisionError", "23 Nov 2026 12:00", "earshot inbox replay"):
        assert word in earshot.said
    assert "bus stop" not in earshot.said
    assert MAYA not in earshot.said

    assert earshot("inbox", "replay", "999") == 1
    assert "earshot inbox list" in earshot.said
    assert earshot.said.startswith("0 handled")
    assert earshot("inbox", "replay") == 0
    assert earshot.said.startswith("1 handled")
    earshot("inbox", "list")
    assert "Every message was handled" in earshot.said


# --- places ---------------------------------------------------------------------------------------------------------


def test_a_list_of_places_is_imported_whole_or_not_at_all(earshot: Terminal) -> None:
    good = earshot.folder / "places.csv"
    good.write_text("id,name,aliases,parent\nknowle-west,Knowle West,The West|KW,Bristol\n", encoding="utf-8-sig")
    assert earshot("places", "import", str(good)) == 0
    assert "1 places" in earshot.said
    bad = earshot.folder / "bad.csv"
    bad.write_text("id,name\nEaston!,Easton\n")
    assert earshot("places", "import", str(bad)) == 1
    for word in ("Line 2", "knowle-west", "Nothing was changed"):
        assert word in earshot.said
    with opened_database(read({})) as base, reader(base.engine) as connection:
        (place,) = project_places(connection)
    assert (place.id, place.name, place.aliases) == ("knowle-west", "Knowle West", ("The West", "KW"))


# --- database -------------------------------------------------------------------------------------------------------


def test_a_copy_is_made_and_put_back(earshot: Terminal) -> None:
    assert earshot("db", "upgrade") == 0
    assert earshot("team", "add", "sam@example.org") == 0
    copy = earshot.folder / "copy.db"
    assert earshot("db", "backup", str(copy)) == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert earshot("db", "backup", str(copy)) == 1, "never over an old copy"
    earshot("team", "add", "tom@example.org")
    assert earshot("db", "restore", str(copy), typed="n\n") != 0
    assert earshot("db", "restore", str(copy), "--yes") == 0
    with closing(sqlite3.connect("var/earshot.db")) as database:
        assert database.execute("SELECT email FROM team_member").fetchall() == [("sam@example.org",)]
    with closing(sqlite3.connect("var/earshot.db.before-restore")) as database:
        assert len(database.execute("SELECT email FROM team_member").fetchall()) == 2


def test_what_is_no_copy_is_not_put_back(earshot: Terminal) -> None:
    earshot("db", "upgrade")
    other = earshot.folder / "other.db"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE something (id)")
    for path in (other, earshot.folder / "nothing.db", Path(__file__)):
        assert earshot("db", "restore", str(path), "--yes") == 1
        assert "Nothing was changed" in earshot.said


def test_a_database_in_use_is_not_replaced(earshot: Terminal) -> None:
    earshot("db", "upgrade")
    copy = earshot.folder / "copy.db"
    earshot("db", "backup", str(copy))
    with closing(sqlite3.connect("var/earshot.db")) as database:
        database.execute("BEGIN")
        database.execute("SELECT count(*) FROM story").fetchone()
        assert earshot("db", "restore", str(copy), "--yes") == 1
        assert "Stop the service" in earshot.said


def test_postgresql_has_its_own_tools(earshot: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none")
    assert earshot("db", "backup", "copy.db") == 1
    assert "pg_dump" in earshot.said


# --- export ---------------------------------------------------------------------------------------------------------


def test_an_export_says_what_it_held(earshot: Terminal) -> None:
    assert earshot("db", "upgrade") == 0
    assert earshot("export", "--format", "csv", "--use", "team", "--out", "stories.csv") == 0
    assert "0 stories exported" in earshot.said
    assert Path("stories.csv").exists()


def test_an_export_for_a_use_holds_all_that_may_go_so_far_or_further(earshot: Terminal) -> None:
    with opened_database(read({})) as base:
        for use in USES:
            base.writer.run(lambda connection, use=use: tell(connection, f"May go to {use}.", use=use))
        base.writer.run(lambda connection: connection.execute(tables.Story.__table__.update().values(state="approved")))
    held = {}
    for use in USES:
        assert earshot("export", "--format", "jsonl", "--use", use, "--out", f"{use}.jsonl") == 0
        held[use] = {json.loads(line)["text"] for line in Path(f"{use}.jsonl").read_text().splitlines()}
        with opened_database(read({})) as base:
            assert gate.count(base.engine, use=use, filters=Filters(), now=base.clock()) == len(held[use])
    assert [len(held[use]) for use in USES] == [3, 2, 1]
    assert held["team"] > held["quote"] > held["publish"]


def test_an_export_can_be_narrowed_as_on_the_page(earshot: Terminal) -> None:
    with opened_database(read({})) as base:
        for words, sides in (("Of the law.", {"scales": ("society",)}), ("Of me.", {"channel": "telegram"})):
            base.writer.run(lambda connection, words=words, sides=sides: tell(connection, words, **sides))
    asked = {
        "Of the law.": ("--scale", "society", "--actor", "none", "--state", "new", "--kind", "story"),
        "Of me.": ("--scale", "none", "--channel", "telegram"),
    }
    for words, options in asked.items():
        assert earshot("export", "--format", "jsonl", "--out", "some.jsonl", *options) == 0
        assert [json.loads(line)["text"] for line in Path("some.jsonl").read_text().splitlines()] == [words]
    assert earshot("export", "--place", "nowhere at all") == 0
    assert "0 stories exported" in earshot.said


@pytest.mark.parametrize("option", ["state", "scale", "actor", "kind", "channel"])
def test_an_export_of_what_there_is_not_lets_nothing_leave(earshot: Terminal, option: str) -> None:
    assert earshot("export", "--out", "some.csv", f"--{option}", "declined") == 2
    assert f"There is no {option} 'declined'. Nothing was exported." in " ".join(earshot.said.split())
    assert not Path("some.csv").exists()


def test_an_export_into_a_folder_that_is_not_there_names_the_folder(earshot: Terminal) -> None:
    assert earshot("export", "--out", "nowhere/stories.csv") == 2
    assert "There is no folder nowhere" in " ".join(earshot.said.split())


def test_an_export_without_a_file_is_printed(earshot: Terminal) -> None:
    assert earshot("db", "upgrade") == 0
    assert earshot("export", "--format", "csv", "--use", "team") == 0
    assert "id,kind,text" in earshot.said
    assert "0 stories exported" in earshot.said
    assert list(Path().glob("*.csv")) == []


def test_each_group_is_whole_when_only_its_own_file_is_loaded() -> None:
    for group in GROUPS:
        assert groups_named([group, "--help"]) == [group]
        assert group in get_command(build((group,))).commands
    for words in ([], ["--help"], ["sevre"]):
        assert groups_named(words) == GROUPS
