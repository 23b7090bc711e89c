"""What an operator sees of copies: locked, looked at, put back without forgetting anybody's no, and silent at first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from sqlalchemy import select

from bot.settings.environment import read
from bot.settings.open_database import opened_database
from review.kit.accounts import digest
from storage import tables
from storage.db.engine import reader
from storage.privacy.vacuum import LIST
from storage.protection.crypto import address_lookups, new_key, seal_address
from storage.queries import story_changes
from storage.queries.contributors import people
from storage.queries.conversations import turn_queries
from storage.queries.team.members import good_link
from storage.upkeep import refusals_list, restore
from tests.bot.service import MAYA, TOM
from tests.bot.terminal import refused
from tests.storage.acts import LATER, NOW, begin, keep, queue

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from tests.bot.terminal import Terminal

DATABASE, KEY = Path("var/earshot.db"), Path("var/secret.key")
STORY, CONTRIBUTOR, OUTBOX = tables.Story.__table__, tables.Contributor.__table__, tables.Outbox.__table__


def tell(number: str, name: str, words: str) -> None:
    with opened_database(read({})) as base:

        def work(connection: Connection) -> None:
            lookups, sealed = address_lookups(base.keyring, "sms", number), seal_address(base.keyring, number)
            person = turn_queries.make_person(
                connection, channel="sms", lookups=lookups, sealed=sealed, now=base.clock()
            )
            story = keep(connection, person, begin(connection, person, name, status="ended"), words)
            connection.execute(STORY.update().where(STORY.c.id == story).values(use="publish"))
            queue(connection, person, "reply")

        base.writer.run(work)


def rows(*columns: Any) -> list[Any]:
    with opened_database(read({})) as base, reader(base.engine) as connection:
        return list(connection.execute(select(*columns).order_by(columns[0].table.c.id)).scalars())


@pytest.fixture
def copy(earshot: Terminal) -> Path:
    """A copy with a story of Maya's and one of Tom's, both to be published, and an answer for each on its way."""
    with time_machine.travel(NOW, tick=False):
        tell(MAYA, "c1", "Maya by the quay.")
        tell(TOM, "c2", "Tom by the pier.")
        path = earshot.folder / "copy"
        assert earshot("db", "backup", str(path)) == 0
        assert "Only your key opens it" in " ".join(earshot.said.split())
    return path


def say_no() -> None:
    """Let Maya say STOP, and Tom let only the team read his story; their answers went out meanwhile."""
    with time_machine.travel(LATER, tick=False), opened_database(read({})) as base:

        def work(connection: Connection) -> None:
            people.opt_out(connection, 1, base.clock())
            decision = tables.Decision.__table__
            text = tables.ConsentText.__table__
            connection.execute(text.insert().values(dict.fromkeys(text.columns.keys(), "x")))
            connection.execute(
                decision.insert().values(
                    contributor_id=2, conversation_id="c2", purpose="use", answer="team", literal="1",
                    text_digest="x", step="use", flow="share", structure="s1", whole="w", language="en",
                    channel="sms", decided_at=base.clock(),
                )
            )  # fmt: skip
            story_changes.change(connection, 2, use="team", use_until=None)
            connection.execute(OUTBOX.update().where(OUTBOX.c.state == "queued").values(state="sent"))

        base.writer.run(work)
        refusals_list.keep(base.engine, base.writer, base.settings.data_dir, base.clock())


def test_a_copy_is_locked_and_a_plain_one_says_what_it_means(earshot: Terminal, copy: Path) -> None:
    assert b"quay" not in copy.read_bytes()
    plain = earshot.folder / "plain"
    assert earshot("db", "backup", str(plain), "--plain") == 0
    assert "whoever gets it can read all stories" in " ".join(earshot.said.split())
    assert b"quay" in plain.read_bytes()
    assert MAYA[1:].encode() not in plain.read_bytes(), "numbers are locked in it as well"
    earshot("doctor")
    assert "The last good copy was made on" in earshot.said


@pytest.mark.parametrize("lost", [False, True], ids=["put back over it", "after the database was lost"])
def test_a_no_that_was_said_since_stays(earshot: Terminal, copy: Path, lost: bool) -> None:
    say_no()
    if lost:
        for path in DATABASE.parent.glob("earshot.db*"):
            path.unlink()
    with time_machine.travel(LATER, tick=False):
        assert earshot("db", "restore", str(copy), "--yes") == 0
        said = " ".join(earshot.said.split())
        for each in (
            "1 people said STOP since",
            "1 stories have their narrower use again",
            "are not sent",
            "earshot db release",
        ):
            assert each in said
        assert rows(CONTRIBUTOR.c.opted_out) == [True, False]
        assert rows(STORY.c.use) == ["publish", "team"]
        assert rows(OUTBOX.c.state) == ["cancelled", "cancelled"], "they may have gone out since"


def test_nothing_is_sent_until_somebody_has_looked(earshot: Terminal, copy: Path) -> None:
    with time_machine.travel(LATER, tick=False):
        assert earshot("db", "restore", str(copy), "--yes") == 0
        assert earshot("doctor") == 1
        assert "nothing is sent until somebody has looked" in earshot.said
        assert earshot("inbox", "items") == 0
        assert "A copy of the database was put back" in " ".join(earshot.said.split())
        assert earshot("db", "release", typed="n\n") != 0
        with opened_database(read({})) as base, reader(base.engine) as connection:
            assert restore.fenced(connection)
        assert earshot("db", "release", "--yes") == 0
        with opened_database(read({})) as base, reader(base.engine) as connection:
            assert not restore.fenced(connection)
        assert earshot("db", "release") == 0
        assert "not held back" in earshot.said


def test_whoever_copies_back_by_other_means_says_so(earshot: Terminal, copy: Path) -> None:
    plain = earshot.folder / "plain"
    with time_machine.travel(NOW, tick=False):
        assert earshot("db", "backup", str(plain), "--plain") == 0
    say_no()
    for path in DATABASE.parent.glob("earshot.db*"):
        path.unlink()
    DATABASE.write_bytes(plain.read_bytes())
    with time_machine.travel(LATER, tick=False):
        assert earshot("db", "after-restore") == 0
        assert rows(CONTRIBUTOR.c.opted_out) == [True, False]
        assert rows(STORY.c.use) == ["publish", "team"]
    assert copy.exists()


def test_a_damaged_database_gives_no_copy_and_says_which_one_to_keep(
    earshot: Terminal, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = copy.read_bytes()
    content = bytearray(DATABASE.read_bytes())
    content[40_000:300_000] = os.urandom(260_000)
    DATABASE.write_bytes(content)
    assert earshot("db", "backup", "tonight") == 1
    said = " ".join((earshot.said + capsys.readouterr().err).split())
    assert "is damaged, so no copy was made" in said
    assert "The last good copy was made on" in said or "Look for the last good copy" in said
    assert not Path("tonight").exists()
    assert copy.read_bytes() == before
    assert earshot("db", "restore", str(copy), "--yes") == 0, "that is what it is for"
    assert rows(STORY.c.text) == ["Maya by the quay.", "Tom by the pier."]


@pytest.mark.parametrize("kind", ["locked", "plain"])
def test_a_copy_that_the_key_does_not_fit_is_not_put_back(earshot: Terminal, copy: Path, kind: str) -> None:
    plain = earshot.folder / "plain"
    assert earshot("db", "backup", str(plain), "--plain") == 0
    before, key = DATABASE.read_bytes(), KEY.read_text()
    KEY.write_text(new_key())
    try:
        status = earshot("db", "restore", str(copy if kind == "locked" else plain), "--yes")
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 1
    assert DATABASE.read_bytes() == before
    KEY.write_text(key)
    assert rows(STORY.c.use) == ["publish", "publish"]
    assert not list(DATABASE.parent.glob("*.restoring*"))


@pytest.mark.parametrize("lost", [False, True], ids=["put back over it", "after the database was lost"])
def test_whoever_left_the_team_since_does_not_come_back_with_a_copy(earshot: Terminal, lost: bool) -> None:
    with time_machine.travel(NOW, tick=False):
        for name in ("sam", "kim", "tom"):
            assert earshot("team", "add", f"{name}@example.org") == 0
        link = earshot.said.split()[-1]
        assert earshot("db", "backup", "copy") == 0
    with time_machine.travel(LATER, tick=False):
        for name in ("sam", "kim"):
            assert earshot("team", "remove", f"{name}@example.org") == 0
        keep_the_list()
        assert earshot("team", "add", "kim@example.org") == 0
        keep_the_list()
        if lost:
            DATABASE.unlink()
        assert earshot("db", "restore", "copy", "--yes") == 0
        said = " ".join(earshot.said.split())
        assert "1 members who had left since are removed again." in said
        assert "sign in again" in said
        assert earshot("team", "list") == 0
        here = {line.split()[0]: line.split()[1].rstrip(",") for line in earshot.said.splitlines() if "@" in line}
        assert here == {"kim@example.org": "reviewer", "tom@example.org": "reviewer", "sam@example.org": "left"}
        with opened_database(read({})) as base, reader(base.engine) as connection:
            assert good_link(connection, digest(link.rpartition("/")[2]), base.clock()) is None


def keep_the_list() -> None:
    """Do what the service does every minute."""
    with opened_database(read({})) as base:
        refusals_list.keep(base.engine, base.writer, base.settings.data_dir, base.clock())


def test_no_copy_is_locked_with_a_key_that_is_not_the_databases(
    earshot: Terminal, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = KEY.read_text()
    KEY.write_text(new_key())
    assert "does not fit the database" in refused(earshot, capsys, "db", "backup", "tonight")
    assert not Path("tonight").exists(), "with the right key put back it would open never again"
    assert earshot("db", "backup", "unlocked", "--plain") == 0, "that needs no key"
    KEY.write_text(key)
    assert earshot("db", "backup", "tonight") == 0


@pytest.mark.parametrize("word", ["", "short"], ids=["empty", "damaged"])
@pytest.mark.parametrize("act", ["backup", "restore"])
def test_a_key_that_cannot_be_used_is_named_and_no_other_is_advised(
    earshot: Terminal, copy: Path, capsys: pytest.CaptureFixture[str], act: str, word: str
) -> None:
    KEY.write_text(word)
    said = refused(earshot, capsys, *(("db", "backup", "tonight") if act == "backup" else ("db", "restore", str(copy))))
    for each in (str(KEY), "Put it back from your copy"):
        assert each in said
    assert "make one" not in said
    assert "have one made" not in said


@pytest.mark.parametrize("how", [(), ("--plain",)], ids=["locked", "plain"])
def test_a_database_without_a_byte_gives_no_copy_and_is_named(
    earshot: Terminal, copy: Path, capsys: pytest.CaptureFixture[str], how: tuple[str, ...]
) -> None:
    for path in DATABASE.parent.glob("earshot.db*"):
        path.write_bytes(b"")
    said = refused(earshot, capsys, "db", "backup", "tonight", *how)
    assert "no content at all" in said
    assert "none of ours" not in said
    assert earshot("db", "restore", str(copy), "--yes") == 0
    assert rows(STORY.c.text) == ["Maya by the quay.", "Tom by the pier."]


def test_a_folder_that_is_not_there_is_named_as_it_was_written(
    earshot: Terminal, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(earshot, capsys, "db", "backup", "away/tonight")
    assert "directory: away " in said
    assert ".part" not in said


def test_a_copy_that_is_put_back_without_the_list_says_what_is_not_known(
    earshot: Terminal, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_no()
    listed, key = (Path("var") / LIST).read_text(), KEY.read_text()
    elsewhere = earshot.folder / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / KEY.name).write_text(key)
    monkeypatch.setenv("EARSHOT_DATA_DIR", str(elsewhere))
    with time_machine.travel(LATER, tick=False):
        assert earshot("db", "restore", str(copy), "--yes") == 0
        said = " ".join(earshot.said.split())
        for each in (f"no {LIST} in {elsewhere}", "nobody knows", "earshot db after-restore", "Nothing is sent"):
            assert each in said
        assert "had been deleted since" not in said
        (elsewhere / LIST).write_text(listed)
        assert earshot("db", "after-restore") == 0
        assert "nobody knows" not in earshot.said
        assert "1 people said STOP since" in earshot.said
    assert rows(CONTRIBUTOR.c.opted_out) == [True, False]


def test_putting_a_second_copy_back_loses_nothing_of_what_was_there_first(earshot: Terminal, copy: Path) -> None:
    with time_machine.travel(LATER, tick=False):
        tell("+447700900333", "c3", "Sam by the lock.")
        assert earshot("db", "restore", str(copy), "--yes") == 0
        tell("+447700900334", "c4", "Kim by the gate.")
        assert earshot("db", "restore", str(copy), "--yes") == 0
    kept = sorted(path.name for path in DATABASE.parent.glob("*.before-restore*"))
    assert kept == ["earshot.db.before-restore", "earshot.db.before-restore-2"]
    assert b"Sam by the lock" in (DATABASE.parent / kept[0]).read_bytes()
    assert b"Kim by the gate" in (DATABASE.parent / kept[1]).read_bytes()
    assert earshot.said.count("before-restore-2") == 1
    earshot("doctor")
    said = " ".join(earshot.said.split())
    for name in kept:
        assert f"{name} still holds" in said


@pytest.mark.parametrize("kind", ["locked", "plain"])
def test_a_copy_that_is_refused_makes_no_folder(
    earshot: Terminal, copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    plain = earshot.folder / "plain"
    assert earshot("db", "backup", str(plain), "--plain") == 0
    monkeypatch.setenv("EARSHOT_DATA_DIR", "vra")
    said = refused(earshot, capsys, "db", "restore", str(copy if kind == "locked" else plain), "--yes")
    assert "its key is not at vra/secret.key" in said
    assert not Path("vra").exists()
