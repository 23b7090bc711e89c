"""Keys, encryption and keyed look-up of what identifies people (rule 62).

Addresses, raw events and words that came before consent are encrypted with AES-256-GCM. An address is found by a keyed
hash: a bare one would be undone by trying every phone number. Keys stay outside the database. Several keys may be
given: the first encrypts, all decrypt, and `rotate` brings what is stored under the first.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import func, select

from flows.model.conversation import Conversation, UnreadableConversationError
from storage import tables
from storage.tables.registry import lock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer

STORY = tables.Story.__table__
CONVERSATION = tables.Conversation.__table__
SUPPRESSION = tables.Suppression.__table__

FORMAT = 1
KEY_BYTES = 32
NONCE_BYTES = 12
PREFIX_BYTES = 5
"""One byte of format, four that name the key."""
RECEIPT = "conversation.receipt"
"""What the receipt in a conversation's state is bound to."""


class Protected(NamedTuple):
    """A column whose content is encrypted (`sealed`) or a keyed hash (`lookup`)."""

    table: str
    column: str
    kind: str

    @property
    def domain(self) -> str:
        """What the content is bound to: a sealed value copied into another column does not open."""
        return f"{self.table}.{self.column}"


PROTECTED = tuple(
    Protected(table.name, column.name, kind)
    for table in tables.metadata.tables.values()
    for column in table.columns
    if (kind := lock(column)) in {"sealed", "lookup"}
)
"""Every protected column."""
KEY_PRINT = Protected("installation", "key_print", "print")
"""The other column of bytes: a keyed hash of nothing, which says only whether a key is the right one."""


class UnusableKeyError(ValueError):
    """A secret key cannot be used. Nothing was read or written with it; the message says how to make one."""


class SealBrokenError(ValueError):
    """Something sealed does not open: its key is missing, or it was altered. It was left as it is."""


class _Key:
    """One secret and the keys derived from it; no derived key serves two purposes."""

    __slots__ = ("cipher", "copying", "looking_up", "prefix")

    def __init__(self, secret: bytes) -> None:
        self.cipher = AESGCM(_derive(secret, b"earshot 1 seal", KEY_BYTES))
        self.looking_up = _derive(secret, b"earshot 1 lookup", KEY_BYTES)
        self.copying = _derive(secret, b"earshot 1 copy", KEY_BYTES)
        self.prefix = bytes([FORMAT]) + _derive(secret, b"earshot 1 name", PREFIX_BYTES - 1)


def _derive(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret)


