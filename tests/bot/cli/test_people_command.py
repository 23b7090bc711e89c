"""`earshot people`: what an operator is told about one person, what is written down, and that no number is shown."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
import time_machine
from sqlalchemy import insert, select

from bot.cli.people import STAYS, addresses
from bot.settings.environment import read
from bot.settings.open_database import opened_database
from storage import tables
from storage.db.engine import reader
from storage.protection.crypto import address_lookups, receipt_lookups, seal_address
from storage.queries.conversations import turn_queries
from storage.queries.stories import exports_made
from storage.queries.team import members, requests
from tests.bot.service import MAYA, TOM
from tests.storage.acts import NOW, begin, consent, decide, keep, meet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from tests.bot.terminal import Terminal

RECEIPT = "maple otter lantern"
CHAT = "7000000001"
WORDS = "They took the bus away."


@pytest.fixture
def known(earshot: Terminal) -> Iterator[str]:
    """Maya told a story by text message, and it is in an export; Tom wrote on Telegram. Returns Maya's pseudonym."""
    with time_machine.travel(NOW, tick=False), opened_database(read({})) as base:

        def work(connection: Connection) -> str:
            ring = base.keyring
            maya = turn_queries.make_person(
                connection, channel="sms", lookups=address_lookups(ring, "sms", MAYA), sealed=seal_address(ring, MAYA),
                now=NOW,
            )  # fmt: skip
            conversation = begin(connection, maya, receipt=RECEIPT)
            story = keep(connection, maya, conversation, WORDS)
            connection.execute(tables.Story.__table__.update().values(receipt_lookup=receipt_lookups(ring, RECEIPT)[0]))
            decide(connection, maya, conversation, consent("quote"))
            run = connection.execute(
                insert(tables.ExportRun.__table__)
                .values(at=NOW, who="lead@example.org", format="csv", use="quote", stories=1,
                        filters=json.dumps({"row_key": "ab" * 32}))
                .returning(tables.ExportRun.__table__.c.id)
            ).scalar_one()  # fmt: skip
            connection.execute(insert(tables.ExportStory.__table__).values(export_id=run, story_id=story))
            turn_queries.make_person(
                connection, channel="telegram", lookups=address_lookups(ring, "telegram", CHAT),
                sealed=seal_address(ring, CHAT), now=NOW,
            )  # fmt: skip
            contributor = tables.Contributor.__table__
            named = select(contributor.c.pseudonym).where(contributor.c.id == maya.contributor_id)
            return str(connection.execute(named).scalar_one())

        yield base.writer.run(work)


def acts() -> list[tuple[str, str, str]]:
    audit = tables.Audit.__table__
    with opened_database(read({})) as base, reader(base.engine) as connection:
        rows = connection.execute(select(audit.c.act, audit.c.object_id, audit.c.detail).order_by(audit.c.id)).all()
    return [(row.act, row.object_id, row.detail) for row in rows]


@pytest.mark.parametrize(
    "who", [MAYA, "07700 900123", "+44 7700 900 123", RECEIPT, "Maple, OTTER lantern", "pseudonym"]
)
def test_somebody_is_found_by_whatever_they_can_tell_us(earshot: Terminal, known: str, who: str) -> None:
    asked = known.lower() if who == "pseudonym" else who
    assert earshot("people", "find", asked, "--reason", "asked") == 0
    assert earshot.said.startswith(f"{known}. Held:")
    assert "1 stories" in earshot.said
    assert not re.search(r"\d{6}", earshot.said), "a number was printed back"
    assert WORDS not in earshot.said
    assert acts()[-1] == ("person.found", "1", "asked")


def test_a_chat_is_found_by_its_id_and_a_number_may_be_typed_when_asked(earshot: Terminal, known: str) -> None:
    assert earshot("people", "find", f"@{CHAT}", "--reason", "asked") == 0
    assert known not in earshot.said
    assert CHAT not in earshot.said
    assert earshot("people", "find", "--reason", "law", typed=f"{MAYA}\n") == 0
    assert known in earshot.said


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (TOM, "Nobody with it has ever written to us"),
        ("@123", "Nobody with it has ever written to us"),
        ("Heron 1", "neither a number"),
        ("Wren 99999", "Nobody has this pseudonym"),
        ("acorn acorn acorn", "No story has this receipt"),
        ("hello", "neither a number"),
    ],
)
def test_nobody_is_told_plainly_and_the_looking_is_written_down(
    earshot: Terminal, known: str, capsys: pytest.CaptureFixture[str], who: str, told: str
) -> None:
    assert known
    assert earshot("people", "find", who, "--reason", "asked") == 1
    assert told in earshot.said + capsys.readouterr().err
    assert acts()[-1] == ("person.found", "", "asked")


