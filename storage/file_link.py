"""The link to somebody's own file: sealed, for a day, and of no use to whoever guesses. Imports our keys.

The token is ciphertext: no number of ours can be read from it, none can be made without the key, and nothing is stored
for it. It dies with its day, and with an erasure.
"""

from __future__ import annotations

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from storage import tables
from storage.crypto import SealBrokenError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.crypto import Keyring

CONTRIBUTOR = tables.Contributor.__table__

LASTS = timedelta(hours=24)
SEALED = "file_link.token"
LONGEST = 200
"""Characters of a token; a longer one is none."""
_CONTENT = struct.Struct(">QQ")


class Link(NamedTuple):
    """What an unbroken token says."""

    contributor_id: int
    made_at: datetime


def make(keyring: Keyring, contributor_id: int, now: datetime) -> str:
    """Return a token for this person's file, about seventy characters that are safe in an address."""
    sealed = keyring.seal(SEALED, _CONTENT.pack(contributor_id, int(now.timestamp())))
    return base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")


def read(keyring: Keyring, token: str) -> Link | None:
    """Return what a token says; None if we did not make it or somebody altered it."""
    if len(token) > LONGEST:
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        contributor_id, made_at = _CONTENT.unpack(keyring.open(SEALED, sealed))
    except (ValueError, binascii.Error, SealBrokenError, struct.error):
        return None
    return Link(contributor_id, datetime.fromtimestamp(made_at, UTC))


def opens(connection: Connection, link: Link, now: datetime) -> bool:
    """Tell whether a link still opens a file: its day is not over, and the person was not erased since."""
    if not link.made_at <= now < link.made_at + LASTS:
        return False
    row = connection.execute(
        select(CONTRIBUTOR.c.created_at, CONTRIBUTOR.c.erased_at).where(CONTRIBUTOR.c.id == link.contributor_id)
    ).first()
    return row is not None and row.erased_at is None and row.created_at.replace(microsecond=0) <= link.made_at