def new_key() -> str:
    """Return a new secret key as text: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def _read_key(text: str, position: int) -> bytes:
    try:
        secret = (
            bytes.fromhex(text)
            if len(text) == 2 * KEY_BYTES
            else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        )
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise UnusableKeyError(
            f"secret key number {position} is not 32 bytes in base64 or hexadecimal; look whether it was cut off in"
            " EARSHOT_SECRET_KEY. Only a new installation takes a new one, made with:"
            ' python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return secret


class Keyring:
    """The installation's keys, newest first."""

    def __init__(self, secret_keys: Sequence[bytes]) -> None:
        """Take secrets of 32 bytes, newest first; raises UnusableKeyError for none, or for the same one twice."""
        if not secret_keys:
            raise UnusableKeyError("there is no secret key; leave EARSHOT_SECRET_KEY unset to have one made")
        self._keys = [_Key(secret) for secret in secret_keys]
        self._by_prefix = {key.prefix: key for key in self._keys}
        if len(self._by_prefix) != len(self._keys):
            raise UnusableKeyError("the same secret key is given twice; write each once, newest first")

    @classmethod
    def from_setting(cls, text: str) -> Keyring:
        """Read keys separated by commas, newest first; raises UnusableKeyError without repeating any of the text."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return cls([_read_key(part, position) for position, part in enumerate(parts, start=1)])

    @classmethod
    def load_or_create(cls, path: Path) -> Keyring:
        """Read the key file; make it, readable by its owner only, if there is none yet.

        Two processes that start together end up with the same key. Raises UnusableKeyError for a file without a key,
        OSError where the folder cannot be written.
        """
        if not path.exists():
            _create(path, new_key() + "\n")
        return cls.from_setting(path.read_text("ascii", errors="replace").replace("\n", ","))

    def seal(self, domain: str, content: bytes) -> bytes:
        """Encrypt under the first key, bound to `domain` (`table.column`)."""
        key = self._keys[0]
        nonce = os.urandom(NONCE_BYTES)
        return key.prefix + nonce + key.cipher.encrypt(nonce, content, key.prefix + domain.encode())

    def open(self, domain: str, sealed: bytes) -> bytes:
        """Decrypt with whichever key it was sealed under; raises SealBrokenError."""
        key = self._by_prefix.get(bytes(sealed[:PREFIX_BYTES]))
        if key is None:
            raise SealBrokenError("the key this was sealed with is not among the secret keys; add it behind the others")
        nonce, rest = sealed[PREFIX_BYTES : PREFIX_BYTES + NONCE_BYTES], sealed[PREFIX_BYTES + NONCE_BYTES :]
        try:
            return key.cipher.decrypt(nonce, rest, key.prefix + domain.encode())
        except InvalidTag:
            raise SealBrokenError("this was altered after it was sealed, or belongs elsewhere") from None

    def lookup(self, domain: str, value: str) -> bytes:
        """Return the keyed hash of `value` under the first key, 32 bytes."""
        return _hash(self._keys[0], domain, value)

    def lookups(self, domain: str, value: str) -> list[bytes]:
        """Return the keyed hashes under every key, first key first; look for each in turn."""
        return [_hash(key, domain, value) for key in self._keys]

    def of_copy(self, head: bytes) -> AESGCM:
        """Return the cipher of one copy of the database; `head` names the key and is random behind that.

        Raises SealBrokenError where that key is not among these.
        """
        key = self._by_prefix.get(head[:PREFIX_BYTES])
        if key is None:
            raise SealBrokenError("this copy was locked with another key; put that one behind the others")
        return AESGCM(_derive(key.copying, b"earshot 1 copy " + head, KEY_BYTES))

    def knows(self, prefix: bytes) -> bool:
        """Tell whether what begins so was sealed under one of these keys."""
        return prefix in self._by_prefix

    @property
    def prefix(self) -> bytes:
        """How everything sealed under the first key begins."""
        return self._keys[0].prefix


def _hash(key: _Key, domain: str, value: str) -> bytes:
    return hmac.digest(key.looking_up, f"{domain}\0{value}".encode(), "sha256")


def _create(path: Path, content: str) -> None:
    """Write a file of mode 0600 that is there whole or not at all; keep the one that another process made first."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink()


def seal_address(keyring: Keyring, address: str) -> bytes:
    """Encrypt a phone number or chat id for `address.sealed`."""
    return keyring.seal("address.sealed", address.encode())


def open_address(keyring: Keyring, sealed: bytes) -> str:
    """Return the phone number or chat id; raises SealBrokenError. Only delivery and a recorded reveal may call it."""
    return keyring.open("address.sealed", sealed).decode()


def address_lookups(keyring: Keyring, channel: str, address: str) -> list[bytes]:
    """Return what `address.lookup` may hold for this address, under the first key first."""
    return keyring.lookups("address.lookup", f"{channel}\0{address}")


def seal_receipt(keyring: Keyring, words: str) -> str:
    """Return the words of a receipt as a conversation's stored state may hold them."""
    return base64.b64encode(keyring.seal(RECEIPT, words.encode())).decode()


def with_receipt(keyring: Keyring, conversation: Conversation) -> Conversation:
    """Return a conversation read from its stored state with its receipt, which stands there sealed.

    One from an older time holds the words in plain: with its next turn, or a rotation, they are sealed. Raises
    SealBrokenError.
    """
    if conversation.receipt_sealed:
        words = keyring.open(RECEIPT, base64.b64decode(conversation.receipt_sealed)).decode()
        return conversation.changed(receipt=words)
    if conversation.receipt:
        return conversation.changed(receipt_sealed=seal_receipt(keyring, conversation.receipt))
    return conversation


def receipt_lookups(keyring: Keyring, words: str) -> list[bytes]:
    """Return what `story.receipt_lookup` may hold for these words, however they are spaced, joined or capitalised."""
    plain = " ".join("".join(c if c.isalpha() else " " for c in words.casefold()).split())
    return keyring.lookups("story.receipt_lookup", plain)


