"""The link to somebody's own file: sealed, for a day, for one opening, and of no use to whoever guesses.

The token is ciphertext: no number of ours can be read from it, and none can be made without the key. It belongs to a
request, where its opening is written down. It dies with its day, when it was used, with an erasure, and once the number
it was sent to may have a new owner (design rule 13).
"""

from __future__ import annotations

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, update

from storage import tables
from storage.protection.crypto import SealBrokenError
from storage.queries.conversations import address_holders
from storage.queries.team import members

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.protection.crypto import Keyring

CONTRIBUTOR = tables.Contributor.__table__
REQUEST = tables.Request.__table__

LASTS = timedelta(hours=24)
SEALED = "file_link.token"
LONGEST = 200
"""Characters of a token; a longer one is none."""
_CONTENT = struct.Struct(">QQQ")
WHO = "the person, by their link"


class FileLink(NamedTuple):
    """What an unbroken token says."""

    contributor_id: int
    request_id: int
    made_at: datetime


def make(keyring: Keyring, contributor_id: int, request_id: int, now: datetime) -> str:
    """Return a token for this person's file, about eighty characters that are safe in an address."""
    sealed = keyring.seal(SEALED, _CONTENT.pack(contributor_id, request_id, int(now.timestamp())))
    return base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")


def read(keyring: Keyring, token: str) -> FileLink | None:
    """Return what a token says; None if we did not make it or somebody altered it."""
    if len(token) > LONGEST:
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        contributor_id, request_id, made_at = _CONTENT.unpack(keyring.open(SEALED, sealed))
    except (ValueError, binascii.Error, SealBrokenError, struct.error):
        return None
    return FileLink(contributor_id, request_id, datetime.fromtimestamp(made_at, UTC))


def opens(connection: Connection, link: FileLink, now: datetime, steady: timedelta = address_holders.STEADY) -> bool:
    """Tell whether a link still opens a file. Looking uses nothing up."""
    if not link.made_at <= now < link.made_at + LASTS:
        return False
    row = connection.execute(
        select(CONTRIBUTOR.c.created_at, CONTRIBUTOR.c.erased_at)
        .join_from(REQUEST, CONTRIBUTOR, CONTRIBUTOR.c.id == REQUEST.c.contributor_id)
        .where(REQUEST.c.id == link.request_id, CONTRIBUTOR.c.id == link.contributor_id)
        .where(REQUEST.c.link_opened_at.is_(None))
    ).first()
    if row is None or row.erased_at is not None or row.created_at.replace(microsecond=0) > link.made_at:
        return False
    return address_holders.opens_for(connection, link.contributor_id, steady, now)


def use(connection: Connection, link: FileLink, now: datetime, steady: timedelta = address_holders.STEADY) -> bool:
    """Open the file by this link, once, and write that down; False if it does not open any more."""
    if not opens(connection, link, now, steady):
        return False
    unused = REQUEST.c.id == link.request_id, REQUEST.c.link_opened_at.is_(None)
    if connection.execute(update(REQUEST).where(*unused).values(link_opened_at=now)).rowcount != 1:
        return False
    members.record(
        connection, at=now, who=WHO, act="request.file_opened", object_kind="request", object_id=link.request_id
    )
    return True
