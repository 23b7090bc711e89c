"""Keys, seals and keyed hashes; and that the inventory of protected columns tells the truth (rules 62 and 63)."""

from __future__ import annotations

import hmac
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, insert, select, update

from flows.model.conversation import idle
from storage import tables
from storage.db import engine as db
from storage.protection.crypto import (
    KEY_PRINT,
    PROTECTED,
    Keyring,
    SealBrokenError,
    UnusableKeyError,
    address_lookups,
    new_key,
    open_address,
    receipt_lookups,
    rotate,
    seal_address,
    seal_receipt,
)
from storage.queries.conversations import turn_queries

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

    from storage.db.writer import Writer

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NUMBER = "+447700900123"

ADDRESS = tables.Address.__table__
STORY = tables.Story.__table__


def test_known_answers() -> None:
    """Fixed values: whoever changes the derivation or the format makes every stored seal unreadable."""
    keyring = Keyring([OLD])
    assert keyring.lookup("address.lookup", "sms\0+447700900123").hex() == LOOKUP
    assert keyring.open("address.sealed", bytes.fromhex(SEALED)) == b"+447700900123"
    assert keyring.prefix.hex() == PREFIX


def test_the_same_answers_by_another_way() -> None:
    """The derivation, written down once more from the outside."""

    def derived(purpose: bytes, length: int) -> bytes:
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(OLD)

    value = hmac.new(derived(b"earshot 1 lookup", 32), b"address.lookup\0sms\0+447700900123", "sha256").hexdigest()
    assert value == LOOKUP
    sealed = bytes.fromhex(SEALED)
    prefix, nonce, rest = sealed[:5], sealed[5:17], sealed[17:]
    assert prefix == b"\x01" + derived(b"earshot 1 name", 4)
    assert AESGCM(derived(b"earshot 1 seal", 32)).decrypt(nonce, rest, prefix + b"address.sealed") == b"+447700900123"


LOOKUP = "080e0b65ef5fccac8045ad534c199a437cf0ff6771ec10dd591ed370b0e5d537"
SEALED = "01bae7c7b0b7253d711025709df942c3efd3a1bbde1715b4216c0bea1d98f4a7e03b26c7dece6c0aff37c765b1a0"
PREFIX = "01bae7c7b0"


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again_and_never_looks_the_same(content: bytes) -> None:
    keyring = Keyring([OLD])
    one, other = keyring.seal("inbound.sealed", content), keyring.seal("inbound.sealed", content)
    assert keyring.open("inbound.sealed", one) == keyring.open("inbound.sealed", other) == content
    assert one != other
    assert len(content) < 6 or content not in one


@pytest.mark.parametrize("position", [0, 3, 6, 18, -1])
def test_an_altered_seal_does_not_open(position: int) -> None:
    keyring = Keyring([OLD])
    sealed = bytearray(seal_address(keyring, NUMBER))
    sealed[position] ^= 1
    with pytest.raises(SealBrokenError):
        open_address(keyring, bytes(sealed))


def test_a_seal_does_not_open_in_another_column() -> None:
    keyring = Keyring([OLD])
    with pytest.raises(SealBrokenError, match="belongs elsewhere"):
        keyring.open("inbound.sealed", keyring.seal("address.sealed", b"x"))


def test_a_seal_does_not_open_with_another_key() -> None:
    with pytest.raises(SealBrokenError, match="not among the secret keys"):
        Keyring([NEW]).open("address.sealed", Keyring([OLD]).seal("address.sealed", b"x"))


@pytest.mark.parametrize("torn", [b"", b"\x01", bytes(17), bytes(40)])
def test_what_was_never_a_seal_does_not_open(torn: bytes) -> None:
    with pytest.raises(SealBrokenError):
        Keyring([OLD]).open("address.sealed", torn)


def test_channels_and_keys_have_their_own_hashes() -> None:
    keyring = Keyring([NEW, OLD])
    hashes = [*address_lookups(keyring, "sms", NUMBER), *address_lookups(keyring, "telegram", NUMBER)]
    assert len({*hashes, *receipt_lookups(keyring, NUMBER)}) == 6
    assert {len(each) for each in hashes} == {32}
    assert address_lookups(Keyring([OLD]), "sms", NUMBER)[0] == address_lookups(keyring, "sms", NUMBER)[1]