class Rotated(NamedTuple):
    """What a rotation did."""

    sealed: int
    """Values encrypted anew."""
    receipts: int
    """Receipts hashed anew."""
    left: int
    """Hashes of what is known no more (erased addresses, old receipts): they hold only while their old key is kept."""


def rotate(writer: Writer, keyring: Keyring, *, batch: int = 500) -> Rotated:
    """Bring all protected columns under the first key, in transactions of `batch` rows; can be stopped and run again.

    Afterwards the older keys may be removed, unless `left` counts hashes that must go on working. Raises
    SealBrokenError when a key is missing; what was done until then stays done.
    """
    sealed = receipts = 0
    for protected in PROTECTED:
        if protected.kind == "sealed":
            while done := writer.run(partial(_reseal, keyring=keyring, protected=protected, limit=batch)):
                sealed += done
    left = writer.run(lambda c: int(c.execute(select(func.count()).select_from(SUPPRESSION)).scalar_one()))
    after: str | None = ""
    while after is not None:
        changed, lost, after = writer.run(partial(_rehash_receipts, keyring=keyring, after=after, limit=batch))
        receipts += changed
        left += lost
    return Rotated(sealed, receipts, left)


def _reseal(connection: Connection, keyring: Keyring, protected: Protected, limit: int) -> int:
    table = tables.metadata.tables[protected.table]
    key, column = _key(table), table.c[protected.column]
    looked_up = protected.table == "address"
    wanted = [key, column, table.c.channel, table.c.former_lookup] if looked_up else [key, column]
    rows = connection.execute(
        select(*wanted)
        .where(column.is_not(None), func.substr(column, 1, PREFIX_BYTES) != keyring.prefix)
        .limit(limit)
        .with_for_update()
    ).all()
    for row in rows:
        content = keyring.open(protected.domain, row[1])
        values: dict[str, Any] = {protected.column: keyring.seal(protected.domain, content)}
        if looked_up:
            values["lookup" if row[3] is None else "former_lookup"] = address_lookups(
                keyring, row[2], content.decode()
            )[0]
        connection.execute(table.update().where(key == row[0]).values(values))
    return len(rows)


def _key(table: Table) -> Any:
    (column,) = table.primary_key.columns
    return column


def _rehash_receipts(connection: Connection, keyring: Keyring, after: str, limit: int) -> tuple[int, int, str | None]:
    """Seal and hash receipts anew, by the conversations that know them: how many, how many not, and where to go on."""
    rows = connection.execute(
        select(CONVERSATION.c.id, CONVERSATION.c.state, STORY.c.id, STORY.c.receipt_lookup)
        .outerjoin(STORY, STORY.c.conversation_id == CONVERSATION.c.id)
        .where(CONVERSATION.c.id > after)
        .order_by(CONVERSATION.c.id)
        .limit(limit)
    ).all()
    changed = lost = 0
    for conversation_id, state, story_id, stored in rows:
        conversation = _with_receipt_if_known(keyring, state)
        words = conversation.receipt if conversation is not None else ""
        if conversation is not None and words and not _is_under_first_key(keyring, state):
            fresh = conversation.changed(receipt_sealed=seal_receipt(keyring, words)).to_json()
            connection.execute(CONVERSATION.update().where(CONVERSATION.c.id == conversation_id).values(state=fresh))
        if stored is None:
            continue
        lookups = receipt_lookups(keyring, words) if words else []
        if stored not in lookups:
            lost += 1
        elif stored != lookups[0]:
            connection.execute(STORY.update().where(STORY.c.id == story_id).values(receipt_lookup=lookups[0]))
            changed += 1
    return changed, lost, rows[-1][0] if rows else None


def _with_receipt_if_known(keyring: Keyring, state: str | None) -> Conversation | None:
    try:
        return with_receipt(keyring, Conversation.from_json(state or ""))
    except (UnreadableConversationError, SealBrokenError):
        return None


def _is_under_first_key(keyring: Keyring, state: str) -> bool:
    sealed = Conversation.from_json(state).receipt_sealed
    return bool(sealed) and base64.b64decode(sealed)[:PREFIX_BYTES] == keyring.prefix
