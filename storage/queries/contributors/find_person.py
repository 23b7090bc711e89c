"""Finding a person by what they can tell us: a number, a chat, a pseudonym, a receipt (rule 59). Never commits.

Finding somebody by their number reveals who a pseudonym is: the caller writes it down.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from storage.protection.crypto import address_lookups, receipt_lookups
from storage.protection.receipt_lookup import WORDS_IN_A_RECEIPT
from storage.tables import Address, Contributor, Story, Suppression

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from storage.protection.crypto import Keyring

address = Address.__table__
contributor = Contributor.__table__
story = Story.__table__
suppression = Suppression.__table__

_PSEUDONYM = re.compile(r"([A-Za-z]+)\s+(\d{3,9})")


class PersonHit(NamedTuple):
    """Somebody who was found."""

    contributor_id: int
    pseudonym: str


def by_address(connection: Connection, keyring: Keyring, channel: str, where: str) -> list[PersonHit]:
    """Return who writes from this number or chat, and who did before it had a new owner."""
    lookups = address_lookups(keyring, channel, where)
    rows = connection.execute(
        select(contributor.c.id, contributor.c.pseudonym)
        .join(address, address.c.contributor_id == contributor.c.id)
        .where(address.c.channel == channel, address.c.lookup.in_(lookups) | address.c.former_lookup.in_(lookups))
    )
    return [PersonHit(*row) for row in rows]


def erased_at(connection: Connection, keyring: Keyring, channel: str, where: str) -> datetime | None:
    """Return when somebody with this number or chat left us, None if nobody did."""
    lookups = address_lookups(keyring, channel, where)
    found: datetime | None = connection.execute(
        select(func.max(suppression.c.created_at)).where(
            suppression.c.channel == channel, suppression.c.lookup.in_(lookups)
        )
    ).scalar()
    return found


def by_pseudonym(connection: Connection, text: str) -> list[PersonHit]:
    """Return who has this pseudonym, however it is written: one, or nobody."""
    match = _PSEUDONYM.fullmatch(text.strip())
    if match is None:
        return []
    wanted = f"{match[1].capitalize()} {match[2]}"
    rows = connection.execute(
        select(contributor.c.id, contributor.c.pseudonym).where(contributor.c.pseudonym == wanted)
    )
    return [PersonHit(*row) for row in rows]


def by_receipt(connection: Connection, keyring: Keyring, text: str) -> list[PersonHit]:
    """Return who has a story with this receipt; in many thousand stories two people may."""
    rows = connection.execute(
        select(contributor.c.id, contributor.c.pseudonym)
        .join(story, story.c.contributor_id == contributor.c.id)
        .where(story.c.receipt_lookup.in_(receipt_lookups(keyring, text)))
        .distinct()
        .order_by(contributor.c.id)
    )
    return [PersonHit(*row) for row in rows]


def is_pseudonym(text: str) -> bool:
    """Tell whether this is written as a pseudonym is."""
    return _PSEUDONYM.fullmatch(text.strip()) is not None


def is_receipt(text: str) -> bool:
    """Tell whether this is written as a receipt is: three words of letters."""
    said = text.replace(",", " ").split()
    return len(said) == WORDS_IN_A_RECEIPT and all(word.isalpha() for word in said)