def test_a_receipt_of_two_people_is_told_as_that(
    earshot: Terminal, known: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened_database(read({})) as base:

        def another(connection: Connection) -> None:
            person = meet(connection)
            keep(connection, person, begin(connection, person, "c9"), "Another.")
            lookup = receipt_lookups(base.keyring, RECEIPT)[0]
            connection.execute(tables.Story.__table__.update().values(receipt_lookup=lookup))

        base.writer.run(another)
    assert earshot("people", "find", RECEIPT, "--reason", "asked") == 1
    said = earshot.said + capsys.readouterr().err
    assert "more than one person" in said
    assert known in said


def test_a_reason_is_needed_and_is_one_of_a_list(earshot: Terminal, known: str) -> None:
    assert earshot("people", "find", known) == 2
    assert earshot("people", "find", known, "--reason", "because Maya asked") == 2


@pytest.mark.parametrize("name", ["maya.zip", "maya.json", "maya.txt"])
def test_the_file_holds_everything_and_only_its_owner_reads_it(earshot: Terminal, known: str, name: str) -> None:
    out = earshot.folder / name
    assert earshot("people", "export", known, "--out", str(out), "--reason", "asked") == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    if name.endswith(".zip"):
        with zipfile.ZipFile(out) as archive:
            texts = [archive.read(each).decode() for each in archive.namelist()]
        assert len(texts) == 2
    else:
        texts = [out.read_text()]
    assert all(WORDS in text and MAYA in text and CHAT not in text for text in texts)
    assert acts()[-1] == ("person.exported", "1", "asked")
    assert earshot("people", "export", known, "--out", str(out), "--reason", "asked") == 1, "it is there already"


def test_an_erasure_asks_for_the_pseudonym_and_lists_the_exports(earshot: Terminal, known: str) -> None:
    assert earshot("people", "erase", MAYA, "--reason", "asked", typed="Heron 1\n") == 1
    assert "Nothing was deleted" in earshot.said
    assert earshot("people", "erase", MAYA, "--reason", "asked", typed=f"{known}\n") == 0
    assert STAYS.splitlines()[0] in earshot.said.replace("\n", " ") or "What stays" in earshot.said
    row = exports_made.row_name(bytes.fromhex("ab" * 32), 1)
    assert f"Export 1 of 23 November 2026 (quote, csv, by lead@example.org): rows {row}" in earshot.said
    with opened_database(read({})) as base, reader(base.engine) as connection:
        assert connection.execute(select(tables.Story.__table__.c.id)).all() == []
    assert earshot("export", "recalls") == 0
    assert f"rows {row}" in earshot.said
    assert acts()[-1] == ("person.erased", "1", "asked")


def test_afterwards_only_the_token_answers(earshot: Terminal, known: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert earshot("people", "erase", known, "--reason", "asked", "--yes") == 0
    assert earshot("people", "find", MAYA, "--reason", "asked") == 1
    assert "deleted on 23 November 2026" in earshot.said + capsys.readouterr().err


def test_a_letter_becomes_a_request_whose_month_began_when_it_came(earshot: Terminal, known: str) -> None:
    words = "Wants a copy of all of it\n12 High Street\n"
    assert earshot("people", "request", "access", "--who", known, "--came", "2026-11-20", typed=words) == 0
    assert "Answer it by 20 December 2026; our own aim is 18 December 2026." in earshot.said
    with opened_database(read({})) as base, reader(base.engine) as connection:
        (standing,) = requests.open_requests(connection)
        opened = requests.words_of(connection, base.keyring, standing.id)
        sealed = connection.execute(select(tables.Request.__table__.c.sealed)).scalar_one()
    assert (standing.pseudonym, standing.kind, standing.origin) == (known, "access", "team")
    assert opened == ("Wants a copy of all of it", "12 High Street")
    assert b"High Street" not in sealed
    assert earshot("people", "request", "complaint", "--came", "2027-01-01", typed="x\ny\n") == 1


def test_numbers_are_read_as_people_write_them() -> None:
    assert addresses("07700 900123", "GB") == addresses("0044 7700 900123", "GB") == [("sms", MAYA)]
    assert addresses("@-12", "GB") == [("telegram", "-12")]
    assert addresses("@maya", "GB") == addresses("12", "GB") == addresses("", "GB") == []


@pytest.mark.parametrize(
    ("day", "due"),
    [((2026, 1, 31), (2026, 2, 28)), ((2027, 12, 31), (2028, 1, 31)), ((2028, 1, 30), (2028, 2, 29))],
)
def test_a_month_is_a_month(day: tuple[int, int, int], due: tuple[int, int, int]) -> None:
    assert requests.month_after(datetime(*day, tzinfo=NOW.tzinfo)) == datetime(*due, tzinfo=NOW.tzinfo)


def test_acts_are_told_by_role_in_the_file(earshot: Terminal, known: str) -> None:
    with opened_database(read({})) as base:
        base.writer.run(
            lambda c: members.record(
                c, at=NOW, who="a@example.org", act="story.opened", object_kind="story", object_id=1
            )
        )
    out = earshot.folder / "m.txt"
    assert earshot("people", "export", known, "--out", str(out), "--reason", "asked") == 0
    assert "looked you up" not in out.read_text()
    assert "made a copy like this one" in out.read_text()