@pytest.mark.parametrize(
    "said", ["maple otter lantern", "Maple-Otter-Lantern", " MAPLE  otter, lantern. ", "maple otter\nlantern"]
)
def test_a_receipt_is_found_however_it_is_written(said: str) -> None:
    keyring = Keyring([OLD])
    assert receipt_lookups(keyring, said) == receipt_lookups(keyring, "maple otter lantern")


def test_keys_are_read_in_base64_and_hexadecimal() -> None:
    text = new_key()
    both = Keyring.from_setting(f" {text} , {OLD.hex()},")
    assert both.open("a.b", Keyring([OLD]).seal("a.b", b"x")) == b"x"
    assert Keyring.from_setting(text.rstrip("=")).open("a.b", both.seal("a.b", b"y")) == b"y"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("", "no secret key"),
        (" , ", "no secret key"),
        ("correct horse battery staple", "number 1 is not 32 bytes"),
        (f"{OLD.hex()},abc", "number 2 is not 32 bytes"),
        (OLD.hex()[:-2], "number 1 is not 32 bytes"),
        (f"{OLD.hex()},{OLD.hex()}", "given twice"),
    ],
)
def test_a_setting_that_is_no_key_says_what_to_do(setting: str, said: str) -> None:
    with pytest.raises(UnusableKeyError, match=said) as caught:
        Keyring.from_setting(setting)
    assert len(setting) < 4 or setting not in str(caught.value)


def test_a_key_file_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: Keyring.load_or_create(path), range(16)))
    assert len({ring.prefix for ring in rings}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]
    assert Keyring.load_or_create(path).prefix == rings[0].prefix


def test_a_key_file_may_hold_older_keys_below(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text(f"{NEW.hex()}\n{OLD.hex()}\n")
    assert Keyring.load_or_create(path).open("a.b", Keyring([OLD]).seal("a.b", b"x")) == b"x"


def test_a_damaged_key_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UnusableKeyError):
        Keyring.load_or_create(path)
    assert path.read_bytes() == b"\xff\xfe"


def test_the_inventory_names_every_protected_column() -> None:
    columns = {
        (table.name, column.name)
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) or column.name == "sealed" or "lookup" in column.name
    }
    assert len(columns) >= 6
    assert {(each.table, each.column) for each in (*PROTECTED, KEY_PRINT)} == columns
    assert all(each.kind in each.column for each in PROTECTED)


def test_no_table_holds_an_address_in_plain() -> None:
    columns = {column.name for table in tables.metadata.sorted_tables for column in table.columns}
    assert len(columns) > 100
    assert not columns & {"phone", "number", "phone_number", "chat", "chat_id", "telegram_id", "sender", "recipient"}
    assert {column.name for column in ADDRESS.columns} == {
        "id", "contributor_id", "channel", "lookup", "sealed", "state", "changed_at", "heard_at", "closed_at",
        "closed_why", "former_lookup",
    }  # fmt: skip
    reaching = {
        foreign.parent.table.name
        for table in tables.metadata.sorted_tables
        for foreign in table.foreign_keys
        if foreign.column.table.name == "address"
    }
    assert reaching == {"conversation", "on_call", "outbox"}, "identity lives apart from stories (rule 63)"


