"""Whoever steals the database or a backup, without the key, learns no number, no chat, no sealed word (rule 62)."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import math
from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, select

from storage import tables
from storage.db.engine import reader
from storage.protection.crypto import KEY_PRINT, PROTECTED, Keyring, address_lookups, receipt_lookups, seal_address
from storage.protection.erasure import erase_contributor
from storage.protection.receipt_lookup import words
from storage.queries.conversations import turn_queries
from storage.queries.team import requests
from tests.promises.leftovers import files_of, leftovers, number_forms
from tests.storage.acts import NOW, begin, keep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

KEYS = Keyring([bytes(range(32))])
NUMBERS = ("+447700900881", "+447700900882")
CHAT = "7881000001"
SEALED_WORDS = ("quandary", "isthmus", "ligature")
"""In a raw event, in words held before consent, in a complaint."""
RECEIPT = f"{words()[3]} {words()[70]} {words()[900]}"
RANGE = 1_000
"""Numbers tried around the real one, as a thief with the table would; the whole range is only more of the same."""


def fill(connection: Connection) -> None:
    """Two people by text message, one of whom left, and one on Telegram; with everything that is locked."""
    for number, name in zip(NUMBERS, ("stays", "left"), strict=True):
        person = turn_queries.make_person(
            connection, channel="sms", lookups=address_lookups(KEYS, "sms", number), sealed=seal_address(KEYS, number),
            now=NOW,
        )  # fmt: skip
        raw = f"MessageSid=SM{name}&From=%2B{number[1:]}&Body=a+quandary".encode()
        turn_queries.claim(
            connection, channel="sms", provider_id=f"SM{name}", received_at=NOW,
            sealed=KEYS.seal("inbound.sealed", raw), contributor_id=person.contributor_id,
        )  # fmt: skip
        conversation = begin(connection, person, name)
        turn_queries.hold_sealed(
            connection, conversation_id=name, contributor_id=person.contributor_id, ref="", now=NOW,
            sealed=KEYS.seal("sealed_message.sealed", b"an isthmus"),
        )  # fmt: skip
        keep(connection, person, conversation, "A story, which the team reads in plain.")
        lookup = receipt_lookups(KEYS, RECEIPT)[0]
        connection.execute(tables.Story.__table__.update().values(receipt_lookup=lookup))
        requests.open_request(
            connection, KEYS, kind="complaint", origin="web", now=NOW, said="a ligature", reach=number,
            contributor_id=person.contributor_id,
        )  # fmt: skip
        if name == "left":
            erase_contributor(connection, person.contributor_id, NOW)
    turn_queries.make_person(
        connection, channel="telegram", lookups=address_lookups(KEYS, "telegram", CHAT),
        sealed=seal_address(KEYS, CHAT), now=NOW,
    )  # fmt: skip


def hashes(engine: Engine) -> dict[str, set[bytes]]:
    """Return every keyed hash that is stored, by its column."""
    found: dict[str, set[bytes]] = {}
    with reader(engine) as connection:
        for protected in PROTECTED:
            if protected.kind == "lookup":
                column = tables.metadata.tables[protected.table].c[protected.column]
                stored = connection.execute(select(column).where(column.is_not(None))).scalars()
                found[protected.domain] = {bytes(value) for value in stored}
    return found


def test_no_number_no_chat_and_no_sealed_word_is_in_the_files(database: Engine, writer: Writer) -> None:
    writer.run(fill)
    if database.dialect.name == "postgresql":
        with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("CHECKPOINT")
    wanted = [form for number in (*NUMBERS, CHAT) for form in number_forms(number)] + list(SEALED_WORDS)
    files = files_of(database)
    assert leftovers(files, wanted) == {}
    assert set(leftovers(files, ["which the team reads"])) == {"which the team reads"}, "the search finds what is there"


def test_a_backup_shows_no_more(sqlite_database: Engine, tmp_path: Path) -> None:
    from storage.db.writer import writer_for  # noqa: PLC0415
    from storage.upkeep.backup import copy as copied  # noqa: PLC0415 - the very copy that `earshot db backup` makes

    writer = writer_for(sqlite_database)
    writer.run(fill)
    copy = tmp_path / "copy.db"
    copied(files_of(sqlite_database)[0].with_name(str(sqlite_database.url.database).rpartition("/")[2]), copy)
    writer.close()
    wanted = [form for number in (*NUMBERS, CHAT) for form in number_forms(number)] + list(SEALED_WORDS)
    assert leftovers([copy], wanted) == {}
    assert leftovers([copy], ["which the team reads"])


def guesses(value: str) -> Iterator[bytes]:
    """Return what a thief without the key would try for a value: bare hashes of it, and hashes under obvious keys."""
    spelt = [value, f"sms\0{value}", f"telegram\0{value}", value.removeprefix("+"), f"address.lookup\0sms\0{value}"]
    for text in spelt:
        for name in ("sha256", "sha512_256", "blake2s", "sha3_256"):
            yield hashlib.new(name, text.encode()).digest()
        for key in (b"", b"earshot", bytes(32), b"address.lookup", KEYS.prefix):
            yield hmac.digest(key, text.encode(), "sha256")
    yield from address_lookups(Keyring([bytes(32)]), "sms", value)


def test_trying_all_numbers_finds_nobody_without_the_key_and_everybody_with_it(
    database: Engine, writer: Writer
) -> None:
    """Every number of a range that holds the real ones is tried, against all hashes: addresses and who left.

    With a key of 256 random bits outside the database, a thief would have to try the keys, not the numbers: the work
    does not shrink because there are only a billion numbers.
    """
    writer.run(fill)
    stored = hashes(database)
    assert {domain: len(values) for domain, values in stored.items()} == {
        "address.lookup": 2,
        "address.former_lookup": 0,
        "holder_code.lookup": 0,
        "receipt_guess.lookup": 0,
        "story.receipt_lookup": 1,
        "suppression.lookup": 1,
    }
    everything = set().union(*stored.values())
    tried = [f"+4477009{number:05d}" for number in range(100, 100 + RANGE)]
    assert set(NUMBERS) <= set(tried)
    for number in tried:
        assert not everything.intersection(guesses(number)), "a hash was undone without the key"
    opened = {number for number in tried if everything.intersection(address_lookups(KEYS, "sms", number))}
    assert opened == set(NUMBERS), "with the key, it is a matter of seconds: keep it elsewhere"


def test_receipts_cannot_be_tried_out_either(database: Engine, writer: Writer) -> None:
    """A thousand million receipts could be hashed in minutes, were the hash bare."""
    writer.run(fill)
    stored = hashes(database)["story.receipt_lookup"]
    near = [" ".join(three) for three in itertools.product(words()[:10], words()[65:75], words()[895:905])]
    assert RECEIPT in near
    for receipt in near:
        assert not stored.intersection(guesses(receipt))
        assert not stored.intersection(guesses(f"story.receipt_lookup\0{receipt}"))
    assert stored == {receipt_lookups(KEYS, RECEIPT)[0]}
    assert math.comb(len(words()), 3) > 10**8


def test_the_same_number_looks_different_in_every_column_and_every_installation() -> None:
    number = NUMBERS[0]
    other = Keyring([bytes(range(1, 33))])
    one = address_lookups(KEYS, "sms", number)[0]
    assert one != address_lookups(other, "sms", number)[0]
    assert one != address_lookups(KEYS, "telegram", number)[0]
    assert seal_address(KEYS, number) != seal_address(KEYS, number), "two rows cannot be told to hold the same"


def test_every_column_of_bytes_is_protected_or_has_no_secret() -> None:
    """A new column of bytes must be named in `PROTECTED`, so that the tests above know of it."""
    binary = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert len(binary) >= 7
    assert binary == {protected.domain for protected in (*PROTECTED, KEY_PRINT)}


def test_the_list_of_erasures_gives_nothing_away(database: Engine, writer: Writer) -> None:
    writer.run(fill)
    erasure = tables.Erasure.__table__
    with reader(database) as connection:
        tokens = list(connection.execute(select(erasure.c.token)).scalars())
    assert len(tokens) == 2
    told = " ".join(tokens)
    assert not [form for number in NUMBERS for form in number_forms(number) if form in told]
    hashed = {token.partition(":")[2] for token in tokens if ":" in token}
    for number in NUMBERS:
        assert not hashed.intersection(guess.hex() for guess in guesses(number))
