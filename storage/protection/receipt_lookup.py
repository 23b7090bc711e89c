"""Receipts: three plain words by which a story is found again, and how often somebody may be wrong about them.

1,024 words taken three times are 30 bits: enough to tell stories apart, and little beside a patient machine; so wrong
tries are counted, and after a few nothing is looked up. A receipt is found by keyed hash, and what it opens is little:
see ADR 9.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, insert, literal, select

from flows.model.receipt_words import WORDS_IN_A_RECEIPT, words
from storage import tables
from storage.db.column_types import Moment
from storage.protection.crypto import receipt_lookups

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from sqlalchemy import ScalarSelect, Select
    from sqlalchemy.engine import Connection

    from flows.model.vocabulary.consent_answers import Use
    from flows.model.vocabulary.story_states import Progress
    from storage.protection.crypto import Keyring

__all__ = ["WORDS_IN_A_RECEIPT", "ReceiptFound", "draw", "find", "locked", "many_try", "missed", "new_receipt", "words"]

ADDRESS = tables.Address.__table__
GUESS = tables.ReceiptGuess.__table__
STORY = tables.Story.__table__

MOST_WRONG, WRONG_WITHIN = 5, timedelta(hours=24)
"""So often one address may be wrong, whoever its person is by now."""
MANY_WRONG_IN_ALL, IN_ALL_WITHIN = 60, timedelta(hours=1)
"""From so many on the team is told. Nobody is shut out: a crowd that guesses would shut out those who know."""
DRAWS = 8


class ReceiptFound(NamedTuple):
    """The story a receipt belongs to; never its words."""

    id: int
    contributor_id: int
    told_at: datetime
    progress: Progress
    use: Use


def new_receipt(rng: Random) -> str:
    """Return three different words such as "kettle otter lantern"; give a `secrets.SystemRandom` outside tests."""
    return " ".join(rng.sample(words(), WORDS_IN_A_RECEIPT))


def draw(connection: Connection, keyring: Keyring, rng: Random) -> str:
    """Return three words that no kept story has: two stories with one receipt would open each other."""
    for _ in range(DRAWS):
        receipt = new_receipt(rng)
        if connection.execute(_stories(keyring, receipt).limit(1)).first() is None:
            return receipt
    raise RuntimeError("no free receipt was found; give the message again")


def find(connection: Connection, keyring: Keyring, receipt: str) -> ReceiptFound | None:
    """Return the story of these three words; None if there is none, or more than one from an older time."""
    rows = connection.execute(_stories(keyring, receipt).limit(2)).all()
    return ReceiptFound(*rows[0]) if len(rows) == 1 else None


def _stories(keyring: Keyring, receipt: str) -> Select[Any]:
    return select(STORY.c.id, STORY.c.contributor_id, STORY.c.told_at, STORY.c.progress, STORY.c.use).where(
        STORY.c.receipt_lookup.in_(receipt_lookups(keyring, receipt))
    )


def locked(connection: Connection, address_id: int, now: datetime) -> bool:
    """Tell whether whoever writes from this address was wrong too often to try again now. Nobody else pays for it."""
    own = GUESS.c.lookup == _lookup_of(address_id), GUESS.c.at > now - WRONG_WITHIN
    return bool(connection.execute(select(func.count()).where(*own)).scalar_one() >= MOST_WRONG)


def many_try(connection: Connection, now: datetime) -> bool:
    """Tell whether so many are wrong, from however many addresses, that a person should look at it."""
    tried = select(func.count()).where(GUESS.c.at > now - IN_ALL_WITHIN)
    return bool(connection.execute(tried).scalar_one() >= MANY_WRONG_IN_ALL)


def missed(connection: Connection, address_id: int, now: datetime) -> None:
    """Count a wrong try; the words themselves are not kept."""
    tried = select(_lookup_of(address_id), literal(now, Moment))
    connection.execute(insert(GUESS).from_select(["lookup", "at"], tried))


def _lookup_of(address_id: int) -> ScalarSelect[bytes]:
    return select(ADDRESS.c.lookup).where(ADDRESS.c.id == address_id).scalar_subquery()