def people(writer: Writer, keyring: Keyring, several: int) -> None:
    """Contributors with an address, a raw event, a sealed message and a kept story with a receipt."""

    def make(connection: Connection, n: int) -> None:
        number = f"+4477009{n:05}"
        person = turn_queries.make_person(
            connection, channel="sms", lookups=address_lookups(keyring, "sms", number),
            sealed=seal_address(keyring, number), now=NOW,
        )  # fmt: skip
        conversation = idle(
            id=f"c{n}",
            token="t",
            flow="share",
            channel="sms",
            language="en",
            now=NOW,
            receipt=f"maple otter {'x' * n}",
            receipt_sealed=seal_receipt(keyring, f"maple otter {'x' * n}"),
        )
        turn_queries.save_conversation(
            connection, conversation, contributor_id=person.contributor_id, address_id=person.address_id, now=NOW
        )
        turn_queries.claim(
            connection, channel="sms", provider_id=f"SM{n}", received_at=NOW,
            sealed=keyring.seal("inbound.sealed", f"raw {n}".encode()), contributor_id=person.contributor_id,
        )  # fmt: skip
        turn_queries.hold_sealed(
            connection, conversation_id=conversation.id, contributor_id=person.contributor_id, ref="", now=NOW,
            sealed=keyring.seal("sealed_message.sealed", f"held {n}".encode()),
        )  # fmt: skip
        connection.execute(
            insert(tables.Request.__table__).values(
                kind="access", origin="web", contributor_id=person.contributor_id, opened_at=NOW, target_at=NOW,
                due_at=NOW, outcome="", sealed=keyring.seal("request.sealed", f"asked {n}".encode()),
            )
        )  # fmt: skip
        connection.execute(
            insert(STORY).values(
                conversation_id=conversation.id, contributor_id=person.contributor_id, kind="story", flow="share",
                structure="s", text="x", language="en", channel="sms", told_at=NOW, changed_at=NOW, state="new",
                reason="", use="team", simulated=False, version=1, place_label="", place_words="", place_kind="",
                place_scheme="", place_code="", place_year="", place_nation="", place_parent="",
                receipt_lookup=receipt_lookups(keyring, conversation.receipt)[0],
            )
        )  # fmt: skip

    for n in range(1, several + 1):
        writer.run(lambda connection, n=n: make(connection, n))


def test_rotation_brings_everything_under_the_first_key(database: Engine, writer: Writer) -> None:
    people(writer, Keyring([OLD]), 7)
    both, new = Keyring([NEW, OLD]), Keyring([NEW])

    with db.reader(database) as connection:
        lookups = address_lookups(both, "sms", "+447700900003")
        assert turn_queries.find_person(connection, channel="sms", lookups=lookups) is not None
        assert turn_queries.find_person(connection, channel="sms", lookups=lookups[:1]) is None

    assert rotate(writer, both, batch=3) == (7 * 4, 7, 0)
    assert rotate(writer, both, batch=3) == (0, 0, 0)

    with db.reader(database) as connection:
        person = turn_queries.find_person(
            connection, channel="sms", lookups=address_lookups(new, "sms", "+447700900003")
        )
        assert person is not None
        sealed = connection.execute(select(ADDRESS.c.sealed).where(ADDRESS.c.id == person.address_id)).scalar_one()
        assert open_address(new, sealed) == "+447700900003"
        receipt = connection.execute(select(STORY.c.receipt_lookup).where(STORY.c.conversation_id == "c3")).scalar_one()
        assert receipt == receipt_lookups(new, "maple otter xxx")[0]
        for protected in PROTECTED:
            if protected.kind == "sealed":
                column = tables.metadata.tables[protected.table].c[protected.column]
                found = connection.execute(select(column)).scalars().all()
                assert len(found) == 7
                assert all(new.open(protected.domain, each) for each in found)


def test_rotation_counts_what_only_the_old_key_can_find(writer: Writer) -> None:
    old = Keyring([OLD])
    people(writer, old, 2)
    forgotten = receipt_lookups(Keyring([bytes(32)]), "other words")[0]

    def forget(connection: Connection) -> None:
        connection.execute(update(STORY).where(STORY.c.conversation_id == "c1").values(receipt_lookup=forgotten))
        token = address_lookups(old, "sms", "+447700900999")[0]
        gone = tables.Suppression.__table__
        connection.execute(insert(gone).values(channel="sms", lookup=token, opted_out=True, created_at=NOW))

    writer.run(forget)
    assert rotate(writer, Keyring([NEW, OLD])) == (8, 1, 2)


def test_rotation_stops_at_a_missing_key_and_changes_nothing_there(database: Engine, writer: Writer) -> None:
    people(writer, Keyring([OLD]), 1)
    with pytest.raises(SealBrokenError, match="add it behind the others"):
        rotate(writer, Keyring([NEW]))
    with db.reader(database) as connection:
        assert (
            open_address(Keyring([OLD]), connection.execute(select(ADDRESS.c.sealed)).scalar_one()) == "+447700900001"
        )
