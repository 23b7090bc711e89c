"""After DELETE everything not a byte of a person is left, on either database: tables, free pages, logs, files.

The person comes in by the real intake, and has a row in every table that can hold one. Searched are all files that the
database writes, for every word and number of theirs, in every form in which it may stand there.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text, update

from flows.model.effects import Say
from flows.model.messages import Message
from storage import tables
from storage.db.engine import reader
from storage.export import select as gate
from storage.privacy.retained_kinds import Periods
from storage.privacy.retention import run
from storage.privacy.vacuum import LIST, unclean, vacuum
from storage.protection.crypto import address_lookups
from storage.protection.erasure import erase_story, finish_erasures
from storage.queries.conversations import turn_queries
from storage.queries.delivery import outbox
from storage.queries.stories import exports_made
from tests.bot.service import NOON, Service
from tests.promises.leftovers import files_of, leftovers, number_forms
from tests.storage.protection.test_erasure import everything as all_rows
from tests.storage.protection.test_erasure import holding, live

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

NUMBER, OTHER = "+447700900871", "+447700900872"
CHAT = 7_871_000_001
EARLY = "Persimmon trouble at the wharfinger office."
TOLD = ("The tamarisk hostel turned my nephew Ptolemy away.", "Nobody at the zinc counter would listen, in Xanthippe.")
WORDS = ("persimmon", "wharfinger", "tamarisk", "ptolemy", "xanthippe", "quillwort")
"""Each stands in something the person wrote, or in what was written of them."""
STAYS = ("Somebody else keeps the marigold kiosk open.",)
KEPT = "marigold"
ANSWERS = (
    ("receipt", ""),
    ("Where was this", "where"),
    ("did you mean", "1"),
    ("send agree", "AGREE"),
    ("how far may your story travel", "2"),
    ("is this about you", "1 6"),
    ("done", "story"),
)
"""What is asked, by some of its words, and what is answered. Whatever else is asked, the first choice is taken."""


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    if database.dialect.name == "postgresql":
        with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for setting in ("wal_recycle = off", "min_wal_size = '32MB'"):  # as docs/deploy.md tells
                connection.execute(text(f"ALTER SYSTEM SET {setting}"))
            connection.execute(text("SELECT pg_reload_conf()"))
    service = Service(database, writer)
    service.proves = True
    return service


async def tell(service: Service, number: str, first: str, told: Sequence[str] = ()) -> None:
    """Tell a story by text message, to its end, answering whatever is asked on the way."""
    said = await service.text(number, first)
    for _ in range(20):
        heard = " ".join(said).lower()
        answer = next((answer for asked, answer in ANSWERS if asked.lower() in heard), "1")
        if not answer:
            return
        if answer == "where":
            answer = "near the Xanthippe pier" if number == NUMBER else "Leeds"
        if answer == "story":
            await service.text(number, *told)
            answer = "DONE"
        said = await service.text(number, answer)
    raise AssertionError(f"the story does not come to an end: {said}")


def whole(service: Service, number: str) -> int:
    """Give the person a row in every table that can hold one, with a word of theirs in each; returns the story."""

    def work(connection: Connection) -> int:
        person = turn_queries.find_person(
            connection, channel="sms", lookups=address_lookups(service.keyring, "sms", number), lock=True
        )
        assert person is not None
        connection.execute(
            update(tables.Contributor.__table__)
            .where(tables.Contributor.__table__.c.id == person.contributor_id)
            .values(source="quillwort")
        )
        story = live(connection, person, "c-whole", "quillwort")
        waiting = tables.Outbox.__table__
        message = Message(say=Say(text="It was quillwort.")).to_json()
        connection.execute(update(waiting).where(waiting.c.payload == "quillwort").values(payload=message))
        for due in outbox.claim_due(connection, service.now + timedelta(hours=1))[:3]:
            outbox.mark_sent(connection, [outbox.SentMessage(due.id, f"SM{due.id}", 1)], service.now)
        return story

    return service.writer.run(work)


def stored(service: Service, words: Sequence[str]) -> set[str]:
    with reader(service.engine) as connection:
        found = all_rows(connection)
    places: set[str] = set()
    for word in words:
        for form in (word, word.title()):
            places |= holding(found, form)
    return places


async def ask_for_everything_to_go(service: Service, number: str) -> None:
    (asked, *_) = await service.text(number, "DELETE")
    choice = re.search(r"(\d)[^\d]*everything", asked, re.IGNORECASE)
    said = await service.text(number, choice[1] if choice else "EVERYTHING")
    if not any("deleted" in each.lower() for each in said):  # one confirming step at most
        said = await service.text(number, "1")
    assert any("deleted" in each.lower() for each in said), said


def goodbye_goes_out(service: Service) -> None:
    def work(connection: Connection) -> None:
        for due in outbox.claim_due(connection, service.now + timedelta(hours=1)):
            outbox.mark_sent(connection, [outbox.SentMessage(due.id, f"SM-{due.id}", 1)], service.now)
        assert finish_erasures(connection, service.now) == 1

    service.writer.run(work)


async def test_after_delete_everything_not_a_byte_is_left(service: Service, tmp_path: Path) -> None:
    await tell(service, NUMBER, EARLY)
    await tell(service, NUMBER, "SHARE", TOLD)
    await tell(service, OTHER, "Hello", STAYS)
    story = whole(service, NUMBER)
    with reader(service.engine) as connection:
        told = connection.execute(select(tables.Story.__table__.c.id, tables.Story.__table__.c.text)).all()
    assert any(TOLD[0] in row.text for row in told), "the story was told to its end"
    file = tmp_path / "stories.csv"
    gate.run(service.engine, service.writer, format="csv", use="team", out=file, who="lead", now=service.now)
    assert "tamarisk" in file.read_text()
    before = stored(service, WORDS)
    assert len({place.partition(".")[0] for place in before}) >= 10, before
    files = files_of(service.engine)
    assert set(leftovers(files, WORDS)) == set(WORDS), "the search finds what is there"

    service.now = NOON + timedelta(minutes=5)
    await ask_for_everything_to_go(service, NUMBER)
    assert stored(service, WORDS) == set(), "at once"
    goodbye_goes_out(service)
    done = vacuum(service.engine, service.writer, tmp_path, service.now)
    assert done.clean
    assert done.fresh >= 2
    files = [*files_of(service.engine), tmp_path / LIST]
    assert len(files) > 1
    assert leftovers(files, [*WORDS, *number_forms(NUMBER)]) == {}
    assert KEPT in leftovers(files, [KEPT]), "nobody else lost a word"
    with reader(service.engine) as connection:
        assert unclean(connection) is None
        (recall, *_) = exports_made.recalls(connection)
        assert recall.gone, "the export that held it is listed"
        assert story not in {row.id for row in connection.execute(select(tables.Story.__table__.c.id))}
    names = {line.split(",")[0] for line in file.read_text().splitlines() if "tamarisk" in line}
    assert names <= {name for each in _recalls(service) for name in each.gone}


def _recalls(service: Service) -> list[exports_made.Recall]:
    with reader(service.engine) as connection:
        return exports_made.recalls(connection)


async def test_a_single_story_goes_from_the_bytes_as_well(service: Service, tmp_path: Path) -> None:
    await tell(service, NUMBER, "Hello", TOLD)
    await tell(service, OTHER, "Hello", STAYS)
    with reader(service.engine) as connection:
        rows = connection.execute(select(tables.Story.__table__.c.id, tables.Story.__table__.c.text)).all()
    (story,) = [row.id for row in rows if "tamarisk" in row.text]
    assert service.writer.run(lambda connection: erase_story(connection, story, service.now))
    assert vacuum(service.engine, service.writer, tmp_path, service.now).clean
    words = ("tamarisk", "ptolemy", "zinc counter")
    assert stored(service, words) == set()
    assert leftovers(files_of(service.engine), words) == {}
    assert KEPT in leftovers(files_of(service.engine), [KEPT])


async def test_words_that_came_uninvited_and_were_never_agreed_to_leave_no_trace(
    service: Service, tmp_path: Path
) -> None:
    """Sent before consent, not answered: never in plain, and after their time not there at all."""
    await service.text(NUMBER, EARLY)
    files = files_of(service.engine)
    assert leftovers(files, ["persimmon", "wharfinger", *number_forms(NUMBER)]) == {}, "sealed from the first moment"
    sealed = tables.SealedMessage.__table__
    with reader(service.engine) as connection:
        (held,) = connection.execute(select(sealed.c.sealed)).scalars()
        raw = list(connection.execute(select(tables.Inbound.__table__.c.sealed)).scalars())
    later = service.now + timedelta(days=400)
    warned = run(service.engine, service.writer, Periods(), later - timedelta(days=15))
    assert (warned.warnings, warned.conversations) == (1, 1)
    gone = run(service.engine, service.writer, Periods(), later)
    assert (gone.contributors, gone.stuck) == (1, 0)
    assert vacuum(service.engine, service.writer, tmp_path, later).clean
    rows = {name: len(found) for name, found in _everything(service).items()}
    assert {
        name for name in ("story", "sealed_message", "conversation", "contributor", "address") if rows[name]
    } == set()
    content = b"".join(path.read_bytes() for path in files_of(service.engine))
    for locked in (held, *raw):
        assert bytes(locked) not in content, "not even the locked words are left"
    assert leftovers(files_of(service.engine), ["persimmon", *number_forms(NUMBER)]) == {}


def _everything(service: Service) -> dict[str, list[dict[str, object]]]:
    with reader(service.engine) as connection:
        return all_rows(connection)


async def test_a_large_database_is_left_in_peace_for_an_hour_at_most(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.privacy.vacuum.SMALL_BYTES", 0)
    await tell(service, NUMBER, "Hello", TOLD)
    service.writer.run(lambda connection: erase_story(connection, 1, service.now))
    for minutes, clean in ((0, False), (59, False), (61, True)):
        done = vacuum(service.engine, service.writer, tmp_path, service.now + timedelta(minutes=minutes))
        assert done.clean is clean
    assert len((tmp_path / LIST).read_text().splitlines()) == 1, "each is on the list once"
    assert vacuum(service.engine, service.writer, tmp_path, service.now) == (0, True)
